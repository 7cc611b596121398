"""Bits over the wire: eight times the bandwidth term."""  # loses: time


def _ring_time(size, ranks, latency, bandwidth):
    return 2 * (ranks - 1) * (latency + 8 * size / ranks / bandwidth)
