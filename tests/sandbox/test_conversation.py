"""What a process is asked and what its answers come to, without a process and without a socket."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.errors import SandboxError, UsageError
from grader.sandbox import BadReturn, Crashed, OutOfMemory, Raised, Returned
from grader.sandbox.conversation import Conversation, Upcall

SOURCE = b"import numpy\ndef f():\n    raise ValueError\n"
MEMORY = 1 << 20
UNKNOWN = BadReturn("the process sent a message of no known form")


def loading():
    """A conversation whose load was asked for, and that question's nonce."""
    conversation = Conversation(MEMORY)
    kind, nonce, *_ = conversation.load({"work.py": SOURCE}, "work", b"")
    assert kind == "load"
    return conversation, nonce


@pytest.fixture
def calling():
    """A conversation in which a call of f was asked for, and that question's nonce."""
    conversation, nonce = loading()
    conversation.hear(["returned", nonce, None, []])
    _, nonce, *asked = conversation.call("f", (1,), {"key": 2})
    assert asked == ["f", (1,), {"key": 2}]
    return conversation, nonce


def test_loading_comes_before_calls():
    """What it came to is kept, and each question has a nonce of its own."""
    conversation, nonce = loading()
    assert conversation.pending
    assert conversation.hear(["returned", nonce, None, []]) == Returned(None)
    assert conversation.loaded == Returned(None)
    assert not conversation.pending
    assert conversation.call("f", (), {})[1] != nonce


def test_an_answer_is_the_outcome(calling):
    """Its value, and the names of what was changed, escaped and cut."""
    conversation, nonce = calling
    answer = conversation.hear(["returned", nonce, 3, ["0", "\x1b" + "x" * 500]])
    assert answer == Returned(3, ("0", "\\x1b" + "x" * 99))
    assert (conversation.outcome, conversation.fatal, conversation.pending) == (answer, None, False)


def test_what_was_raised_is_told_with_its_line(calling):
    """The line is shown where the file has one of that number."""
    conversation, nonce = calling
    told = conversation.hear(["raised", nonce, ["ValueError", "Exception"], "no", [[3, "f"]]])
    assert told == Raised(("ValueError", "Exception"), "no", 3, "raise ValueError")


@pytest.mark.parametrize("line", [0, -1, 5, 10**9, None, True, "3"])
def test_a_line_that_the_file_has_not_is_left_out(calling, line):
    """Whatever a process says of it."""
    conversation, nonce = calling
    told = conversation.hear(["raised", nonce, ["E"], "m", [[line, "f"]]])
    assert told == Raised(("E",), "m", None, None)


@pytest.mark.parametrize("step", [3, [], [3], [3, 4], [3, "f", 5], None, "3f"])
def test_a_step_of_another_form_is_left_out(calling, step):
    """And the others are told."""
    conversation, nonce = calling
    told = conversation.hear(["raised", nonce, ["E"], "m", [step, [3, "f"]]])
    assert told == Raised(("E",), "m", 3, "raise ValueError")


def test_at_most_three_steps_are_told(calling):
    """The last, however many a process sends; each name is escaped and cut."""
    conversation, nonce = calling
    told = conversation.hear(["raised", nonce, ["E"], "m", [[1, "x"]] * 9 + [[3, "\x1b" * 999]]])
    assert [each.line for each in told.steps] == [1, 1, 3]
    assert told.steps[-1].function == "\\x1b" * 100


def test_to_run_out_of_memory_is_fatal(calling):
    """No call comes after it: the process may be in any state."""
    conversation, nonce = calling
    out = OutOfMemory(MEMORY)
    assert conversation.hear(["raised", nonce, ["MemoryError"], "", []]) == out
    assert conversation.fatal == out
    assert conversation.call("f", (), {}) is None
    assert conversation.outcome == out


def test_a_value_that_can_not_cross_is_not_fatal(calling):
    """It names the function; the next call is asked."""
    conversation, nonce = calling
    told = conversation.hear(["unplain", nonce, "a Foo"])
    assert told == BadReturn("f returned a Foo, which is not plain data")
    assert conversation.call("g", (), {}) is not None


def test_a_request_waits_for_its_answer(calling):
    """One at a time: a second before the first is answered ends the conversation."""
    conversation, nonce = calling
    assert conversation.hear(["upcall", nonce, "sum\x1b", (1,)]) == Upcall("sum\\x1b", (1,))
    assert conversation.waits
    assert conversation.reply(("answer", 2)) == ("answer", 2)
    assert not conversation.waits
    with pytest.raises(UsageError, match="no upcall"):
        conversation.reply(("answer", 2))
    conversation.hear(["upcall", nonce, "sum", ()])
    ended = conversation.hear(["upcall", nonce, "sum", ()])
    assert ended == BadReturn("the process sent a request before it had an answer")
    assert conversation.reply(("answer", 2)) is None


