"""The grid fills but never drains: it ends when stage 0 ends, after m slots."""  # loses: grid


def forward_grid(num_stages: int, num_microbatches: int) -> list[list[int | None]]:
    """Stage s runs microbatch t - s in slot t: p rows of p + m - 1 slots, None where it idles."""
    p, m = _count("num_stages", num_stages), _count("num_microbatches", num_microbatches)
    return [
        [slot - stage if stage <= slot < stage + m else None for slot in range(m)]
        for stage in range(p)
    ]
