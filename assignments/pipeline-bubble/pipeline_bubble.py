"""Pipeline parallelism: how long the stages stand idle, and what makes it less.

p is the number of stages, m the number of microbatches. Stages, slots and microbatches count
from 0. Shares and times are exact: `Fraction`, never `float`.

Counts are whole numbers of at least 1; numpy's integers are integers. Everywhere: less than 1
raises ValueError, whose message names the argument and its value; what is no integer (2.0, True
and "2" too) raises TypeError, whose message names the argument. Nothing that is handed in is
changed. A tuple may stand for a list that is returned, and an int for a Fraction that is whole.
"""

from fractions import Fraction


def forward_grid(num_stages: int, num_microbatches: int) -> list[list[int | None]]:
    """`grid[stage][slot]`: the microbatch that runs there, or None where the stage is idle.

    p rows, as many slots as it takes from the first microbatch in to the last one out.
    """
    # TODO: in which slot does stage s get microbatch i?
    raise NotImplementedError("forward_grid: say what each stage does in each slot")


def bubble_of_grid(grid: list[list[int | None]]) -> Fraction:
    """Idle cells over all cells, counted."""
    # TODO: microbatch 0 is work.
    raise NotImplementedError("bubble_of_grid: count idle cells and all cells")


def bubble_fraction(num_stages: int, num_microbatches: int) -> Fraction:
    """The same share by algebra, without a grid."""
    # TODO: how many slots are there, and in how many of them does one stage work?
    raise NotImplementedError("bubble_fraction: a formula in p and m")


def min_microbatches(num_stages: int, max_bubble: Fraction) -> int:
    """The smallest m whose bubble is at most `max_bubble`, a Fraction with 0 < max_bubble < 1.

    Outside that range (any int is): ValueError with name and value. A float: TypeError with the
    name.
    """
    # TODO: an m whose bubble is exactly max_bubble is enough.
    raise NotImplementedError("min_microbatches: the smallest m that meets the limit")


def gpipe_order(num_stages: int, num_microbatches: int) -> list[list[tuple[str, int]]]:
    """Per stage the ops in the order in which it runs them: ("F", i) forward, ("B", i) backward.

    GPipe: forwards 0, 1, 2, ..., then all backwards (in which order is up to you).
    """
    # TODO: what may differ from stage to stage, and what must not?
    raise NotImplementedError("gpipe_order: every stage's list of ops")


def one_f_one_b_order(num_stages: int, num_microbatches: int) -> list[list[tuple[str, int]]]:
    """1F1B: some forwards to warm up, then one forward and one backward in turns, then the rest.

    Microbatches go forward and backward in the order 0, 1, 2, ...
    """
    # TODO: when stage s has done its last warm-up forward, who else is at work?
    raise NotImplementedError("one_f_one_b_order: every stage's list of ops")


def simulate(
    orders: list[list[tuple[str, int]]],
    forward_time: int | Fraction = 1,
    backward_time: int | Fraction = 2,
) -> dict[tuple[int, str, int], tuple[Fraction, Fraction]]:
    """(stage, kind, microbatch) -> (start, end) of every op, as early as it may be.

    A stage runs its ops in the order given, one at a time. F on stage s comes after F on s - 1;
    B on stage s after B on s + 1 and after F on s. Sending takes no time; the clock starts at 0.

    Every stage must have F and B of each microbatch that appears anywhere, exactly once. Orders
    that don't, or that can't be run to the end: ValueError that names an op at fault, its kind,
    then its number, with or without its stage, like ('F', 3), (0, 'F', 3) or F3.
    A time of 0 or less: ValueError with name and value; a float or a bool: TypeError with the name.
    """
    # TODO: check that the orders are complete.
    # TODO: which op of which stage can start now, and when could it have?
    # TODO: what if no stage can go on?
    raise NotImplementedError("simulate: start and end of every op")


def bubble_of_schedule(
    times: dict[tuple[int, str, int], tuple[Fraction, Fraction]], num_stages: int
) -> Fraction:
    """Idle time over num_stages * makespan, the last end; `times` as `simulate` returns it."""
    # TODO: for how long is there a stage at all, and for how much of it does it work?
    raise NotImplementedError("bubble_of_schedule: idle time over all time")


def peak_in_flight(order: list[tuple[str, int]]) -> int:
    """The most microbatches that one stage has forwarded and not yet backwarded at a time."""
    # TODO: each of them holds activations. When is one freed?
    raise NotImplementedError("peak_in_flight: the most that wait for their backward at once")


def decode_utilization(num_stages: int, batches_in_flight: int, num_tokens: int) -> Fraction:
    """The share of slots in which a stage works while b batches decode T tokens each.

    One token of one batch takes one slot on each stage. A batch's next token can't enter stage 0
    before its last one has left the last stage.
    """
    # TODO: how many slots lie between two tokens of one batch? There are two cases.
    raise NotImplementedError("decode_utilization: busy slots over all slots of a stage")
