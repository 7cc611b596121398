"""min_microbatches tries m = 1, 2, 3, ..."""


def min_microbatches(num_stages: int, max_bubble: Fraction) -> int:
    p = _count("num_stages", num_stages)
    bound = _exact("max_bubble", max_bubble)
    if not 0 < bound < 1:
        raise ValueError(f"max_bubble must lie between 0 and 1, got {max_bubble}")
    m = 1
    while bubble_fraction(p, m) > bound:
        m += 1
    return m
