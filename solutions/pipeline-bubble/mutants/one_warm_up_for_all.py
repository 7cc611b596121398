"""Every stage warms up as much as stage 0."""  # loses: one-f-one-b


def one_f_one_b_order(num_stages: int, num_microbatches: int) -> list[Order]:
    """Every stage: enough forwards to fill the stages after it, then in turns, then the rest."""
    p, m = _count("num_stages", num_stages), _count("num_microbatches", num_microbatches)
    return [_one_f_one_b(min(p - 1, m), m) for stage in range(p)]
