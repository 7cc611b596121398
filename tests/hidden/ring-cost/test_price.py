"""The price of a ring: against exact fractions, and the student's functions with each other."""

from fractions import Fraction
from itertools import pairwise, product

import numpy as np
import pytest

from grader.suite import number, require, within

NAN, INFINITE = float("nan"), float("inf")
LINK = (5e-6, 100e9)


@pytest.mark.rubric("time")
def test_time(student, rng, near, link, ring_time):
    """2(n-1) latencies and 2(n-1)/n of the message, for messages from none to gigabytes."""
    sizes = (0, int(rng.integers(10**5, 10**7)), 0.5 + int(rng.integers(10**8)), 3 * 10**9)
    for world_size, nbytes in product((2, 3, 4, 13), sizes):
        exact = ring_time(nbytes, world_size, *link)
        got = student.ring_all_reduce_time(nbytes, world_size, *link)
        near(got, exact, 2 * (world_size - 1) + 8)


@pytest.mark.rubric("time")
def test_time_at_the_edges(student, near, link, ring_time):
    """One rank takes no time; without latency only the bytes count."""
    near(student.ring_all_reduce_time(10**6, 1, *link), Fraction(0), 8)
    exact = ring_time(10**6, 4, 0, link[1])
    near(student.ring_all_reduce_time(10**6, 4, 0, link[1]), exact, 14)


@pytest.mark.rubric("time")
def test_time_grows(student, rng, link):
    """More bytes take longer, and so do more ranks."""
    nbytes = int(rng.integers(10**5, 10**8))
    by_size = [student.ring_all_reduce_time(nbytes * k, 4, *link) for k in (0, 1, 2, 3)]
    by_ranks = [student.ring_all_reduce_time(nbytes, n, *link) for n in (1, 2, 3, 4, 8)]
    for times in (by_size, by_ranks):
        numbers = [number(each, of="time") for each in times]
        rising = all(a < b for a, b in pairwise(numbers))
        require(rising, "times that grow with bytes and ranks", str(numbers))


@pytest.mark.rubric("bus-bandwidth")
def test_bus_bandwidth(student, rng, near):
    """Algorithm bandwidth times 2(n-1)/n, and 0 for one rank."""
    sizes = (0, int(rng.integers(10**6, 10**9)), 0.25 + int(rng.integers(10**6)))
    for world_size, nbytes in product((1, 2, 4, 24), sizes):
        seconds = float(rng.integers(1, 10**6)) * 1e-6
        exact = Fraction(nbytes) / Fraction(seconds) * Fraction(2 * (world_size - 1), world_size)
        near(student.bus_bandwidth(nbytes, seconds, world_size), exact, 10, of="bus bandwidth")


@pytest.mark.rubric("bus-bandwidth")
def test_bus_bandwidth_gives_the_link_back(student, rng, near, ring_time):
    """The bus bandwidth of a ring with latency 0 is the link's bandwidth.

    The time is rounded once (1); 11 more as above.
    """
    bandwidth = int(rng.integers(10**9, 10**12))
    nbytes = int(rng.integers(10**6, 10**9))
    for world_size in (2, 6):
        seconds = float(ring_time(nbytes, world_size, 0, bandwidth))
        got = student.bus_bandwidth(nbytes, seconds, world_size)
        near(got, Fraction(bandwidth), 12, of="bus bandwidth")


@pytest.mark.rubric("crossover")
def test_crossover(student, near, link):
    """n * latency * bandwidth; at latency 0 there is nothing to cross."""
    for world_size in (2, 3, 8):
        exact = world_size * Fraction(link[0]) * Fraction(link[1])
        near(student.crossover_bytes(world_size, *link), exact, 10, of="S*")
        near(student.crossover_bytes(world_size, 0, link[1]), Fraction(0), 10, of="S*")


@pytest.mark.rubric("crossover")
def test_one_rank_has_none(student, link):
    """world_size 1: ValueError."""
    student.raises(ValueError, naming=("world_size", 1)).crossover_bytes(1, *link)


# -- fit_link ------------------------------------------------------------------------------


