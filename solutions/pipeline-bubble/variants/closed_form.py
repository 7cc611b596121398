"""simulate by closed form where there is one; the bubble of one stage stands for all."""


def simulate(orders: list[Order], forward_time: Any = 1, backward_time: Any = 2) -> Times:
    """(start, end) of every op, each as early as its stage and what it needs allow."""
    forward = _duration("forward_time", forward_time)
    backward = _duration("backward_time", backward_time)
    _check_complete(orders)
    if orders and orders[0]:
        p, m = len(orders), len(orders[0]) // 2
        plain = [[(kind, i) for kind, i in order] for order in orders]
        if plain == one_f_one_b_order(p, m):
            return _times_of_one_f_one_b(p, m, Fraction(forward), Fraction(backward))
        if plain == gpipe_order(p, m):
            return _times_of_gpipe(p, m, Fraction(forward), Fraction(backward))
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


def bubble_of_schedule(times: Times, num_stages: int) -> Fraction:
    _count("num_stages", num_stages)
    makespan = max(end for _, end in times.values())
    busy = sum(end - start for (stage, _, _), (start, end) in times.items() if stage == 0)
    return (makespan - busy) / makespan


def _times_of_one_f_one_b(p: int, m: int, forward: Fraction, backward: Fraction) -> Times:
    times: Times = {}
    for stage in range(p):
        for i in range(m):
            start = (stage + i) * forward + (i * backward if i >= p - stage else 0)
            times[stage, "F", i] = (start, start + forward)
            start = (p + i) * forward + (p - 1 - stage + i) * backward
            times[stage, "B", i] = (start, start + backward)
    return times


def _times_of_gpipe(p: int, m: int, forward: Fraction, backward: Fraction) -> Times:
    times: Times = {}
    for stage in range(p):
        for i in range(m):
            start = (stage + i) * forward
            times[stage, "F", i] = (start, start + forward)
            start = (p + m - 1) * forward + (p - 1 - stage + i) * backward
            times[stage, "B", i] = (start, start + backward)
    return times
