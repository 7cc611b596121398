"""Latency of a tree: 2 log2(n) steps."""  # loses: time


def _ring_time(size, ranks, latency, bandwidth):
    waits = 2 * math.ceil(math.log2(ranks))
    return waits * latency + 2 * (ranks - 1) * size / ranks / bandwidth
