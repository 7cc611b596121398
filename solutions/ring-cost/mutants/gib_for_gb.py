"""GiB for GB: 2**30 bytes in a gigabyte of bandwidth."""  # loses: time


def _ring_time(size, ranks, latency, bandwidth):
    return 2 * (ranks - 1) * (latency + size / ranks / (bandwidth * 2**30 / 10**9))
