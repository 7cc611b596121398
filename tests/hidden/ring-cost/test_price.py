"""The price of a ring and what follows from it, against exact fractions.

All terms of every formula here are positive and every operation on floats errs by at most the
factor 1 + u, so k operations on the longest path leave a relative error of at most
k*u / (1 - k*u) (Higham 2002, lemma 3.1). The cases count the operations of the slowest
reasonable way, adding step by step, and 8 for what forms one step.

Random links and sizes are each student's own; the fixed ones beside them are everyone's, so that
no mistake passes by luck.
"""

from fractions import Fraction
from itertools import pairwise, product

import numpy as np
import pytest

from grader.suite import equal, number, require, within

U = Fraction(1, 2**53)  # unit roundoff of a float
NVLINK, INFINIBAND = (1e-6, 370e9), (5e-6, 50e9)
LLAMA_70B = (80, 8192, 2)
# Llama 3 70B: 70.55e9 weights of 2 bytes on 8 GPUs, each reading 3.35e12 bytes a second; and 2
# operations per weight and token at half of 989e12 a second.
DECODE_COMPUTE, PREFILL_COMPUTE = 5.26e-3, 292e-3


def link_of(rng):
    """A latency of 0.1 to 20 µs and a bandwidth of 1 to 900 GB/s."""
    return float(rng.integers(1, 200)) * 1e-7, float(rng.integers(1, 900)) * 1e9


def ring_time(nbytes, world_size, latency_s, bandwidth):
    """The exact time of one ring: every step waits for the latency and moves a chunk."""
    chunk = Fraction(nbytes) / world_size
    return 2 * (world_size - 1) * (Fraction(latency_s) + chunk / Fraction(bandwidth))


def near(got, exact, roundings, of="time"):
    """Compares with an exact value that is not negative, allowing so many roundings."""
    within(got, exact, exact * roundings * U / (1 - roundings * U), of=of)


# -- one ring ------------------------------------------------------------------------------


@pytest.mark.rubric("time")
def test_time(student, rng):
    """2(n-1) latencies and 2(n-1)/n of the message, for messages from none to gigabytes."""
    link = link_of(rng)
    sizes = (0, int(rng.integers(10**5, 10**7)), 0.5 + int(rng.integers(10**8)), 3 * 10**9)
    cases = [(n, nbytes, link) for n, nbytes in product((2, 3, 8, 11), sizes)]
    cases += [(5, 1_000_003, INFINIBAND), (4, 10**6, (0, 7))]
    for n, nbytes, each in cases:
        got = student.ring_all_reduce_time(nbytes, n, *each)
        near(got, ring_time(nbytes, n, *each), 2 * (n - 1) + 8)
    near(student.ring_all_reduce_time(77, np.int64(6), *NVLINK), ring_time(77, 6, *NVLINK), 18)


@pytest.mark.rubric("time")
def test_one_rank_takes_no_time(student):
    """Whatever the message."""
    for nbytes in (0, 10**6):
        near(student.ring_all_reduce_time(nbytes, 1, *NVLINK), Fraction(0), 8)


@pytest.mark.rubric("time")
def test_time_grows(student, rng):
    """More bytes take longer, and so do more ranks."""
    link, nbytes = link_of(rng), int(rng.integers(10**5, 10**8))
    by_size = [student.ring_all_reduce_time(nbytes * k, 4, *link) for k in (0, 1, 2)]
    by_ranks = [student.ring_all_reduce_time(nbytes, n, *link) for n in (1, 2, 3, 7)]
    for times in (by_size, by_ranks):
        numbers = [number(each, of="time") for each in times]
        rising = all(a < b for a, b in pairwise(numbers))
        require(rising, "times that grow with bytes and ranks", str(numbers))


@pytest.mark.rubric("bus-bandwidth")
def test_bus_bandwidth(student, rng):
    """Algorithm bandwidth times 2(n-1)/n, and 0 for one rank."""
    sizes = (1_000_003, int(rng.integers(10**6, 10**9)), 0.25 + int(rng.integers(10**6)))
    for world_size, nbytes in (*product((1, 2, 3, 24), sizes), (4, 0)):
        seconds = float(rng.integers(1, 10**6)) * 1e-6
        exact = Fraction(nbytes) / Fraction(seconds) * Fraction(2 * (world_size - 1), world_size)
        near(student.bus_bandwidth(nbytes, seconds, world_size), exact, 10, of="bus bandwidth")
    got = student.bus_bandwidth(60, 3, np.int64(4))
    near(got, Fraction(30), 10, of="bus bandwidth")


