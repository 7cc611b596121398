"""What is made of the results of a lab's own submissions."""

import pytest

from grader.results import GRADED, WITHHELD, Result, RubricResult, Verdict
from grader.validation.judged import judged
from grader.validation.trial import TrialResult

FULL = Result("s", GRADED, 100, 100, 0.0, (RubricResult("add", 100, 100, Verdict.PASSED),))
FAULT = Result("s", WITHHELD, None, 100, 0.0, (), "test_a.py::test_b[1]: line 3: TypeError")


def tried(score, kept, students=17, lost="", note=""):
    verdict = Verdict.PASSED if score == 100 else Verdict.FAILED
    rubric = (RubricResult("add", score, 100, verdict),)
    names = tuple(f"student-{number}" for number in range(kept))
    return TrialResult("s", GRADED, score, 100, 0.0, rubric, note,
                 kept_for=names, students=students, lost=lost)  # fmt: skip


@pytest.fixture
def checks(course):
    """A function from results by kind to the checks, by name."""

    def of(**by_kind):
        lab = course.lab("adding")
        kinds = dict.fromkeys(("solution", "stub", "variant", "mutant", "garbage"), ())
        named = kinds | {kind: [("one_too_many.py", r) for r in rs] for kind, rs in by_kind.items()}
        return {each.name: each for each in judged(lab, course.solutions(lab), named)}

    return of


def test_a_solution_is_right_for_every_student(checks):
    """In full for some, and by its drawn cases for the others."""
    assert checks(solution=[tried(100, 17), FULL, FULL])["solution"].passed
    check = checks(solution=[tried(0, 12, lost="add, test_b[1], for student-7"), FULL])["solution"]
    assert check.problems == (
        "the solution loses points for 5 of 17 students (first: add, test_b[1], for student-7)",
    )
    assert check.detail == "solution 100/100, but not for every student"


def test_nothing_is_said_of_a_solution_that_was_not_graded_each_time(checks):
    """Were one run a fault of ours, the others would prove nothing of all."""
    found = checks(solution=[FULL, FAULT])
    assert "solution" not in found
    assert found["grading"].detail.startswith("1/1 of the course's own submissions")


@pytest.mark.parametrize(
    ("result", "words", "caught"),
    [
        (tried(0, 0), "", 1),
        (tried(100, 17), "keeps 100/100: no case of the hidden suite tells it", 0),
        (tried(100, 5), "for 5 of 17 students: whether it costs points is luck", 0),
        (tried(0, 5), "for 5 of 17 students", 0),
        (tried(0, 0, note="adding.py does not load: x"), "does not load: x", 0),
    ],
)
def test_a_mutant_fails_for_everybody(checks, result, words, caught):
    """Not by luck, and not for want of loading."""
    check = checks(mutant=[result])["mutants"]
    assert check.detail == f"{caught}/1 mutant fails"
    assert len(check.problems) == bool(words)
    assert words in "".join(check.problems)
