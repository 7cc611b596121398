"""A tiny class: one of each fate that a grade can have."""

import importlib.util
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from grader.exports.exported import ExportedLab, entries
from grader.gradebook.rows import Attempt, Grade, GradedAttempt, Override, Student
from grader.results import Finding, Result, RubricResult, Verdict

WHEN = datetime(2026, 11, 22, 14, 3, tzinfo=UTC)
LAB = ExportedLab("adding", "Adding up", 100, ("add", "total"))


def student(who="ann", **fields):
    """A student with a number in the LMS."""
    known = {"name": f"{who.title()} Doe", "email": f"{who}@school.example", "group": "g1"}
    return Student(who, **({"lms_id": "41"} | known | fields))


def result(add=40, total=60, **fields):
    """A result with two rubric items."""
    first = Verdict.PASSED if add == 40 else Verdict.FAILED
    second = Verdict.PASSED if total == 60 else Verdict.TIMEOUT
    rubric = (
        RubricResult("add", add, 40, first, Finding(text="off by one")),
        RubricResult("total", total, 60, second, Finding(text="slow")),
    )
    known = {"status": "graded", "score": add + total, "note": "", "rubric": rubric}
    known |= fields
    return Result("a", max_score=100, seconds=1.25, **known)


def grade(who=None, outcome=None, *, raw=None, overrides=(), published=None, lab="adding", **late):
    """A grade with one attempt of that outcome; with no outcome, nothing was graded."""
    who = who or student()
    attempt = Attempt(1, who.id, lab, 2, "ab" * 32, WHEN, WHEN)
    raw = outcome.score if outcome is not None and raw is None else raw
    counts = GradedAttempt(attempt, outcome, raw, **late)
    return Grade(who, lab, 100, (counts,), counts, overrides, due=WHEN, published=published)


def missing(who):
    """A grade for which nothing was handed in."""
    return Grade(who, "adding", 100, due=WHEN)


def withheld_result():
    """What grading gives where the fault is ours."""
    rubric = (RubricResult("add", 0, 40, Verdict.GRADER_FAULT, Finding(text="a fault of ours")),)
    return result(status="withheld", score=None, rubric=rubric, note="a fault of ours")


@pytest.fixture
def class_of_four():
    """Ann is right, Bob late with an override, Cy's score is withheld, Dee handed in nothing."""
    decided = Override("total", 30, "half is right", "prof", WHEN)
    return [
        grade(student("ann", lms_id="41"), result(), published=100),
        grade(student("bob", lms_id="42"), result(total=0), raw=70, overrides=(decided,),
              penalty=10, late_days=1, published=65),
        grade(student("cy", lms_id="43"), withheld_result()),
        missing(student("dee", lms_id="44")),
    ]  # fmt: skip


@pytest.fixture
def rows(class_of_four):
    """The same as entries, as they stand."""
    return entries(class_of_four)


@pytest.fixture(scope="session")
def make():
    """Functions that make students, results and grades, for tests that need others."""
    return SimpleNamespace(
        student=student, result=result, grade=grade, missing=missing,
        withheld=withheld_result, lab=LAB, when=WHEN,
    )  # fmt: skip


@pytest.fixture(scope="session")
def sheets():
    """What Canvas and Moodle write, and what they read."""
    return _beside("sheets")


@pytest.fixture(scope="session")
def crowd():
    """Three hundred students with names of the world's kinds."""
    return _beside("people").people()


def _beside(name):
    """The module that lies beside this file: this folder is no package."""
    path = Path(__file__).with_name(f"{name}.py")
    spec = importlib.util.spec_from_file_location(f"tests_exports_{name}", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
