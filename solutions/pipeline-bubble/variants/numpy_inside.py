"""numpy throughout: its integers come back alone, in ops and in Fractions, as grid cells too. (whole file)"""

from fractions import Fraction

import numpy as np


def _count(value, name):
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name} has to be an integer")
    if value < 1:
        raise ValueError(f"{name} == {float(value)}, which is less than 1")
    return np.int64(value)


def _time(value, name):
    if not isinstance(value, Fraction):
        if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)):
            raise TypeError(f"{name}: neither an integer nor a Fraction")
        value = Fraction(int(value))
    if value <= 0:
        raise ValueError(f"{name} == {value!r}, not above 0")
    return value


def forward_grid(num_stages, num_microbatches):
    p, m = _count(num_stages, "num_stages"), _count(num_microbatches, "num_microbatches")
    grid = np.full((p, p + m - 1), None, object)
    for stage in range(p):
        grid[stage, stage : stage + m] = np.arange(m)
    return [list(row) for row in grid]


def bubble_of_grid(grid):
    idle = np.array([[cell is None for cell in row] for row in grid])
    return Fraction(int(idle.sum()), idle.size)


def bubble_fraction(num_stages, num_microbatches):
    p, m = _count(num_stages, "num_stages"), _count(num_microbatches, "num_microbatches")
    return Fraction(p - 1, p + m - 1)


def min_microbatches(num_stages, max_bubble):
    p = _count(num_stages, "num_stages")
    if isinstance(max_bubble, (float, np.floating)):
        raise TypeError("max_bubble is a float")
    if not 0 < max_bubble < 1:
        raise ValueError(f"max_bubble is {Fraction(max_bubble)!r}")
    n, d = max_bubble.numerator, max_bubble.denominator
    m = -(int(p - 1) * (n - d) // n)
    return np.int64(max(m, 1))


def gpipe_order(num_stages, num_microbatches):
    p, m = _count(num_stages, "num_stages"), _count(num_microbatches, "num_microbatches")
    order = [("F", i) for i in np.arange(m)] + [("B", i) for i in np.arange(m)[::-1]]
    return [order] * int(p)


def one_f_one_b_order(num_stages, num_microbatches):
    p, m = _count(num_stages, "num_stages"), _count(num_microbatches, "num_microbatches")
    orders = []
    for stage in np.arange(p):
        # forward i comes before backward i - (p - 1 - stage), backward i after it
        rank = [(i, 0, "F", i) for i in np.arange(m)]
        rank += [(min(i + p - 1 - stage, m - 1), 1 + i, "B", i) for i in np.arange(m)]
        orders.append([(kind, i) for _, _, kind, i in sorted(rank)])
    return orders


def simulate(orders, forward_time=1, backward_time=2):
    length = {"F": _time(forward_time, "forward_time"), "B": _time(backward_time, "backward_time")}
    numbers = sorted({i for order in orders for _, i in order})
    seen = np.zeros((len(orders), 2, len(numbers)), int)
    for s, order in enumerate(orders):
        for kind, i in order:
            seen[s, "FB".index(kind), numbers.index(i)] += 1
    for s, k, i in np.argwhere(seen != 1):
        raise ValueError(f"{'FB'[k]}{numbers[i]} stands {seen[s, k, i]} times on stage {s}")
    end, clock, place = {}, [Fraction(0)] * len(orders), [0] * len(orders)
    times = {}
    for _ in range(seen.sum() + 1):
        for s, order in enumerate(orders):
            if place[s] == len(order):
                continue
            kind, i = order[place[s]]
            other = (s - 1 if kind == "F" else s + 1, kind, i)
            first = (kind == "F" and s == 0) or (kind == "B" and s == len(orders) - 1)
            if (not first and other not in end) or (kind == "B" and (s, "F", i) not in end):
                continue
            start = max(clock[s], end.get(other, 0), end.get((s, "F", i), 0) if kind == "B" else 0)
            clock[s] = end[s, kind, i] = start + length[kind]
            times[s, kind, i] = (start, clock[s])
            place[s] += 1
    for s, order in enumerate(orders):
        if place[s] < len(order):
            kind, i = order[place[s]]
            raise ValueError(f"stage {s} never gets to {kind}{i}")
    return times


def bubble_of_schedule(times, num_stages):
    p = _count(num_stages, "num_stages")
    spans = np.array([[Fraction(t) for t in span] for span in times.values()], object)
    whole = spans[:, 1].max() * p
    return (whole - (spans[:, 1] - spans[:, 0]).sum()) / whole


def peak_in_flight(order):
    return np.cumsum([1 if kind == "F" else -1 for kind, _ in order]).max()


def decode_utilization(num_stages, batches_in_flight, num_tokens):
    p = _count(num_stages, "num_stages")
    b = _count(batches_in_flight, "batches_in_flight")
    t = _count(num_tokens, "num_tokens")
    return Fraction(b * t, np.maximum(b, p) * t + np.minimum(b, p) - 1)
