"""Answers to pipeline-bubble that its suite's author never saw: written from hand-out and stub alone.

`PLAIN` is right, and so is each of `RIGHT`: a source of its own, or `PLAIN` with some texts replaced.
Each of `WRONG` is `PLAIN` with one mistake, and names the rubric item that it must lose.
"""

PLAIN = """\
from fractions import Fraction
import operator

def _count(name, value):
    if isinstance(value, bool):
        raise TypeError(f"{name} must be an integer, not a bool")
    try:
        value = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be an integer") from None
    if value < 1:
        raise ValueError(f"{name} must be at least 1, got {value}")
    return value

def _time(name, value):
    if isinstance(value, (bool, float)) or not isinstance(value, (int, Fraction)):
        raise TypeError(f"{name} must be an int or a Fraction")
    if value <= 0:
        raise ValueError(f"{name} must be above 0, got {value}")
    return Fraction(value)

def forward_grid(num_stages, num_microbatches):
    p = _count("num_stages", num_stages)
    m = _count("num_microbatches", num_microbatches)
    grid = [[None] * (p + m - 1) for _ in range(p)]
    for s in range(p):
        for i in range(m):
            grid[s][s + i] = i
    return grid

def bubble_of_grid(grid):
    cells = [c for row in grid for c in row]
    return Fraction(sum(c is None for c in cells), len(cells))

def bubble_fraction(num_stages, num_microbatches):
    p = _count("num_stages", num_stages)
    m = _count("num_microbatches", num_microbatches)
    return Fraction(p - 1, p + m - 1)

def min_microbatches(num_stages, max_bubble):
    p = _count("num_stages", num_stages)
    if isinstance(max_bubble, (bool,)):
        raise ValueError(f"max_bubble must be a Fraction between 0 and 1, got {max_bubble}")
    if not isinstance(max_bubble, (int, Fraction)):
        raise TypeError("max_bubble must be a Fraction")
    if not 0 < max_bubble < 1:
        raise ValueError(f"max_bubble must lie between 0 and 1, got {max_bubble}")
    m = 1
    while bubble_fraction(p, m) > max_bubble:
        m += 1
    return m

def gpipe_order(num_stages, num_microbatches):
    p = _count("num_stages", num_stages)
    m = _count("num_microbatches", num_microbatches)
    return [[("F", i) for i in range(m)] + [("B", i) for i in range(m)] for _ in range(p)]

def one_f_one_b_order(num_stages, num_microbatches):
    p = _count("num_stages", num_stages)
    m = _count("num_microbatches", num_microbatches)
    orders = []
    for s in range(p):
        warm = min(p - s - 1, m)
        ops = [("F", i) for i in range(warm)]
        for i in range(m - warm):
            ops.append(("F", warm + i))
            ops.append(("B", i))
        for i in range(m - warm, m):
            ops.append(("B", i))
        orders.append(ops)
    return orders

def simulate(orders, forward_time=1, backward_time=2):
    f = _time("forward_time", forward_time)
    b = _time("backward_time", backward_time)
    p = len(orders)
    every = {i for order in orders for _, i in order}
    for s, order in enumerate(orders):
        seen = set()
        for op in order:
            if op in seen:
                raise ValueError(f"stage {s} has {op[0]}{op[1]} twice")
            seen.add(op)
        for i in every:
            for kind in "FB":
                if (kind, i) not in seen:
                    raise ValueError(f"stage {s} lacks {kind}{i}")
    times = {}
    place = [0] * p
    free = [Fraction(0)] * p
    moved = True
    while moved:
        moved = False
        for s in range(p):
            while place[s] < len(orders[s]):
                kind, i = orders[s][place[s]]
                if kind == "F":
                    needs = [(s - 1, "F", i)] if s else []
                else:
                    needs = [(s, "F", i)] + ([(s + 1, "B", i)] if s + 1 < p else [])
                if any(n not in times for n in needs):
                    break
                start = max([free[s]] + [times[n][1] for n in needs])
                end = start + (f if kind == "F" else b)
                times[s, kind, i] = (start, end)
                free[s] = end
                place[s] += 1
                moved = True
    for s in range(p):
        if place[s] < len(orders[s]):
            kind, i = orders[s][place[s]]
            raise ValueError(f"stage {s} can never run {(kind, i)}")
    return times

def bubble_of_schedule(times, num_stages):
    p = _count("num_stages", num_stages)
    makespan = max(end for _, end in times.values())
    busy = sum(end - start for start, end in times.values())
    return (p * makespan - busy) / Fraction(p * makespan)

def peak_in_flight(order):
    now = peak = 0
    for kind, _ in order:
        now += 1 if kind == "F" else -1
        peak = max(peak, now)
    return peak

def decode_utilization(num_stages, batches_in_flight, num_tokens):
    p = _count("num_stages", num_stages)
    b = _count("batches_in_flight", batches_in_flight)
    t = _count("num_tokens", num_tokens)
    return Fraction(b * t, max(b, p) * t + min(b, p) - 1)
"""

