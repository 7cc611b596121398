"""Every step of the price moves the whole message."""  # loses: time


def _ring_time(size, ranks, latency, bandwidth):
    return 2 * (ranks - 1) * (latency + size / bandwidth)
