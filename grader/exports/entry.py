"""What is exported of a grade, whatever the format.

A score that is withheld, or is not there yet, is never written as 0: a format either leaves
its place empty or says so in its own words, and the reason is in `Entry.reason`. A zero that
a system should count for work that nobody handed in is for a person to enter.
"""

from collections.abc import Iterable

import msgspec

from grader.course import Lab
from grader.gradebook.rows import Grade, GradedAttempt, Override
from grader.results import Finding, RubricResult, Verdict
from grader.suite.explain.message import message_of

_REASONS = {
    "missing": "nothing handed in",
    "ungraded": "not graded yet",
    "withheld": "score withheld, a person must look at it",
}


class ExportedLab(msgspec.Struct, frozen=True):
    """What other systems need to know of a lab: the columns that it comes to."""

    slug: str
    title: str
    max_score: int
    items: tuple[str, ...] = ()


def exported(lab: Lab) -> ExportedLab:
    """The lab as exports see it."""
    items = tuple(each.item for each in lab.rubric)
    return ExportedLab(
        lab.slug, lab.assignment.title, sum(each.points for each in lab.rubric), items
    )


class Item(msgspec.Struct, frozen=True):
    """A rubric item as it counts: with the points that a person gave it, if one did."""

    item: str
    points: int
    max_points: int
    verdict: Verdict
    finding: Finding = Finding()
    override: Override | None = None

    @property
    def message(self) -> str:
        """What the student is told of it, as text."""
        return message_of(self.finding)

    @property
    def full(self) -> bool:
        return self.points >= self.max_points


class Entry(msgspec.Struct, frozen=True):
    """One student's grade in one lab, with the score that goes out.

    Where `score` is None, `reason` says why. `items` add up to the raw score; there are none
    where the score that was published is no longer the one that they give.
    """

    grade: Grade
    score: int | None
    reason: str = ""
    items: tuple[Item, ...] = ()

    @property
    def student(self) -> str:
        return self.grade.student.id

    @property
    def lab(self) -> str:
        return self.grade.lab

    @property
    def status(self) -> str:
        """`missing`, `ungraded`, `withheld`, `graded`, or `refused` for one past the cut-off.

        A withheld score that people decided on item by item is there: it is graded.
        """
        counts = self.grade.counts
        if counts is not None and counts.refused:
            return "refused"
        decided = self.grade.status == "withheld" and self.grade.score is not None
        return "graded" if decided else self.grade.status

    @property
    def attempt(self) -> GradedAttempt | None:
        """The attempt whose numbers the score comes from; None where they are others by now."""
        return self.grade.counts if self.score == self.grade.score else None


def entries(grades: Iterable[Grade], *, published: bool = False) -> list[Entry]:
    """The grades as they stand; with `published`, only what students were last told."""
    return [_published(each) if published else _present(each) for each in grades]


def without_score(rows: Iterable[Entry]) -> list[str]:
    """A line for each grade that has no score to write, so that none is missing in silence."""
    return [f"{each.student}, {each.lab}: {each.reason}" for each in rows if each.score is None]


def _present(grade: Grade) -> Entry:
    score = grade.score
    reason = "" if score is not None else _REASONS.get(grade.status, "no score yet")
    return Entry(grade, score, reason, _items(grade))


def _published(grade: Grade) -> Entry:
    if grade.published is None:
        return Entry(grade, None, "not published")
    items = _items(grade) if grade.published == grade.score else ()
    return Entry(grade, grade.published, "", items)


def _items(grade: Grade) -> tuple[Item, ...]:
    if grade.counts is None or grade.counts.result is None:
        return ()
    overrides = {each.item: each for each in grade.overrides}
    return tuple(_item(each, overrides.get(each.item)) for each in grade.counts.result.rubric)


def _item(graded: RubricResult, override: Override | None) -> Item:
    points = graded.points if override is None else min(override.points, graded.max_points)
    return Item(graded.item, points, graded.max_points, graded.verdict, graded.finding, override)