RIGHT: dict[str, str | list[tuple[str, str]]] = {
    "numpy_recursion_tuples": """\
from fractions import Fraction
from functools import lru_cache
from numbers import Integral, Rational
import math
import numpy as np

class BadCount(ValueError):
    pass

def check(**counts):
    for name, value in counts.items():
        if isinstance(value, (bool, np.bool_)) or not isinstance(value, Integral):
            raise TypeError("%s has to be a whole number, not %r" % (name, value))
        if value < 1:
            raise BadCount("%s = %s is less than 1" % (name, float(value)))
    return [int(v) for v in counts.values()]

def forward_grid(num_stages, num_microbatches):
    p, m = check(num_stages=num_stages, num_microbatches=num_microbatches)
    return tuple(
        tuple(t - s if 0 <= t - s < m else None for t in range(p + m - 1)) for s in range(p)
    )

def bubble_of_grid(grid):
    idle = work = 0
    for row in grid:
        for cell in row:
            if cell is None:
                idle += 1
            else:
                work += 1
    return Fraction(idle, idle + work)

def bubble_fraction(num_stages, num_microbatches):
    p, m = check(num_stages=num_stages, num_microbatches=num_microbatches)
    return 1 - Fraction(m, p + m - 1)

def min_microbatches(num_stages, max_bubble):
    (p,) = check(num_stages=num_stages)
    if isinstance(max_bubble, float):
        raise TypeError("max_bubble is a float: use a Fraction")
    if not isinstance(max_bubble, Rational):
        raise TypeError("max_bubble is no Fraction")
    if max_bubble <= 0 or max_bubble >= 1:
        raise ValueError("max_bubble=%s is out of range" % max_bubble)
    q = Fraction(max_bubble)
    return np.int64(max(1, math.ceil((p - 1) * (1 - q) / q)))

def gpipe_order(num_stages, num_microbatches):
    p, m = check(num_stages=num_stages, num_microbatches=num_microbatches)
    one = [("F", np.int64(i)) for i in range(m)] + [("B", np.int64(i)) for i in reversed(range(m))]
    return [one] * p

def one_f_one_b_order(num_stages, num_microbatches):
    p, m = check(num_stages=num_stages, num_microbatches=num_microbatches)
    def stage(s):
        f = b = 0
        while b < m:
            if f < m and f - b < p - s:
                yield "F", f
                f += 1
            else:
                yield "B", b
                b += 1
    return tuple(tuple(stage(s)) for s in range(p))

def simulate(orders, forward_time=1, backward_time=2):
    lengths = {}
    for name, kind, value in (("forward_time", "F", forward_time), ("backward_time", "B", backward_time)):
        if isinstance(value, bool) or not isinstance(value, Rational):
            raise TypeError(name + " must be int or Fraction")
        if value <= 0:
            raise ValueError("%s must be positive and is %s" % (name, value))
        lengths[kind] = Fraction(value)
    orders = [[(k, int(i)) for k, i in order] for order in orders]
    p = len(orders)
    numbers = set(i for order in orders for _, i in order)
    for s, order in enumerate(orders):
        for kind in ("F", "B"):
            for i in numbers:
                n = order.count((kind, i))
                if n != 1:
                    word = "forward" if kind == "F" else "backward"
                    raise ValueError("%s of microbatch %d stands %d times on stage %d" % (word, i, n, s))
    where = [{op: n for n, op in enumerate(order)} for order in orders]
    state = {}
    def end(s, kind, i):
        key = (s, kind, i)
        if key in state:
            if state[key] is None:
                raise ValueError("%r waits for itself" % (key,))
            return state[key][1]
        state[key] = None
        before = [Fraction(0)]
        n = where[s][kind, i]
        if n:
            before.append(end(s, *orders[s][n - 1]))
        if kind == "F" and s > 0:
            before.append(end(s - 1, "F", i))
        if kind == "B":
            before.append(end(s, "F", i))
            if s < p - 1:
                before.append(end(s + 1, "B", i))
        start = max(before)
        state[key] = (start, start + lengths[kind])
        return state[key][1]
    import sys
    sys.setrecursionlimit(100000)
    for s, order in enumerate(orders):
        for kind, i in order:
            end(s, kind, i)
    return state

def bubble_of_schedule(times, num_stages):
    (p,) = check(num_stages=num_stages)
    last = max(e for s, e in times.values())
    idle = Fraction(0)
    for stage in range(p):
        idle += last - sum((e - s for (st, _, _), (s, e) in times.items() if st == stage), Fraction(0))
    return idle / (p * last)

def peak_in_flight(order):
    waiting = set()
    best = 0
    for kind, i in order:
        (waiting.add if kind == "F" else waiting.discard)(i)
        best = max(best, len(waiting))
    return np.int32(best)

def decode_utilization(num_stages, batches_in_flight, num_tokens):
    p, b, t = check(num_stages=num_stages, batches_in_flight=batches_in_flight, num_tokens=num_tokens)
    # play it: enter[k] is the slot in which a token enters stage 0
    free, last = 0, {}
    for k in range(t):
        for x in range(b):
            start = max(free, last.get(x, 0))
            free = start + 1
            last[x] = start + p
    return Fraction(b * t, max(last.values()))
""",
    "dataclass_events": [
        (
            """\
    times = {}
    place = [0] * p
    free = [Fraction(0)] * p
    moved = True
    while moved:
        moved = False
        for s in range(p):
            while place[s] < len(orders[s]):
                kind, i = orders[s][place[s]]
                if kind == "F":
                    needs = [(s - 1, "F", i)] if s else []
                else:
                    needs = [(s, "F", i)] + ([(s + 1, "B", i)] if s + 1 < p else [])
                if any(n not in times for n in needs):
                    break
                start = max([free[s]] + [times[n][1] for n in needs])
                end = start + (f if kind == "F" else b)
                times[s, kind, i] = (start, end)
                free[s] = end
                place[s] += 1
                moved = True
    for s in range(p):
        if place[s] < len(orders[s]):
            kind, i = orders[s][place[s]]
            raise ValueError(f"stage {s} can never run {(kind, i)}")
    return times
""",
            """\
    stages = [Stage(list(order)) for order in orders]
    times = {}
    queue = [(Fraction(0), s) for s in range(p)]
    while queue:
        now, s = heapq.heappop(queue)
        stage = stages[s]
        if not stage.todo or stage.busy_until > now:
            continue
        kind, i = stage.todo[0]
        needs = ([(s - 1, "F", i)] if s else []) if kind == "F" else [(s, "F", i)] + [(s + 1, "B", i)] * (s < p - 1)
        if not all(n in times and times[n][1] <= now for n in needs):
            continue
        stage.todo.pop(0)
        stage.busy_until = now + (f if kind == "F" else b)
        times[s, kind, i] = (now, stage.busy_until)
        for other in {s - 1, s, s + 1} & set(range(p)):
            heapq.heappush(queue, (stage.busy_until, other))
    for s, stage in enumerate(stages):
        if stage.todo:
            raise ValueError(f"deadlock: {(s, *stage.todo[0])} never runs")
    return times
""",
        ),
        (
            "import operator",
            """\
import operator
import heapq
from dataclasses import dataclass, field

@dataclass
class Stage:
    todo: list = field(default_factory=list)
    busy_until: Fraction = Fraction(0)
""",
        ),
    ],
    "ints_where_whole": [
        (
            "    return Fraction(p - 1, p + m - 1)",
            """\
    q = Fraction(p - 1, p + m - 1)
    return int(q) if q.denominator == 1 else q""",
        ),
        (
            "                times[s, kind, i] = (start, end)",
            "                times[s, kind, i] = tuple(int(v) if v.denominator == 1 else v for v in (start, end))",
        ),
        (
            "                end = start + (f if",
            """\
                start = Fraction(start)
                end = start + (f if""",
        ),
    ],
    "one_list_shared_reversed_backwards": [
        (
            '    return [[("F", i) for i in range(m)] + [("B", i) for i in range(m)] for _ in range(p)]',
            """\
    ops = [("F", i) for i in range(m)]
    ops.extend([("B", i) for i in range(m)][::-1])
    return [ops for _ in range(p)]""",
        )
    ],
    "warm_up_then_b_first": [
        (
            """\
        warm = min(p - s - 1, m)
        ops = [("F", i) for i in range(warm)]
        for i in range(m - warm):
            ops.append(("F", warm + i))
            ops.append(("B", i))
        for i in range(m - warm, m):
            ops.append(("B", i))
""",
            """\
        warm = min(p - s, m)
        ops = [("F", i) for i in range(warm)]
        for b in range(m):
            ops.append(("B", b))
            if warm + b < m:
                ops.append(("F", warm + b))
""",
        )
    ],
    "relaxation": [
        (
            """\
    times = {}
    place = [0] * p
""",
            """\
    # longest paths by relaxation, until nothing moves any more
    ops = [(s, k, i) for s, o in enumerate(orders) for k, i in o]
    start = dict.fromkeys(ops, Fraction(0))
    length = {"F": f, "B": b}
    edges = []
    for s, o in enumerate(orders):
        edges += [((s, *x), (s, *y)) for x, y in zip(o, o[1:])]
        edges += [((s, "F", i), (s, "B", i)) for i in every]
        if s + 1 < p:
            edges += [((s, "F", i), (s + 1, "F", i)) for i in every]
            edges += [((s + 1, "B", i), (s, "B", i)) for i in every]
    for _ in range(len(ops) + 1):
        late = [(x, y) for x, y in edges if start[y] < start[x] + length[x[1]]]
        if not late:
            return {op: (start[op], start[op] + length[op[1]]) for op in ops}
        for x, y in late:
            start[y] = max(start[y], start[x] + length[x[1]])
    s, kind, i = max(late, key=lambda e: start[e[1]])[1]
    raise ValueError(f"{kind} {i} on stage {s} is in a circle")
    times = {}
    place = [0] * p
""",
        )
    ],
}

