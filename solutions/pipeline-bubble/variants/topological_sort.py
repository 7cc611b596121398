"""simulate as longest paths over a topological order, ties broken as graphlib likes."""

from graphlib import CycleError, TopologicalSorter


def simulate(orders: list[Order], forward_time: Any = 1, backward_time: Any = 2) -> Times:
    duration = {
        "F": _duration("forward_time", forward_time),
        "B": _duration("backward_time", backward_time),
    }
    _check_complete(orders)
    graph: dict[tuple[int, str, int], set[tuple[int, str, int]]] = {}
    for stage, order in enumerate(orders):
        for place, (kind, i) in enumerate(order):
            graph[stage, kind, i] = set(_needs(stage, kind, i, len(orders)))
            if place:
                graph[stage, kind, i].add((stage, *order[place - 1]))
    try:
        sequence = list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        _, kind, i = error.args[1][0]
        raise ValueError(f"{(kind, i)} waits for itself, in the end") from None
    times: Times = {}
    for node in sequence:
        start = max((times[need][1] for need in graph[node]), default=Fraction(0))
        times[node] = (start, start + duration[node[1]])
    return times
