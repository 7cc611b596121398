"""The algebra counts its own grid, min_microbatches searches by halving."""


def bubble_fraction(num_stages: int, num_microbatches: int) -> Fraction:
    return bubble_of_grid(forward_grid(num_stages, num_microbatches))


def min_microbatches(num_stages: int, max_bubble: Fraction) -> int:
    p = _count("num_stages", num_stages)
    bound = _exact("max_bubble", max_bubble)
    if not 0 < bound < 1:
        raise ValueError(f"max_bubble must lie between 0 and 1, got {max_bubble}")
    low, high = 0, 1
    while Fraction(p - 1, p + high - 1) > bound:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if Fraction(p - 1, p + middle - 1) > bound else (low, middle)
    return high
