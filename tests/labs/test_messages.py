"""What students are told of the ten mistakes that they make most in each lab: golden files.

Each mistake is one of the course's mutants. Its file in `golden/` says in the first line what
the mistake is; the rest is what `shardlab check` prints for the first item that fails, word for
word. After a change of words, write the files anew, read the difference, and commit it:

    SHARDLAB_GOLDEN=write pytest tests/labs/test_messages.py

Where CI is set nothing is written: a golden file that no person has read proves nothing.
"""

import importlib.util
import os
import re
from pathlib import Path

import pytest

from grader.cli.printing import CheckPrinter
from grader.course import load_course
from grader.judge import Judge
from grader.submissions import from_bytes
from grader.suite.explain.message import WIDTH
from grader.validation.showing import find_overlay

GOLDEN = Path(__file__).parent / "golden"
WRITE = "SHARDLAB_GOLDEN"
COURSE = load_course(Path(__file__).parents[2])
MISTAKES = {
    "tp-sharding": (
        "columns_interleaved",
        "rows_are_columns",
        "row_sums_nothing",
        "row_concatenates",
        "mlp_bias_on_every_rank",
        "relu_on_partial_sums",
        "gate_up_cut_contiguously",
        "kv_head_modulo",
        "embedding_one_rank_refuses",
        "gather_between",
    ),
    "ring-cost": (
        "one_phase_steps",
        "receives_first",
        "no_all_gather",
        "needs_divisible_length",
        "one_phase_only",
        "alpha_once",
        "bus_is_algorithm_bandwidth",
        "crossover_without_n",
        "one_all_reduce_per_layer",
        "whole_message_across",
    ),
    "pipeline-bubble": (
        "grid_without_drain",
        "microbatch_0_taken_for_idle",
        "bubble_over_m",
        "bubble_is_a_float",
        "float_ceil",
        "one_warm_up_for_all",
        "peak_p_when_m_below_p",
        "backward_waits_for_nobody",
        "idle_gaps_only",
        "decode_like_prefill",
    ),
    "two-way-tp": (
        "rows_for_columns",
        "interleaved",
        "embedding_cut",
        "views",
        "all_bytes_divided",
        "residual_counted_twice",
        "not_causal",
        "no_sum_after_attention",
        "gather_for_sum",
        "ids_checked_on_rank_0",
    ),
}
EACH = [(slug, mutant) for slug, mutants in MISTAKES.items() for mutant in mutants]
LABELS = ("Called", "With", "Expected", "Got", "Got-Exp", "Pattern", "Error", "Your line",
          "Broken", "Note", "Nudge", "Printed")  # fmt: skip


@pytest.fixture(scope="module")
def opened(level):
    """The warm judge of a lab, kept for all its mistakes."""
    kept = {}

    def of(slug):
        lab = COURSE.lab(slug)
        absent = [name for name in lab.assignment.preload if _absent(name)]
        if absent:
            pytest.skip(f"{slug} needs {', '.join(absent)}, which is not installed")
        if slug not in kept:
            kept[slug] = Judge(lab, level)
        return kept[slug]

    yield of
    for judge in kept.values():
        judge.close()


def _absent(name):
    return importlib.util.find_spec(name.partition(".")[0]) is None


def overlay_of(slug, mutant):
    lab = COURSE.lab(slug)
    return find_overlay(lab, COURSE.solutions(lab), f"mutants/{mutant}")


def golden_of(slug, mutant):
    return GOLDEN / slug / f"{mutant}.txt"


def facts_of(slug, mutant):
    """Label to text, the lines of each fact joined; what stands above the facts has no label."""
    facts, label = {"": ""}, ""
    for line in golden_of(slug, mutant).read_text("utf-8").splitlines():
        head = line[3:13].rstrip()
        label = head if line.startswith("   ") and head in LABELS else label
        facts[label] = f"{facts.get(label, '')} {line[13:] if label else line}".strip()
    return facts