@pytest.mark.rubric("bus-bandwidth")
def test_bus_bandwidth_gives_the_link_back(student, rng):
    """The bus bandwidth of a ring with latency 0 is the link's bandwidth.

    The time is rounded once (1); 11 more as above.
    """
    bandwidth = int(rng.integers(10**9, 10**12))
    nbytes = int(rng.integers(10**6, 10**9))
    for world_size in (2, 11):
        seconds = float(ring_time(nbytes, world_size, 0, bandwidth))
        got = student.bus_bandwidth(nbytes, seconds, world_size)
        near(got, Fraction(bandwidth), 12, of="bus bandwidth")


@pytest.mark.rubric("crossover")
def test_crossover(student, rng):
    """n * latency * bandwidth; at latency 0 there is nothing to cross."""
    links = (link_of(rng), INFINIBAND, (0, 7))
    for world_size, (latency_s, bandwidth) in product((2, 3, 11), links):
        exact = world_size * Fraction(latency_s) * Fraction(bandwidth)
        near(student.crossover_bytes(world_size, latency_s, bandwidth), exact, 10, of="S*")
    near(student.crossover_bytes(np.int64(4), 2, 7), Fraction(56), 10, of="S*")


@pytest.mark.rubric("crossover")
def test_one_rank_has_none(student):
    """world_size 1: ValueError."""
    student.raises(ValueError, naming=("world_size", 1)).crossover_bytes(1, *NVLINK)


# -- a link from measurements --------------------------------------------------------------


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
def test_fit_of_exact_timings(student, rng):
    """Timings of the formula itself, in no order; without latency, 0 bytes take 0 seconds."""
    link = link_of(rng)
    for world_size in (2, 3, 11):
        sizes = [int(each) * 10**6 + 0.5 for each in rng.permutation([1, 3, 4, 8, 9])[:4]]
        samples = [(size, float(ring_time(size, world_size, *link))) for size in sizes]
        _check_fit(student.fit_link(world_size, samples), world_size, samples)
    samples = [(size, float(ring_time(size, 4, 0, link[1]))) for size in (3 * 10**6, 0, 10**6)]
    _check_fit(student.fit_link(np.int64(4), samples), 4, samples)


@pytest.mark.rubric("fit-link")
@pytest.mark.parametrize("unit", [10**6, 2**30])
def test_fit_of_noisy_timings(student, rng, unit):
    """Unweighted least squares: every sample counts, sizes that come twice too.

    At gigabytes the sum of squares has 67 bits and more. The latency is so high that the line's
    height stays positive.
    """
    bandwidth, sizes = link_of(rng)[1], (2, 1, 5, 13, 3, 8, 1, 9, 4, 11, 7, 2)
    samples = [
        (k * unit, float(ring_time(k * unit, 4, unit / bandwidth, bandwidth)) * noise)
        for k, noise in zip(sizes, 1 + rng.permutation(12) / 100, strict=True)
    ]
    _check_fit(student.fit_link(4, samples), 4, samples)


@pytest.mark.rubric("fit-link")
def test_fit_of_few_samples(student):
    """Two are enough, the larger first; of three, the first and the last may be of one size.

    The last line has a height below 0, and so has its latency.
    """
    for samples in (
        [(1_300_000, 97e-6), (300_000, 41e-6)],
        [(300_000, 43e-6), (1_300_000, 97e-6), (300_000, 41e-6)],
        [(3_000_000, 80e-6), (1_000_000, 10e-6), (2_000_000, 30e-6)],
    ):
        _check_fit(student.fit_link(6, samples), 6, samples)


@pytest.mark.rubric("fit-link")
def test_fit_is_refused(student):
    """No line through one size, none at all without samples, no ring of one rank."""
    refused = student.raises(ValueError)
    refused.fit_link(4, [(10**6, 1e-3), (10**6, 2e-3), (10**6, 3e-3)])
    refused.fit_link(4, [(10**6, 1e-3), (1e6, 2e-3)])
    refused.fit_link(4, [(10**6, 1e-3)])
    refused.fit_link(4, [])
    samples = [(10**6, 1e-3), (2 * 10**6, 2e-3)]
    student.raises(ValueError, naming=("world_size", 1)).fit_link(1, samples)


# -- tensor parallelism --------------------------------------------------------------------


@pytest.mark.rubric("tp-comm")
def test_two_all_reduces_per_layer(student, rng):
    """Of num_tokens * hidden_size values each; none without layers, latency without tokens."""
    link = link_of(rng)
    own = [*rng.integers(1, 64, 2).tolist(), 2, int(rng.integers(2, 5000)), int(rng.integers(2, 9))]
    for layers, hidden, dtype_bytes, tokens, n in (
        own,
        (11, 129, 1, 7, 3),
        (2, 4097, 4, 1, 5),
        (80, 8192, 2, 4096, 8),
        (3, 65, 4, 0, 6),
        (0, 64, 2, 5, 4),
        (0, 64, 1, 0, 2),
        (4, 64, 2, 10, 1),
    ):
        exact = 2 * layers * ring_time(tokens * hidden * dtype_bytes, n, *link)
        got = student.tp_comm_time(layers, hidden, dtype_bytes, tokens, n, *link)
        near(got, exact, 2 * layers + 2 * n + 10)
    got = student.tp_comm_time(np.int64(3), np.int64(65), 2, np.int64(10), np.int64(4), *link)
    near(got, 6 * ring_time(1300, 4, *link), 24)


