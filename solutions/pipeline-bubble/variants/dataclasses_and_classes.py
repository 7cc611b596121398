"""Dataclasses in the submitted module, recursion with a cache, exceptions that are subclasses. (whole file)"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from fractions import Fraction
from operator import index


class BadCountError(ValueError):
    pass


class IllegalOrderError(ValueError):
    pass


@dataclass(frozen=True, order=True)
class Op:
    stage: int
    kind: str
    microbatch: int

    def __str__(self) -> str:
        return str((self.kind, self.microbatch))


@dataclass
class Pipeline:
    num_stages: int
    num_microbatches: int

    def __post_init__(self) -> None:
        self.num_stages = whole("num_stages", self.num_stages)
        self.num_microbatches = whole("num_microbatches", self.num_microbatches)

    @property
    def slots(self) -> int:
        return self.num_stages + self.num_microbatches - 1

    @property
    def bubble(self) -> Fraction:
        return 1 - Fraction(self.num_microbatches, self.slots)


@dataclass
class Run:
    orders: list
    durations: dict[str, Fraction]
    ends: dict[Op, Fraction] = field(default_factory=dict)
    open: set[Op] = field(default_factory=set)
    place: dict[Op, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for stage, order in enumerate(self.orders):
            for place, (kind, microbatch) in enumerate(order):
                op = Op(stage, kind, microbatch)
                if op in self.place:
                    raise IllegalOrderError(f"{op} stands twice on stage {stage}")
                self.place[op] = place
        for microbatch in {op.microbatch for op in self.place}:
            for stage in range(len(self.orders)):
                for kind in "FB":
                    if (op := Op(stage, kind, microbatch)) not in self.place:
                        raise IllegalOrderError(f"{op} is missing on stage {stage}")

    def needs(self, op: Op) -> list[Op]:
        needs = []
        if self.place[op]:
            needs.append(Op(op.stage, *self.orders[op.stage][self.place[op] - 1]))
        if op.kind == "F" and op.stage:
            needs.append(Op(op.stage - 1, "F", op.microbatch))
        if op.kind == "B":
            needs.append(Op(op.stage, "F", op.microbatch))
            if op.stage + 1 < len(self.orders):
                needs.append(Op(op.stage + 1, "B", op.microbatch))
        return needs

    def end(self, op: Op) -> Fraction:
        if op not in self.ends:
            if op in self.open:
                raise IllegalOrderError(f"{op} on stage {op.stage} waits for itself")
            self.open.add(op)
            start = max((self.end(need) for need in self.needs(op)), default=Fraction(0))
            self.ends[op] = start + self.durations[op.kind]
        return self.ends[op]


def integer(name, value):
    try:
        if value is True or value is False:
            raise TypeError("a bool is no number here")
        return index(value)
    except TypeError as error:
        raise TypeError(f"{name}: {error}") from error


def whole(name, value):
    value = integer(name, value)
    if value < 1:
        raise BadCountError(f"{name}={value}: a count starts at 1")
    return value


def duration(name, value):
    if not isinstance(value, Fraction):
        value = integer(name, value)
    if value <= 0:
        raise BadCountError(f"{name}={value!r}: time must pass")
    return Fraction(value)


def forward_grid(num_stages, num_microbatches):
    pipeline = Pipeline(num_stages, num_microbatches)
    grid = [[None] * pipeline.slots for _ in range(pipeline.num_stages)]
    for stage, row in enumerate(grid):
        for microbatch in range(pipeline.num_microbatches):
            row[stage + microbatch] = microbatch
    return grid


def bubble_of_grid(grid):
    idle = busy = 0
    for row in grid:
        for cell in row:
            if cell is None:
                idle += 1
            else:
                busy += 1
    return Fraction(idle, idle + busy)


def bubble_fraction(num_stages, num_microbatches):
    return Pipeline(num_stages, num_microbatches).bubble


def min_microbatches(num_stages, max_bubble):
    stages = whole("num_stages", num_stages)
    if not isinstance(max_bubble, Fraction):
        max_bubble = integer("max_bubble", max_bubble)
    if max_bubble <= 0 or max_bubble >= 1:
        raise ValueError(f"max_bubble={max_bubble!r} is out of range")
    return max(math.ceil((stages - 1) / max_bubble) - (stages - 1), 1)


def gpipe_order(num_stages, num_microbatches):
    pipeline = Pipeline(num_stages, num_microbatches)
    forwards = [("F", i) for i in range(pipeline.num_microbatches)]
    return [forwards + [("B", i) for _, i in forwards] for _ in range(pipeline.num_stages)]


def one_f_one_b_order(num_stages, num_microbatches):
    pipeline = Pipeline(num_stages, num_microbatches)
    orders = []
    for stage in range(pipeline.num_stages):
        order, forwards, backwards = [], 0, 0
        while backwards < pipeline.num_microbatches:
            held = forwards - backwards
            if forwards < pipeline.num_microbatches and held < pipeline.num_stages - stage:
                order.append(("F", forwards))
                forwards += 1
            else:
                order.append(("B", backwards))
                backwards += 1
        orders.append(order)
    return orders


def simulate(orders, forward_time=1, backward_time=2):
    durations = {
        "F": duration("forward_time", forward_time),
        "B": duration("backward_time", backward_time),
    }
    run = Run(orders, durations)
    return {
        (op.stage, op.kind, op.microbatch): (run.end(op) - durations[op.kind], run.end(op))
        for op in run.place
    }


def bubble_of_schedule(times, num_stages):
    stages = whole("num_stages", num_stages)
    makespan = max(end for start, end in times.values())
    return sum(
        (makespan - sum(end - start for (s, _, _), (start, end) in times.items() if s == stage))
        / makespan
        for stage in range(stages)
    ) / Fraction(stages)


def peak_in_flight(order):
    in_flight, peak = set(), 0
    for kind, microbatch in order:
        if kind == "F":
            in_flight.add(microbatch)
        else:
            in_flight.discard(microbatch)
        peak = max(peak, len(in_flight))
    return peak


def decode_utilization(num_stages, batches_in_flight, num_tokens):
    stages = whole("num_stages", num_stages)
    batches = whole("batches_in_flight", batches_in_flight)
    tokens = whole("num_tokens", num_tokens)
    if batches < stages:
        slots = stages * tokens + batches - 1
    else:
        slots = batches * tokens + stages - 1
    return Fraction(batches * tokens, slots)
