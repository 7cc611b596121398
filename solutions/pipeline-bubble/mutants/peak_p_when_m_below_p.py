"""1F1B warms up with p - 1 - s forwards even if there are fewer microbatches. (whole file)"""  # loses: one-f-one-b

from collections import Counter, deque
from collections.abc import Iterator
from fractions import Fraction
from numbers import Integral, Rational
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
    cells = [cell for row in grid for cell in row]
    return Fraction(sum(cell is None for cell in cells), len(cells))


def bubble_fraction(num_stages: int, num_microbatches: int) -> Fraction:
    """(p - 1) / (p + m - 1): of p + m - 1 slots, each stage works in m."""
    p, m = _count("num_stages", num_stages), _count("num_microbatches", num_microbatches)
    return Fraction(p - 1, p + m - 1)


def min_microbatches(num_stages: int, max_bubble: Fraction) -> int:
    """The smallest m with (p - 1) / (p + m - 1) <= max_bubble, solved for m without rounding."""
    p = _count("num_stages", num_stages)
    bound = _exact("max_bubble", max_bubble)
    if not 0 < bound < 1:
        raise ValueError(f"max_bubble must lie between 0 and 1, got {max_bubble}")
    least = (p - 1) * (1 - bound) / bound
    return max(1, -(-least.numerator // least.denominator))


def gpipe_order(num_stages: int, num_microbatches: int) -> list[Order]:
    """Every stage: all forwards, then all backwards, the last microbatch first."""
    p, m = _count("num_stages", num_stages), _count("num_microbatches", num_microbatches)
    forwards = [("F", i) for i in range(m)]
    backwards = [("B", i) for i in reversed(range(m))]
    return [forwards + backwards for _ in range(p)]


def one_f_one_b_order(num_stages: int, num_microbatches: int) -> list[Order]:
    """Every stage: enough forwards to fill the stages after it, then in turns, then the rest."""
    p, m = _count("num_stages", num_stages), _count("num_microbatches", num_microbatches)
    return [_one_f_one_b(p - 1 - stage, m) for stage in range(p)]


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
            raise ValueError(f"deadlock: {_who_waits(waiting)}")
    return times


def bubble_of_schedule(times: Times, num_stages: int) -> Fraction:
    """The share of num_stages * makespan in which no op runs."""
    p = _count("num_stages", num_stages)
    makespan = max(end for _, end in times.values())
    busy = sum(end - start for start, end in times.values())
    return 1 - Fraction(busy, p * makespan)


def peak_in_flight(order: Order) -> int:
    """The most microbatches that are at once forwarded and not yet backwarded."""
    held = peak = 0
    for kind, _ in order:
        held += 1 if kind == "F" else -1
        peak = max(peak, held)
    return peak


def decode_utilization(num_stages: int, batches_in_flight: int, num_tokens: int) -> Fraction:
    """Share of the slots in which a stage works, when b batches decode T tokens each.

    A round of tokens takes max(b, p) slots: b if the stages are the bottleneck, p if a batch waits
    for its own last token. The last round's stragglers add min(b, p) - 1.
    """
    p = _count("num_stages", num_stages)
    b = _count("batches_in_flight", batches_in_flight)
    tokens = _count("num_tokens", num_tokens)
    return Fraction(b * tokens, max(b, p) * tokens + min(b, p) - 1)


def _one_f_one_b(warm_up: int, m: int) -> Order:
    order = [("F", i) for i in range(warm_up)]
    for i in range(m - warm_up):
        order += [("F", warm_up + i), ("B", i)]
    return order + [("B", i) for i in range(m - warm_up, m)]


def _needs(stage: int, kind: str, i: int, num_stages: int) -> Iterator[tuple[int, str, int]]:
    """The ops that must have ended before this one starts, besides those before it on its stage."""
    if kind == "F" and stage > 0:
        yield stage - 1, "F", i
    if kind == "B":
        yield stage, "F", i
    if kind == "B" and stage < num_stages - 1:
        yield stage + 1, "B", i


def _check_complete(orders: list[Order]) -> None:
    """Every stage must run F and B of each microbatch that appears anywhere exactly once."""
    everything = {(kind, i) for order in orders for _, i in order for kind in "FB"}
    for stage, order in enumerate(orders):
        runs = Counter((kind, i) for kind, i in order)
        for op in sorted(everything | set(runs)):
            if op not in everything or runs[op] != 1:
                raise ValueError(f"stage {stage} runs {op} {runs[op]} times instead of once")


def _who_waits(waiting: list[deque[Op]]) -> str:
    heads = [f"stage {stage} waits at {queue[0]}" for stage, queue in enumerate(waiting) if queue]
    return ", ".join(heads)


def _count(name: str, value: Any) -> int:
    """`value` as an int of at least 1; `bool` is no count, numpy's integers are."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(f"{name} must be an int, got {value!r}")
    if value < 1:
        raise ValueError(f"{name} must be at least 1, got {value}")
    return int(value)


def _exact(name: str, value: Any) -> Fraction:
    if isinstance(value, bool) or not isinstance(value, Rational):
        raise TypeError(f"{name} must be exact (an int or a Fraction), got {value!r}")
    return Fraction(int(value.numerator), int(value.denominator))


def _duration(name: str, value: Any) -> Fraction:
    if (exact := _exact(name, value)) <= 0:
        raise ValueError(f"{name} must be above 0, got {value}")
    return exact
