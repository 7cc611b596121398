"""Ranks that meet, and ranks that don't: matching, the log, every diagnosis."""

from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.fabric import process_group
from grader.fabric.process_group import MAX_CALLS, Event, ProcessGroup
from grader.sandbox import Raised, Returned, TimedOut

steady = settings(derandomize=True, deadline=None, max_examples=150)
X = np.array([[1, 2], [3, 4]], np.float32)
ONE = np.ones(1)
DONE = Returned(None)
FAILED = Raised(("ValueError", "Exception"), "no", None, None)


@dataclass
class FakeProcess:
    """A rank that only remembers what it was told."""

    answers: list = field(default_factory=list)
    errors: list = field(default_factory=list)

    def answer(self, value):
        self.answers.append(value)

    def answer_error(self, type_name, message):
        self.errors.append((type_name, message))


class Ranks:
    """A group of fakes: what they ask, in order, and what came of it."""

    def __init__(self, world_size):
        self.processes = [FakeProcess() for _ in range(world_size)]
        self.group = ProcessGroup(self.processes)

    def ask(self, rank, op, *args):
        """Rank's request, answered or not; returns the group, for its diagnosis."""
        self.group.upcall(rank, op, args)
        return self.group

    def all_ask(self, op, *args):
        for rank in range(len(self.processes)):
            self.ask(rank, op, *args)

    def answers(self):
        return [each.answers for each in self.processes]


# -- matching ------------------------------------------------------------------------------


@pytest.mark.parametrize("world_size", [1, 2, 3, 8])
def test_a_collective_waits_for_every_rank(world_size):
    """Nobody is answered before the last rank has come; then everyone, with the sum."""
    ranks = Ranks(world_size)
    for rank in range(world_size):
        assert not any(ranks.answers())
        ranks.ask(rank, "all_reduce", X)
    assert all((answer == X * world_size).all() for (answer,) in ranks.answers())
    assert not ranks.group.stopped


def test_arrays_meet_in_rank_order_whoever_comes_first():
    """The order of arrival is chance; the order of the result is not."""
    ranks = Ranks(3)
    for rank in (2, 0, 1):
        ranks.ask(rank, "all_gather", np.array([rank]), -1)
    assert all(answer.tolist() == [0, 1, 2] for (answer,) in ranks.answers())


def test_each_collective_is_carried_out():
    """Each rank gets its own part, or None of a barrier."""
    ranks = Ranks(2)
    ranks.all_ask("reduce_scatter", X, 0)
    ranks.all_ask("all_to_all", [ONE, 2 * ONE])
    ranks.all_ask("barrier")
    (scattered, parts, nothing) = ranks.processes[1].answers
    assert scattered.tolist() == [[6, 8]]
    assert [part.tolist() for part in parts] == [[2], [2]]
    assert nothing is None


def test_ranks_may_count_an_axis_from_either_end():
    """-1 and 1 name one axis of a matrix, so ranks that say either agree."""
    ranks = Ranks(2)
    ranks.ask(0, "all_gather", X, -1)
    ranks.ask(1, "all_gather", X, 1)
    assert [answer.shape for (answer,) in ranks.answers()] == [(2, 4), (2, 4)]


def test_send_is_buffered_and_messages_keep_their_order():
    """send returns at once; messages between two ranks arrive as they were sent."""
    ranks = Ranks(2)
    for value in (1, 2):
        ranks.ask(0, "send", value * ONE, 1)
    ranks.ask(1, "recv", 0)
    ranks.ask(1, "recv", 0)
    assert ranks.processes[0].answers == [None, None]
    assert [answer.item() for answer in ranks.processes[1].answers] == [1, 2]


def test_a_receiver_that_came_first_is_answered_by_the_send():
    """recv before send works as well as after."""
    ranks = Ranks(2)
    assert not ranks.ask(1, "recv", 0).stopped
    ranks.ask(0, "send", ONE, 1)
    assert ranks.processes[1].answers == [ONE]


def test_a_message_is_for_one_receiver_and_from_one_sender():
    """recv(src) takes no message from anyone else, nor one for anyone else."""
    ranks = Ranks(3)
    ranks.ask(1, "recv", 0)
    ranks.ask(2, "send", ONE, 1)
    ranks.ask(0, "send", ONE, 2)
    assert ranks.processes[1].answers == []


