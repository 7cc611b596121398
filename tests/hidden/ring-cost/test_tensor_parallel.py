"""What the price means for tensor parallelism: layers, nodes, placement, decode and prefill."""

from fractions import Fraction
from itertools import product

import pytest

from grader.suite import equal, number, require

NVLINK, INFINIBAND = (1e-6, 370e9), (5e-6, 50e9)
LLAMA_70B = (80, 8192, 2)
# Llama 3 70B: 70.55e9 weights of 2 bytes on 8 GPUs, each reading 3.35e12 bytes a second; and 2
# operations per weight and token at half of 989e12 a second.
DECODE_COMPUTE, PREFILL_COMPUTE = 5.26e-3, 292e-3


@pytest.mark.rubric("tp-comm")
def test_two_all_reduces_per_layer(student, rng, near, link, ring_time):
    """Of num_tokens * hidden_size values each; none without layers, latency without tokens."""
    hidden, dtype_bytes = 128 * int(rng.integers(1, 64)), int(rng.integers(2, 5))
    world_size = int(rng.integers(2, 9))
    for num_layers, num_tokens in product((0, 1, 3), (0, 1, int(rng.integers(2, 5000)))):
        message = num_tokens * hidden * dtype_bytes
        exact = 2 * num_layers * ring_time(message, world_size, *link)
        got = student.tp_comm_time(num_layers, hidden, dtype_bytes, num_tokens, world_size, *link)
        near(got, exact, 2 * num_layers + 2 * (world_size - 1) + 12)


@pytest.mark.rubric("tp-comm")
def test_one_rank_talks_to_nobody(student, near, link):
    """world_size 1: no time."""
    near(student.tp_comm_time(4, 64, 2, 10, 1, *link), Fraction(0), 8)


@pytest.mark.rubric("hierarchical")
def test_hierarchy(student, rng, near, link, ring_time):
    """Both inner phases make one ring inside; across goes 1/g of the message."""
    slow = (float(rng.integers(10, 90)) * 1e-6, float(rng.integers(1, 50)) * 1e9)
    sizes = (int(rng.integers(10**6, 10**8)), 0.5 + int(rng.integers(10**6)))
    shapes = ((1, 1), (8, 1), (1, 5), (2, 3), (4, 4), (8, 2))
    for (g, m), nbytes in product(shapes, sizes):
        exact = ring_time(nbytes, g, *link) + ring_time(Fraction(nbytes) / g, m, *slow)
        got = student.hierarchical_all_reduce_time(nbytes, g, m, *link, *slow)
        near(got, exact, 2 * (g + m) + 14)


@pytest.mark.rubric("hierarchical")
def test_hierarchy_beats_the_flat_ring(student):
    """For 8 MB on 4 nodes of 8, against one ring of 32 over the slow link."""
    nested = student.hierarchical_all_reduce_time(8 * 10**6, 8, 4, *NVLINK, *INFINIBAND)
    flat = 62 * 5e-6 + 2 * 31 / 32 * 8e6 / 50e9
    require(number(nested, of="time") < flat, "less than the flat ring", str(nested))


@pytest.mark.rubric("placement")
def test_groups_inside_a_domain(student, rng):
    """Ranks dealt to three domains in no order; groups of any length inside one of them."""
    domains = rng.permutation(["a", "b", "c"] * 4).tolist()
    members = [[r for r in range(12) if domains[r] == name] for name in "abc"]
    groups = [part for each in members for part in (each[:1], each[1:])]
    for of_rank in (domains, dict(enumerate(domains))):
        for inside in (groups, members, []):
            equal(student.check_tp_placement(inside, of_rank), None)


@pytest.mark.rubric("placement")
def test_a_group_across_domains(student, rng):
    """One group has one rank elsewhere, in the middle: its ranks and domains are named."""
    domains = rng.permutation(["east", "west"] * 5).tolist()
    east, west = ([r for r in range(10) if domains[r] == name] for name in ("east", "west"))
    stray = [east[0], west[0], east[1]]
    refused = student.raises(ValueError, naming=(*stray, "east", "west"))
    for of_rank, place in product((domains, dict(enumerate(domains))), (0, 1, 2)):
        groups = [east[2:4], west[1:3]]
        groups.insert(place, stray)
        refused.check_tp_placement(groups, of_rank)


# -- decode and prefill --------------------------------------------------------------------


@pytest.mark.rubric("regime")
def test_regime(student, link):
    """Below S* latency, above it bandwidth; one part in 10**9 is far beyond any rounding."""
    below, above = (0, 0.01, 1 - 1e-9), (1 + 1e-9, 50)
    for world_size, factor in product((2, 3, 8), below + above):
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
    equal(student.regime(2**20 + 1, 4, 2.0**-16, 2.0**34), "bandwidth")
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
