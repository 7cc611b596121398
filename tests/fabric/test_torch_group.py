"""The torch.distributed group: torch's own calls, carried out and logged by the grader."""

import importlib.util

import numpy as np
import pytest

from grader.fabric import run_spmd, services_for
from grader.sandbox import Returned, Sandbox, ServiceRef, Tensor, begin, drive, probe

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("torch") is None, reason="torch is absent (extra: shardlab[torch])"
)
PRELOAD = ("numpy", "torch", "torch.distributed")
SOURCE = b"""
import torch
import torch.distributed as dist

def summed(x, group):
    y = x.clone()
    dist.all_reduce(y, group=group)
    return y

def waited(x, group):
    y = x.clone()
    work = dist.all_reduce(y, group=group, async_op=True)
    before = y.clone()
    work.wait()
    return before, y

def gathered(x, group):
    parts = [torch.empty_like(x) for _ in range(dist.get_world_size(group))]
    dist.all_gather(parts, x, group=group)
    whole = torch.empty(2 * x.shape[0], *x.shape[1:], dtype=x.dtype)
    into = getattr(dist, "all_gather_single", None) or dist.all_gather_into_tensor
    into(whole, x, group=group)
    return parts, whole

def scattered(x, group):
    part = torch.empty_like(x[: x.shape[0] // 2])
    scatter = getattr(dist, "reduce_scatter_single", None) or dist.reduce_scatter_tensor
    scatter(part, x, group=group)
    dist.barrier(group=group)
    return part

def facts(group):
    return dist.get_rank(group), dist.get_world_size(group), group.rank(), group.size()

def alone(x, group):
    if dist.get_rank(group) == 0:
        dist.all_reduce(x.clone(), group=group)

def half(x, group):
    dist.all_reduce(x[: len(x) // (1 + dist.get_rank(group))].clone(), group=group)

def kinds(x, group):
    dist.all_reduce(x.to(torch.float64) if dist.get_rank(group) else x.clone(), group=group)

def turned(x, group):
    dist.all_reduce(x.T, group=group)

def cast(x, group):
    dist.broadcast(x, 0, group=group)

def most(x, group):
    dist.all_reduce(x.clone(), op=dist.ReduceOp.MAX, group=group)

def ungrouped(x, group):
    dist.all_reduce(x.clone())

def written(x):
    x += 1

def returned_as_it_is(x, y):
    return {"same": x, "part": y[1:], "copy": x.clone(), "half": x.bfloat16()}

def viewed(x):
    return x[:1], x[:1].clone()
"""


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(probe().level, preload=PRELOAD, services=services_for(PRELOAD)) as made:
        yield made


@pytest.fixture
def processes(sandbox):
    opened = [sandbox.open({"m.py": SOURCE}, "m") for _ in range(2)]
    yield opened
    for process in opened:
        process.close()


def run(processes, function, *values, **part):
    """One call on every rank; `part` says of which part of which world their group is."""
    world_size = len(processes)
    arguments = [
        (
            (
                *(value[rank] for value in values),
                ServiceRef("torch_group", {"rank": rank, "world_size": world_size, **part}),
            ),
            {},
        )
        for rank in range(world_size)
    ]
    return run_spmd(processes, function, arguments, 10.0)


def returned(processes, function, *values, **part):
    result = run(processes, function, *values, **part)
    assert result.diagnosis is None, result.diagnosis
    assert all(isinstance(each, Returned) for each in result.outcomes), result.outcomes
    return [each.value for each in result.outcomes], result


def tensors(dtype="float32", shape=(4, 3)):
    size = int(np.prod(shape))
    return [Tensor(np.arange(size).reshape(shape).astype(dtype) + rank) for rank in range(2)]


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64"])
def test_all_reduce_sums(processes, dtype):
    """Into the tensor itself; the log has torch's name of the dtype and what was handed in."""
    values = tensors(dtype)
    got, result = returned(processes, "summed", values)
    for each in got:
        assert each.dtype == dtype
        assert (each.array == values[0].array + values[1].array).all()
    assert {(r.op, r.dtype, r.nbytes) for r in result.log} == {
        ("all_reduce", dtype, values[0].nbytes)
    }
    first = next(record for record in result.log if record.rank == 0)
    assert (first.payload == values[0].array).all()


def test_bfloat16_sums_are_rounded_to_nearest_even(processes):
    """1 + 2^-8 lies halfway between 1 and 1 + 2^-7 and becomes 1; NaN stays NaN."""
    bits = [np.array([0x3F80, 0x3F81, 0x7FC0], np.uint16), np.array([0x3B80] * 3, np.uint16)]
    got, result = returned(processes, "summed", [Tensor(each, "bfloat16") for each in bits])
    assert got[0].dtype == "bfloat16"
    assert list(got[0].array) == [0x3F80, 0x3F82, 0x7FC0]
    assert {(r.dtype, r.nbytes) for r in result.log} == {("bfloat16", 6)}


