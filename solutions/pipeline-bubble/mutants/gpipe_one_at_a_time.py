"""gpipe_order runs each microbatch's backward right after its forward."""  # loses: gpipe


def gpipe_order(num_stages: int, num_microbatches: int) -> list[Order]:
    """Every stage: all forwards, then all backwards, the last microbatch first."""
    p, m = _count("num_stages", num_stages), _count("num_microbatches", num_microbatches)
    forwards = [("F", i) for i in range(m)]
    backwards = [("B", i) for i in reversed(range(m))]
    in_turns = [op for pair in zip(forwards, reversed(backwards), strict=True) for op in pair]
    return [list(in_turns) for _ in range(p)]
