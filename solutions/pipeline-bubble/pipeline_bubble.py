"""Pipeline bubbles three ways: a grid that is counted, algebra, and a schedule that is run.

p stages and m microbatches throughout; stages, slots and microbatches count from 0. Every share
of time is an exact `Fraction`. Sources: GPipe (Huang et al. 2019, section 2.3) for the bubble;
1F1B is the default schedule of Megatron-LM (Narayanan et al. 2021, section 2.2.1).
"""

from fractions import Fraction
from itertools import accumulate, chain, product
from math import ceil
from operator import index
from typing import Any

Op = tuple[str, int]
Order = list[Op]
Times = dict[tuple[int, str, int], tuple[Fraction, Fraction]]


def forward_grid(num_stages: int, num_microbatches: int) -> list[list[int | None]]:
    """Stage s runs microbatch t - s in slot t: p rows of p + m - 1 slots, None where it idles."""
    p, m = _count("num_stages", num_stages), _count("num_microbatches", num_microbatches)
    return [
        [slot - stage if stage <= slot < stage + m else None for slot in range(p + m - 1)]
        for stage in range(p)
    ]


def bubble_of_grid(grid: list[list[int | None]]) -> Fraction:
    """The share of cells, of all stages, in which nothing runs."""
    cells = list(chain(*grid))
    return Fraction(cells.count(None), len(cells))


def bubble_fraction(num_stages: int, num_microbatches: int) -> Fraction:
    """(p - 1) / (p + m - 1): of p + m - 1 slots, each stage works in m."""
    p, m = _count("num_stages", num_stages), _count("num_microbatches", num_microbatches)
    return Fraction(p - 1, p + m - 1)


def min_microbatches(num_stages: int, max_bubble: Fraction) -> int:
    """The smallest m with (p - 1) / (p + m - 1) <= max_bubble, solved for m without rounding."""
    p = _count("num_stages", num_stages)
    limit = _exact("max_bubble", max_bubble)
    if not 0 < limit < 1:
        raise ValueError(f"max_bubble must lie between 0 and 1, got {limit}")
    return ceil((p - 1) * (1 - limit) / limit) or 1


def gpipe_order(num_stages: int, num_microbatches: int) -> list[Order]:
    """Every stage: all forwards, then all backwards, here in the order of the forwards."""
    p, m = _count("num_stages", num_stages), _count("num_microbatches", num_microbatches)
    return [list(product("FB", range(m))) for _ in range(p)]


def one_f_one_b_order(num_stages: int, num_microbatches: int) -> list[Order]:
    """Every stage: enough forwards to fill the stages after it, then in turns, then the rest."""
    p, m = _count("num_stages", num_stages), _count("num_microbatches", num_microbatches)
    return [_one_f_one_b(p - 1 - stage, m) for stage in range(p)]


def simulate(orders: list[Order], forward_time: Any = 1, backward_time: Any = 2) -> Times:
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


def bubble_of_schedule(times: Times, num_stages: int) -> Fraction:
    """The share of num_stages * makespan in which no op runs."""
    p = _count("num_stages", num_stages)
    makespan = max(end for _, end in times.values())
    busy = sum(end - start for start, end in times.values())
    return 1 - Fraction(busy, p * makespan)


def peak_in_flight(order: Order) -> int:
    """The most microbatches that are at once forwarded and not yet backwarded."""
    return max(accumulate(1 if kind == "F" else -1 for kind, _ in order))


def decode_utilization(num_stages: int, batches_in_flight: int, num_tokens: int) -> Fraction:
    """Share of the slots in which a stage works, when b batches decode T tokens each.

    A round of tokens takes max(b, p) slots: b if the stages are the bottleneck, p if a batch waits
    for its own last token. The last round's stragglers add min(b, p) - 1.
    """
    p = _count("num_stages", num_stages)
    b = _count("batches_in_flight", batches_in_flight)
    tokens = _count("num_tokens", num_tokens)
    fewer, more = sorted((b, p))
    return Fraction(b * tokens, more * tokens + fewer - 1)


def _one_f_one_b(ahead: int, m: int) -> Order:
    """`ahead` forwards, if there are so many, then one of each in turns, then what is left."""
    forwards, backwards = ([(kind, i) for i in range(m)] for kind in "FB")
    turns = chain(*zip(forwards[ahead:], backwards, strict=False))
    return [*forwards[:ahead], *turns, *backwards[len(forwards[ahead:]) :]]


def _needs(stage: int, kind: str, i: int, num_stages: int) -> set[tuple[int, str, int]]:
    """The ops that must have ended before this one starts, besides those before it on its stage."""
    needs = {(stage, "F", i)} if kind == "B" else set()
    neighbour = stage - 1 if kind == "F" else stage + 1
    return needs | {(neighbour, kind, i)} if neighbour in range(num_stages) else needs


def _check_complete(orders: list[Order]) -> None:
    """Every stage must run F and B of each microbatch that appears anywhere exactly once."""
    microbatches = {i for order in orders for _, i in order}
    for stage, order in enumerate(orders):
        for op in product("FB", microbatches):
            if order.count(op) != 1:
                raise ValueError(f"{(stage, *op)} must stand exactly once")


def _integer(name: str, value: Any) -> int:
    """`value` as an int; `bool` is none, numpy's integers are."""
    wrong = TypeError(f"{name} must be an integer, or a Fraction where one is asked")
    if isinstance(value, bool):
        raise wrong
    try:
        return index(value)
    except TypeError:
        raise wrong from None


def _count(name: str, value: Any) -> int:
    count = _integer(name, value)
    if count < 1:
        raise ValueError(f"{name} must be at least 1, got {count}")
    return count


def _exact(name: str, value: Any) -> int | Fraction:
    return value if isinstance(value, Fraction) else _integer(name, value)


def _duration(name: str, value: Any) -> int | Fraction:
    if (exact := _exact(name, value)) <= 0:
        raise ValueError(f"{name} must be above 0, got {exact}")
    return exact
