"""The last stage's row of the grid leaves microbatch 0 out."""  # loses: grid


def forward_grid(num_stages: int, num_microbatches: int) -> list[list[int | None]]:
    """Stage s runs microbatch t - s in slot t: p rows of p + m - 1 slots, None where it idles."""
    p, m = _count("num_stages", num_stages), _count("num_microbatches", num_microbatches)
    grid: list[list[int | None]] = [
        [slot - stage if stage <= slot < stage + m else None for slot in range(p + m - 1)]
        for stage in range(p)
    ]
    grid[-1][p - 1] = None
    return grid
