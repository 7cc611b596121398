"""Published figures that the solution of `ring-cost` must reproduce, a test a row.

Each docstring names the source. Where a row gives digits, the result is compared within half a
unit of the last digit that was published; where it gives constants only, what follows from them.
"""

import importlib.util
from fractions import Fraction
from pathlib import Path

import pytest

SOLUTION = Path(__file__).parents[2] / "solutions" / "ring-cost" / "ring_cost.py"
NVLINK, INFINIBAND = (1e-6, 370e9), (5e-6, 50e9)
LLAMA_70B = {"num_layers": 80, "hidden_size": 8192, "dtype_bytes": 2}
LLAMA_70B_WEIGHTS = 70.55e9
US, GB, MIB, GIB = 1e-6, 1e9, 2**20, 2**30


@pytest.fixture(scope="module")
def ring():
    """The solution, loaded from its file."""
    spec = importlib.util.spec_from_file_location("ring_cost_solution", SOLUTION)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def published(text):
    """The interval of numbers that round to the published digits: its middle and half width."""
    digits = len(text.partition(".")[2])
    return pytest.approx(float(text), rel=0, abs=0.5 * 10.0**-digits * (1 + 1e-9))


# 1 --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("world_size", [2, 3, 8, 24])
def test_bus_bandwidth_factors(ring, world_size):
    """All-reduce 2(n-1)/n; reduce-scatter and all-gather half of it.

    Source: nccl-tests, doc/PERFORMANCE.md, "Bus bandwidth".
    """
    factor = Fraction(2 * (world_size - 1), world_size)
    assert ring.bus_bandwidth(1, 1, world_size) == float(factor)
    assert ring.ring_bytes_per_rank(1, world_size) == factor
    inside = ring.hierarchical_all_reduce_time(GB, world_size, 1, 0, GB, 0, GB)
    # one phase of two; a product, two quotients and the factor, each rounded to 53 bits
    assert inside / 2 == pytest.approx(float(factor / 2), rel=4 * 2**-53, abs=0)


# 2 --------------------------------------------------------------------------------------------


def test_measured_on_24_ranks(ring):
    """8,388,608 B in 992.6 µs: 8.45 GB/s algorithm, 16.20 bus.

    Source: NCCL issue 1453.
    """
    algorithm = 8_388_608 / (992.6 * US)
    assert algorithm / GB == published("8.45")
    assert ring.bus_bandwidth(8_388_608, 992.6 * US, 24) / GB == published("16.20")
    others = [n for n in range(2, 65) if n != 24]
    buses = [ring.bus_bandwidth(8_388_608, 992.6 * US, n) / GB for n in others]
    assert not any(bus == published("16.20") for bus in buses)


def test_measured_on_2_ranks(ring):
    """1 GiB in 9306.7 µs: 115.37 GB/s, algorithm and bus alike.

    Source: nccl-tests issue 194.
    """
    assert ring.bus_bandwidth(GIB, 9306.7 * US, 2) / GB == published("115.37")
    assert ring.bus_bandwidth(GIB, 9306.7 * US, 2) == pytest.approx(GIB / (9306.7 * US), rel=1e-15)


# 3 --------------------------------------------------------------------------------------------


def test_h100_line_rate(ring):
    """8 x H100: about 275 GB/s algorithm is about 480 bus, above the line rate of 450.

    A ring can't exceed the line rate (it reaches about 370): the 480 are those of NVLink SHARP,
    in which the switch adds. Source: nccl-tests issue 212.
    """
    bus = ring.bus_bandwidth(275 * GB, 1.0, 8) / GB
    assert bus == 481.25
    assert bus == pytest.approx(480, rel=0.01)
    assert bus > 450
    best_ring = ring.ring_all_reduce_time(GIB, 8, 0, 450 * GB)
    assert ring.bus_bandwidth(GIB, best_ring, 8) / GB == pytest.approx(450, rel=1e-12)
    assert ring.bus_bandwidth(GIB, best_ring, 8) > NVLINK[1]  # what rings reach