WRONG: dict[str, tuple[str, list[tuple[str, str]]]] = {
    "grid_late_stage": ("grid", [("grid[s][s + i] = i", "grid[s][p - 1 - s + i] = i")]),
    "grid_zero_as_none": ("grid", [("grid[s][s + i] = i", "grid[s][s + i] = i or None")]),
    "grid_shared_rows": (
        "grid",
        [("[[None] * (p + m - 1) for _ in range(p)]", "[[None] * (p + m - 1)] * p")],
    ),
    "grid_one_column_more": ("grid", [("[None] * (p + m - 1) for", "[None] * (p + m) for")]),
    "grid_zero_stages_ok": (
        "bad-values",
        [
            (
                """\
    p = _count("num_stages", num_stages)
    m = _count("num_microbatches", num_microbatches)
    grid""",
                """\
    p, m = num_stages, num_microbatches
    grid""",
            )
        ],
    ),
    "bubble_of_grid_falsy": ("idle-cells", [("c is None for c", "not c for c")]),
    "bubble_of_grid_float": (
        "idle-cells",
        [
            (
                "return Fraction(sum(c is None for c in cells), len(cells))",
                "return sum(c is None for c in cells) / len(cells)",
            )
        ],
    ),
    "bubble_of_grid_first_row": (
        "idle-cells",
        [("for row in grid for c in row", "for row in grid[:1] for c in row")],
    ),
    "bubble_of_grid_square_only": (
        "idle-cells",
        [("len(cells))", "len(grid) ** 2 if len(grid) > 6 else len(cells))")],
    ),
    "bubble_useful_time": (
        "algebra",
        [("return Fraction(p - 1, p + m - 1)", "return Fraction(p - 1, m)")],
    ),
    "bubble_float": (
        "algebra",
        [("return Fraction(p - 1, p + m - 1)", "return (p - 1) / (p + m - 1)")],
    ),
    "bubble_limit_denominator": (
        "algebra",
        [
            (
                "return Fraction(p - 1, p + m - 1)",
                "return Fraction((p - 1) / (p + m - 1)).limit_denominator(50)",
            )
        ],
    ),
    "bubble_accepts_true": (
        "bad-values",
        [
            (
                """\
    if isinstance(value, bool):
        raise TypeError(f"{name} must be an integer, not a bool")
""",
                "",
            )
        ],
    ),
    "bubble_accepts_float_count": (
        "bad-values",
        [
            (
                "        value = operator.index(value)",
                "        value = operator.index(int(value) if isinstance(value, float) else value)",
            )
        ],
    ),
    "numpy_ints_refused": (
        "bad-values",
        [("    if isinstance(value, bool):", "    if type(value) is not int:")],
    ),
    "min_strict": (
        "min-microbatches",
        [("while bubble_fraction(p, m) > max_bubble", "while bubble_fraction(p, m) >= max_bubble")],
    ),
    "min_floats": (
        "min-microbatches",
        [
            (
                """\
    m = 1
    while bubble_fraction(p, m) > max_bubble:
        m += 1
    return m""",
                """\
    import math
    q = float(max_bubble)
    return max(1, math.ceil((p - 1) * (1 - q) / q))""",
            )
        ],
    ),
    "min_zero_for_one_stage": (
        "min-microbatches",
        [
            (
                """\
    m = 1
    while bubble_fraction(p, m)""",
                """\
    m = 0 if p == 1 else 1
    while p > 1 and bubble_fraction(p, m)""",
            )
        ],
    ),
    "min_takes_float": (
        "bad-values",
        [
            (
                "isinstance(max_bubble, (int, Fraction))",
                "isinstance(max_bubble, (int, float, Fraction))",
            )
        ],
    ),
    "min_int_type_error": (
        "bad-values",
        [("isinstance(max_bubble, (int, Fraction))", "isinstance(max_bubble, Fraction)")],
    ),
    "min_one_accepted": (
        "bad-values",
        [("if not 0 < max_bubble < 1", "if not 0 < max_bubble <= 1")],
    ),
    "gpipe_interleaved": (
        "gpipe",
        [
            (
                '[("F", i) for i in range(m)] + [("B", i) for i in range(m)] for _',
                '[(k, i) for i in range(m) for k in "FB"] for _',
            )
        ],
    ),
    "gpipe_stages_differ": (
        "gpipe",
        [
            (
                '[("B", i) for i in range(m)] for _ in range(p)]',
                '[("B", i) for i in (range(m) if s else reversed(range(m)))] for s in range(p)]',
            )
        ],
    ),
    "gpipe_forwards_reversed": (
        "gpipe",
        [('[[("F", i) for i in range(m)]', '[[("F", i) for i in reversed(range(m))]')],
    ),
    "ofob_same_warm_up": ("one-f-one-b", [("warm = min(p - s - 1, m)", "warm = min(p - 1, m)")]),
    "ofob_no_warm_up_cap": ("one-f-one-b", [("warm = min(p - s - 1, m)", "warm = min(p - s, m)")]),
    "ofob_counts_from_last": ("one-f-one-b", [("warm = min(p - s - 1, m)", "warm = min(s, m)")]),
    "ofob_is_gpipe": ("one-f-one-b", [("        warm = min(p - s - 1, m)", "        warm = m")]),
    "sim_ignores_next_stage": ("simulate", [('+ ([(s + 1, "B", i)] if s + 1 < p else [])', "")]),
    "sim_backward_default_1": ("simulate", [("backward_time=2", "backward_time=1")]),
    "sim_swapped_times": ("simulate", [('(f if kind == "F" else b)', '(b if kind == "F" else f)')]),
    "sim_no_duplicates_check": (
        "illegal-orders",
        [
            (
                """\
            if op in seen:
                raise ValueError(f"stage {s} has {op[0]}{op[1]} twice")
""",
                "",
            )
        ],
    ),
    "sim_range_numbers": (
        "simulate",
        [
            (
                "every = {i for order in orders for _, i in order}",
                "every = set(range(max(i for order in orders for _, i in order) + 1))",
            )
        ],
    ),
    "sim_deadlock_returns": (
        "illegal-orders",
        [
            (
                '            raise ValueError(f"stage {s} can never run {(kind, i)}")',
                "            break",
            )
        ],
    ),
    "sim_deadlock_no_op": (
        "illegal-orders",
        [
            (
                'raise ValueError(f"stage {s} can never run {(kind, i)}")',
                'raise ValueError(f"stage {s} is stuck")',
            )
        ],
    ),
    "sim_float_times": (
        "simulate",
        [("    return Fraction(value)\n", "    return float(value)\n")],
    ),
    "sim_accepts_float": (
        "bad-values",
        [
            (
                "isinstance(value, (bool, float)) or not isinstance(value, (int, Fraction))",
                "isinstance(value, bool)",
            )
        ],
    ),
    "sim_zero_time": (
        "bad-values",
        [
            (
                """\
    if value <= 0:
        raise ValueError(f"{name} must be above 0""",
                """\
    if value < 0:
        raise ValueError(f"{name} must be above 0""",
            )
        ],
    ),
    "sim_backward_unchecked": (
        "bad-values",
        [('b = _time("backward_time", backward_time)', "b = backward_time")],
    ),
    "sim_pops_orders": (
        "simulate",
        [
            (
                """\
    times = {}
    place""",
                """\
    orders.append([]); orders.pop(); [o.sort(key=lambda x: 0) for o in orders]; orders[0].append(orders[0].pop()); orders[:] = orders[:] + []
    times = {}
    place""",
            ),
            (
                "    return times\n",
                """\
    for o in orders:
        o.clear()
    return times
""",
            ),
        ],
    ),
    "sim_b_before_f_allowed": ("illegal-orders", [('needs = [(s, "F", i)] + (', "needs = [] + (")]),
    "bubble_sched_useful": ("schedule-bubble", [("/ Fraction(p * makespan)", "/ Fraction(busy)")]),
    "bubble_sched_float": (
        "schedule-bubble",
        [("/ Fraction(p * makespan)", "/ float(p * makespan)")],
    ),
    "bubble_sched_stages_unchecked": (
        "bad-values",
        [
            (
                """\
    p = _count("num_stages", num_stages)
    makespan""",
                """\
    p = num_stages
    makespan""",
            )
        ],
    ),
    "peak_final": ("peak", [("        peak = max(peak, now)", "        peak = now")]),
    "peak_counts_forwards": (
        "peak",
        [('        now += 1 if kind == "F" else -1', '        now += kind == "F"')],
    ),
    "peak_first_run": (
        "peak",
        [
            (
                "        peak = max(peak, now)\n",
                """\
        peak = max(peak, now)
        if kind == "B":
            break
""",
            )
        ],
    ),
    "decode_min_max_swapped": (
        "decode",
        [("max(b, p) * t + min(b, p) - 1", "min(b, p) * t + max(b, p) - 1")],
    ),
    "decode_no_drain": ("decode", [("max(b, p) * t + min(b, p) - 1", "max(b, p) * t")]),
    "decode_p_minus_1": ("decode", [("max(b, p) * t + min(b, p) - 1", "max(b, p) * t + p - 1")]),
    "decode_prefill": ("decode", [("max(b, p) * t + min(b, p) - 1", "b * t + p - 1")]),
    "decode_tokens_unchecked": (
        "bad-values",
        [('t = _count("num_tokens", num_tokens)', "t = num_tokens")],
    ),
    "decode_argument_order": (
        "decode",
        [
            (
                "def decode_utilization(num_stages, batches_in_flight",
                "def decode_utilization(batches_in_flight, num_stages",
            )
        ],
    ),
    "message_without_value": (
        "bad-values",
        [
            (
                'raise ValueError(f"{name} must be at least 1, got {value}")',
                'raise ValueError(f"{name} must be at least 1")',
            )
        ],
    ),
    "message_without_name": (
        "bad-values",
        [
            (
                'raise ValueError(f"{name} must be at least 1, got {value}")',
                'raise ValueError(f"must be at least 1, got {value}")',
            )
        ],
    ),
    "type_error_without_name": (
        "bad-values",
        [
            (
                'raise TypeError(f"{name} must be an integer") from None',
                'raise TypeError("must be an integer") from None',
            )
        ],
    ),
    "value_error_for_type": (
        "bad-values",
        [
            (
                'raise TypeError(f"{name} must be an integer") from None',
                'raise ValueError(f"{name} must be an integer, got {value}") from None',
            )
        ],
    ),
}
