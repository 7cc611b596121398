"""Stage s starts at slot s*m: it waits for the whole batch."""  # loses: grid


def forward_grid(num_stages: int, num_microbatches: int) -> list[list[int | None]]:
    """Stage s runs microbatch t - s in slot t: p rows of p + m - 1 slots, None where it idles."""
    p, m = _count("num_stages", num_stages), _count("num_microbatches", num_microbatches)
    return [
        [slot - stage * m if stage * m <= slot < stage * m + m else None for slot in range(p * m)]
        for stage in range(p)
    ]