@pytest.mark.parametrize("world_size", [1, 2, 3, 5])
def test_send_recv_turns_a_ring(world_size):
    """After n-1 steps each rank's array has been everywhere; nothing blocks, nothing is left."""
    ranks = Ranks(world_size)
    held = [np.array([rank]) for rank in range(world_size)]
    for _ in range(world_size):
        for rank in range(world_size):
            right, left = (rank + 1) % world_size, (rank - 1) % world_size
            ranks.ask(rank, "send_recv", held[rank], right, left)
        held = [each.answers[-1] for each in ranks.processes]
    assert [array.item() for array in held] == list(range(world_size))
    assert not ranks.group.stopped
    assert ranks.group.unreceived() == ()


def test_unreceived_messages_are_told():
    """What was sent and never asked for: from, to, bytes, in a fixed order."""
    ranks = Ranks(3)
    ranks.ask(2, "send", X, 0)
    ranks.ask(0, "send", ONE, 1)
    ranks.ask(0, "send", X, 1)
    assert ranks.group.unreceived() == ((0, 1, 8), (0, 1, 16), (2, 0, 16))


# -- diagnoses -----------------------------------------------------------------------------


def test_different_collectives_stop_the_run():
    """Ranks in different operations are told at once, each with its own."""
    ranks = Ranks(3)
    ranks.ask(0, "all_reduce", X)
    diagnosis = ranks.ask(2, "all_gather", X, -1).diagnosis
    assert "different collectives" in diagnosis
    assert "rank 0 waits in all_reduce #1 (2, 2) float32" in diagnosis
    assert "rank 1 was still computing" in diagnosis
    assert "rank 2 waits in all_gather #1 (2, 2) float32 axis 1" in diagnosis
    assert not any(ranks.answers())


def test_different_axes_stop_the_run():
    """The same operation along different axes is not the same operation."""
    ranks = Ranks(2)
    ranks.ask(0, "all_gather", X, 0)
    assert "axis 1" in ranks.ask(1, "all_gather", X, 1).diagnosis


@pytest.mark.parametrize(
    ("other", "words"),
    [(X[:1], "shape\nrank 0: (2, 2)\nrank 1: (1, 2)"), (X.astype(int), "dtype\nrank 0: float32")],
)
def test_arrays_that_do_not_fit_stop_the_run(other, words):
    """Shapes and dtypes are compared when all ranks are there; nobody is answered."""
    ranks = Ranks(2)
    ranks.ask(0, "all_reduce", X)
    diagnosis = ranks.ask(1, "all_reduce", other).diagnosis
    assert diagnosis.startswith("all_reduce #1: ranks disagree on ")
    assert words in diagnosis
    assert not any(ranks.answers())


@pytest.mark.parametrize("first", ["the one that waits", "the one that returns"])
def test_a_rank_that_returned_is_waited_for_in_vain(first):
    """A collective needs all ranks, so one that has returned makes it hang, whoever was first."""
    ranks = Ranks(2)
    steps = [lambda: ranks.ask(0, "all_reduce", X), lambda: ranks.group.finished(1, DONE)]
    for step in steps if first == "the one that waits" else reversed(steps):
        assert not ranks.group.stopped
        step()
    assert ranks.group.diagnosis == (
        "rank 0 waits in all_reduce #1 (2, 2) float32\nrank 1 returned\nwith NCCL this hangs"
    )


def test_a_rank_that_raised_is_named_with_its_error():
    """Others that wait for it are not the cause: the diagnosis says what ended it."""
    ranks = Ranks(3)
    ranks.ask(0, "barrier")
    ranks.group.finished(2, FAILED)
    assert "rank 2 raised ValueError" in ranks.group.diagnosis


@pytest.mark.parametrize(("op", "args"), [("recv", (1,)), ("send_recv", (X, 2, 1))])
def test_nothing_comes_from_a_rank_that_has_ended(op, args):
    """A receive from an ended rank stops the run even while a third rank works."""
    ranks = Ranks(3)
    ranks.group.finished(1, DONE)
    diagnosis = ranks.ask(0, op, *args).diagnosis
    assert f"rank 0 waits in {op} #1" in diagnosis
    assert "rank 1 returned" in diagnosis


