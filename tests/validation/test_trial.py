"""Trials: luck does not decide whether a mistake costs points, nor whether an answer earns them."""

from dataclasses import replace

import pytest

from grader.course import load_course
from grader.judge import Judge
from grader.judge.steps import _rubric
from grader.results import GRADED, WITHHELD, Verdict
from grader.sandbox import Level
from grader.submissions import Submission
from grader.validation.trial import STUDENTS, Trial, TrialResult, try_out, with_trace

SOLUTION = (
    "def add(x, y):\n    return x + y\n\n\ndef total(x, group):\n    return group.all_reduce(x)\n"
)
SUITE = '''\
"""Two items: one with fixed cases only, one with a drawn case."""

import numpy as np
import pytest

from grader.suite import GROUP, Shards, equal


@pytest.mark.rubric("add")
def test_fixed(student):
    """The same inputs for everyone."""
    equal(student.add(np.ones(2), np.ones(2)), np.full(2, 2.0))


@pytest.mark.rubric("total")
def test_drawn(student, rng):
    """Each student has one of four inputs."""
    x = np.array([float(rng.integers(4))])
    equal(student.add(x, x), x + x)
'''
# right for inputs above 1 only, as the fixed case asks for nothing else
LUCKY = SOLUTION.replace("return x + y", "return x + y if x[0] else x - 1")
WRONG = SOLUTION.replace("x + y", "x * y + 2")


@pytest.fixture
def judge(course, level):
    """A judge of the tiny course, with the suite above for its hidden one."""
    (course.root / "tests/hidden/adding/test_adding.py").write_text(SUITE)
    with Judge(load_course(course.root).lab("adding"), level) as judge:
        yield judge


def tried(judge, source, **options):
    return try_out(judge, Trial("a trial", {"adding.py": source.encode()},
                                 student=STUDENTS[0], **options))  # fmt: skip


def unlucky(judge):
    """The students whose drawn input is 0, graded one by one as theirs would be."""
    found = set()
    for student in STUDENTS:
        trial = Trial(student, {"adding.py": LUCKY.encode()})
        seed = judge.lab.seed(student)
        if _rubric(judge, trial, judge.evidence(trial), seed)[0][1].points == 0:
            found.add(student)
    return found


def test_a_right_answer_is_right_for_everyone(judge):
    """Nobody's inputs lose it a case."""
    result = tried(judge, SOLUTION)
    assert (result.status, result.score) == (GRADED, 100)
    assert (result.kept_for, result.lost) == (STUDENTS, "")


def test_a_mistake_that_some_do_not_notice_is_kept_for_them(judge):
    """Those and no others: each student's inputs are those that grading draws."""
    lost = unlucky(judge)
    assert 0 < len(lost) < len(STUDENTS), "the seeds of this course draw alike: take another key"
    result = tried(judge, LUCKY)
    assert set(result.kept_for) == set(STUDENTS) - lost
    assert result.students == len(STUDENTS)
    assert result.lost.startswith("total, test_drawn, for student-")
    assert result.score == 0


def test_a_fixed_case_that_is_lost_is_lost_for_everyone(judge):
    """No input is drawn then."""
    drawn = []
    suite = judge.suite(judge.lab.hidden_suite)
    run = suite.run
    suite.run = lambda *a, **k: drawn.append(k["drawn"]) or run(*a, **k)
    result = tried(judge, WRONG)
    assert result.kept_for == ()
    assert result.lost == "add, test_fixed, for student-0"
    assert drawn == [False]  # one run of the fixed cases, and none of others


def test_likely_items_are_asked_first(judge):
    """A case of theirs that is lost ends the trial."""
    asked = []
    suite = judge.suite(judge.lab.hidden_suite)
    run = suite.run
    suite.run = lambda *a, **k: asked.append(k["only"]) or run(*a, **k)
    tried(judge, WRONG, first=frozenset({"add"}))
    assert asked == [{"add"}]
    asked.clear()
    tried(judge, SOLUTION, first=frozenset({"total"}), students=STUDENTS[:1])
    assert asked == [{"total"}, {"add"}, {"total"}, {"add"}]