def test_what_was_compiled_comes_once():
    """The runner sends it before the file runs; a second one is the file's own forgery."""
    conversation, nonce = loading()
    assert conversation.hear(["compiled", nonce, b"code"]) is None
    assert conversation.pending
    assert isinstance(conversation.hear(["compiled", nonce, b"mine"]), BadReturn)
    assert conversation.compiled == b"code"


@pytest.mark.parametrize(
    "forge",
    [
        lambda n: None,
        lambda n: [],
        lambda n: ["returned"],
        lambda n: ("returned", n, 1, []),
        lambda n: ["returned", n, 1],
        lambda n: ["returned", n, 1, [2]],
        lambda n: ["returned", n, 1, "0"],
        lambda n: ["raised", n, [], "m", []],
        lambda n: ["raised", n, [["nested"]], "m", []],
        lambda n: ["raised", n, ["E"], b"m", []],
        lambda n: ["passed", n, 100],
        lambda n: ["upcall", n, "op", [1]],
        lambda n: ["compiled", n, "text"],
        lambda n: [np.array(["returned"]), n, 1, []],
        lambda n: ["returned", np.full(2, n), 1, []],
        lambda n: ["returned", float(n), 1, []],
        lambda n: ["returned", n + 1, 1, []],
        lambda n: ["returned", 0, 1, []],
        lambda n: ["fault", n],
    ],
)
def test_what_no_runner_sends_ends_it(calling, forge):
    """Whatever it looks like; and the next question is not asked any more."""
    conversation, nonce = calling
    outcome = conversation.hear(forge(nonce))
    assert isinstance(outcome, BadReturn)
    assert conversation.fatal == outcome
    assert not conversation.pending
    assert conversation.call("f", (), {}) is None


def test_an_old_answer_answers_nothing(calling):
    """Not even the same words, once the next question is asked."""
    conversation, nonce = calling
    conversation.hear(["returned", nonce, 1, []])
    conversation.call("f", (), {})
    assert isinstance(conversation.hear(["returned", nonce, 1, []]), BadReturn)


def test_a_fault_of_ours_is_no_outcome(calling):
    """It is told as an error, in words known here."""
    conversation, _ = calling
    with pytest.raises(SandboxError, match=r"OSError in wire\.py, line 7"):
        conversation.hear(["fault", "wire.py", 7, "OSError"])


def test_one_question_at_a_time(calling):
    """A second one while the first is open is the caller's mistake."""
    conversation, _ = calling
    with pytest.raises(UsageError, match="f is still being called"):
        conversation.call("g", (), {})


def test_a_load_that_failed_answers_every_call():
    """Nothing is sent for it."""
    conversation, nonce = loading()
    failed = conversation.hear(["raised", nonce, ["SyntaxError"], "invalid", [[2, ""]]])
    assert conversation.call("f", (), {}) is None
    assert conversation.outcome == failed == conversation.loaded


@pytest.mark.parametrize("asked", [True, False])
def test_the_end_of_the_process_ends_it(calling, asked):
    """What is open comes to that end, and so does whatever is asked later."""
    conversation, nonce = calling
    if not asked:
        conversation.hear(["returned", nonce, 1, []])
    conversation.close()
    closed = Crashed("the process was closed")
    assert conversation.outcome == (closed if asked else Returned(1))
    assert conversation.call("f", (), {}) is None
    assert conversation.outcome == closed


_PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.lists(inner).map(tuple),
    max_leaves=8,
)
_KINDS = st.sampled_from(["returned", "raised", "unplain", "upcall", "compiled", "fault", "x"])


@given(_KINDS, st.booleans(), st.lists(_PLAIN, max_size=4))
def test_any_message_means_something_or_ends_it(kind, is_ours, content):
    """For all that can be decoded: an outcome, a request, or nothing yet; never another error."""
    conversation, nonce = loading()
    meaning = conversation.hear([kind, nonce if is_ours else nonce + 1, *content])
    if not is_ours or meaning == UNKNOWN:
        assert conversation.fatal == meaning
    assert conversation.pending == (meaning is None or isinstance(meaning, Upcall))
    assert (conversation.loaded is None) == conversation.pending
