"""Lists where tuples stand in the contract, and ints where a Fraction is whole."""


def forward_grid(num_stages: int, num_microbatches: int) -> Any:
    p, m = _count("num_stages", num_stages), _count("num_microbatches", num_microbatches)
    rows = []
    for stage in range(p):
        rows.append((*[None] * stage, *range(m), *[None] * (p - 1 - stage)))
    return tuple(rows)


def bubble_of_grid(grid: list[list[int | None]]) -> Any:
    cells = len(grid) * len(grid[0])
    return _plain(Fraction(sum(row.count(None) for row in grid), cells))


def bubble_fraction(num_stages: int, num_microbatches: int) -> Any:
    p, m = _count("num_stages", num_stages), _count("num_microbatches", num_microbatches)
    return _plain(Fraction(p - 1, p + m - 1))


def gpipe_order(num_stages: int, num_microbatches: int) -> Any:
    p, m = _count("num_stages", num_stages), _count("num_microbatches", num_microbatches)
    return tuple([[kind, i] for kind in "FB" for i in range(m)] for _ in range(p))


def one_f_one_b_order(num_stages: int, num_microbatches: int) -> Any:
    p, m = _count("num_stages", num_stages), _count("num_microbatches", num_microbatches)
    orders = [_one_f_one_b(p - 1 - stage, m) for stage in range(p)]
    return [[list(op) for op in order] for order in orders]


def simulate(orders: list[Order], forward_time: Any = 1, backward_time: Any = 2) -> Times:
    """(start, end) of every op, each as early as its stage and what it needs allow."""
    forward = _duration("forward_time", forward_time)
    backward = _duration("backward_time", backward_time)
    left = [[(kind, i) for kind, i in order] for order in orders]
    _check_complete(left)
    free = [Fraction(0)] * len(orders)
    times: Times = {}
    while any(left):
        ready = [
            stage
            for stage, order in enumerate(left)
            if order and _needs(stage, *order[0], len(orders)) <= times.keys()
        ]
        if not ready:
            raise ValueError(f"stages wait for each other, and these can never run: {left}")
        for stage in ready:
            kind, i = left[stage].pop(0)
            ends = [times[need][1] for need in _needs(stage, kind, i, len(orders))]
            start = max([free[stage], *ends])
            free[stage] = start + (forward if kind == "F" else backward)
            times[stage, kind, i] = (start, free[stage])
    return {op: [_plain(start), _plain(end)] for op, (start, end) in times.items()}  # type: ignore[misc]


def bubble_of_schedule(times: Times, num_stages: int) -> Any:
    p = _count("num_stages", num_stages)
    makespan = max(end for _, end in times.values()) - min(start for start, _ in times.values())
    idle = p * makespan - sum(end - start for start, end in times.values())
    return _plain(Fraction(idle) / (p * makespan))


def _plain(value: Fraction) -> int | Fraction:
    return int(value) if value.denominator == 1 else value
