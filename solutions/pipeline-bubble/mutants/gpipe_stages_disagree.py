"""GPipe's backwards run in opposite orders on even and odd stages."""  # loses: gpipe


def gpipe_order(num_stages: int, num_microbatches: int) -> list[Order]:
    """Every stage: all forwards, then all backwards, the last microbatch first."""
    p, m = _count("num_stages", num_stages), _count("num_microbatches", num_microbatches)
    forwards = [("F", i) for i in range(m)]
    backwards = [("B", i) for i in reversed(range(m))]
    return [forwards + backwards[:: 1 if stage % 2 else -1] for stage in range(p)]
