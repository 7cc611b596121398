"""Both directions of the link counted: half the bandwidth term."""  # loses: time


def _ring_time(size, ranks, latency, bandwidth):
    return 2 * (ranks - 1) * (latency + size / ranks / (2 * bandwidth))
