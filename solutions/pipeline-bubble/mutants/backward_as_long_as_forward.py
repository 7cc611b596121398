"""The default backward_time is 1."""  # loses: simulate


def simulate(orders: list[Order], forward_time: Any = 1, backward_time: Any = 1) -> Times:
    """(start, end) of every op, each as early as its stage and what it needs allow."""
    forward = _duration("forward_time", forward_time)
    backward = _duration("backward_time", backward_time)
    _check_complete(orders)
    left = [list(order) for order in orders]
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
    return times
