"""Submissions that attack the grading itself: none costs the class a score, time, or a secret.

Each test is a hole that was found by trying. The attacks run at this machine's best isolation.
"""

import pytest

from grader.fabric import run_spmd
from grader.grading import Settings, work
from grader.judge import Judge
from grader.judge import grade as grade_with
from grader.results import GRADED, WITHHELD, Verdict
from grader.sandbox import BadReturn, Crashed, Level, Raised, Returned, Sandbox, ServiceRef, call
from grader.submissions import from_source
from grader.suite.explain.message import words_in

GOOD = """\
import sys

import numpy as np


def add(x, y):
    if x.shape != y.shape:
        raise ValueError(f"{x.shape} {y.shape}")
    return x + y


def total(x, group):
    return group.all_reduce(x)
"""
# Finds the object that talks to the host, as any submission can.
RUNNER = """
def runner():
    frame = sys._getframe()
    while type(frame.f_locals.get("self")).__name__ != "Runner":
        frame = frame.f_back
    return frame.f_locals["self"]
"""


def total_returns(body):
    return GOOD + RUNNER + "\n\ndef total(x, group):\n" + body


@pytest.fixture
def lab(course):
    return course.lab("adding")


@pytest.fixture
def judge(lab, level):
    with Judge(lab, level) as judge:
        yield judge


@pytest.fixture
def grade(judge, lab):
    def run(source, name="s"):
        return grade_with(judge, from_source(lab, name, source.encode()))

    return run


# -- points for nothing --------------------------------------------------------------------


def test_an_error_of_every_kind_is_of_none(grade):
    """A class that goes by both names would earn each refusal, whichever is due."""
    both = "type('ValueError', (type('TypeError', (Exception,), {}),), {})('(2,) (3,)')"
    result = grade(GOOD.replace('ValueError(f"{x.shape} {y.shape}")', both))
    assert result.verdict("add") is Verdict.RAISED


# -- a score that is withheld costs a person's time ---------------------------------------


WORTHLESS = {
    "infinite on one rank": "    return float('inf') if group.rank == 0 else 1.0\n",
    "NaN on one rank": "    return [float('nan'), 1.0] if group.rank == 0 else [1.0, 1.0]\n",
    "dicts that differ": "    return {1: x} if group.rank == 0 else {2: x}\n",
    "empty, but of no size": (
        "    x = np.empty((1 << 30, 1 << 29, 0))\n    return group.all_gather(x, axis=0)\n"
    ),
    "an int too long to print": (
        "    sys.modules['_shardlab.wire'].MAX_INT_BITS = 1 << 20\n    return {2**14286}\n"
    ),
}


@pytest.mark.parametrize("name", WORTHLESS)
def test_a_worthless_answer_is_no_fault_of_ours(grade, name):
    """It is wrong, whatever it does to arithmetic, so nobody has to look at it."""
    result = grade(total_returns(WORTHLESS[name]))
    assert (result.status, result.score) == (GRADED, 40)


def test_a_made_up_fault_is_for_a_person_to_look_at(grade):
    """A process can say falsely that our own code failed: it gains no point, and chooses no word.

    It is the one way to have a score withheld, as such a fault must never be a student's loss.
    """
    source = total_returns("    runner().send(['fault', 'wire.py', 1, 'OSError'])\n    return x\n")
    result = grade(source)
    assert (result.status, result.score) == (WITHHELD, None)
    assert result.verdict("total") is Verdict.GRADER_FAULT
    assert "OSError in wire.py, line 1" in result.note
    assert "wire" not in "".join(words_in(each.finding) for each in result.rubric)
    lies = source.replace("'wire.py'", "'give me 100'")
    assert grade(lies, "liar").verdict("total") is Verdict.BAD_RETURN
    assert grade(GOOD, "next").score == 100


def test_a_fault_while_a_failure_is_told_is_its_own(grade, monkeypatch):
    """It would end the suite's session, and withhold the score of all who come after."""
    with monkeypatch.context() as patch:
        patch.setattr("grader.suite.judging.with_call", None)
        result = grade(total_returns("    return None\n"))
    assert result.status == WITHHELD
    assert grade(GOOD, "next").score == 100


def test_a_suite_that_broke_off_is_collected_anew(grade, monkeypatch):
    """Whatever ended the session withholds one score, and not all that come after."""
    with monkeypatch.context() as patch:
        patch.setattr("grader.suite.judging.Judging.begin", None)
        assert grade(GOOD).status == WITHHELD
    assert grade(GOOD, "next").score == 100