@pytest.mark.rubric("hierarchical")
def test_hierarchy(student, rng):
    """Both inner phases make one ring inside; across goes 1/g of the message."""
    own = link_of(rng), (float(rng.integers(10, 90)) * 1e-6, float(rng.integers(1, 50)) * 1e9)
    shapes = ((1, 1), (8, 1), (1, 5), (2, 3), (4, 4), (11, 2))
    cases = [(0.5 + int(rng.integers(10**7)), g, m, *own) for g, m in shapes]
    cases += [(n, g, m, NVLINK, INFINIBAND) for n, g, m in ((0, 3, 2), (1_000_003, 3, 5))]
    cases += [(10**6, 4, 3, (0, 7), (0, 3))]
    for nbytes, g, m, intra, inter in cases:
        exact = ring_time(nbytes, g, *intra) + ring_time(Fraction(nbytes) / g, m, *inter)
        got = student.hierarchical_all_reduce_time(nbytes, g, m, *intra, *inter)
        near(got, exact, 2 * (g + m) + 14)
    got = student.hierarchical_all_reduce_time(60, np.int64(2), np.int64(3), *NVLINK, *INFINIBAND)
    near(got, ring_time(60, 2, *NVLINK) + ring_time(30, 3, *INFINIBAND), 24)


# -- decode and prefill --------------------------------------------------------------------


@pytest.mark.rubric("regime")
def test_regime(student, rng):
    """Below S* latency, above it bandwidth; one part in 10**9 is far beyond any rounding."""
    link, below, above = link_of(rng), (0, 0.01, 1 - 1e-9), (1 + 1e-9, 50)
    for world_size, factor in product((2, 3, 11), below + above):
        star = world_size * Fraction(link[0]) * Fraction(link[1])
        nbytes = float(star * Fraction(factor))
        label = "latency" if factor in below else "bandwidth"
        equal(student.regime(nbytes, world_size, *link), label, of="regime")


@pytest.mark.rubric("regime")
def test_regime_at_the_edges(student):
    """At exactly S* (here 2**20) either word is right; one rank has no regime."""
    label = student.regime(2**20, 4, 2.0**-16, 2.0**34)
    fits = isinstance(label, str) and label in ("latency", "bandwidth")
    require(fits, "latency or bandwidth", type(label).__name__)
    equal(student.regime(2**20 - 1, 4, 2.0**-16, 2.0**34), "latency")
    equal(student.regime(2**20 + 1, np.int64(4), 2.0**-16, 2.0**34), "bandwidth")
    equal(student.regime(0.5, 4, 0, 2.0**34), "bandwidth", of="regime of a link without latency")
    student.raises(ValueError, naming=("world_size", 1)).regime(64, 1, *NVLINK)


def _pass(student, link, num_tokens):
    seconds = number(student.tp_comm_time(*LLAMA_70B, num_tokens, 8, *link), of="time")
    # so that its quotients fit a float, whatever it is: a year is too long for any pass
    require(1e-9 < seconds < 3e7, "a time above 0 and below a year", str(seconds))
    return seconds


@pytest.mark.rubric("regime")
@pytest.mark.parametrize("link", [NVLINK, INFINIBAND], ids=["nvlink", "infiniband"])
def test_decode_is_latency_and_prefill_is_bandwidth(student, link):
    """70B on 8 GPUs: one token at least 95 % latency, 8192 tokens at least 95 % bandwidth."""
    latency = _pass(student, link, 0)
    share = latency / _pass(student, link, 1)
    require(share >= 0.95, "decode 95 % latency", f"{float(share):.3f}")
    share = 1 - latency / _pass(student, link, 8192)
    require(share >= 0.95, "prefill 95 % bandwidth", f"{float(share):.3f}")
    equal(student.regime(16_384, 8, *link), "latency")
    equal(student.regime(8192 * 16_384, 8, *link), "bandwidth")


@pytest.mark.rubric("regime")
@pytest.mark.parametrize(("num_tokens", "compute"), [(1, DECODE_COMPUTE), (8192, PREFILL_COMPUTE)])
def test_tensor_parallel_fits_the_domain_only(student, num_tokens, compute):
    """Communication is below compute over NVLink and above it over InfiniBand."""
    fast, slow = (_pass(student, link, num_tokens) for link in (NVLINK, INFINIBAND))
    require(fast < compute < slow, f"{compute} s between the two", f"{fast} s and {slow} s")
