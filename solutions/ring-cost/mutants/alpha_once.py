"""Latency once, not per step."""  # loses: time


def _ring_time(size, ranks, latency, bandwidth):
    chunks = 2 * (ranks - 1) * size / ranks
    return (latency if ranks > 1 else 0) + chunks / bandwidth
