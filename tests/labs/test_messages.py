"""What typical mistakes are told: whole messages, held as golden files.

Each mistake is one of the course's mutants; its message is what `shardlab check --all` prints
for the item. To see a change, delete the file in `golden/` and run the test: it is written
anew, and the test fails once so that somebody reads it.
"""

from pathlib import Path

import pytest

from grader.course import load_course
from grader.grading import PUBLIC_SEED, invariant_text, processes_of
from grader.submissions import read_submission
from grader.suite.message import WIDTH, lines_of
from grader.suite.run import Suite

GOLDEN = Path(__file__).parent / "golden"
MISTAKES = [
    ("tp-sharding", "bias_on_every_rank", "mlp-block"),
    ("tp-sharding", "row_concatenates", "row-linear"),
    ("tp-sharding", "gather_between", "one-collective"),
    ("ring-cost", "one_phase_only", "time"),
    ("pipeline-bubble", "bubble_over_m", "algebra"),
]


@pytest.fixture(scope="module")
def suites(repository):
    """The public suites of all labs, by slug."""
    labs = load_course(repository).labs()
    opened = {lab.slug: Suite(lab.public_suite, lab) for lab in labs}
    yield opened
    for suite in opened.values():
        suite.close()


@pytest.mark.parametrize(("slug", "mutant", "item"), MISTAKES)
def test_a_mistake_gets_its_message(repository, sandbox, suites, slug, mutant, item):
    """Call, shapes, expected, got, pattern, invariant and nudge, word for word."""
    course = load_course(repository)
    lab = course.lab(slug)
    path = course.solutions(lab) / "mutants" / f"{mutant}.py"
    submission = read_submission(lab, path, mutant)
    with processes_of(lab, submission, sandbox) as processes:
        run = suites[slug].run(processes, PUBLIC_SEED, only=frozenset([item]))
    failed = next(case for case in run.results if case.verdict != "passed")
    lines = lines_of(failed.finding, invariant_text(lab, lab.item(item)))
    message = "\n".join([f"{lab.item(item).title}  {failed.finding.where}", *lines]) + "\n"
    assert max(map(len, lines)) <= WIDTH
    golden = GOLDEN / f"{slug}-{mutant}-{item}.txt"
    if not golden.exists():
        golden.write_text(message, "utf-8")
        pytest.fail(f"{golden} was missing and is written; read it, then run again")
    assert message == golden.read_text("utf-8")
