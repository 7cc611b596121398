"""The ring itself: its sums, and its traffic against the formulas, as exact fractions."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest

from grader.suite import GROUP, PerRank, equal, is_array, require, whole, within


@pytest.mark.rubric("steps")
def test_steps(student):
    """2(n-1) for any number of ranks, as an integer; numpy's integers are integers."""
    for world_size in (1, 2, 3, 5, 11, 1024):
        equal(student.ring_steps(world_size), 2 * (world_size - 1), of="steps")
    equal(student.ring_steps(np.int64(6)), 10, of="steps")


@pytest.mark.rubric("bytes-per-rank")
def test_bytes_per_rank_is_exact(student, rng):
    """2(n-1)/n * S for sizes from none to beyond what a float holds.

    2**53 + 1 is no float; over 1009 ranks, a prime, the quotient has that denominator.
    """
    sizes = (0, 2**53 + 1, int(rng.integers(2, 10**6)), int(rng.integers(2**53, 2**62)) | 1)
    for world_size, nbytes in product((1, 2, 3, 11, 1009), sizes):
        expected = Fraction(2 * (world_size - 1) * nbytes, world_size)
        equal(student.ring_bytes_per_rank(nbytes, world_size), expected, of="bytes")
    got = student.ring_bytes_per_rank(np.int64(20), np.int64(3))
    equal(got, Fraction(80, 3), of="bytes")


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
@pytest.mark.parametrize(
    ("world_size", "length", "dtype"),
    [
        (2, 301, "float32"),
        (3, 6, "float64"),
        (3, 299, "float32"),
        (4, 12, "float32"),
        (4, 403, "float64"),
    ],
)
def test_traffic(student, ranks, rng, world_size, length, dtype):
    """What the ranks sent is what the formulas say: bytes, messages, chunks, neighbours.

    The lengths are k*n or k*n - 1: there all even ways to cut, the padded one included, have
    chunks that differ by at most one element, and none is empty.
    """
    n, xs = world_size, [whole(rng, (length,), dtype=dtype) for _ in range(world_size)]
    run = ranks(n).ring_all_reduce(PerRank(xs), GROUP)
    _goes_round(run, xs)
    nbytes, steps = xs[0].nbytes, 2 * (n - 1)
    for rank in range(n):
        equal(len(_sent(run, rank)), steps, of=f"messages from rank {rank}")
        equal(len(_senders(run, rank)), steps, of=f"messages to rank {rank}")
        _step_by_step([r.op for r in run.log if r.rank == rank])
    smallest = min(size for rank in range(n) for size, _ in _sent(run, rank))
    require(
        smallest >= nbytes // length * (length // n),
        expected="chunks that differ by at most one element",
        got=f"a message of {smallest} bytes",
    )
    if length % n == 0:
        require(len(set(run.bytes_sent)) == 1, "equal bytes per rank", str(run.bytes_sent))
    # and the student's own formulas say the same
    measured = Fraction(sum(run.bytes_sent), n)
    equal(student.ring_bytes_per_rank(nbytes, n), measured, of="measured bytes a rank")
    equal(student.ring_steps(n), len(_sent(run, 0)), of="measured steps")


@pytest.mark.rubric("ring-lengths")
@pytest.mark.parametrize(
    ("world_size", "length"),
    [(1, 0), (2, 0), (2, 1), (3, 1), (3, 2), (3, 100), (4, 402)],
)
def test_any_length(ranks, rng, world_size, length):
    """Lengths that n does not divide, by each remainder, shorter ones than n, and none at all."""
    dtype = ("float32", "float64")[length % 2]
    xs = [whole(rng, (length,), dtype=dtype) for _ in range(world_size)]
    _goes_round(ranks(world_size).ring_all_reduce(PerRank(xs), GROUP), xs)


@pytest.mark.rubric("ring-lengths")
@pytest.mark.parametrize(("world_size", "shapes"), [(1, [(2, 4)]), (2, [(2, 4), (1, 4), ()])])
def test_only_vectors(ranks, world_size, shapes):
    """Not 1-D: ValueError, on every rank, of which there may be one."""
    for shape in shapes:
        x = np.ones(shape, np.float32)
        ranks(world_size).raises(ValueError).ring_all_reduce(x, GROUP)


def _goes_round(run, xs):
    """The right sums, by messages around a ring, of no more than a chunk each."""
    for value in run.values:
        equal(value, sum(xs), of="sum")
    require(not run.ops, "only send, recv, send_recv", ", ".join(run.ops))
    require(not run.unreceived, "every message received", str(run.unreceived))
    n, x = len(xs), xs[0]
    equal(sum(run.bytes_sent), 2 * (n - 1) * x.nbytes, of="bytes over all ranks")
    for rank in range(n):
        sent, senders = _sent(run, rank), _senders(run, rank)
        _one_direction(rank, n, {to for _, to in sent}, set(senders))
        most = 2 * (n - 1)
        few = max(len(sent), len(senders)) <= most
        require(few, f"at most {most} messages to and from a rank", f"{len(sent)}, {len(senders)}")
    longest = max((size for rank in range(n) for size, _ in _sent(run, rank)), default=0)
    chunk = -(-len(x) // n)
    expected, got = f"chunks of at most {chunk} elements", f"a message of {longest} bytes"
    require(longest <= chunk * x.itemsize, expected, got)


def _sent(run, rank):
    mine = [r for r in run.log if r.rank == rank and r.op in ("send", "send_recv")]
    return [(r.nbytes, r.peer if r.op == "send" else r.peer[0]) for r in mine]


def _senders(run, rank):
    mine = [r for r in run.log if r.rank == rank and r.op in ("recv", "send_recv")]
    return [r.peer if r.op == "recv" else r.peer[1] for r in mine]


def _one_direction(rank, n, to, back):
    """One neighbour each way. Where a chunk is empty and skipped there may be none."""
    around = {(rank + 1) % n, (rank - 1) % n}
    require(
        len(to) <= 1 and len(back) <= 1 and to | back <= around and (n == 2 or not to & back),
        expected="each rank sends to one neighbour and receives from the other",
        got=f"rank {rank} sends to {sorted(to)}, receives from {sorted(back)}",
    )


def _step_by_step(ops):
    """A step is one message out and one in: neither ever runs ahead by more than one."""
    ahead = 0
    for op in ops:
        ahead += {"send": 1, "recv": -1}.get(op, 0)
        require(-1 <= ahead <= 1, "one message out and one in, step by step", ", ".join(ops))