def test_a_message_outlives_its_sender():
    """What was sent before the end can still be received after it."""
    ranks = Ranks(2)
    ranks.ask(0, "send", ONE, 1)
    ranks.group.finished(0, DONE)
    assert not ranks.ask(1, "recv", 0).stopped
    assert ranks.processes[1].answers == [ONE]


@pytest.mark.parametrize("world_size", [1, 2, 3, 5])
def test_a_circle_of_receivers_is_found_when_it_closes(world_size):
    """Everyone receives before sending: found at the last rank's request, not by a clock."""
    ranks = Ranks(world_size)
    for rank in range(world_size):
        assert not ranks.group.stopped
        ranks.ask(rank, "recv", (rank - 1) % world_size)
    for rank in range(world_size):
        words = f"rank {rank} waits in recv #1 from rank {(rank - 1) % world_size}"
        assert words in ranks.group.diagnosis


def test_a_collective_and_a_receive_wait_for_each_other():
    """Deadlocks across the two kinds are found as well."""
    ranks = Ranks(2)
    ranks.ask(0, "all_reduce", X)
    diagnosis = ranks.ask(1, "recv", 0).diagnosis
    assert "rank 0 waits in all_reduce #1" in diagnosis
    assert "rank 1 waits in recv #1 from rank 0" in diagnosis


def test_all_ranks_may_end_without_a_diagnosis():
    """Returning together is the normal end."""
    ranks = Ranks(2)
    for rank in (0, 1):
        ranks.group.finished(rank, DONE)
    assert not ranks.group.stopped


@pytest.mark.parametrize("slow", [0, 1])
def test_a_time_out_blames_the_rank_that_computes(slow):
    """Ranks that waited when time was up have no outcome; the diagnosis says where each was."""
    ranks, timed_out = Ranks(2), TimedOut(1.0)
    ranks.ask(1 - slow, "all_reduce", X)
    for rank in (0, 1):
        ranks.group.finished(rank, timed_out)
    outcomes = ranks.group.blameless([timed_out, timed_out])
    assert outcomes[slow] == timed_out
    assert outcomes[1 - slow] is None
    assert f"rank {slow} was still computing" in ranks.group.diagnosis
    assert f"rank {1 - slow} waits in all_reduce #1" in ranks.group.diagnosis


def test_a_time_out_of_all_is_no_deadlock():
    """Ranks that only computed are each timed out, and there is nothing to explain."""
    ranks, timed_out = Ranks(2), TimedOut(1.0)
    assert ranks.group.blameless([timed_out, timed_out]) == (timed_out, timed_out)
    assert ranks.group.diagnosis is None


# -- refusals ------------------------------------------------------------------------------


@pytest.mark.parametrize("peer", [-1, 2, 10**30])
@pytest.mark.parametrize(
    ("op", "before"), [("send", (X,)), ("recv", ()), ("send_recv", (X,)), ("send_recv", (X, 0))]
)
def test_a_rank_that_does_not_exist_is_a_value_error(op, before, peer):
    """The call raises in the rank that made it, naming argument and range; the run goes on."""
    ranks = Ranks(2)
    after = (0,) if op == "send_recv" and len(before) == 1 else ()
    ranks.ask(0, op, *before, peer, *after)
    ((kind, message),) = ranks.processes[0].errors
    name = "dst" if op == "send" or after else "src"
    assert (kind, message) == ("ValueError", f"{op}: {name} is {peer}, ranks are 0 to 1")
    assert not ranks.group.stopped
    assert ranks.group.log == []
    assert ranks.group.unreceived() == ()


@pytest.mark.parametrize("axis", [2, -3, 10**4000])
def test_an_axis_that_does_not_exist_is_a_value_error(axis):
    """As numpy has it: the rank that asked gets the error, on its own line."""
    ranks = Ranks(2)
    ranks.ask(1, "all_gather", X, axis)
    ((kind, message),) = ranks.processes[1].errors
    assert kind == "ValueError"
    assert message.endswith("is out of range for shape (2, 2)")


WIRE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.binary(max_size=5)
    | st.sampled_from([X, ONE, np.array(1.0), np.zeros((0, 2)), X > 1, np.float32(1), 10**4000]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text(max_size=3), inner, max_size=2)
    ),
    max_leaves=5,
)
OPS = st.sampled_from(
    [*process_group.OPERATIONS, *process_group.POINT_TO_POINT, "", "rank", "\x1b"]
)
FORGED = st.tuples(OPS | st.text(max_size=8), st.lists(WIRE, max_size=4).map(tuple))


