"""min_microbatches returns 0 where there is no bubble."""  # loses: min-microbatches


def min_microbatches(num_stages: int, max_bubble: Fraction) -> int:
    """The smallest m with (p - 1) / (p + m - 1) <= max_bubble, solved for m without rounding."""
    p = _count("num_stages", num_stages)
    bound = _exact("max_bubble", max_bubble)
    if not 0 < bound < 1:
        raise ValueError(f"max_bubble must lie between 0 and 1, got {max_bubble}")
    least = (p - 1) * (1 - bound) / bound
    return -(-least.numerator // least.denominator)
