"""The ring runs the other way: every rank sends to the one on its left. (whole file)"""

import math
from fractions import Fraction

import numpy as np

# -- the ring ------------------------------------------------------------------------------


def ring_all_reduce(x, group):
    """Return the sum of every rank's x: reduce-scatter once around, then all-gather."""
    if x.ndim != 1:
        raise ValueError(f"x must have one dimension, got shape {x.shape}")
    rank, world_size = group.rank, group.world_size
    left, right = (rank - 1) % world_size, (rank + 1) % world_size
    chunks = [chunk.copy() for chunk in np.array_split(x, world_size)]
    for step in range(world_size - 1):
        out, into = (rank + step) % world_size, (rank + step + 1) % world_size
        chunks[into] += group.send_recv(chunks[out], left, right)
    for step in range(world_size - 1):
        out, into = (rank + step - 1) % world_size, (rank + step) % world_size
        chunks[into] = group.send_recv(chunks[out], left, right)
    return np.concatenate(chunks)


def ring_steps(world_size):
    """Return 2(n-1): n-1 steps to complete the sums and n-1 to spread them."""
    return 2 * (_integer("world_size", world_size, at_least=1) - 1)


def ring_bytes_per_rank(nbytes, world_size):
    """Return the mean over ranks of the bytes a rank sends: a chunk of S/n in every step."""
    ranks = _integer("world_size", world_size, at_least=1)
    return Fraction(ring_steps(ranks) * _integer("nbytes", nbytes, at_least=0), ranks)


# -- its price: exact arithmetic, rounded once at the end ----------------------------------


def ring_all_reduce_time(nbytes, world_size, latency_s, bandwidth):
    """Return 2(n-1) * latency + 2(n-1)/n * S/B (Thakur et al. 2005, section 4.3)."""
    ranks = _integer("world_size", world_size, at_least=1)
    size, (latency, bytes_per_second) = _not_negative("nbytes", nbytes), _link(latency_s, bandwidth)
    return float(ring_steps(ranks) * (latency + size / ranks / bytes_per_second))


def bus_bandwidth(nbytes, seconds, world_size):
    """Return what each link carried per second (nccl-tests, doc/PERFORMANCE.md)."""
    ranks = _integer("world_size", world_size, at_least=1)
    algorithm_bandwidth = _not_negative("nbytes", nbytes) / _positive("seconds", seconds)
    return float(algorithm_bandwidth * ring_steps(ranks) / ranks)


def crossover_bytes(world_size, latency_s, bandwidth):
    """Return S*, where both terms of the time are equal: 2(n-1)a = 2(n-1)/n * S/B."""
    ranks = _integer("world_size", world_size, at_least=2)
    latency, bytes_per_second = _link(latency_s, bandwidth)
    return float(ranks * latency * bytes_per_second)


def regime(nbytes, world_size, latency_s, bandwidth):
    """Return the name of the larger term."""
    size = _not_negative("nbytes", nbytes)
    smaller = size < crossover_bytes(world_size, latency_s, bandwidth)
    return "latency" if smaller else "bandwidth"


def fit_link(world_size, samples):
    """Return (latency, bandwidth) of the least-squares line through (bytes, seconds).

    In exact arithmetic: squares of gigabytes don't fit into the 53 bits of a float.
    """
    ranks = _integer("world_size", world_size, at_least=2)
    sizes = [_not_negative("samples: nbytes", size) for size, _ in samples]
    times = [_not_negative("samples: seconds", time) for _, time in samples]
    if len(set(sizes)) < 2:
        raise ValueError(f"samples must have two distinct sizes, got {samples}")
    mean_size, mean_time = sum(sizes) / len(sizes), sum(times) / len(times)
    covariance = sum((s - mean_size) * (t - mean_time) for s, t in zip(sizes, times, strict=True))
    variance = sum((size - mean_size) ** 2 for size in sizes)
    if covariance <= 0:
        raise ValueError(f"samples must take longer for more bytes, got {samples}")
    seconds_per_byte = covariance / variance
    at_zero = mean_time - seconds_per_byte * mean_size
    steps = ring_steps(ranks)
    return float(at_zero / steps), float(steps / (ranks * seconds_per_byte))


# -- what follows for tensor parallelism ---------------------------------------------------


def tp_comm_time(
    num_layers, hidden_size, dtype_bytes, num_tokens, world_size, latency_s, bandwidth
):
    """Return the time of a forward pass's all-reduces: one after attention, one after the MLP."""
    layers = _integer("num_layers", num_layers, at_least=0)
    tokens = _integer("num_tokens", num_tokens, at_least=0)
    width = _integer("hidden_size", hidden_size, at_least=0)
    message = tokens * width * _not_negative("dtype_bytes", dtype_bytes)
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
    return ring_all_reduce_time(size, gpus, *intra) + ring_all_reduce_time(
        size / gpus, nodes, *inter
    )


def check_tp_placement(tp_groups, domain_of_rank):
    """Raise ValueError for a group whose ranks don't share one link domain."""
    for ranks in tp_groups:
        domains = {domain_of_rank[rank] for rank in ranks}
        if len(domains) > 1:
            names = ", ".join(sorted(str(domain) for domain in domains))
            raise ValueError(f"TP group {list(ranks)} spans the link domains {names}")


# -- arguments -----------------------------------------------------------------------------


def _integer(name, value, at_least):
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name} must be an integer, got {value} ({type(value).__name__})")
    if value < at_least:
        raise ValueError(f"{name} must be at least {at_least}, got {value}")
    return int(value)


def _not_negative(name, value):
    if not (math.isfinite(value) and value >= 0):
        raise ValueError(f"{name} must be finite and not negative, got {value}")
    return Fraction(value.item() if isinstance(value, np.generic) else value)


def _positive(name, value):
    if not (math.isfinite(value) and value > 0):
        raise ValueError(f"{name} must be finite and positive, got {value}")
    return Fraction(value.item() if isinstance(value, np.generic) else value)


def _link(latency_s, bandwidth, prefix=""):
    latency = _not_negative(f"{prefix}latency_s", latency_s)
    return latency, _positive(f"{prefix}bandwidth", bandwidth)