def test_an_asynchronous_sum_is_there_after_wait(processes):
    """And not before, so that a missing wait shows."""
    values = tensors()
    got, _ = returned(processes, "waited", values)
    before, after = got[0]
    assert (before.array == values[0].array).all()
    assert (after.array == values[0].array + values[1].array).all()


def test_gather_scatter_and_barrier(processes):
    """The other collectives, by torch's own functions."""
    values = tensors()
    got, result = returned(processes, "gathered", values)
    parts, whole = got[1]
    assert [(p.array == v.array).all() for p, v in zip(parts, values, strict=True)] == [True, True]
    assert (whole.array == np.concatenate([v.array for v in values])).all()
    assert {record.op for record in result.log} == {"all_gather"}
    got, _ = returned(processes, "scattered", values)
    assert (got[1].array == (values[0].array + values[1].array)[2:]).all()


def test_rank_and_size(processes):
    """As torch and as the group tell them; also after another world size in the same process."""
    assert returned(processes, "facts")[0] == [(0, 2, 0, 2), (1, 2, 1, 2)]
    assert returned(processes[:1], "facts")[0] == [(0, 1, 0, 1)]
    assert returned(processes, "facts")[0] == [(0, 2, 0, 2), (1, 2, 1, 2)]


def test_a_group_of_a_part_of_the_world(processes):
    """Its own ranks and size, not the world's; its sums are of its members only."""
    part, values = {"members": (0, 2), "world": 3}, tensors()
    assert returned(processes, "facts", **part)[0] == [(0, 2, 0, 2), (1, 2, 1, 2)]
    got, result = returned(processes, "waited", values, **part)
    assert all((after.array == values[0].array + values[1].array).all() for _, after in got)
    assert sorted(record.rank for record in result.log) == [0, 1]
    assert returned(processes, "facts")[0] == [(0, 2, 0, 2), (1, 2, 1, 2)]


def test_the_world_around_a_group_is_not_there(processes):
    """A collective of the default group would wait for ever: it is refused, in words."""
    for outcome in run(processes, "ungrouped", tensors(), members=(0, 2), world=3).outcomes:
        assert outcome.types[0] == "RuntimeError"
        assert "over all 3 ranks of the world, but only ranks 0 and 2 run" in outcome.message
    assert run(processes, "ungrouped", tensors()).diagnosis is None


@pytest.mark.parametrize(
    ("function", "words"),
    [
        ("alone", "rank 0 waits in all_reduce #1 (4, 3) float32"),
        ("half", "ranks disagree on shape"),
        ("kinds", "ranks disagree on dtype"),
    ],
)
def test_ranks_that_do_not_meet_are_diagnosed(processes, function, words):
    """In the words of the other labs, at once, and never as a plain time-out."""
    result = run(processes, function, tensors())
    assert result.diagnosis is not None
    assert words in result.diagnosis


@pytest.mark.parametrize(
    ("function", "words"), [("turned", "contiguous"), ("most", "SUM"), ("cast", "broadcast")]
)
def test_what_the_group_does_not_do_is_refused(processes, function, words):
    """Tensors that NCCL would refuse, and other reductions than sums."""
    outcome = run(processes, function, tensors()).outcomes[0]
    assert words in outcome.message


def test_a_tensor_that_is_written_in_place_is_noticed(processes):
    """As an array is."""
    begin(processes[0], "written", (tensors()[0],), {})
    (outcome,) = drive(processes[:1], None, 5.0)
    assert outcome.mutated == ("0",)


def test_storage_tells_a_view_from_a_copy(processes):
    """The view's memory is that of the whole tensor."""
    begin(processes[0], "viewed", (tensors()[0],), {})
    (outcome,) = drive(processes[:1], None, 5.0)
    view, copy = outcome.value
    assert view.storage[1] == 48
    assert copy.storage[1] == copy.nbytes == 12


def test_memory_of_an_argument_is_told_from_a_tensor_s_own(processes):
    """The argument itself and a view of it are borrowed; copies and casts are not."""
    for _ in range(2):  # also where an address is used again
        begin(processes[0], "returned_as_it_is", (tensors()[0], tensors()[1]), {})
        (outcome,) = drive(processes[:1], None, 5.0)
        borrowed = {name: each.borrowed for name, each in outcome.value.items()}
        assert borrowed == {"same": True, "part": True, "copy": False, "half": False}
