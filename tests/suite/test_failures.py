"""From what a call did to a verdict and the words for it."""

import pytest

from grader.results import Verdict
from grader.sandbox import BadReturn, Crashed, OutOfMemory, Raised, Returned, TimedOut
from grader.suite.explain.failures import Expectation, failure_of, mismatch, mutated, require_raised
from grader.suite.explain.loading import load_failure
from grader.suite.finding import CaseFailure


def raised(*types, message="", line=None, source=None):
    return Raised((*types, "Exception", "object"), message, line, source)


OUTCOMES = {
    "raised": (raised("KeyError", message="'w'"), Verdict.RAISED, "KeyError: 'w'"),
    "raised in silence": (raised("KeyError"), Verdict.RAISED, "KeyError"),
    "timed out": (TimedOut(2.0), Verdict.TIMEOUT, "no answer within 2 s"),
    "memory": (OutOfMemory(512 << 20), Verdict.OUT_OF_MEMORY, "more memory than the limit of 512"),
    "crashed": (Crashed("was ended by SIGSEGV"), Verdict.CRASHED, "was ended by SIGSEGV"),
    "no data": (BadReturn("f returned a Foo"), Verdict.BAD_RETURN, "f returned a Foo"),
}


@pytest.mark.parametrize("name", OUTCOMES)
def test_each_outcome_has_its_verdict_and_words(name):
    """What went wrong, and on which rank if there are ranks."""
    outcome, verdict, words = OUTCOMES[name]
    failure = failure_of(outcome, "lab.py", rank=1, note="n")
    assert failure.verdict is verdict
    assert failure.finding.error.startswith(f"rank 1: {words}")
    assert failure.finding.note == "n"
    assert failure_of(outcome, "lab.py").finding.error.startswith(words)


def test_a_file_that_does_not_load_is_told_so():
    """The first thing that can go wrong is an import."""
    failure = load_failure(raised("SyntaxError", message="bad", line=3), "lab.py", b"")
    assert failure.finding.error == "lab.py does not load: SyntaxError: bad"
    assert failure.finding.where == "lab.py:3"


def test_what_is_not_written_yet_is_no_mistake():
    """A stub's own words, and what to do; no line of the student's is blamed."""
    outcome = raised("NotImplementedError", message="add: the sum", line=7, source="raise …")
    finding = failure_of(outcome, "lab.py").finding
    assert finding.error == "not written yet: add: the sum"
    assert finding.where == "lab.py:7"
    assert finding.source == ""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("3", "world_size 3 does not divide 4"),
        ("3", "world_size=3"),
        ("3", "(3, 4)"),
        ("3", "got 3."),
        ("-1", "world_size is -1"),
        ("world_size", "bad world_size"),
        ("(2,)", "shapes (2,) and (3,)"),
        ("0.5", "got 0.5"),
        ("-64", "nbytes=-64.0"),
        ("-64", "nbytes is -6.4e1"),
    ],
)
def test_a_name_or_number_that_stands_in_the_message_is_found(text, message):
    """However the student puts it."""
    require_raised(
        raised("ValueError", message=message), Expectation(ValueError, (text,)), "lab.py"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [("3", "13"), ("3", "3.5"), ("3", "w3"), ("3", "0.3"), ("3", "30"), ("world_size", "size")],
)
def test_a_number_within_another_is_not_that_number(text, message):
    """The message must name the value, not happen to hold its digit."""
    with pytest.raises(CaseFailure) as failure:
        require_raised(
            raised("ValueError", message=message), Expectation(ValueError, (text,)), "lab.py"
        )
    assert failure.value.finding.note == f"the message does not name {text}"


def test_a_subclass_of_the_error_is_right():
    """By its classes' names, most derived first."""
    require_raised(raised("MyError", "ValueError"), Expectation(ValueError), "lab.py")