def _line(samples):
    """The least-squares line through the samples, exactly: (height at 0, slope)."""
    sizes, times = ([Fraction(each) for each in column] for column in zip(*samples, strict=True))
    mean_s, mean_t = sum(sizes) / len(sizes), sum(times) / len(times)
    slope = sum((s - mean_s) * (t - mean_t) for s, t in zip(sizes, times, strict=True)) / sum(
        (s - mean_s) ** 2 for s in sizes
    )
    return mean_t - slope * mean_s, slope


def _check_fit(got, world_size, samples):
    """Latency and bandwidth against the exact line.

    With the sizes scaled to the largest, the least accurate of the usual ways, normal equations
    in floats, errs relative to (height, slope * largest) by at most c * m * u * k**2, k being
    the condition number of the columns 1 and size (Higham 2002, section 20.4; the residual is
    small). c = 64 covers the constants of his lemmas for two columns, and the final division.
    """
    fits = isinstance(got, (list, tuple)) and len(got) == 2
    require(fits, expected="(latency_s, bandwidth)", got=type(got).__name__)
    steps, largest = 2 * (world_size - 1), max(size for size, _ in samples)
    height, slope = _line(samples)
    condition = np.linalg.cond(np.array([[1, size / largest] for size, _ in samples]))
    relative = Fraction(64 * len(samples) * condition**2) / 2**53
    scale = max(abs(height), slope * largest)
    within(got[0], height / steps, relative * scale / steps, of="latency_s")
    bandwidth = Fraction(steps, world_size) / slope
    loss = relative * scale / (slope * largest)
    within(got[1], bandwidth, 2 * loss * bandwidth, of="bandwidth")


@pytest.mark.rubric("fit-link")
def test_fit_of_exact_timings(student, rng, link, ring_time):
    """Timings of the formula itself, in no order."""
    for world_size in (2, 3, 8):
        sizes = [int(each) * 10**6 for each in rng.permutation([1, 3, 4, 8, 9])[:4]]
        samples = [(size, float(ring_time(size, world_size, *link))) for size in sizes]
        _check_fit(student.fit_link(world_size, samples), world_size, samples)


@pytest.mark.rubric("fit-link")
@pytest.mark.parametrize("unit", [10**6, 2**30])
def test_fit_of_noisy_timings(student, rng, link, ring_time, unit):
    """Unweighted least squares: every sample counts, sizes that come twice too.

    At gigabytes the sum of squares has 67 bits and more.
    """
    samples = [
        (k * unit, float(ring_time(k * unit, 4, *link)) * float(rng.uniform(0.95, 1.05)))
        for k in (1, 2, 2, 5, 8)
    ]
    _check_fit(student.fit_link(4, samples), 4, samples)


@pytest.mark.rubric("fit-link")
def test_fit_of_two_samples(student, rng):
    """Two samples are enough."""
    first = int(rng.integers(1, 50)) * 10**5
    samples = [(first, 41e-6), (first * 4, 97e-6)]
    _check_fit(student.fit_link(6, samples), 6, samples)


@pytest.mark.rubric("fit-link")
def test_fit_is_refused(student):
    """No line through one size, none at all without samples, no ring of one rank."""
    refused = student.raises(ValueError)
    refused.fit_link(4, [(10**6, 1e-3), (10**6, 2e-3), (10**6, 3e-3)])
    refused.fit_link(4, [(10**6, 1e-3)])
    refused.fit_link(4, [])
    samples = [(10**6, 1e-3), (2 * 10**6, 2e-3)]
    student.raises(ValueError, naming=("world_size", 1)).fit_link(1, samples)


# -- refusals ------------------------------------------------------------------------------


@pytest.mark.rubric("refusals")
def test_ranks_are_integers(student):
    """A number of ranks that is no integer: TypeError, everywhere."""
    for wrong in (2.5, True):
        refused = student.raises(TypeError, naming=("world_size", wrong))
        refused.ring_steps(wrong)
        refused.ring_bytes_per_rank(64, wrong)
        refused.ring_all_reduce_time(64, wrong, *LINK)
        refused.bus_bandwidth(64, 1e-3, wrong)
        refused.crossover_bytes(wrong, *LINK)
        refused.regime(64, wrong, *LINK)
        refused.fit_link(wrong, [(10**6, 1e-3), (2 * 10**6, 2e-3)])
        refused.tp_comm_time(2, 64, 2, 1, wrong, *LINK)


