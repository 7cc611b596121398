"""Chunks in a deque that turns, neighbours from a generator, each price in its own words. (whole file)"""

import math
import statistics
from collections import deque
from fractions import Fraction
from itertools import islice

import numpy as np


def _neighbours(rank, world_size):
    yield (rank + world_size - 1) % world_size
    yield (rank + 1) % world_size


def _lengths(length, parts):
    while parts:
        yield (here := -(-length // parts))
        length, parts = length - here, parts - 1


def ring_all_reduce(x, group):
    if x.ndim - 1:
        raise ValueError(f"x has {x.ndim} dimensions")
    n = group.world_size
    entries = iter(x.tolist())
    own = [
        np.fromiter(islice(entries, int(size)), x.dtype, int(size)) for size in _lengths(len(x), n)
    ]
    chunks = deque(own)
    chunks.rotate(-group.rank)  # in front is what leaves next
    to, back = _neighbours(group.rank, n)
    for step in range(2 * (n - 1)):
        if chunks[0].size:
            group.send(chunks[0], to)
        chunks.rotate(-1)
        if chunks[0].size:
            arrived = group.recv(back)
            chunks[0] = chunks[0] + arrived if step + 1 < n else arrived
    chunks.rotate(group.rank + 2 * (n - 1))
    return np.concatenate(list(chunks))


def _ranks(world_size, name="world_size"):
    if type(world_size) is bool or not hasattr(world_size, "__index__"):
        raise TypeError(f"{name} has to be an int")
    n = world_size.__index__()
    if n <= 0:
        raise ValueError(f"{name} = {n:+d}")
    return n


def _pairs(world_size):
    n = _ranks(world_size)
    if n == 1:
        raise ValueError(f"world_size {n}: alone")
    return n


def _amount(name, value, above=-math.ulp(0.0)):
    if not above < value < float("infinity"):
        raise ValueError(f"{name} is {value}")
    return value


def _count(name, value):
    if type(value) is bool or not hasattr(value, "__index__"):
        raise TypeError(f"{name} has to be an int")
    if value < 0:
        raise ValueError(f"{name}: {value} is negative")
    return value.__index__()


def ring_steps(world_size):
    return sum(2 for _ in range(1, _ranks(world_size)))


def ring_bytes_per_rank(nbytes, world_size):
    n = _ranks(world_size)
    return 2 * _count("nbytes", nbytes) * (1 - Fraction(1, n))


def ring_all_reduce_time(nbytes, world_size, latency_s, bandwidth):
    n = _ranks(world_size)
    a, b = _amount("latency_s", latency_s), _amount("bandwidth", bandwidth, 0)
    total = 0.0
    for _ in range(2 * (n - 1)):
        total += a
        total += _amount("nbytes", nbytes) / n / b
    _amount("nbytes", nbytes)
    return total


def bus_bandwidth(nbytes, seconds, world_size):
    n = _ranks(world_size)
    return 2 * (n - 1) / n * (_amount("nbytes", nbytes) / _amount("seconds", seconds, 0))


def crossover_bytes(world_size, latency_s, bandwidth):
    a, b = _amount("latency_s", latency_s), _amount("bandwidth", bandwidth, 0)
    return a * b * _pairs(world_size)


def regime(nbytes, world_size, latency_s, bandwidth):
    n = _pairs(world_size)
    moving = _amount("nbytes", nbytes) / n / _amount("bandwidth", bandwidth, 0)
    names = {True: "latency", False: "bandwidth"}
    return names[moving < _amount("latency_s", latency_s)]


def fit_link(world_size, samples):
    n = _pairs(world_size)
    points = sorted((_amount("a size", s), _amount("a time", t)) for s, t in samples)
    if not points or points[0][0] == points[-1][0]:
        raise ValueError(f"samples {points}: two sizes are needed")
    rate, start = statistics.linear_regression(*zip(*points, strict=True))
    return [start / 2 / (n - 1), 2 * (n - 1) / n / rate]


def tp_comm_time(
    num_layers, hidden_size, dtype_bytes, num_tokens, world_size, latency_s, bandwidth
):
    layers, tokens = _count("num_layers", num_layers), _count("num_tokens", num_tokens)
    nbytes = _count("hidden_size", hidden_size) * _count("dtype_bytes", dtype_bytes) * tokens
    one = ring_all_reduce_time(nbytes, world_size, latency_s, bandwidth)
    return sum(one for _ in range(layers)) + sum(one for _ in range(layers))


def hierarchical_all_reduce_time(
    nbytes,
    gpus_per_node,
    num_nodes,
    intra_latency_s,
    intra_bandwidth,
    inter_latency_s,
    inter_bandwidth,
):
    g, m = _ranks(gpus_per_node, "gpus_per_node"), _ranks(num_nodes, "num_nodes")
    flat = ring_all_reduce_time(nbytes, g, intra_latency_s, intra_bandwidth)
    return flat + ring_all_reduce_time(nbytes / g, m, inter_latency_s, inter_bandwidth)


def check_tp_placement(tp_groups, domain_of_rank):
    for group in tp_groups:
        by_domain = {}
        for rank in group:
            by_domain.setdefault(domain_of_rank[rank], []).append(rank)
        if len(by_domain) >= 2:
            raise ValueError(" / ".join(f"{name}: {ranks}" for name, ranks in by_domain.items()))