@pytest.mark.parametrize(
    ("outcome", "verdict", "words"),
    [
        (Returned([1]), Verdict.FAILED, "no error; it returned [1]"),
        (raised("KeyError"), Verdict.RAISED, ""),
        (TimedOut(1.0), Verdict.TIMEOUT, ""),
    ],
)
def test_another_end_than_the_error_fails(outcome, verdict, words):
    """What was expected is told whatever came instead."""
    with pytest.raises(CaseFailure) as failure:
        require_raised(outcome, Expectation(ValueError, ("3",)), "lab.py", rank=1)
    assert failure.value.verdict is verdict
    assert failure.value.finding.expected == "ValueError naming 3 on rank 1"
    assert failure.value.finding.got == words


def test_changed_inputs_are_named():
    """By position or by keyword."""
    assert mutated("f", ("x", "bias")).finding.got == "f changed x and bias in place"


@pytest.mark.parametrize(
    ("diagnosis", "question"),
    [
        ("rank 0 waits in recv #1 from rank 1\nrank 1 waits in recv #1", "Who has sent"),
        ("rank 0 returned\nrank 1 waits in recv #1 from rank 0", "whatever its number"),
        ("ranks are in different collectives:\nrank 0 waits", "in the same order"),
        ("rank 0 raised ValueError\nrank 1 waits in all_reduce #1", "before any of them waits"),
        ("all_reduce #1: ranks disagree on shape", "hand in"),
        ("rank 0 made more than 20000 calls", ""),
    ],
)
def test_ranks_that_do_not_meet_are_asked_the_question_that_fits(diagnosis, question):
    """The nudge is about the calls, not about the item that happened to make them."""
    failure = mismatch(diagnosis)
    assert failure.verdict is Verdict.COLLECTIVE_MISMATCH
    assert failure.finding.got == diagnosis
    assert question in failure.finding.nudge
    assert bool(question) == bool(failure.finding.nudge)


@pytest.mark.parametrize(
    ("outcome", "question"),
    [
        (raised("SyntaxError", message="bad", line=3, source="def f(:"), "Python expect"),
        (raised("ImportError", line=1, source="import jax"), "when the file is imported"),
        (raised("ModuleNotFoundError", "ImportError", line=1), "that module for"),
        (TimedOut(5.0), "come to its end"),
        (Crashed("was ended by SIGSEGV"), "when the file is imported"),
    ],
)
def test_a_file_that_does_not_load_broke_no_invariant(outcome, question):
    """No function was called, so the question is about the file."""
    finding = load_failure(outcome, "lab.py", b"").finding
    assert not finding.loads
    assert question in finding.nudge


@pytest.mark.parametrize(
    ("source", "question"),
    [
        ("raise ValueError(x)", "Your own line refuses"),
        ("assert x", "Your own line refuses"),
        ("y = raised[x]", "not what you took it for"),
        ("", ""),
    ],
)
def test_an_exception_is_asked_about_by_its_line(source, question):
    """Whether the student's code refused, or was surprised."""
    finding = failure_of(raised("ValueError", line=3, source=source), "lab.py").finding
    assert question in finding.nudge
    assert bool(question) == bool(finding.nudge)


@pytest.mark.parametrize("loading", [True, False])
def test_a_library_that_is_not_there_is_told_in_words(loading):
    """What is there instead, wherever the import stands: a student's machine may have more."""
    outcome = raised("ModuleNotFoundError", "ImportError", message="No module named 'jax'")
    finding = failure_of(outcome, "lab.py", loading=loading).finding
    assert finding.error.endswith("ModuleNotFoundError: No module named 'jax'")
    assert "Python's own modules, numpy" in finding.note
    assert finding.nudge


def test_a_message_without_the_name_is_asked_about_as_such():
    """The refusal is there: what is missing is words, unless the suite asks something itself."""
    for own, question in (("", "from your message alone"), ("Why?", "Why?")):
        expectation = Expectation(ValueError, ("3",), own)
        with pytest.raises(CaseFailure) as failure:
            require_raised(raised("ValueError", message="no"), expectation, "lab.py")
        assert question in failure.value.finding.nudge


def test_another_exception_than_the_one_due_keeps_the_question_of_the_item():
    """What to ask of an exception by itself does not ask for the one that was due."""
    outcome = raised("IndexError", line=3, source="x[4]")
    with pytest.raises(CaseFailure) as failure:
        require_raised(outcome, Expectation(ValueError, (), "Why?"), "lab.py")
    assert failure.value.finding.nudge == "Why?"
