"""Each stage leaves a slot between the end of a microbatch before it and its own start."""  # loses: grid


def forward_grid(num_stages: int, num_microbatches: int) -> list[list[int | None]]:
    """Stage s runs microbatch t - s in slot t: p rows of p + m - 1 slots, None where it idles."""
    p, m = _count("num_stages", num_stages), _count("num_microbatches", num_microbatches)
    return [
        [slot - 2 * stage if 0 <= slot - 2 * stage < m else None for slot in range(2 * p + m - 2)]
        for stage in range(p)
    ]
