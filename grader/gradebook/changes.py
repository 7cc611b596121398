"""Whose score is another by the present results than by those that stood before."""

from collections.abc import Iterable, Sequence

import msgspec

from grader.gradebook.points import Points
from grader.gradebook.rows import Grade, Override, Student
from grader.results import GRADED, WITHHELD, Result


class HiddenChange(msgspec.Struct, frozen=True):
    """What grading gives an item now and gave it before, which an override hides."""

    item: str
    before: int
    after: int


class ScoreChange(msgspec.Struct, frozen=True):
    """One student's score before and now, and the score last told to them.

    `hidden` are items that are graded otherwise, without effect: an override counts. None is no
    score; the status says why.
    """

    student: Student
    before: Points | None
    after: Points | None
    status_before: str
    status: str
    published: Points | None = None
    overrides: tuple[Override, ...] = ()
    hidden: tuple[HiddenChange, ...] = ()

    @property
    def changed(self) -> bool:
        """Whether it is another score, and not only another result below an override."""
        return self.before != self.after


def changes(
    stood: Sequence[Grade], seen: Sequence[Grade], now: Sequence[Grade]
) -> list[ScoreChange]:
    """Each change of a score or of an item that an override hides, by student.

    `stood` are the grades by the results before the present ones, which says the same however
    often a regrade was interrupted; `seen` those when this run began, for what only they tell: a
    score that was withheld then. Who came since has no score that changed.
    """
    before = {each.student.key: each for each in stood}
    began = {each.student.key: each for each in seen}
    found = (
        _change(before.get(each.student.key), began.get(each.student.key), each) for each in now
    )
    return [each for each in found if each is not None]


def _change(stood: Grade | None, seen: Grade | None, now: Grade) -> ScoreChange | None:
    if stood is None:
        return None
    old = stood
    if stood.score == now.score and seen is not None and seen.status in (GRADED, WITHHELD):
        old = seen
    hidden = tuple(_hidden(stood, now))
    if (old.score == now.score or stood.status in ("missing", "ungraded")) and not hidden:
        return None
    return ScoreChange(
        now.student, old.score, now.score, old.status, now.status, now.published,
        now.overrides, hidden,
    )  # fmt: skip


def _hidden(stood: Grade, now: Grade) -> Iterable[HiddenChange]:
    """Yields the changed items of the attempt that counts for which an override counts."""
    if now.counts is None or now.counts.result is None:
        return
    number = now.counts.attempt.id
    old = next((each.result for each in stood.attempts if each.attempt.id == number), None)
    before, after = _points(old), _points(now.counts.result)
    for each in now.overrides:
        was, earns = before.get(each.item), after.get(each.item)
        if was is not None and earns is not None and was != earns:
            yield HiddenChange(each.item, was, earns)


def _points(result: Result | None) -> dict[str, int]:
    return {each.item: each.points for each in result.rubric} if result else {}
