"""Latency in one phase only."""  # loses: time


def _ring_time(size, ranks, latency, bandwidth):
    return 2 * (ranks - 1) * (latency / 2 + size / ranks / bandwidth)
