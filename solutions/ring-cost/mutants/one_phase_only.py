"""The time of one phase only."""  # loses: time


def _ring_time(size, ranks, latency, bandwidth):
    return (ranks - 1) * (latency + size / ranks / bandwidth)
