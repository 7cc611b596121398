"""Plain floats and closed forms; errors of its own class. (whole file)"""

import math
from fractions import Fraction

import numpy as np


class BadValueError(ValueError):
    """A value that no ring can have."""


def ring_all_reduce(x, group):
    """Return the sum of every rank's x: reduce-scatter once around, then all-gather."""
    if x.ndim != 1:
        raise BadValueError(f"x must have one dimension, got shape {x.shape}")
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


def _whole(**named):
    for name, value in named.items():
        if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)):
            raise TypeError(f"{name}={value}: an integer is needed")


def _at_least(least, **named):
    for name, value in named.items():
        if not least <= value < math.inf:
            raise BadValueError(f"{name}={value}: must be finite and at least {least}")


def _above_0(**named):
    for name, value in named.items():
        if not 0 < value < math.inf:
            raise BadValueError(f"{name}={value}: must be finite and above 0")


def ring_steps(world_size):
    _whole(world_size=world_size)
    _at_least(1, world_size=world_size)
    return int(world_size + world_size - 2)


def ring_bytes_per_rank(nbytes, world_size):
    _whole(nbytes=nbytes)
    _at_least(0, nbytes=nbytes)
    return 2 * int(nbytes) - Fraction(2 * int(nbytes), ring_steps(world_size) // 2 + 1)


def ring_all_reduce_time(nbytes, world_size, latency_s, bandwidth):
    steps = ring_steps(world_size)
    _at_least(0, nbytes=nbytes, latency_s=latency_s)
    _above_0(bandwidth=bandwidth)
    return steps * latency_s + (2.0 - 2.0 / world_size) * nbytes / bandwidth


def bus_bandwidth(nbytes, seconds, world_size):
    factor = ring_steps(world_size) / world_size
    _at_least(0, nbytes=nbytes)
    _above_0(seconds=seconds)
    return nbytes / seconds * factor


def crossover_bytes(world_size, latency_s, bandwidth):
    ring_steps(world_size)
    _at_least(2, world_size=world_size)
    _at_least(0, latency_s=latency_s)
    _above_0(bandwidth=bandwidth)
    return world_size * latency_s * bandwidth


def regime(nbytes, world_size, latency_s, bandwidth):
    _at_least(0, nbytes=nbytes)
    star = crossover_bytes(world_size, latency_s, bandwidth)
    return "latency" if nbytes <= star else "bandwidth"


def fit_link(world_size, samples):
    steps = ring_steps(world_size)
    _at_least(2, world_size=world_size)
    for size, seconds in samples:
        _at_least(0, size=size, seconds=seconds)
    if len({size for size, _ in samples}) < 2:
        raise BadValueError(f"samples={samples}: at least two different sizes are needed")
    x = np.array([size for size, _ in samples], dtype=float)
    y = np.array([seconds for _, seconds in samples], dtype=float)
    slope = (x - x.mean()) @ (y - y.mean()) / ((x - x.mean()) @ (x - x.mean()))
    return [(y.mean() - slope * x.mean()) / steps, steps / world_size / slope]


def tp_comm_time(
    num_layers, hidden_size, dtype_bytes, num_tokens, world_size, latency_s, bandwidth
):
    _whole(num_layers=num_layers, hidden_size=hidden_size, num_tokens=num_tokens)
    _at_least(0, num_layers=num_layers, hidden_size=hidden_size, num_tokens=num_tokens)
    nbytes = float(num_tokens * hidden_size * dtype_bytes)
    return num_layers * 2 * ring_all_reduce_time(nbytes, world_size, latency_s, bandwidth)


def hierarchical_all_reduce_time(
    nbytes,
    gpus_per_node,
    num_nodes,
    intra_latency_s,
    intra_bandwidth,
    inter_latency_s,
    inter_bandwidth,
):
    _whole(gpus_per_node=gpus_per_node, num_nodes=num_nodes)
    _at_least(1, gpus_per_node=gpus_per_node, num_nodes=num_nodes)
    inner = ring_all_reduce_time(nbytes, gpus_per_node, intra_latency_s, intra_bandwidth)
    outer = ring_all_reduce_time(
        nbytes / gpus_per_node, num_nodes, inter_latency_s, inter_bandwidth
    )
    return inner + outer


def check_tp_placement(tp_groups, domain_of_rank):
    for ranks in tp_groups:
        spans = {rank: domain_of_rank[rank] for rank in ranks}
        if any(domain != domain_of_rank[ranks[0]] for domain in spans.values()):
            raise BadValueError(f"group with rank: domain {spans} is not inside one domain")