@pytest.mark.rubric("refusals")
def test_other_integers(student):
    """Bytes to count, layers, GPUs and nodes: integers."""
    student.raises(TypeError, naming=("nbytes", 10.5)).ring_bytes_per_rank(10.5, 4)
    student.raises(TypeError, naming=("num_layers", 2.5)).tp_comm_time(2.5, 64, 2, 1, 4, *LINK)
    refused = student.raises(TypeError, naming=(2.5,))  # by whatever name, the value is told
    refused.hierarchical_all_reduce_time(64, 2.5, 2, *LINK, *LINK)
    refused.hierarchical_all_reduce_time(64, 2, 2.5, *LINK, *LINK)


@pytest.mark.rubric("refusals")
def test_ranks_are_at_least_one(student):
    """A number of ranks below 1: ValueError, everywhere."""
    for wrong in (0, -3):
        refused = student.raises(ValueError, naming=("world_size", wrong))
        refused.ring_steps(wrong)
        refused.ring_bytes_per_rank(64, wrong)
        refused.ring_all_reduce_time(64, wrong, *LINK)
        refused.bus_bandwidth(64, 1e-3, wrong)
        refused.crossover_bytes(wrong, *LINK)
        refused.regime(64, wrong, *LINK)


@pytest.mark.rubric("refusals")
def test_sizes(student):
    """A size that is negative or not finite: ValueError."""
    student.raises(ValueError, naming=("nbytes", -64)).ring_bytes_per_rank(-64, 4)
    for wrong in (-64, NAN, INFINITE):
        refused = student.raises(ValueError, naming=("nbytes", wrong))
        refused.ring_all_reduce_time(wrong, 4, *LINK)
        refused.bus_bandwidth(wrong, 1e-3, 4)
        refused.regime(wrong, 4, *LINK)
        refused.hierarchical_all_reduce_time(wrong, 2, 2, *LINK, *LINK)
        student.raises(ValueError).fit_link(4, [(wrong, 1e-3), (10**6, 2e-3), (10**7, 4e-3)])


@pytest.mark.rubric("refusals")
def test_latencies_and_times(student):
    """A time that is negative or not finite: ValueError; seconds of 0 too."""
    student.raises(ValueError, naming=("seconds", 0)).bus_bandwidth(64, 0, 4)
    for wrong in (-5, NAN, INFINITE):
        refused = student.raises(ValueError, naming=("latency_s", wrong))
        refused.ring_all_reduce_time(64, 4, wrong, 100e9)
        refused.crossover_bytes(4, wrong, 100e9)
        refused.regime(64, 4, wrong, 100e9)
        refused.tp_comm_time(2, 64, 2, 1, 4, wrong, 100e9)
        refused.hierarchical_all_reduce_time(64, 2, 2, wrong, 400e9, *LINK)
        refused.hierarchical_all_reduce_time(64, 2, 2, *LINK, wrong, 400e9)
        student.raises(ValueError, naming=("seconds", wrong)).bus_bandwidth(64, wrong, 4)
        student.raises(ValueError).fit_link(4, [(10**5, wrong), (10**6, 2e-3), (10**7, 4e-3)])


@pytest.mark.rubric("refusals")
def test_bandwidths(student):
    """A bandwidth that is not above 0 or not finite: ValueError."""
    for wrong in (0, -7, NAN, INFINITE):
        refused = student.raises(ValueError, naming=("bandwidth", wrong))
        refused.ring_all_reduce_time(64, 4, 5e-6, wrong)
        refused.crossover_bytes(4, 5e-6, wrong)
        refused.regime(64, 4, 5e-6, wrong)
        refused.tp_comm_time(2, 64, 2, 1, 4, 5e-6, wrong)
        refused.hierarchical_all_reduce_time(64, 2, 2, 1e-6, wrong, *LINK)
        refused.hierarchical_all_reduce_time(64, 2, 2, *LINK, 5e-6, wrong)


@pytest.mark.rubric("refusals")
def test_negative_counts(student):
    """Fewer than no layers, values or tokens: ValueError."""
    for name in ("num_layers", "hidden_size", "num_tokens"):
        counts = {"num_layers": 2, "hidden_size": 64, "dtype_bytes": 2, "num_tokens": 1, name: -9}
        refused = student.raises(ValueError, naming=(name, -9))
        refused.tp_comm_time(*counts.values(), 4, *LINK)
