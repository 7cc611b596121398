"""numpy's numbers in and out, checks by numpy, samples solved as a matrix. (whole file)"""

import operator
from fractions import Fraction

import numpy as np


def _check(ok, name, value):
    if not ok:
        raise ValueError(f"{name}={value} is out of range")


def _whole(least, **named):
    for name, value in named.items():
        try:
            operator.index(value)
            integer = not isinstance(value, (bool, np.bool_))
        except TypeError:
            integer = False
        if not integer:
            raise TypeError(f"{name}: an integer is needed, not a {type(value).__name__}")
        _check(value >= least, name, value)


def _real(**named):
    for name, value in named.items():
        _check(np.isfinite(value) and value >= 0, name, value)


def _speed(**named):
    for name, value in named.items():
        _check(np.isfinite(value) and value > 0, name, value)


def ring_steps(world_size):
    _whole(1, world_size=world_size)
    return np.int64(2) * (np.int64(world_size) - 1)


def ring_bytes_per_rank(nbytes, world_size):
    _whole(0, nbytes=nbytes)
    return Fraction(int(nbytes)) * int(ring_steps(world_size)) / int(world_size)


def ring_all_reduce(x, group):
    if x.shape != (x.size,):
        raise ValueError(x.shape)
    n, r = group.world_size, group.rank
    cuts = np.arange(n + 1) * len(x) // n
    total = x.copy()

    def part(number):
        return slice(cuts[number % n], cuts[number % n + 1])

    for step in range(2 * n - 2):
        arrived = group.send_recv(total[part(r + step)], (r - 1) % n, (r + 1) % n)
        if step < n - 1:
            arrived = arrived + total[part(r + step + 1)]
        total[part(r + step + 1)] = arrived
    return total


def ring_all_reduce_time(nbytes, world_size, latency_s, bandwidth):
    _whole(1, world_size=world_size)
    _real(nbytes=nbytes, latency_s=latency_s)
    _speed(bandwidth=bandwidth)
    chunk = np.float64(nbytes) / world_size
    return np.sum(np.full(2 * (world_size - 1), latency_s + chunk / bandwidth), dtype=np.float64)


def bus_bandwidth(nbytes, seconds, world_size):
    _whole(1, world_size=world_size)
    _real(nbytes=nbytes)
    _speed(seconds=seconds)
    return np.float64(nbytes) / seconds * (2 - 2 / np.float64(world_size))


def crossover_bytes(world_size, latency_s, bandwidth):
    _whole(2, world_size=world_size)
    _real(latency_s=latency_s)
    _speed(bandwidth=bandwidth)
    return np.float64(bandwidth) * latency_s * world_size


def regime(nbytes, world_size, latency_s, bandwidth):
    _real(nbytes=nbytes)
    star = crossover_bytes(world_size, latency_s, bandwidth)
    return ("latency", "bandwidth")[int(nbytes > star)]


def fit_link(world_size, samples):
    _whole(2, world_size=world_size)
    table = np.array(samples, dtype=np.float64).reshape(-1, 2)
    bad = table[~(np.isfinite(table) & (table >= 0))]
    _check(not bad.size, "samples", bad)
    _check(len(np.unique(table[:, 0])) > 1, "samples", samples)
    unit = table[:, 0].max()
    columns = np.stack([np.ones(len(table)), table[:, 0] / unit], axis=1)
    height, rise = np.linalg.solve(columns.T @ columns, columns.T @ table[:, 1])
    steps = ring_steps(world_size)
    return np.array([height / steps, steps / world_size / rise * unit]).tolist()


def tp_comm_time(
    num_layers, hidden_size, dtype_bytes, num_tokens, world_size, latency_s, bandwidth
):
    _whole(0, num_layers=num_layers, hidden_size=hidden_size, num_tokens=num_tokens)
    _real(dtype_bytes=dtype_bytes)
    message = float(num_tokens) * float(hidden_size) * dtype_bytes
    one = ring_all_reduce_time(message, world_size, latency_s, bandwidth)
    return np.float64(one * (2 * num_layers))


def hierarchical_all_reduce_time(
    nbytes,
    gpus_per_node,
    num_nodes,
    intra_latency_s,
    intra_bandwidth,
    inter_latency_s,
    inter_bandwidth,
):
    _whole(1, gpus_per_node=gpus_per_node, num_nodes=num_nodes)
    _real(nbytes=nbytes, intra_latency_s=intra_latency_s, inter_latency_s=inter_latency_s)
    _speed(intra_bandwidth=intra_bandwidth, inter_bandwidth=inter_bandwidth)
    share = nbytes / gpus_per_node
    scatter = (gpus_per_node - 1) * (intra_latency_s + share / intra_bandwidth)
    across = ring_all_reduce_time(share, num_nodes, inter_latency_s, inter_bandwidth)
    return scatter + across + scatter


def check_tp_placement(tp_groups, domain_of_rank):
    for group in tp_groups:
        homes = np.array([str(domain_of_rank[rank]) for rank in group])
        if np.unique(homes).size > 1:
            raise ValueError(f"{np.array(group)} {homes}")
