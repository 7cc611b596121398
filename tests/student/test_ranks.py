"""A function on ranks in the student's own process: same results, log and diagnoses as graded."""

import runpy
import threading
import typing
from pathlib import Path
from types import FunctionType

import numpy as np
import pytest

from grader.errors import UsageError
from grader.fabric import run_spmd
from grader.results import Verdict
from grader.sandbox import Returned
from grader.student.ranks import (
    GROUP,
    Group,
    PerRank,
    RankError,
    Shards,
    StuckError,
    ranks,
    takes_group,
)
from grader.submissions import from_source
from grader.suite.values import for_rank

ROOT = Path(__file__).parents[2]
X = np.arange(32.0).reshape(2, 16)

FUNCTIONS = '''\
import numpy as np

def all_of_them(x, group):
    """Every operation once, in an order that two ranks share."""
    r, n = group.rank, group.world_size
    found = [group.all_reduce(x), group.all_gather(x, axis=0), group.reduce_scatter(x, axis=1)]
    found += group.all_to_all([x + i for i in range(n)])
    found.append(group.send_recv(x * r, (r + 1) % n, (r - 1) % n))
    group.barrier()
    if r == 0:
        group.send(x, n - 1)
    if r == n - 1:
        found.append(group.recv(0))
    return found

def alone(x, group):
    return x if group.rank == 0 else group.all_reduce(x)

def crossed(x, group):
    return group.all_reduce(x) if group.rank else group.all_gather(x)

def each_for_the_other(x, group):
    return group.recv((group.rank + 1) % group.world_size)

def of_two_shapes(x, group):
    return group.all_reduce(x[: group.rank + 1])

def nowhere(x, group):
    group.send(x, 9)
'''
_DEFINED: dict = {}
exec(FUNCTIONS, _DEFINED)


def here(name, size):
    return ranks(size)(_DEFINED[name], Shards(X, axis=1), GROUP)


def sandboxed(sandbox, name, size):
    files = {"work.py": FUNCTIONS.encode()}
    processes = [sandbox.open(files, "work") for _ in range(size)]
    try:
        each = [for_rank(Shards(X, axis=1), rank, size) for rank in range(size)]
        arguments = [((part, GROUP.reference(r, size)), {}) for r, part in enumerate(each)]
        return run_spmd(processes, name, arguments, 10.0)
    finally:
        for process in processes:
            process.close()


def by_rank(log):
    """The events of each rank in its own order: the order between ranks is free."""
    return sorted(log, key=lambda each: (each.rank, each.step))


@pytest.mark.parametrize("size", [1, 2, 4])
def test_values_and_log_are_those_of_a_graded_run(sandbox, size):
    """Every operation, to the bit, and every event."""
    own, graded = here("all_of_them", size), sandboxed(sandbox, "all_of_them", size)
    assert by_rank(own.log) == by_rank(graded.log)
    for value, outcome in zip(own.values, graded.outcomes, strict=True):
        assert isinstance(outcome, Returned)
        assert len(value) == len(outcome.value)
        assert all(map(np.array_equal, value, outcome.value))


@pytest.mark.parametrize("name", ["alone", "crossed", "each_for_the_other", "of_two_shapes"])
def test_a_deadlock_is_told_in_the_same_words(sandbox, name):
    """No time-out is waited for, and no thread is left."""
    with pytest.raises(StuckError) as stuck:
        here(name, 2)
    assert sorted(str(stuck.value).splitlines()) == sorted(
        sandboxed(sandbox, name, 2).diagnosis.splitlines()
    )
    assert not [each for each in threading.enumerate() if each.name.startswith("rank ")]


def test_a_rank_that_raises_is_named():
    """Its own exception is the cause, with its own traceback."""
    with pytest.raises(RankError, match="rank 0 raised ValueError: send: dst is 9") as raised:
        here("nowhere", 2)
    assert raised.value.rank == 0
    assert isinstance(raised.value.__cause__, ValueError)


def test_ranks_share_no_memory():
    """What one rank changes in place, another doesn't see: not in arguments, not in answers."""

    def spoil(x, group):
        total = group.all_reduce(x)
        total += group.rank
        x += 1
        return total

    shared = np.zeros(2)
    done = ranks(3)(spoil, shared, GROUP)
    assert [list(each) for each in done.values] == [[0, 0], [1, 1], [2, 2]]
    assert list(shared) == [0, 0]


def test_one_rank_runs_at_a_time_in_rank_order():
    """Prints come in the same order in every run: a rank goes on until it has to wait."""
    seen = []

    def note(group):
        seen.append((group.rank, "begins"))
        group.barrier()
        seen.append((group.rank, "ends"))

    for _ in range(20):
        seen.clear()
        ranks(3)(note, GROUP)
        begins = [(rank, "begins") for rank in range(3)]
        assert seen == [*begins, (2, "ends"), (0, "ends"), (1, "ends")]


def test_each_rank_gets_its_own():
    """`PerRank` deals values out; a plain argument goes to all."""
    done = ranks(2)(lambda mine, every, group: (mine, every, group.rank), PerRank("ab"), 7, GROUP)
    assert done.values == (("a", 7, 0), ("b", 7, 1))


def test_a_number_of_ranks_that_can_not_be_meant():
    """The mend names the range."""
    with pytest.raises(UsageError, match="expected 1 to 64"):
        ranks(0)


STUBS = [ROOT / "assignments" / each for each in (
    "tp-sharding/tp_sharding.py", "ring-cost/ring_cost.py", "two-way-tp/two_way_tp.py",
)]  # fmt: skip


@pytest.mark.parametrize("stub", STUBS, ids=lambda path: path.stem)
def test_an_editor_knows_the_group_of_every_stub(stub, monkeypatch):
    """The type is one that can be imported where editors look, and has what the hand-out names."""
    if "import torch" in stub.read_text():
        pytest.importorskip("torch.distributed", reason="torch is absent")
    monkeypatch.setattr(typing, "TYPE_CHECKING", True)
    names = runpy.run_path(str(stub))
    own = [each for each in names.values() if isinstance(each, FunctionType)]
    asking = [each for each in own if takes_group(each)]
    assert asking
    for function in asking:
        hint = typing.get_type_hints(function, names)["group"]
        assert hint is Group or hint.__name__ == "ProcessGroup"


TYPED = """\
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    from grader.student.ranks import Group

def add(x, y):
    return x + y

def total(x, group: "Group"):
    return group.all_reduce(x)
"""


def test_a_file_that_names_the_type_runs_in_the_sandbox(judge):
    """Where grader can't be imported; without the guard, the message has the guard."""
    suite = judge.lab.public_suite
    run = judge.judge(from_source(judge.lab, "ann", TYPED.encode()), suite)
    assert {each.verdict for each in run.results} == {Verdict.PASSED}
    bare = TYPED.replace("if TYPE_CHECKING:\n    from", "from")
    run = judge.judge(from_source(judge.lab, "ann", bare.encode()), suite)
    assert "if TYPE_CHECKING:" in run.results[0].finding.note
