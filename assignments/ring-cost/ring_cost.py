"""What a ring all-reduce costs: build one, price it, and decide where it may run.

Bytes, seconds, and bytes per second; a bandwidth is that of one rank in one direction.
README.md has the contract, `shardlab check` tells how far you are.
"""

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:  # for your editor only: where your file runs there is no grader
    from grader.student.ranks import Group


def ring_steps(world_size: int) -> int:
    """Steps that each rank makes in a ring all-reduce of `world_size` ranks.

    Raises TypeError for a world_size that is no integer (True and 2.0 are none, numpy's are), and
    ValueError below 1; so does every function here, for each of its integers. A message has the
    argument's name and, of a ValueError, the value.
    """
    # TODO: one way round completes the sums. What does the other do?
    raise NotImplementedError("ring_steps: count the steps of one rank")


def ring_bytes_per_rank(nbytes: int, world_size: int) -> Fraction:
    """Bytes that a rank sends for a message of `nbytes`: the mean over ranks, never a float.

    Raises TypeError for nbytes that are no integer, ValueError for negative ones.
    """
    # TODO: a rank sends one chunk per step.
    raise NotImplementedError("ring_bytes_per_rank: steps times the mean size of a chunk")


def ring_all_reduce(x: np.ndarray, group: "Group") -> np.ndarray:
    """The sum of x over all ranks, (N,) -> (N,), in x's dtype, on every rank.

    x: this rank's vector, float32 or float64, of any length from 0 on. May not be written into.
    group: rank, world_size, and send(x, dst), recv(src), send_recv(x, dst, src), nothing else.
    Sends to one neighbour, receives from the other; no chunk has more than ceil(N / n) elements.
    Raises ValueError, on every rank, for an x that is not 1-D.
    """
    # TODO: cut x into chunks, nearly alike in length.
    # TODO: go round once, adding what arrives.
    # TODO: go round again, passing complete chunks on.
    raise NotImplementedError("ring_all_reduce: cut, go round adding, go round passing on")


def ring_all_reduce_time(
    nbytes: float, world_size: int, latency_s: float, bandwidth: float
) -> float:
    """Seconds that the ring takes; 0 for one rank. `nbytes` may be any real size from 0 on.

    Raises ValueError for negative or non-finite sizes and latencies, and for a bandwidth that is
    not finite and above 0; so does every function with these arguments.
    """
    # TODO: what does one step wait for, and what does it move?
    raise NotImplementedError("ring_all_reduce_time: the price of a step, times the steps")


def bus_bandwidth(nbytes: float, seconds: float, world_size: int) -> float:
    """Bytes per second over each link, from a measured time; 0 for one rank.

    Raises ValueError for seconds that are not finite and above 0.
    """
    # TODO: start from size over time.
    raise NotImplementedError("bus_bandwidth: bytes that crossed a link, over seconds")


def crossover_bytes(world_size: int, latency_s: float, bandwidth: float) -> float:
    """S*: the message size at which latency and bandwidth cost the same.

    Raises ValueError for one rank, which sends nothing.
    """
    # TODO: set both terms of your time equal.
    raise NotImplementedError("crossover_bytes: where the two terms are equal")


def fit_link(world_size: int, samples: list[tuple[float, float]]) -> tuple[float, float]:
    """(latency_s, bandwidth) of the link behind measured all-reduces [(nbytes, seconds)].

    Least squares, every sample alike. Raises ValueError for one rank, for samples with fewer than
    two distinct sizes, and for a size or a time in them that is negative or not finite.
    """
    # TODO: fit a line.
    # TODO: which part of the line is latency, which part bandwidth?
    raise NotImplementedError("fit_link: a least-squares line, then the link behind it")


def tp_comm_time(
    num_layers: int,
    hidden_size: int,
    dtype_bytes: int,
    num_tokens: int,
    world_size: int,
    latency_s: float,
    bandwidth: float,
) -> float:
    """Seconds of communication in one forward pass of a tensor-parallel model.

    No layers take no time, no tokens the latency. Negative counts raise ValueError.
    """
    # TODO: how many all-reduces, and of how many bytes?
    raise NotImplementedError("tp_comm_time: all-reduces of a pass, times the price of one")


def hierarchical_all_reduce_time(
    nbytes: float,
    gpus_per_node: int,
    num_nodes: int,
    intra_latency_s: float,
    intra_bandwidth: float,
    inter_latency_s: float,
    inter_bandwidth: float,
) -> float:
    """Seconds of: reduce-scatter inside each node, all-reduce across nodes, all-gather inside.

    Messages name `gpus_per_node` and `num_nodes`; `bandwidth` will do for `inter_bandwidth`.
    """
    # TODO: the two phases inside.
    # TODO: what does one GPU carry across?
    raise NotImplementedError("hierarchical_all_reduce_time: the sum of three phases")


def check_tp_placement(tp_groups: list[list[int]], domain_of_rank: list | dict) -> None:
    """Nothing, if the ranks of each group share one link domain (`domain_of_rank[rank]`).

    Raises ValueError otherwise; its message has all ranks of such a group and all its domains.
    """
    # TODO: collect the domains of each group.
    raise NotImplementedError("check_tp_placement: refuse a group that spans domains")


def regime(nbytes: float, world_size: int, latency_s: float, bandwidth: float) -> str:
    """The larger term of a message's time: "latency" or "bandwidth"; at S* either.

    Raises ValueError for one rank.
    """
    # TODO: on which side of S* is the message?
    raise NotImplementedError("regime: name the larger term")
