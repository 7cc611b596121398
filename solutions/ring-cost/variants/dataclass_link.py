"""A link that checks itself, a ring that calls itself, a message that ends with the value. (whole file)"""

from dataclasses import dataclass
from fractions import Fraction
from math import isfinite
from numbers import Integral

import numpy as np


class BadCountError(ValueError):
    def __init__(self, what, value):
        super().__init__(f"bad {what.replace('_', ' ')}: {float(value)!r}")


@dataclass(frozen=True)
class Link:
    latency_s: float
    bandwidth: float
    name: str = ""

    def __post_init__(self):
        if not isfinite(self.latency_s) or self.latency_s < 0:
            raise BadCountError(self.name + "latency_s", self.latency_s)
        if not isfinite(self.bandwidth) or self.bandwidth <= 0:
            raise BadCountError(self.name + "bandwidth", self.bandwidth)

    def ring(self, nbytes, ranks):
        hops = ring_steps(ranks)
        return hops * self.latency_s + Fraction(hops, ranks) * Fraction(nbytes) / Fraction(
            self.bandwidth
        )


def count(what, value, least):
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(what)
    if value < least:
        raise BadCountError(what, value)
    return int(value)


def size(value):
    if not isfinite(value) or value < 0:
        raise BadCountError("nbytes", value)
    return value


def ring_steps(world_size):
    return count("world_size", world_size, 1) * 2 - 2


def ring_bytes_per_rank(nbytes, world_size):
    count("nbytes", nbytes, 0)
    exact = Fraction(int(nbytes) * ring_steps(world_size), int(world_size))
    return exact.numerator if exact.denominator == 1 else exact


def ring_all_reduce(x, group):
    if len(np.shape(x)) != 1:
        raise ValueError("only vectors are summed")
    n, right, left = group.world_size, group.rank + 1, group.rank - 1
    if n == 1:
        return np.array(x)
    chunks = dict(enumerate(np.array_split(x, n)))

    def go(step):
        if step == 2 * n - 2:
            return
        out = (group.rank - step) % n
        group.send(chunks[out], right % n)
        arrived = group.recv(left % n)
        into = (out - 1) % n
        chunks[into] = chunks[into] + arrived if step < n - 1 else arrived
        go(step + 1)

    go(0)
    return np.hstack([chunks[each] for each in range(n)])


def ring_all_reduce_time(nbytes, world_size, latency_s, bandwidth):
    link, n = Link(latency_s, bandwidth), count("world_size", world_size, 1)
    return float(link.ring(size(nbytes), n))


def bus_bandwidth(nbytes, seconds, world_size):
    if not isfinite(seconds) or seconds <= 0:
        raise BadCountError("seconds", seconds)
    return size(nbytes) * ring_steps(world_size) / (seconds * int(world_size))


def crossover_bytes(world_size, latency_s, bandwidth):
    link = Link(latency_s, bandwidth)
    return link.latency_s * count("world_size", world_size, 2) * link.bandwidth


def regime(nbytes, world_size, latency_s, bandwidth):
    n, link = count("world_size", world_size, 2), Link(latency_s, bandwidth)
    waiting = Link(link.latency_s, bandwidth).ring(0, n)
    moving = Link(0, link.bandwidth).ring(size(nbytes), n)
    return "bandwidth" if moving >= waiting else "latency"


def fit_link(world_size, samples):
    n = count("world_size", world_size, 2)
    for pair in samples:
        for value in pair:
            if not isfinite(value) or value < 0:
                raise BadCountError("value in samples", value)
    if len({nbytes for nbytes, _ in samples}) < 2:
        raise ValueError("no line")
    x, y = (np.asarray(column, dtype=np.float64) for column in zip(*samples, strict=True))
    slope = np.cov(x, y)[0, 1] / np.var(x, ddof=1)
    return (np.mean(y) - slope * np.mean(x)) / (2 * n - 2), (2 * n - 2) / n / slope


def tp_comm_time(
    num_layers, hidden_size, dtype_bytes, num_tokens, world_size, latency_s, bandwidth
):
    layers = count("num_layers", num_layers, 0)
    values = count("hidden_size", hidden_size, 0) * count("num_tokens", num_tokens, 0)
    total = 0.0
    for _ in range(2 * layers):
        total += ring_all_reduce_time(values * dtype_bytes, world_size, latency_s, bandwidth)
    return total


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
    inside = Link(intra_latency_s, intra_bandwidth, "intra ")
    across = Link(inter_latency_s, inter_bandwidth, "inter ")
    return float(inside.ring(size(nbytes), g) + across.ring(Fraction(nbytes) / g, m))


def check_tp_placement(tp_groups, domain_of_rank):
    for number, group in enumerate(tp_groups):
        homes = [domain_of_rank[rank] for rank in group]
        if any(home != homes[0] for home in homes):
            pairs = "; ".join(f"rank {r} in {d}" for r, d in zip(group, homes, strict=True))
            raise ValueError(f"group number {number}: {pairs}")
