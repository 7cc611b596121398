"""simulate as a discrete-event simulation: a heap of ends, stages woken as they come."""

import heapq


def simulate(orders: list[Order], forward_time: Any = 1, backward_time: Any = 2) -> Times:
    duration = {
        "F": _duration("forward_time", forward_time),
        "B": _duration("backward_time", backward_time),
    }
    _check_complete(orders)
    place = [0] * len(orders)
    busy = [False] * len(orders)
    done: set[tuple[int, str, int]] = set()
    times: Times = {}
    events: list[tuple[Fraction, int]] = [(Fraction(0), -1)]
    while events:
        now, finished = heapq.heappop(events)
        if finished >= 0:
            kind, i = orders[finished][place[finished]]
            done.add((finished, kind, i))
            place[finished] += 1
            busy[finished] = False
        for stage in reversed(range(len(orders))):
            if busy[stage] or place[stage] == len(orders[stage]):
                continue
            kind, i = orders[stage][place[stage]]
            if all(need in done for need in _needs(stage, kind, i, len(orders))):
                times[stage, kind, i] = (now, now + duration[kind])
                heapq.heappush(events, (now + duration[kind], stage))
                busy[stage] = True
    for stage, order in enumerate(orders):
        if place[stage] < len(order):
            raise ValueError(f"stage {stage} never gets to {tuple(order[place[stage]])}")
    return times
