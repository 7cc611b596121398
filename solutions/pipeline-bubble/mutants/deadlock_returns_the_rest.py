"""simulate returns what it has when every stage waits. (rewritten)"""  # loses: illegal-orders

from collections import deque


def simulate(orders: list[Order], forward_time: Any = 1, backward_time: Any = 2) -> Times:
    """(start, end) of every op, each as early as its stage and what it needs allow."""
    duration = {
        "F": _duration("forward_time", forward_time),
        "B": _duration("backward_time", backward_time),
    }
    _check_complete(orders)
    waiting = [deque(order) for order in orders]
    free = [Fraction(0)] * len(orders)
    times: Times = {}
    while any(waiting):
        finished = len(times)
        for stage, queue in enumerate(waiting):
            while queue and all(need in times for need in _needs(stage, *queue[0], len(orders))):
                kind, i = queue.popleft()
                ends = [times[need][1] for need in _needs(stage, kind, i, len(orders))]
                start = max(free[stage], *ends, Fraction(0))
                free[stage] = start + duration[kind]
                times[stage, kind, i] = (start, free[stage])
        if len(times) == finished:
            break
    return times
