"""simulate raises start times until nothing moves (Bellman-Ford), checks order by positions."""


def simulate(orders: list[Order], forward_time: Any = 1, backward_time: Any = 2) -> Times:
    duration = {
        "F": _duration("forward_time", forward_time),
        "B": _duration("backward_time", backward_time),
    }
    _check_complete(orders)
    before = {
        (stage, *op): [(stage, *order[place - 1])] if place else []
        for stage, order in enumerate(orders)
        for place, op in enumerate(order)
    }
    for stage, kind, i in before:
        before[stage, kind, i] += list(_needs(stage, kind, i, len(orders)))
    start = dict.fromkeys(before, Fraction(0))
    for _ in range(len(start) + 1):
        moved = None
        for op, needs in before.items():
            least = max((start[need] + duration[need[1]] for need in needs), default=Fraction(0))
            if least > start[op]:
                start[op], moved = least, op
        if moved is None:
            return {op: (begin, begin + duration[op[1]]) for op, begin in start.items()}
    raise ValueError(f"no end of waiting at {moved[1:]} on stage {moved[0]}")
