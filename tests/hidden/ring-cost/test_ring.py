"""The ring itself: its sums, and its traffic against the formulas, as exact fractions."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest

from grader.suite import GROUP, PerRank, equal, is_array, require, whole, within


@pytest.mark.rubric("steps")
def test_steps(student):
    """2(n-1) for any number of ranks, as an integer; numpy's integers are integers."""
    for world_size in (1, 2, 3, 5, 17, 1024):
        equal(student.ring_steps(world_size), 2 * (world_size - 1), of="steps")
    equal(student.ring_steps(np.int64(6)), 10, of="steps")


@pytest.mark.rubric("bytes-per-rank")
def test_bytes_per_rank_is_exact(student, rng):
    """2(n-1)/n * S for sizes from none to beyond what a float holds."""
    sizes = (0, int(rng.integers(2, 10**6)), int(rng.integers(2**53, 2**62)) | 1)
    for world_size, nbytes in product((1, 2, 3, 7, 72), sizes):
        expected = Fraction(2 * (world_size - 1) * nbytes, world_size)
        equal(student.ring_bytes_per_rank(nbytes, world_size), expected, of="bytes")


@pytest.mark.rubric("ring-sum")
@pytest.mark.parametrize(
    ("world_size", "length", "dtype"),
    [(1, 5, "float32"), (2, 6, "float64"), (3, 9, "float32"), (4, 8, "float64")],
)
def test_whole_numbers_add_exactly(ranks, rng, world_size, length, dtype):
    """Every rank has the sum, in x's dtype; numbers so large that a narrower one would round.

    Four numbers below 2**21 add up to less than 2**24, four below 2**50 to less than 2**53.
    """
    high = 2**21 if dtype == "float32" else 2**50
    xs = [whole(rng, (length,), -high, high, dtype) for _ in range(world_size)]
    run = ranks(world_size).ring_all_reduce(PerRank(xs), GROUP)
    for value in run.values:
        equal(value, sum(xs), of="sum")


@pytest.mark.rubric("ring-sum")
def test_floats_add_within_their_rounding(ranks, rng):
    """Five floats added in any order err by at most 4u/(1-4u) times the sum of magnitudes."""
    xs = [rng.standard_normal(10).astype(np.float32) for _ in range(5)]
    run = ranks(5).ring_all_reduce(PerRank(xs), GROUP)
    u = Fraction(1, 2**24)
    for value in run.values:
        require(
            is_array(value, (10,), np.float32),
            expected="a float32 array of shape (10,)",
            got=value if is_array(value) else type(value).__name__,
        )
        for index, entry in enumerate(value.tolist()):
            terms = [Fraction(float(x[index])) for x in xs]
            bound = 4 * u / (1 - 4 * u) * sum(map(abs, terms))
            within(entry, sum(terms), bound, of=f"entry {index}")


@pytest.mark.rubric("ring-traffic")
@pytest.mark.parametrize(("world_size", "length"), [(2, 6), (3, 6), (3, 8), (4, 12), (4, 11)])
def test_traffic(student, ranks, rng, world_size, length):
    """What the ranks sent is what the formulas say: bytes, messages, chunks, neighbours.

    The lengths are k*n or k*n - 1: there all even ways to cut, the padded one included, have
    chunks that differ by at most one element, and none is empty.
    """
    n = world_size
    xs = [whole(rng, (length,)) for _ in range(n)]
    run = ranks(n).ring_all_reduce(PerRank(xs), GROUP)
    for value in run.values:  # or the right messages could carry anything
        equal(value, sum(xs), of="sum")
    _nothing_astray(run)
    total, nbytes = sum(run.bytes_sent), 4 * length
    equal(total, 2 * (n - 1) * nbytes, of="bytes over all ranks")
    sent = [_sent(run, rank) for rank in range(n)]
    received = [_senders(run, rank) for rank in range(n)]
    for rank in range(n):
        equal(len(sent[rank]), 2 * (n - 1), of=f"messages from rank {rank}")
        equal(len(received[rank]), 2 * (n - 1), of=f"messages to rank {rank}")
        _one_direction(rank, n, {peer for _, peer in sent[rank]}, set(received[rank]))
        _step_by_step([r.op for r in run.log if r.rank == rank])
    chunks = {size for each in sent for size, _ in each}
    require(
        chunks <= {4 * (length // n), 4 * -(-length // n)},
        expected="chunks that differ by at most one element",
        got=f"messages of {sorted(chunks)} bytes",
    )
    if length % n == 0:
        require(len(set(run.bytes_sent)) == 1, "equal bytes per rank", str(run.bytes_sent))
    # and the student's own formulas say the same
    equal(student.ring_bytes_per_rank(nbytes, n), Fraction(total, n), of="measured bytes a rank")
    equal(student.ring_steps(n), len(sent[0]), of="measured steps")


@pytest.mark.rubric("ring-lengths")
@pytest.mark.parametrize(("world_size", "length"), [(1, 0), (3, 0), (2, 1), (3, 2), (4, 1), (4, 6)])
def test_any_length(ranks, rng, world_size, length):
    """Lengths that n does not divide, shorter ones than n, and none at all."""
    dtype = ("float32", "float64")[length % 2]
    xs = [whole(rng, (length,), dtype=dtype) for _ in range(world_size)]
    run = ranks(world_size).ring_all_reduce(PerRank(xs), GROUP)
    for value in run.values:
        equal(value, np.sum(xs, axis=0, dtype=dtype), of="sum")
    _nothing_astray(run)
    nbytes = xs[0].nbytes
    equal(sum(run.bytes_sent), 2 * (world_size - 1) * nbytes, of="bytes over all ranks")
    for count in run.messages_sent:
        most = 2 * (world_size - 1)
        require(count <= most, f"at most {most} messages from a rank", str(count))


@pytest.mark.rubric("ring-lengths")
@pytest.mark.parametrize("shape", [(2, 4), (1, 4)])
def test_only_vectors(ranks, rng, shape):
    """Not 1-D: ValueError, on every rank."""
    ranks(2).raises(ValueError).ring_all_reduce(whole(rng, shape), GROUP)


def _nothing_astray(run):
    require(not run.ops, "only send, recv, send_recv", ", ".join(run.ops))
    require(not run.unreceived, "every message received", str(run.unreceived))


def _sent(run, rank):
    mine = [r for r in run.log if r.rank == rank and r.op in ("send", "send_recv")]
    return [(r.nbytes, r.peer if r.op == "send" else r.peer[0]) for r in mine]


def _senders(run, rank):
    mine = [r for r in run.log if r.rank == rank and r.op in ("recv", "send_recv")]
    return [r.peer if r.op == "recv" else r.peer[1] for r in mine]


def _one_direction(rank, n, to, back):
    require(
        len(to) == len(back) == 1 and to | back == {(rank + 1) % n, (rank - 1) % n},
        expected="each rank sends to one neighbour and receives from the other",
        got=f"rank {rank} sends to {sorted(to)}, receives from {sorted(back)}",
    )


def _step_by_step(ops):
    """A step is one message out and one in: neither ever runs ahead by more than one."""
    ahead = 0
    for op in ops:
        ahead += {"send": 1, "recv": -1}.get(op, 0)
        require(-1 <= ahead <= 1, "one message out and one in, step by step", ", ".join(ops))
