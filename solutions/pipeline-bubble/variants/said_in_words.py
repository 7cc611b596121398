"""Messages in full sentences, values as other equal numbers, errors that are subclasses. (whole file)"""

from decimal import Decimal
from fractions import Fraction
from numbers import Integral, Rational

NAMES = {"F": "forward", "B": "backward"}


class NotACountError(TypeError):
    pass


class OutOfRangeError(ValueError):
    pass


class UnrunnableError(OutOfRangeError):
    def __init__(self, kind, microbatch, stage, why):
        super().__init__(f"The {NAMES[kind]} of microbatch {microbatch} on stage {stage} {why}.")


def whole(**named):
    for name, value in named.items():
        if type(value) is bool or not isinstance(value, Integral):
            raise NotACountError(f"A {type(value).__name__} is no value for {name}.")
    for name, value in named.items():
        if value <= 0:
            raise OutOfRangeError(f"{name} was {Decimal(int(value))}.00, but starts at one.")
    return tuple(int(value) for value in named.values())


def exact(name, value):
    if isinstance(value, (bool, float)) or not isinstance(value, Rational):
        raise NotACountError(f"A {type(value).__name__} is no value for {name}.")
    return Fraction(int(value.numerator), int(value.denominator))


def forward_grid(num_stages, num_microbatches):
    p, m = whole(num_stages=num_stages, num_microbatches=num_microbatches)
    return tuple((None,) * s + tuple(range(m)) + (None,) * (p - s - 1) for s in range(p))


def bubble_of_grid(grid):
    busy = sum(sum(cell is not None for cell in row) for row in grid)
    return 1 - Fraction(busy, sum(map(len, grid)))


def bubble_fraction(num_stages, num_microbatches):
    p, m = whole(num_stages=num_stages, num_microbatches=num_microbatches)
    return 1 - Fraction(m, p + m - 1)


def min_microbatches(num_stages, max_bubble):
    (p,) = whole(num_stages=num_stages)
    limit = exact("max_bubble", max_bubble)
    if limit <= 0 or limit >= 1:
        raise OutOfRangeError(f"max_bubble was {limit.numerator}/{limit.denominator}.")
    low, high = 0, 1
    while Fraction(p - 1, p + high - 1) > limit:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        if Fraction(p - 1, p + middle - 1) > limit:
            low = middle
        else:
            high = middle
    return high


def gpipe_order(num_stages, num_microbatches):
    p, m = whole(num_stages=num_stages, num_microbatches=num_microbatches)
    order = tuple(("F", i) for i in range(m)) + tuple(("B", m - 1 - i) for i in range(m))
    return (order,) * p


def one_f_one_b_order(num_stages, num_microbatches):
    p, m = whole(num_stages=num_stages, num_microbatches=num_microbatches)

    def order(s):
        for step in range(m + p - s - 1):
            if step < m:
                yield "F", step
            if step >= p - s - 1:
                yield "B", step - (p - s - 1)

    return tuple(tuple(order(s)) for s in range(p))


def simulate(orders, forward_time=1, backward_time=2):
    forward, backward = (
        exact("forward_time", forward_time),
        exact("backward_time", backward_time),
    )
    for name, value in (("forward_time", forward), ("backward_time", backward)):
        if value <= 0:
            raise OutOfRangeError(f"{name} was {value}.")
    everywhere = {microbatch for order in orders for _, microbatch in order}
    for stage, order in enumerate(orders):
        met = set()
        for kind, microbatch in order:
            if (kind, microbatch) in met:
                raise UnrunnableError(kind, microbatch, stage, "stands there twice")
            met.add((kind, microbatch))
        for microbatch in everywhere:
            for kind in ("B", "F"):
                if (kind, microbatch) not in met:
                    raise UnrunnableError(kind, microbatch, stage, "is missing")
    stages = [run_stage(stage, order, len(orders)) for stage, order in enumerate(orders)]
    return pump(stages, {"F": forward, "B": backward})


def run_stage(stage, order, p):
    """A stage as a coroutine: it yields what it waits for and what it is about to run."""
    for kind, microbatch in order:
        waits = []
        if kind == "B":
            waits.append((stage, "F", microbatch))
        if kind == "F" and stage > 0:
            waits.append((stage - 1, "F", microbatch))
        if kind == "B" and stage + 1 < p:
            waits.append((stage + 1, "B", microbatch))
        yield waits, (stage, kind, microbatch)


def pump(stages, length):
    times, clock = {}, [0] * len(stages)
    asked = dict(enumerate(next(stage, None) for stage in stages))
    asked = {stage: wish for stage, wish in asked.items() if wish}
    while asked:
        for number, (waits, op) in list(asked.items()):
            if all(wait in times for wait in waits):
                start = max([clock[number]] + [times[wait][1] for wait in waits])
                clock[number] = start + length[op[1]]
                times[op] = [start, clock[number]]
                wish = next(stages[number], None)
                if wish is None:
                    del asked[number]
                else:
                    asked[number] = wish
                break
        else:
            (waits, (stage, kind, microbatch)) = next(iter(asked.values()))
            raise UnrunnableError(
                kind, microbatch, stage, f"waits for {len(waits)} others for ever"
            )
    return times


def bubble_of_schedule(times, num_stages):
    (p,) = whole(num_stages=num_stages)
    end = max(span[1] for span in times.values())
    idle = p * end
    for start, stop in times.values():
        idle -= stop - start
    return Fraction(idle) / (p * end)


def peak_in_flight(order):
    open_now, peaks = set(), [0]
    for kind, microbatch in order:
        if kind == "F":
            open_now.add(microbatch)
        else:
            open_now.remove(microbatch)
        peaks.append(len(open_now))
    return max(peaks)


def decode_utilization(num_stages, batches_in_flight, num_tokens):
    p, b, tokens = whole(
        num_stages=num_stages, batches_in_flight=batches_in_flight, num_tokens=num_tokens
    )
    if b <= p:
        return Fraction(b * tokens, p * tokens + b - 1)
    return Fraction(b * tokens, b * tokens + p - 1)