# 4 --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("base", "hop", "total"),
    [
        ("6.6", "0.6", "15.0"),
        ("8.4", "3.4", "56.0"),
        ("6.6", "1.0", "20.6"),
        ("8.4", "5.7", "88.2"),
    ],
    ids=["nvlink-LL", "nvlink-simple", "pcie-LL", "pcie-simple"],
)
def test_nccl_latency_model(ring, base, hop, total):
    """Base + 2(n-1) hops, n = 8, in µs: the latency term grows with the number of steps.

    Source: NCCL 2.30.7, tuning constants of the ring.
    """
    hops = ring.ring_steps(8) * Fraction(hop)
    assert Fraction(base) + hops == Fraction(total)
    empty = ring.ring_all_reduce_time(0, 8, float(hop) * US, 370 * GB)
    assert empty / US == pytest.approx(float(hops), rel=1e-14)


# 5 --------------------------------------------------------------------------------------------

VLLM_ON_H100 = {  # size: µs at TP 2, 4, 8
    512: (9.5, 9.1, 10.1),
    4096: (8.8, 8.5, 9.3),
    32_768: (8.7, 9.2, 11.8),
    262_144: (12.9, 20.6, 24.1),
    524_288: (17.7, 26.9, 30.4),
    1_048_576: (26.6, 40.2, 45.0),
}


@pytest.mark.parametrize(("column", "world_size"), [(0, 2), (1, 4), (2, 8)])
@pytest.mark.parametrize("unit", [1, 2], ids=["bytes", "bf16"])
def test_flat_then_rising(ring, column, world_size, unit):
    """Up to 32,768 flat within 30 %, then rising; the fitted S* lies between the two.

    The unit of the sizes is not stated, so both readings must give that. Source: vLLM's
    all-reduce on H100 in sglang pull request 2904.
    """
    times = {size * unit: row[column] * US for size, row in VLLM_ON_H100.items()}
    small = [seconds for size, seconds in times.items() if size <= 32_768 * unit]
    assert max(small) < 1.3 * min(small)
    assert times[1_048_576 * unit] > 2.5 * max(small)
    link = ring.fit_link(world_size, list(times.items()))
    assert ring.regime(32_768 * unit, world_size, *link) == "latency"
    assert ring.regime(1_048_576 * unit, world_size, *link) == "bandwidth"


# 6 --------------------------------------------------------------------------------------------


def test_where_vllm_leaves_the_ring(ring):
    """One shot for 2 GPUs; for up to 4 under 512 KiB, for up to 8 under 256 KiB.

    What follows: with two ranks a ring sends S per rank, no less than one shot does; and at both
    thresholds a ring over NVLink mostly waits. Source: vLLM, csrc/custom_all_reduce.cuh.
    """
    assert ring.ring_bytes_per_rank(512 * 1024, 2) == 512 * 1024
    assert ring.regime(512 * 1024, 4, *NVLINK) == "latency"
    assert ring.regime(256 * 1024, 8, *NVLINK) == "latency"
    for nbytes, n in ((512 * 1024, 4), (256 * 1024, 8)):
        one_shot = NVLINK[0] + (n - 1) * nbytes / NVLINK[1]  # one wait, n - 1 whole vectors
        assert one_shot < ring.ring_all_reduce_time(nbytes, n, *NVLINK)


# 7 --------------------------------------------------------------------------------------------


def test_message_of_a_decode_batch(ring):
    """Batch 32 x 8192 x fp16 = 512 KB, two a layer.

    Source: vLLM pull request 2192.
    """
    assert 32 * 8192 * 2 == 512 * 1024
    layer = ring.tp_comm_time(1, 8192, 2, 32, 4, *NVLINK)
    assert layer == 2 * ring.ring_all_reduce_time(512 * 1024, 4, *NVLINK)


# 8 --------------------------------------------------------------------------------------------