@pytest.mark.parametrize(("slug", "mutant"), EACH)
def test_a_mistake_gets_its_message(opened, capsys, slug, mutant):
    """Word for word what `shardlab check` prints of the first item that fails."""
    judge = opened(slug)
    lab, overlay = judge.lab, overlay_of(slug, mutant)
    submission = from_bytes(lab, mutant, overlay.content)
    run = judge.judge(submission, lab.public_suite, stop_early=True)
    capsys.readouterr()
    CheckPrinter(lab).item(next(case for case in run.results if case.verdict != "passed"))
    message = f"Mistake: {overlay.mark.mistake}\n\n{capsys.readouterr().out}"
    golden = golden_of(slug, mutant)
    if os.environ.get(WRITE) == "write":
        assert not os.environ.get("CI"), f"{WRITE}=write is for a person who reads what is written"
        golden.parent.mkdir(parents=True, exist_ok=True)
        golden.write_text(message, "utf-8")
    assert golden.is_file(), f"{golden} is missing; to write it: {WRITE}=write"
    assert message == golden.read_text("utf-8")


def test_each_lab_has_ten_and_no_file_is_left_over():
    """Every lab of the course has its ten mistakes, and each file is one of them."""
    assert set(MISTAKES) == {lab.slug for lab in COURSE.labs()}
    assert all(len(set(mutants)) == 10 for mutants in MISTAKES.values())
    assert {golden_of(*each) for each in EACH} == {p for p in GOLDEN.rglob("*") if p.is_file()}


@pytest.mark.parametrize(("slug", "mutant"), EACH)
def test_a_message_names_call_and_shapes(slug, mutant):
    """The call is a function of the lab with its arguments; each array among them has a shape."""
    called = facts_of(slug, mutant)["Called"]
    function = re.match(r"(\w+)\(", called)[1]
    assert function in COURSE.lab(slug).functions
    if " on " in called:
        assert re.search(r" on \d+ ranks?\b", called)
        assert re.search(r"\b\w+\(\d+,[\d,]*\)", called), "an array without its shape"


@pytest.mark.parametrize(("slug", "mutant"), EACH)
def test_a_message_says_what_was_expected_and_what_came(slug, mutant):
    """Two different things; of a student's own exception, the exception and their own line."""
    facts = facts_of(slug, mutant)
    if "Error" in facts:
        assert facts["Your line"]
        return
    assert facts["Expected"].partition(": ")[2] != facts["Got"]
    if "Got-Exp" in facts:
        assert re.search("[1-9]", facts["Got-Exp"])


@pytest.mark.parametrize(("slug", "mutant"), EACH)
def test_a_message_names_the_invariant_by_its_number(slug, mutant):
    """As the hand-out has it, number and words."""
    number, _, text = facts_of(slug, mutant)["Broken"].partition(": ")
    assert COURSE.lab(slug).assignment.invariants[number] == text


@pytest.mark.parametrize(("slug", "mutant"), EACH)
def test_a_message_ends_with_one_question(slug, mutant):
    """The nudge is the last fact, and its last sentence is the only question in it."""
    facts = facts_of(slug, mutant)
    assert list(facts)[-1] == "Nudge"
    assert facts["Nudge"].endswith("?")
    assert facts["Nudge"].count("?") == 1


@pytest.mark.parametrize(("slug", "mutant"), EACH)
def test_a_message_is_the_students(slug, mutant):
    """At most 80 columns; no way into the grader, and no line of the solution."""
    text = golden_of(slug, mutant).read_text("utf-8")
    message = text.partition("\n\n")[2]
    assert max(map(len, message.splitlines())) <= WIDTH
    for foreign in ("Traceback", "grader/", "site-packages", "test_public", "/own/", "/tmp/"):
        assert foreign not in message
    lab = COURSE.lab(slug)
    solution = (COURSE.solutions(lab) / lab.assignment.file).read_text("utf-8").splitlines()
    told = facts_of(slug, mutant)
    told.pop("Your line", None)  # which a right and a wrong answer may share
    lines = {line.strip() for line in solution if len(line.strip()) > 24}
    assert not [line for line in lines if any(line in fact for fact in told.values())]
