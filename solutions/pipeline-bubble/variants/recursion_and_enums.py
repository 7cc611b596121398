"""Recursion with a cache over what an op waits for; ops are named tuples of a StrEnum. (whole file)"""

from collections import OrderedDict
from enum import StrEnum
from fractions import Fraction
from functools import cache
from typing import NamedTuple


class Kind(StrEnum):
    F = "F"
    B = "B"


class Op(NamedTuple):
    kind: Kind
    microbatch: int


class Span(NamedTuple):
    start: Fraction
    end: Fraction


def at_least_1(name, value):
    integral = hasattr(value, "__index__") and not isinstance(value, bool)
    if not integral:
        raise TypeError(f"{name}={value!r}")
    if value.__index__() < 1:
        raise ValueError(f"{name}={value!r}")
    return value.__index__()


def positive(name, value):
    if isinstance(value, Fraction):
        if value > 0:
            return value
    elif not hasattr(value, "__index__") or isinstance(value, bool):
        raise TypeError(f"{name}={value!r}")
    elif value.__index__() > 0:
        return Fraction(value.__index__())
    raise ValueError(f"{name}={value!r}")


def forward_grid(num_stages, num_microbatches):
    p, m = at_least_1("num_stages", num_stages), at_least_1("num_microbatches", num_microbatches)
    slots = range(p + m - 1)
    return [[t - s if t - s in range(m) else None for t in slots] for s in range(p)]


def bubble_of_grid(grid):
    idle = total = 0
    for row in grid:
        idle += row.count(None)
        total += len(row)
    return Fraction(idle, total)


def bubble_fraction(num_stages, num_microbatches):
    at_least_1("num_stages", num_stages)
    at_least_1("num_microbatches", num_microbatches)
    return Fraction(num_stages - 1, num_stages + num_microbatches - 1)


def min_microbatches(num_stages, max_bubble):
    p = at_least_1("num_stages", num_stages)
    if isinstance(max_bubble, float):
        raise TypeError(f"max_bubble={max_bubble!r} is a float")
    if not 0 < max_bubble < 1:
        raise ValueError(f"max_bubble={max_bubble!r} must be in (0, 1)")
    slots = Fraction(p - 1) / max_bubble  # as many as this are allowed to be, at least
    return max(1, slots.__ceil__() - p + 1)


def gpipe_order(num_stages, num_microbatches):
    p, m = at_least_1("num_stages", num_stages), at_least_1("num_microbatches", num_microbatches)
    return [[Op(kind, i) for kind in Kind for i in range(m)] for _ in range(p)]


def one_f_one_b_order(num_stages, num_microbatches):
    p, m = at_least_1("num_stages", num_stages), at_least_1("num_microbatches", num_microbatches)

    def rest(stage, forwards, backwards):
        if backwards == m:
            return []
        if forwards < m and forwards - backwards < p - stage:
            return [Op(Kind.F, forwards), *rest(stage, forwards + 1, backwards)]
        return [Op(Kind.B, backwards), *rest(stage, forwards, backwards + 1)]

    return [rest(stage, 0, 0) for stage in range(p)]


def simulate(orders, forward_time=1, backward_time=2):
    takes = {
        "F": positive("forward_time", forward_time),
        "B": positive("backward_time", backward_time),
    }
    orders = [tuple(map(tuple, order)) for order in orders]
    last = len(orders) - 1
    for microbatch in sorted({i for order in orders for _, i in order}):
        for stage, order in enumerate(orders):
            for kind in "FB":
                if order.count((kind, microbatch)) - 1:
                    raise ValueError(f"stage {stage}: Op(kind={kind!r}, microbatch={microbatch})")
    under_way = set()

    @cache
    def span(stage, kind, microbatch):
        if (stage, kind, microbatch) in under_way:
            raise ValueError(f"circle through {(stage, kind, microbatch)}")
        under_way.add((stage, kind, microbatch))
        place = orders[stage].index((kind, microbatch))
        ends = [Fraction(0)]
        if place:
            ends.append(span(stage, *orders[stage][place - 1]).end)
        if kind == "F" and stage:
            ends.append(span(stage - 1, "F", microbatch).end)
        if kind == "B":
            ends.append(span(stage, "F", microbatch).end)
            if stage < last:
                ends.append(span(stage + 1, "B", microbatch).end)
        return Span(max(ends), max(ends) + takes[kind])

    return OrderedDict(
        ((stage, Kind(kind), i), span(stage, kind, i))
        for stage, order in reversed(list(enumerate(orders)))
        for kind, i in order
    )


def bubble_of_schedule(times, num_stages):
    p = at_least_1("num_stages", num_stages)
    makespan = max(end for _, end in times.values())
    idle = Fraction(0)
    for stage in range(p):
        now = Fraction(0)
        for start, end in sorted(span for (s, _, _), span in times.items() if s == stage):
            idle += start - now
            now = end
        idle += makespan - now
    return idle / (p * makespan)


def peak_in_flight(order):
    def held(upto):
        kinds = [kind for kind, _ in order[:upto]]
        return kinds.count("F") - kinds.count("B")

    return max(held(upto) for upto in range(1, len(order) + 1))


def decode_utilization(num_stages, batches_in_flight, num_tokens):
    p = at_least_1("num_stages", num_stages)
    b = at_least_1("batches_in_flight", batches_in_flight)
    t = at_least_1("num_tokens", num_tokens)
    entered = [[0] * b for _ in range(t)]
    for k in range(t):
        for i in range(b):
            before = entered[k][i - 1] if i else (entered[k - 1][-1] if k else -1)
            entered[k][i] = max(before + 1, entered[k - 1][i] + p if k else 0)
    return Fraction(b * t, entered[-1][-1] + p)
