"""A ring all-reduce over point-to-point messages, and what it costs on a link.

Sizes in bytes, times in seconds, bandwidth in bytes per second, per rank and direction.
"""

import math
import operator
from fractions import Fraction
from statistics import StatisticsError, linear_regression

import numpy as np

# -- the ring ------------------------------------------------------------------------------


def ring_all_reduce(x, group):
    """Return the sum of every rank's x: reduce-scatter once around, then all-gather."""
    if x.ndim != 1:
        raise ValueError(f"x must have one dimension, got shape {x.shape}")
    rank, world_size = group.rank, group.world_size
    to, back = (rank + 1) % world_size, (rank - 1) % world_size
    chunks = np.array_split(x.copy(), world_size)
    for step in range(world_size - 1):  # chunk -1 is the last one
        out, into = rank - step, rank - step - 1
        chunks[into] += group.send_recv(chunks[out], to, back)
    for step in range(world_size - 1):  # chunk rank + 1 is complete here by now
        out, into = (rank + 1 - step) % world_size, rank - step
        chunks[into] = group.send_recv(chunks[out], to, back)
    return np.concatenate(chunks)


def ring_steps(world_size):
    """Return 2(n-1): n-1 steps to complete the sums and n-1 to spread them."""
    return 2 * (_integer("world_size", world_size, at_least=1) - 1)


def ring_bytes_per_rank(nbytes, world_size):
    """Return the mean over ranks of the bytes a rank sends: a chunk of S/n in every step."""
    ranks = _integer("world_size", world_size, at_least=1)
    return Fraction(2 * (ranks - 1) * _integer("nbytes", nbytes, at_least=0), ranks)


# -- its price -----------------------------------------------------------------------------


def ring_all_reduce_time(nbytes, world_size, latency_s, bandwidth):
    """Return 2(n-1) * latency + 2(n-1)/n * S/B (Thakur et al. 2005, section 4.3)."""
    ranks = _integer("world_size", world_size, at_least=1)
    return _ring_time(_not_negative("nbytes", nbytes), ranks, *_link(latency_s, bandwidth))


def bus_bandwidth(nbytes, seconds, world_size):
    """Return what each link carried per second (nccl-tests, doc/PERFORMANCE.md)."""
    ranks = _integer("world_size", world_size, at_least=1)
    algorithm_bandwidth = _not_negative("nbytes", nbytes) / _positive("seconds", seconds)
    return algorithm_bandwidth * 2 * (ranks - 1) / ranks


def crossover_bytes(world_size, latency_s, bandwidth):
    """Return S*, where both terms of the time are equal: 2(n-1)a = 2(n-1)/n * S/B."""
    return _integer("world_size", world_size, at_least=2) * math.prod(_link(latency_s, bandwidth))


def regime(nbytes, world_size, latency_s, bandwidth):
    """Return the name of the larger term."""
    size = _not_negative("nbytes", nbytes)
    smaller = size < crossover_bytes(world_size, latency_s, bandwidth)
    return "latency" if smaller else "bandwidth"


def fit_link(world_size, samples):
    """Return (latency, bandwidth) of the least-squares line through (bytes, seconds)."""
    ranks = _integer("world_size", world_size, at_least=2)
    sizes = [_not_negative("samples: nbytes", size) for size, _ in samples]
    times = [_not_negative("samples: seconds", time) for _, time in samples]
    try:
        seconds_per_byte, at_zero = linear_regression(sizes, times)
    except StatisticsError as error:
        raise ValueError(f"samples must have two distinct sizes, got {samples}") from error
    steps = 2 * (ranks - 1)
    return at_zero / steps, steps / ranks / seconds_per_byte


# -- what follows for tensor parallelism ---------------------------------------------------


def tp_comm_time(
    num_layers, hidden_size, dtype_bytes, num_tokens, world_size, latency_s, bandwidth
):
    """Return the time of a forward pass's all-reduces: one after attention, one after the MLP."""
    layers = _integer("num_layers", num_layers, at_least=0)
    tokens = _integer("num_tokens", num_tokens, at_least=0)
    width = _integer("hidden_size", hidden_size, at_least=0)
    message = tokens * width * dtype_bytes
    return 2 * layers * ring_all_reduce_time(message, world_size, latency_s, bandwidth)


def hierarchical_all_reduce_time(
    nbytes,
    gpus_per_node,
    num_nodes,
    intra_latency_s,
    intra_bandwidth,
    inter_latency_s,
    inter_bandwidth,
):
    """Return the time of reduce-scatter inside, all-reduce of S/g across, all-gather inside.

    The two inner phases together are one ring all-reduce inside the node.
    """
    size = _not_negative("nbytes", nbytes)
    gpus = _integer("gpus_per_node", gpus_per_node, at_least=1)
    nodes = _integer("num_nodes", num_nodes, at_least=1)
    intra = _link(intra_latency_s, intra_bandwidth, "intra_")
    inter = _link(inter_latency_s, inter_bandwidth, "inter_")
    return _ring_time(size, gpus, *intra) + _ring_time(size / gpus, nodes, *inter)


def check_tp_placement(tp_groups, domain_of_rank):
    """Raise ValueError for a group whose ranks don't share one link domain."""
    for ranks in tp_groups:
        domains = {domain_of_rank[rank] for rank in ranks}
        if len(domains) > 1:
            raise ValueError(f"{ranks} lie in several link domains: {domains}")


def _ring_time(size, ranks, latency, bandwidth):
    return 2 * (ranks - 1) * (latency + size / ranks / bandwidth)


# -- arguments -----------------------------------------------------------------------------


def _integer(name, value, at_least):
    if isinstance(value, bool):
        raise TypeError(f"{name} must be an integer")
    try:
        value = operator.index(value)
    except TypeError as error:
        raise TypeError(f"{name} must be an integer") from error
    if value < at_least:
        raise ValueError(f"{name} is too small: {value}")
    return value


def _not_negative(name, value):
    if not (math.isfinite(value) and value >= 0):
        raise ValueError(f"{name} must be finite and not negative, got {value}")
    return value


def _positive(name, value):
    if not (math.isfinite(value) and value > 0):
        raise ValueError(f"{name} must be finite and positive, got {value}")
    return value


def _link(latency_s, bandwidth, prefix=""):
    return (
        _not_negative(f"{prefix}latency_s", latency_s),
        _positive(f"{prefix}bandwidth", bandwidth),
    )
