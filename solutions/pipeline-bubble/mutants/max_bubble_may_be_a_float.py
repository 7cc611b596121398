"""min_microbatches takes a float as max_bubble."""  # loses: bad-values


def min_microbatches(num_stages: int, max_bubble: Fraction) -> int:
    """The smallest m with (p - 1) / (p + m - 1) <= max_bubble, solved for m without rounding."""
    p = _count("num_stages", num_stages)
    bound = Fraction(max_bubble)
    if not 0 < bound < 1:
        raise ValueError(f"max_bubble must lie between 0 and 1, got {max_bubble}")
    least = (p - 1) * (1 - bound) / bound
    return max(1, -(-least.numerator // least.denominator))
