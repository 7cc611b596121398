"""Answers that no suite's author saw: the right ones keep all points, each wrong one loses its own.

They were written from hand-out and stub alone, in styles of their own.
"""

import importlib.util
from pathlib import Path

import pytest

from grader.course import load_course
from grader.grading import Settings, grade_all
from grader.results import Verdict
from grader.submissions import from_source
from grader.validation.trial import with_trace

ROOT = Path(__file__).parents[2]
LABS = ["tp-sharding", "ring-cost", "pipeline-bubble", "two-way-tp"]


def bank_of(slug):
    """The module with the lab's answers."""
    name = slug.replace("-", "_")
    path = Path(__file__).with_name("banks") / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"bank_{name}", path)
    bank = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(bank)
    return bank


def edited(source, edits):
    """The source with each old text replaced by the new one; every old text must be there."""
    for old, new in edits:
        assert old in source, old
        source = source.replace(old, new)
    return source


@pytest.fixture
def grade(level):
    """Grades sources by name as submissions to a lab; name to result."""

    def run(slug, sources):
        lab = load_course(ROOT).lab(slug)
        work = [from_source(lab, name, text.encode()) for name, text in sources.items()]
        work = [with_trace(lab, each) for each in work]
        settings = Settings(lab, level, synthetic=True)
        return {result.submission: result for result in grade_all(settings, work, jobs=2)}

    return run


def needs(slug):
    """Skips the test where the lab needs a library that is not installed."""
    if slug == "two-way-tp" and importlib.util.find_spec("torch") is None:
        pytest.skip("two-way-tp needs torch")  # which this process itself must not import


@pytest.mark.parametrize("slug", LABS)
def test_right_answers_keep_all_points(grade, slug):
    """At least six of other styles than the solution's: 100 each."""
    needs(slug)
    bank = bank_of(slug)
    sources = {"plain": bank.PLAIN}
    for name, given in bank.RIGHT.items():
        sources[name] = given if isinstance(given, str) else edited(bank.PLAIN, given)
    assert len(sources) >= 6
    results = grade(slug, sources)
    lost = {
        name: [(each.item, each.finding) for each in result.rubric if each.points == 0]
        for name, result in results.items()
        if result.score != 100
    }
    assert lost == {}


@pytest.mark.slow
@pytest.mark.parametrize("slug", LABS)
def test_wrong_answers_lose_the_item_that_they_break(grade, slug):
    """At least thirty with one mistake each: none keeps the points of what is wrong."""
    needs(slug)
    bank = bank_of(slug)
    assert len(bank.WRONG) >= 30
    results = grade(slug, {n: edited(bank.PLAIN, e) for n, (_, e) in bank.WRONG.items()})
    kept = {
        name: item
        for name, (item, _) in bank.WRONG.items()
        if results[name].verdict(item) in (Verdict.PASSED, Verdict.BLOCKED)
    }
    assert kept == {}
