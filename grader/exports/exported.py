"""The grades and labs that go out, whatever the format.

A score that is withheld or not there yet is never written as 0: a format leaves its place empty or
says so in its own words, and `ExportedGrade.reason` has the reason. Only where a person asks for
it does whoever handed in nothing get a number: `ExportedGrade.filled` says so.
"""

from collections.abc import Collection, Iterable
from datetime import datetime, tzinfo

import msgspec

from grader.course import Lab
from grader.exports.cells import inert
from grader.gradebook.late import time_remark
from grader.gradebook.points import Points
from grader.gradebook.rows import Grade, GradedAttempt, Override
from grader.results import Finding, RubricResult, Verdict
from grader.suite.explain.message import message_of
from grader.text.times import exact

_REASONS = {
    "missing": "nothing handed in",
    "ungraded": "not graded yet",
    "withheld": "score withheld, a person must look at it",
}


class ExportedLab(msgspec.Struct, frozen=True):
    """The facts of a lab that other systems need: its columns."""

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
    points: Points
    max_points: int
    verdict: Verdict
    finding: Finding = Finding()
    override: Override | None = None

    @property
    def message(self) -> str:
        """The text that explains the item to the student."""
        return message_of(self.finding)

    @property
    def full(self) -> bool:
        return self.points >= self.max_points


class ExportedGrade(msgspec.Struct, frozen=True):
    """One student's grade in one lab, with the score that goes out.

    If `score` is None, `reason` says why. `items` add up to the raw score; there are none if the
    published score is no longer the one that they give. A `filled` score stands for work that was
    not handed in.
    """

    grade: Grade
    score: Points | None
    reason: str = ""
    items: tuple[Item, ...] = ()
    filled: bool = False

    @property
    def student(self) -> str:
        return self.grade.student.id

    @property
    def names(self) -> tuple[str, str]:
        """Last and first name, if the name says which ("Lovelace, Ada"); else all is last name."""
        last, _, first = self.grade.student.name.partition(",")
        return last.strip(), first.strip()

    @property
    def lab(self) -> str:
        return self.grade.lab

    @property
    def status(self) -> str:
        """`missing`, `ungraded`, `withheld`, `graded`, or `refused` if past the cut-off.

        A withheld score becomes `graded` once people have decided on every item.
        """
        counts = self.grade.counts
        if counts is not None and counts.refused:
            return "refused"
        decided = self.grade.status == "withheld" and self.grade.score is not None
        return "graded" if decided else self.grade.status

    @property
    def remark(self) -> str:
        """What lateness cost where nobody knows when the attempt was handed in."""
        counts = self.attempt
        return time_remark(counts) if counts is not None and self.grade.due is not None else ""

    @property
    def attempt(self) -> GradedAttempt | None:
        """The attempt that the score comes from; None if its score is another by now."""
        return self.grade.counts if self.score == self.grade.score else None


def entries(
    grades: Iterable[Grade],
    *,
    published: bool = False,
    missing_as: Points | None = None,
    handed_in: Collection[tuple[str, str]] = (),
) -> list[ExportedGrade]:
    """The grades as they stand; with `published`, only what students were last told.

    `missing_as` is the score of those who handed in nothing, if they are to have one. `handed_in`
    has permanent ids and labs of which anything was ever handed in: what is void is not missing.
    """
    found = [_published(each) if published else _present(each) for each in grades]
    if missing_as is None:
        return found
    return [
        _void(each)
        if (each.grade.student.key, each.lab) in handed_in
        else _filled(each, missing_as)
        for each in found
    ]


def without_score(rows: Iterable[ExportedGrade]) -> list[str]:
    """A line for each grade without a score, so that none is missing in silence."""
    return [f"{each.student}, {each.lab}: {each.reason}" for each in rows if each.score is None]


def of_unknown_time(rows: Iterable[ExportedGrade]) -> list[str]:
    """A line for each score that comes of an unknown time: what lateness cost."""
    scored = (each for each in rows if each.score is not None and each.remark)
    return [f"{each.student}, {each.lab}: {each.remark}" for each in scored]


def early_zeros(rows: Iterable[ExportedGrade], now: datetime, zone: tzinfo) -> list[str]:
    """A remark on each score for nothing handed in of which the due date is still to come."""
    return [
        f"{each.student}, {each.lab}: {each.score}, though it is due at {exact(due, zone)} only"
        for each in rows
        if each.filled and (due := each.grade.due) is not None and due > now
    ]


def changed_ids(rows: Iterable[ExportedGrade]) -> list[str]:
    """A remark on each id that no spreadsheet could show as it is, and what stands in its place."""
    students = dict.fromkeys(each.student for each in rows)
    return [
        f"{name}: written as {inert(name)}, so that no spreadsheet takes it for a formula"
        for name in students
        if inert(name) != name
    ]


def _void(row: ExportedGrade) -> ExportedGrade:
    """The same; where there is no score and no attempt, with the reason that it is void."""
    if row.score is not None or row.status != "missing":
        return row
    return msgspec.structs.replace(row, reason="what was handed in does not count")


def _filled(row: ExportedGrade, score: Points) -> ExportedGrade:
    """The same; with that score if there is none because nothing was handed in."""
    if row.score is not None or row.grade.attempts or row.status != "missing":
        return row
    return ExportedGrade(row.grade, score, filled=True)


def _present(grade: Grade) -> ExportedGrade:
    score = grade.score
    reason = "" if score is not None else _REASONS.get(grade.status, "no score yet")
    return ExportedGrade(grade, score, reason, _items(grade))


def _published(grade: Grade) -> ExportedGrade:
    if grade.published is None:
        return ExportedGrade(grade, None, "not published")
    items = _items(grade) if grade.published == grade.score else ()
    return ExportedGrade(grade, grade.published, "", items)


def _items(grade: Grade) -> tuple[Item, ...]:
    if grade.counts is None or grade.counts.result is None:
        return ()
    overrides = {each.item: each for each in grade.overrides}
    return tuple(_item(each, overrides.get(each.item)) for each in grade.counts.result.rubric)


def _item(graded: RubricResult, override: Override | None) -> Item:
    points = min(override.points, graded.max_points) if override else graded.points
    return Item(graded.item, points, graded.max_points, graded.verdict, graded.finding, override)