def test_a_trial_that_is_told_says_what_each_item_came_to(judge):
    """For its own student, and for luck besides."""
    result = tried(judge, WRONG, told=True)
    assert {each.item: each.verdict for each in result.rubric}["add"] is Verdict.FAILED
    assert (result.kept_for, result.score < 100) == ((), True)
    lucky = tried(judge, LUCKY, told=True)
    assert set(lucky.kept_for) == set(STUDENTS) - unlucky(judge)


def test_an_item_that_must_be_lost_is_lost_for_everyone_or_for_those_who_do(judge):
    """Another item's loss is no substitute; no other item's cases are run, if it is lost."""
    asked = []
    suite = judge.suite(judge.lab.hidden_suite)
    run = suite.run
    suite.run = lambda *a, **k: asked.append(k.get("only")) or run(*a, **k)
    wrong = tried(judge, WRONG, told=True, loses=frozenset({"add"}))
    assert wrong.kept_for == ()
    assert {each.item: each.points for each in wrong.rubric} == {"add": 0}
    assert (wrong.score, asked) == (60, [{"add"}])
    lucky = tried(judge, LUCKY, told=True, loses=frozenset({"total"}))
    assert set(lucky.kept_for) == set(STUDENTS) - unlucky(judge)


def test_what_keeps_the_item_that_it_must_lose_is_told_in_full(judge):
    """So that an author sees what it loses instead."""
    once = SOLUTION.replace("return x + y", "return x + y if x.size == 1 else x")
    result = tried(judge, once, told=True, loses=frozenset({"total"}))
    verdicts = {each.item: each.verdict for each in result.rubric}
    assert verdicts["add"] is Verdict.FAILED
    assert result.score < 100
    assert result.kept_for == STUDENTS


def test_what_an_item_builds_on_is_run_before_it(judge):
    """As in grading: what is only blocked is told as that."""
    result = tried(judge, WRONG, told=True, loses=frozenset({"total"}))
    assert {each.item: each.verdict for each in result.rubric} == {
        "add": Verdict.FAILED,
        "total": Verdict.BLOCKED,
    }


def test_a_fault_of_the_suite_is_told_and_kills_nobody(judge, course):
    """What stumbles over a mutant says nothing about it."""
    path = course.root / "tests/hidden/adding/test_adding.py"
    path.write_text(SUITE.replace("equal(student.add(x, x), x + x)", "student.add(x, x)[5]"))
    judge.drop_suites()
    result = tried(judge, SOLUTION)
    assert result.status == WITHHELD
    assert "IndexError" in result.note


def test_other_submissions_are_graded_as_ever(judge, course):
    """The way of trials is the usual one for all that is none."""
    result = try_out(judge, Submission("s", {"adding.py": SOLUTION.encode()}))
    assert not isinstance(result, TrialResult)
    assert result.score == 100


def test_a_trace_is_made_once_for_all_that_one_student_hands_in(repository, monkeypatch):
    """It answers that student's challenge, and no other's; a lab without traces gets none."""
    monkeypatch.setenv("SHARDLAB_COURSE_KEY", "a key of this test")
    course = load_course(repository)
    lab = course.lab("two-way-tp")
    judge = Judge(lab, Level.NONE, synthetic=True)  # which opens no sandbox here
    one, same, other = (with_trace(lab, Submission(name, student=student))
                        for name, student in (("a", "s1"), ("b", "s1"), ("c", "s2")))  # fmt: skip
    assert one.trace is same.trace
    assert not judge.evidence(one).flaws("shards")
    assert not judge.evidence(other).flaws("shards")
    assert judge.evidence(replace(other, trace=one.trace)).flaws("shards")
    assert with_trace(course.lab("ring-cost"), Submission("d")).trace is None
