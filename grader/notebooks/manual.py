"""Manual grades of nbgrader's as decisions of ours: which overrides to make or to withdraw.

A decision that a person made in our gradebook is not changed by one made over there: both are
told, and a person settles it. Ours of this origin are known by how their reason begins.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from grader.course import Lab
from grader.gradebook.rows import Grade, Override
from grader.notebooks.sync import ManualGrade
from grader.text.shown import one_line

REASON = "nbgrader: manual grade"


@dataclass(frozen=True)
class Decision:
    """An override to be made in our gradebook; `points` None: the one in force is withdrawn."""

    student: str
    item: str
    points: int | None
    reason: str


@dataclass(frozen=True)
class Decisions:
    """What is to be done, and what of nbgrader's can't be taken over, a line each."""

    wanted: tuple[Decision, ...]
    left: tuple[str, ...]


def decisions_of(lab: Lab, manual: Sequence[ManualGrade], grades: Sequence[Grade]) -> Decisions:
    """What makes our overrides those that nbgrader's manual grades ask for; nothing twice."""
    known = {each.student.id: each for each in grades}
    rubric = {item.item: item.points for item in lab.rubric}
    wanted: list[Decision] = []
    left: list[str] = []
    given: set[tuple[str, str]] = set()
    for each in manual:
        if each.points is None and each.extra_credit is None:
            continue  # a comment alone
        given.add((each.student, each.item))
        decision = _decision(each, rubric, known)
        if isinstance(decision, str):
            left.append(f"{each.student}, {each.item}: {decision}")
        elif decision is not None:
            wanted.append(decision)
    return Decisions((*wanted, *_withdrawn(given, grades)), tuple(left))


def _decision(
    each: ManualGrade, rubric: Mapping[str, int], known: Mapping[str, Grade]
) -> Decision | str | None:
    """The override to make, None where it is in force already, or why there can't be one."""
    if each.item not in rubric:
        return "no item of the rubric; its points stay nbgrader's"
    if each.student not in known:
        return "the gradebook knows no such student"
    grade = known[each.student]
    exact = _points(each, grade)
    if not math.isfinite(exact) or not 0 <= exact <= rubric[each.item]:
        return f"{exact:g} points there, and an override has 0 to {rubric[each.item]}"
    points = math.floor(exact + 0.5)
    present = _in_force(grade, each.item)
    if present is not None and not present.reason.startswith(REASON):
        return f"{exact:g} points there, but {present.author} decided on {present.points} here"
    same = present is not None and present.points == points
    return None if same else Decision(each.student, each.item, points, _reason(each, exact, points))


def _points(each: ManualGrade, grade: Grade) -> float:
    """What nbgrader counts for the item: a manual score before an automatic one, plus extra."""
    base = each.points if each.points is not None else _automatic(grade, each.item)
    return base + (each.extra_credit or 0)


def _withdrawn(given: set[tuple[str, str]], grades: Sequence[Grade]) -> Iterator[Decision]:
    """Overrides that came from nbgrader, where there is no manual grade any more."""
    for grade in grades:
        for override in grade.overrides:
            key = grade.student.id, override.item
            if override.reason.startswith(REASON) and key not in given:
                yield Decision(*key, None, f"{REASON} was taken back there")


def _reason(each: ManualGrade, exact: float, points: int) -> str:
    rounded = f" {exact:g}, rounded" if exact != points else ""
    said = one_line(each.comment)
    return f"{REASON}{rounded}{f': {said}' if said.strip() else ''}"


def _in_force(grade: Grade, item: str) -> Override | None:
    return next((each for each in grade.overrides if each.item == item), None)


def _automatic(grade: Grade, item: str) -> float:
    """What our own result gives the item; 0 where there is none."""
    result = grade.counts.result if grade.counts else None
    rubric = result.rubric if result is not None and result.score is not None else ()
    return next((each.points for each in rubric if each.item == item), 0)
