"""Exact results: times as Fractions, whole ones as int. (whole file)"""

import math
from fractions import Fraction
from numbers import Integral

import numpy as np


def ring_all_reduce(x, group):
    """Return the sum of every rank's x: reduce-scatter once around, then all-gather."""
    if x.ndim != 1:
        raise ValueError(f"x must have one dimension, got shape {x.shape}")
    rank, world_size = group.rank, group.world_size
    to, back = (rank + 1) % world_size, (rank - 1) % world_size
    chunks = [chunk.copy() for chunk in np.array_split(x, world_size)]
    for step in range(world_size - 1):
        out, into = (rank - step) % world_size, (rank - step - 1) % world_size
        chunks[into] += group.send_recv(chunks[out], to, back)
    for step in range(world_size - 1):  # chunk rank + 1 is complete here by now
        out, into = (rank + 1 - step) % world_size, (rank - step) % world_size
        chunks[into] = group.send_recv(chunks[out], to, back)
    return np.concatenate(chunks)


def exact(value):
    """The value as an int where it is whole, else as a Fraction."""
    value = Fraction(value)
    return value.numerator if value.denominator == 1 else value


def count(label, n, minimum):
    if type(n) is bool or not isinstance(n, Integral):
        raise TypeError(f"{label} should be a whole number, not {n}")
    if n < minimum:
        raise ValueError(f"{label} should be {minimum} or more, not {n}")
    return int(n)


def amount(label, value, above_zero=False):
    if value != value or value in (math.inf, -math.inf):
        raise ValueError(f"{label} should be finite, not {value}")
    if value < 0 or (above_zero and value == 0):
        raise ValueError(f"{label} is too small: {value}")
    return Fraction(value)


def ring_steps(world_size):
    return 2 * count("world_size", world_size, 1) - 2


def ring_bytes_per_rank(nbytes, world_size):
    n = count("world_size", world_size, 1)
    return exact(Fraction(ring_steps(n), n) * count("nbytes", nbytes, 0))


def ring_all_reduce_time(nbytes, world_size, latency_s, bandwidth):
    n = count("world_size", world_size, 1)
    alpha, beta = amount("latency_s", latency_s), 1 / amount("bandwidth", bandwidth, True)
    return exact((2 * n - 2) * alpha + Fraction(2 * n - 2, n) * amount("nbytes", nbytes) * beta)


def bus_bandwidth(nbytes, seconds, world_size):
    n = count("world_size", world_size, 1)
    rate = amount("nbytes", nbytes) / amount("seconds", seconds, True)
    return exact(rate * Fraction(2 * n - 2, n))


def crossover_bytes(world_size, latency_s, bandwidth):
    n = count("world_size", world_size, 2)
    return exact(n * amount("latency_s", latency_s) * amount("bandwidth", bandwidth, True))


def regime(nbytes, world_size, latency_s, bandwidth):
    star = crossover_bytes(world_size, latency_s, bandwidth)
    return "bandwidth" if amount("nbytes", nbytes) > star else "latency"


def fit_link(world_size, samples):
    n = count("world_size", world_size, 2)
    points = [(amount("nbytes", s), amount("seconds", t)) for s, t in samples]
    m = len(points)
    s1, t1 = sum(s for s, _ in points), sum(t for _, t in points)
    s2, st = sum(s * s for s, _ in points), sum(s * t for s, t in points)
    if m * s2 == s1 * s1:
        raise ValueError(f"samples of fewer than two sizes: {samples}")
    slope = (m * st - s1 * t1) / (m * s2 - s1 * s1)
    alpha = (t1 - slope * s1) / m / (2 * n - 2)
    return exact(alpha), exact(Fraction(2 * n - 2, n) / slope)


def tp_comm_time(
    num_layers, hidden_size, dtype_bytes, num_tokens, world_size, latency_s, bandwidth
):
    size = amount("dtype_bytes", dtype_bytes)
    for label, value in (("hidden_size", hidden_size), ("num_tokens", num_tokens)):
        size *= count(label, value, 0)
    one = ring_all_reduce_time(size, world_size, latency_s, bandwidth)
    return exact(2 * count("num_layers", num_layers, 0) * one)


def hierarchical_all_reduce_time(
    nbytes,
    gpus_per_node,
    num_nodes,
    intra_latency_s,
    intra_bandwidth,
    inter_latency_s,
    inter_bandwidth,
):
    g, m = count("gpus_per_node", gpus_per_node, 1), count("num_nodes", num_nodes, 1)
    size = amount("nbytes", nbytes)
    a, b = amount("intra_latency_s", intra_latency_s), amount("intra_bandwidth", intra_bandwidth, 1)
    c, d = amount("inter_latency_s", inter_latency_s), amount("inter_bandwidth", inter_bandwidth, 1)
    half = (g - 1) * (a + size / g / b)
    across = 2 * (m - 1) * (c + size / g / m / d)
    return exact(half + across + half)


def check_tp_placement(tp_groups, domain_of_rank):
    for group in tp_groups:
        found = sorted({str(domain_of_rank[rank]) for rank in group})
        if found[1:]:
            raise ValueError(f"ranks {tuple(group)} lie in domains {' and '.join(found)}")
