"""Turns nbgrader's manual grades into overrides to make or to withdraw in our gradebook.

An override that a person made in our gradebook is not changed: both grades are reported, and a
person settles it. Overrides that came from nbgrader are known by the beginning of their reason.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from grader.course import Lab
from grader.gradebook.points import Points, rounded
from grader.gradebook.rows import Grade, Override
from grader.notebooks.sync import ManualGrade
from grader.text.shown import one_line

REASON = "nbgrader: manual grade"


@dataclass(frozen=True)
class Decision:
    """An override to make in our gradebook; `points` None withdraws the one in force."""

    student: str
    item: str
    points: Points | None
    reason: str


@dataclass(frozen=True)
class Decisions:
    """The overrides to make, and a line for each of nbgrader's grades that can't become one."""

    wanted: tuple[Decision, ...]
    left: tuple[str, ...]


def decisions_of(lab: Lab, manual: Sequence[ManualGrade], grades: Sequence[Grade]) -> Decisions:
    """The overrides that nbgrader's manual grades ask for and that are not in force yet."""
    known = {each.student.id: each for each in grades}
    rubric = {item.item: item.points for item in lab.rubric}
    wanted: list[Decision] = []
    left: list[str] = []
    given: set[tuple[str, str]] = set()
    for each in _by_present_ids(manual, grades):
        if each.points is None and each.extra_credit is None:
            continue  # a comment alone
        given.add((each.student, each.item))
        decision = _decision(each, rubric, known)
        if isinstance(decision, str):
            left.append(f"{each.student}, {each.item}: {decision}")
        elif decision is not None:
            wanted.append(decision)
    return Decisions((*wanted, *_withdrawn(given, grades)), tuple(left))


def _by_present_ids(
    manual: Sequence[ManualGrade], grades: Sequence[Grade]
) -> Iterator[ManualGrade]:
    """Yields the grades by the ids that students have now; one under their own id comes first."""
    present = {name: each.student.id for each in grades for name in each.student.aliases}
    own = {(each.student, each.item) for each in manual if each.student not in present}
    for each in manual:
        student = present.get(each.student, each.student)
        if student == each.student or (student, each.item) not in own:
            yield replace(each, student=student)


def _decision(
    each: ManualGrade, rubric: Mapping[str, int], known: Mapping[str, Grade]
) -> Decision | str | None:
    """The override to make, None if it is in force, or the reason why there can't be one."""
    if each.item not in rubric:
        return "no item of the rubric; its points stay nbgrader's"
    if each.student not in known:
        return "the gradebook knows no such student"
    grade = known[each.student]
    exact = _points(each, grade)
    if not exact.is_finite() or not 0 <= exact <= rubric[each.item]:
        return f"{_shown(exact)} points there, and an override has 0 to {rubric[each.item]}"
    points = rounded(exact)
    present = _in_force(grade, each.item)
    if present is not None and not present.reason.startswith(REASON):
        decided = f"{present.author} decided on {present.points} here"
        return f"{_shown(exact)} points there, but {decided}"
    same = present is not None and present.points == points
    return None if same else Decision(each.student, each.item, points, _reason(each, exact, points))


def _points(each: ManualGrade, grade: Grade) -> Decimal:
    """The item's points in nbgrader: the manual score or else the automatic one, plus extra.

    Its binary fractions are taken for the decimals that were typed: 0.1 and 0.2 make 0.3.
    """
    base = each.points if each.points is not None else _automatic(grade, each.item)
    return Decimal(str(base)) + Decimal(str(each.extra_credit or 0))


def _shown(number: Decimal) -> str:
    return f"{float(number):g}"


def _withdrawn(given: set[tuple[str, str]], grades: Sequence[Grade]) -> Iterator[Decision]:
    """Yields withdrawals of nbgrader's overrides whose manual grade is gone."""
    for grade in grades:
        for override in grade.overrides:
            key = grade.student.id, override.item
            if override.reason.startswith(REASON) and key not in given:
                yield Decision(*key, None, f"{REASON} was taken back there")


def _reason(each: ManualGrade, exact: Decimal, points: Points) -> str:
    cut = f" {_shown(exact)}, rounded" if exact != points else ""
    said = one_line(each.comment)
    return f"{REASON}{cut}{f': {said}' if said.strip() else ''}"


def _in_force(grade: Grade, item: str) -> Override | None:
    return next((each for each in grade.overrides if each.item == item), None)


def _automatic(grade: Grade, item: str) -> float:
    """The item's points in our own result; 0 if there is none."""
    result = grade.counts.result if grade.counts else None
    rubric = result.rubric if result is not None and result.score is not None else ()
    return next((each.points for each in rubric if each.item == item), 0)