def test_weights_halve_and_messages_do_not(ring):
    """Llama-3-8B: 14.96 GiB of weights, 7.48 at TP 2 (14.9575 and 7.4790 by arithmetic).

    Norms are replicated, all else is cut in two; activations, 1.26 GiB, stay. What a rank saves
    in weight reads (3.35 TB/s) is far more than the all-reduces cost. Source: vLLM issue 10511.
    """
    norms = 65 * 4096
    layer = 4096 * (4096 + 1024 + 1024 + 4096) + 3 * 4096 * 14_336
    cut = 32 * layer + 2 * 128_256 * 4096
    assert cut + norms == 8_030_261_248
    whole, half = 2 * (cut + norms) / GIB, 2 * (cut / 2 + norms) / GIB
    assert whole == published("14.9575")
    assert whole == published("14.96")
    assert half == published("7.4790")
    assert half == published("7.48")
    saved = (whole - half) * GIB / 3.35e12
    assert ring.tp_comm_time(32, 4096, 2, 1, 2, *NVLINK) < saved / 10


# 13 -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("num_tokens", "fast", "slow", "compute"),
    [(1, "2.25", "11.3", "5.26"), (8192, "104", "763", "292")],
    ids=["decode", "prefill"],
)
def test_tensor_parallel_inside_and_across(ring, num_tokens, fast, slow, compute):
    """70B on 8 GPUs, in ms: NVLink below compute, InfiniBand above it.

    Constants: 1 µs and 370 GB/s; 5 µs and 50 GB/s; 70.55e9 weights read at 3.35 TB/s, or used at
    half of 989 Tflop/s (NVIDIA H100 SXM data sheet).
    """
    model = dict(LLAMA_70B, num_tokens=num_tokens, world_size=8)
    times = [1e3 * ring.tp_comm_time(*model.values(), *link) for link in (NVLINK, INFINIBAND)]
    assert times[0] == published(fast)
    assert times[1] == published(slow)
    decode = 2 * LLAMA_70B_WEIGHTS / 8 / 3.35e12
    prefill = 2 * LLAMA_70B_WEIGHTS * num_tokens / 8 / (0.5 * 989e12)
    working = 1e3 * (decode if num_tokens == 1 else prefill)
    assert working == published(compute)
    assert times[0] < working < times[1]


# 14 -------------------------------------------------------------------------------------------


def test_fit_of_b300(ring):
    """2 to 128 MiB take 32 to 393 µs; least squares 41 µs + S/379 GB/s.

    Only the ends of the table and its line are at hand. The line gives itself back; it passes
    the ends as a least-squares line through a bent curve does, above the first; and the line
    through the ends alone has nearly its slope. Source: vLLM pull request 37756.
    """
    height, slope = 41 * US, 1 / (379 * GB)
    on_the_line = [(k * MIB, height + slope * k * MIB) for k in (2, 4, 8, 16, 32, 64, 128)]
    latency, bandwidth = ring.fit_link(2, on_the_line)  # n = 2: two steps, each byte once
    assert ring.ring_steps(2) * latency / US == pytest.approx(41, rel=1e-9)
    assert bandwidth / GB == pytest.approx(379, rel=1e-9)
    assert 32 * US < ring.ring_all_reduce_time(2 * MIB, 2, latency, bandwidth) < 48 * US
    assert ring.ring_all_reduce_time(128 * MIB, 2, latency, bandwidth) / US == pytest.approx(
        393, rel=0.01
    )
    ends = ring.fit_link(2, [(2 * MIB, 32 * US), (128 * MIB, 393 * US)])
    assert ends[1] / GB == pytest.approx(379, rel=0.05)
    assert ends[0] < latency


# 15 -------------------------------------------------------------------------------------------


def test_shape_of_a_70b_model(ring):
    """80 layers, hidden size 8192, bf16: 160 messages, 16 KiB a token; decode waits, prefill moves.

    Source: the model card of Llama 3 70B.
    """
    assert LLAMA_70B == {"num_layers": 80, "hidden_size": 8192, "dtype_bytes": 2}
    token = 8192 * 2
    assert token == 16 * 1024
    one_pass = ring.tp_comm_time(*LLAMA_70B.values(), 1, 8, *NVLINK)
    assert one_pass == 160 * ring.ring_all_reduce_time(token, 8, *NVLINK)
    for link in (NVLINK, INFINIBAND):
        waiting = ring.ring_all_reduce_time(0, 8, *link)
        assert waiting / ring.ring_all_reduce_time(token, 8, *link) >= 0.95
        moving = ring.ring_all_reduce_time(8192 * token, 8, *link) - waiting
        assert moving / (moving + waiting) >= 0.95