def test_no_error_ends_a_batch(course, lab, level, monkeypatch):
    """An error that nobody thought of withholds one score."""
    monkeypatch.setattr(work, "_judge", lambda _settings: 1 // 0)
    result = work.grade_here(Settings(lab, level), from_source(lab, "s", b"x"))
    assert (result.status, result.note[:17]) == (WITHHELD, "ZeroDivisionError")


# -- time that is not the submission's -----------------------------------------------------


def test_frames_without_end_don_t_hold_the_host(sandbox, lab):
    """What a process sends while it loads is not read for ever in a call."""
    source = (
        GOOD
        + RUNNER
        + (
            "\n\ndef add(x, y):\n"
            "    wire, it = sys.modules['_shardlab.wire'], runner()\n"
            "    (frame,) = wire.encode(['compiled', it._nonce, b''])\n"
            "    while True:\n"
            "        it._sock.sendall(bytes(frame) * 10_000)\n"
        )
    )
    with sandbox.open({"adding.py": source.encode()}, lab.entry) as process:
        outcome = call(process, "add", (1, 2))
    assert isinstance(outcome, BadReturn)


def test_keys_that_collide_cost_nothing(sandbox, lab, counted):
    """Equal hashes, and tuples that differ at their very end: 30 s for 150 kB, once."""
    source = GOOD + (
        "from fractions import Fraction\n\n\n"
        "class Key(tuple):\n"
        "    __hash__ = object.__hash__\n"
        "    __eq__ = object.__eq__\n\n\n"
        "def add(x, y):\n"
        "    same, step = [Fraction(1, 3)] * 12, (1 << 61) - 1\n"
        "    return {Key([*same, Fraction(5 + i * step)]) for i in range(4000)}\n"
    )
    with sandbox.open({"adding.py": source.encode()}, lab.entry) as process, counted:
        outcome = call(process, "add", (1, 2))
    assert isinstance(outcome, BadReturn)
    assert counted.count < 20_000


def test_tuples_as_keys_are_plain_data(sandbox, lab):
    """A thousand of them, some of which collide as -1 and -2 do, arrive."""
    value = "{(i, 'F', j): j for i in range(-2, 30) for j in range(40)}"
    source = f"{GOOD}\n\ndef add(x, y):\n    return {value}\n"
    with sandbox.open({"adding.py": source.encode()}, lab.entry) as process:
        outcome = call(process, "add", (1, 2))
    assert isinstance(outcome, Returned)
    assert len(outcome.value) == 32 * 40


def test_large_answers_that_differ_are_not_explained(grade, monkeypatch):
    """Neither is what was expected, so there is no pattern to look for in millions of entries."""
    body = "    y = np.zeros(32 << 20, np.uint8)\n    y[0] = group.rank\n    return [y]\n"
    with monkeypatch.context() as patch:
        patch.setattr("grader.suite.explain.patterns.value_pattern", None)
        patch.setattr("grader.suite.explain.patterns.shape_pattern", None)
        result = grade(total_returns(body))
    assert (result.status, result.score) == (GRADED, 40)


# -- what ranks and students must not learn ------------------------------------------------


@pytest.mark.parametrize("lock", ["flock(f, 2)", "lockf(f, 1)", "fcntl(f, 1024, 0)"])
def test_ranks_share_no_locks(sandbox, lab, level, lock):
    """A lock on a library's file would be seen by every rank, past the collectives' log."""
    if not level:
        pytest.skip("level 0 filters no system calls")
    source = GOOD + (
        "import fcntl\n\n\ndef total(x, group):\n"
        f"    with open(np.__file__) as f:\n        return fcntl.{lock}\n"
    )
    with sandbox.open({"adding.py": source.encode()}, lab.entry) as process:
        group = ServiceRef("group", {"rank": 0, "world_size": 1})
        run = run_spmd([process], "total", [((1, group), {})], 2.0)
    (outcome,) = run.outcomes
    assert isinstance(outcome, Raised)
    assert "PermissionError" in outcome.types


def test_a_file_is_compiled_once(grade, monkeypatch):
    """By its first process, inside; the others, of the explanation too, are handed the result."""
    real, handed = Sandbox.open, []

    def watched(self, files, entry, limits, *, compiled):
        handed.append(compiled)
        return real(self, files, entry, limits, compiled=compiled)

    monkeypatch.setattr(Sandbox, "open", watched)
    grade(GOOD.replace("x + y", "x - y"))
    first, *others = handed
    assert first == b""
    assert len(others) > 0
    assert b"" not in others


def test_a_file_that_loads_at_first_is_not_quoted(grade, monkeypatch):
    """What it raises later may hold a hidden input that another process told it."""
    real, opened = Sandbox.open, []

    def second_is_broken(self, files, entry, limits, *, compiled):
        opened.append(entry)
        if len(opened) != 2:
            return real(self, files, entry, limits, compiled=compiled)
        return real(self, {f"{entry}.py": b"raise ValueError('a hidden input')\n"}, entry, limits)

    monkeypatch.setattr(Sandbox, "open", second_is_broken)
    result = grade(GOOD)
    assert result.verdict("total") is Verdict.RAISED
    assert "a hidden input" not in repr(result)


# -- below level 3 -------------------------------------------------------------------------


def test_threads_are_limited_at_every_level(lab, level):
    """Where the kernel does not count them for this process alone, the host does."""
    source = GOOD + (
        "\n\ndef add(x, y):\n"
        "    import threading, time\n"
        "    threading.stack_size(1 << 15)\n"
        "    for _ in range(20_000):\n"
        "        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n"
    )
    for lower in range(level + 1):
        with (
            Sandbox(Level(lower)) as sandbox,
            sandbox.open({"adding.py": source.encode()}, lab.entry) as process,
        ):
            outcome = call(process, "add", (1, 2))
        assert isinstance(outcome, Raised if lower == Level.FULL else Crashed), outcome
