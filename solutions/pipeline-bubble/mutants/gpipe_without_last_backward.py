"""gpipe_order leaves out the backward of the last microbatch."""  # loses: gpipe


def gpipe_order(num_stages: int, num_microbatches: int) -> list[Order]:
    """Every stage: all forwards, then all backwards, the last microbatch first."""
    p, m = _count("num_stages", num_stages), _count("num_microbatches", num_microbatches)
    forwards = [("F", i) for i in range(m)]
    backwards = [("B", i) for i in reversed(range(m - 1))]
    return [forwards + backwards for _ in range(p)]