@given(st.lists(st.tuples(st.integers(0, 2), FORGED), max_size=12))
@steady
def test_forged_requests_never_raise_on_this_side(requests):
    """Whatever a process sends by itself, its call is answered, waits, or stops the run."""
    ranks = Ranks(3)
    for rank, (op, args) in requests:
        if ranks.group.stopped or rank in ranks.group._waiting:
            continue  # the sandbox lets no process ask twice
        told = ranks.processes[rank]
        before = len(told.answers) + len(told.errors)
        ranks.ask(rank, op, *args)
        heard = len(told.answers) + len(told.errors) - before
        assert heard == (0 if rank in ranks.group._waiting or ranks.group.stopped else 1)


@pytest.mark.parametrize("args", [(), (X,), (X, 0, 0), (X, None), (X, 1.0), (None, 0), ([X], 0)])
@pytest.mark.parametrize("op", ["all_gather", "reduce_scatter"])
def test_what_no_method_sends_is_a_type_error(op, args):
    """Too few, too many or wrong arguments are refused before anything is read from them."""
    ranks = Ranks(1)
    ranks.ask(0, op, *args)
    ((kind, _),) = ranks.processes[0].errors
    assert kind == "TypeError"
    assert ranks.group.log == []


# -- log and caps --------------------------------------------------------------------------


def test_the_log_holds_what_each_rank_did():
    """Rank, step, operation, and dtype, shape and bytes of what it handed in."""
    ranks = Ranks(2)
    ranks.all_ask("all_reduce", X)
    ranks.all_ask("all_to_all", [ONE, ONE])
    ranks.all_ask("barrier")
    assert [record for record in ranks.group.log if record.rank == 1] == [
        Event(1, 1, "all_reduce", "float32", (2, 2), 16),
        Event(1, 2, "all_to_all", "float64", (1,), 16),
        Event(1, 3, "barrier", None, (), 0),
    ]


def test_the_log_holds_messages_with_their_peers():
    """send has dst, recv has src and what it got, send_recv both and what was handed in."""
    ranks = Ranks(2)
    ranks.ask(1, "recv", 0)
    ranks.ask(0, "send", X, 1)
    ranks.ask(0, "send_recv", ONE, 1, 1)
    ranks.ask(1, "send_recv", X, 0, 0)
    assert ranks.group.log == [
        Event(0, 1, "send", "float32", (2, 2), 16, 1),
        Event(1, 1, "recv", "float32", (2, 2), 16, 0),
        Event(0, 2, "send_recv", "float64", (1,), 8, (1, 1)),
        Event(1, 2, "send_recv", "float32", (2, 2), 16, (0, 0)),
    ]


def test_a_receive_in_vain_is_not_logged():
    """The log is of what happened: nothing was received."""
    ranks = Ranks(2)
    assert ranks.ask(1, "recv", 0).log == []


def test_a_rank_has_so_many_calls():
    """A flood of requests stops the run, and names the rank, before memory is gone."""
    ranks = Ranks(1)
    ranks.group._steps[0] = MAX_CALLS - 1
    assert not ranks.ask(0, "barrier").stopped
    assert ranks.ask(0, "barrier").diagnosis.startswith(f"rank 0 made more than {MAX_CALLS} calls")


def test_messages_may_wait_up_to_a_limit(monkeypatch):
    """What nobody receives is capped in bytes; what is received makes room again."""
    monkeypatch.setattr(process_group, "MAX_BUFFERED_BYTES", 32)
    ranks = Ranks(2)
    for _ in range(5):
        ranks.ask(0, "send", X, 1)
        assert not ranks.ask(1, "recv", 0).stopped
    ranks.ask(0, "send", X, 1)
    assert not ranks.ask(0, "send", X, 1).stopped
    assert ranks.ask(0, "send", ONE, 1).diagnosis.startswith("rank 0 sent messages that nobody")


def test_a_stopped_run_keeps_its_first_diagnosis():
    """Ranks that end after the stop explain nothing: the cause stays."""
    ranks = Ranks(3)
    ranks.ask(0, "all_reduce", X)
    diagnosis = ranks.ask(1, "barrier").diagnosis
    ranks.group.finished(2, FAILED)
    assert ranks.group.diagnosis == diagnosis
