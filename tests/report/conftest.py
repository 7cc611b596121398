"""Rows of a gradebook, made up, and pages of them."""

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from grader.course import load_course
from grader.gradebook.rows import Attempt, Grade, GradedAttempt, Student
from grader.results import GRADED, Finding, Result, RubricResult, Verdict

DUE = datetime(2026, 11, 22, 23, 59, tzinfo=UTC)
FINDING = Finding(
    shapes="x(2,4)",
    inputs=(("x", "[[ 1  2  3  0] [ 2  0 -1  1]]"),),
    expected="[[14  2] [16 -5]]",
    got="[[19  0] [21 -7]]",
    difference="[[ 5 -2] [ 5 -2]]",
    broken="I3: summing over ranks must give the one-GPU result",
    nudge="Which argument has the shape of that vector?",
)


class Rows:
    """Makes rows of one lab."""

    def __init__(self, lab):
        self.lab = lab
        self._ids = 0

    def result(self, note="", seconds=0.2, finding=None, **verdicts):
        """A result: what is not named passed; `_` in a name stands for `-`."""
        verdicts = {name.replace("_", "-"): Verdict(v) for name, v in verdicts.items()}
        rubric = []
        for each in self.lab.rubric:
            verdict = verdicts.get(each.item, Verdict.PASSED)
            passed = verdict is Verdict.PASSED
            told = Finding() if passed else (finding or replace(FINDING, called=each.item))
            points = each.points if passed else 0
            rubric.append(RubricResult(each.item, points, each.points, verdict, told))
        score = sum(each.points for each in rubric)
        return Result("s", GRADED, score, 100, seconds, tuple(rubric), note)

    def attempt(self, student, number=1, at=DUE - timedelta(hours=2), problem=""):
        """An attempt as it was received."""
        self._ids += 1
        return Attempt(
            self._ids, student, self.lab.slug, number, "4be1" * 16, at, at, problem=problem
        )

    def grade(self, student, *results, name="", **facts):
        """A grade with an attempt for each result, an hour apart, of which the last counts."""
        attempts = tuple(
            GradedAttempt(
                self.attempt(student, n, DUE - timedelta(hours=len(results) + 1 - n)),
                result,
                result.score if result else None,
            )
            for n, result in enumerate(results, 1)
        )
        grade = Grade(Student(student, name), self.lab.slug, 100, attempts, due=DUE)
        return replace(grade, counts=attempts[-1] if attempts else None, **facts)

    def a_class(self, students=12):
        """A class in which all sorts of things happen."""
        items = [each.item for each in self.lab.rubric]
        made = []
        for number in range(students):
            lost = {items[(number + k) % len(items)]: "failed" for k in range(number % 4)}
            result = self.result(seconds=0.1 + 0.01 * number, **lost)
            if number % 11 == 3:
                result = self.result(seconds=6.0, **{items[0]: "timeout", items[1]: "crashed"})
            made.append(self.grade(f"s{number:03}", result, name=f"Student Nr. {number}"))
        fault = replace(self.result(), status="withheld", score=None, note="test_x.py: KeyError")
        made.append(self.grade("s900", fault, name="Faye Fault"))
        made.append(self.grade("s901", name="Mia Missing"))
        return made


@pytest.fixture
def rows(course):
    """Rows of the tiny lab."""
    return Rows(course.lab("adding"))


@pytest.fixture(scope="session")
def real_rows(repository):
    """Rows of the course's first lab, which has 14 rubric items."""
    return Rows(load_course(repository).lab("tp-sharding"))
