"""The solution of `pipeline-bubble` against published figures, and against itself, exhaustively.

Rows are those of the course's list of published figures; the source stands in each docstring.
"""

import importlib.util
import itertools
import sys
from fractions import Fraction
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

FILE = Path(__file__).parents[2] / "solutions" / "pipeline-bubble" / "pipeline_bubble.py"
RATIOS = [(1, 1), (1, 2), (Fraction(3, 7), Fraction(1, 5))]


def load() -> ModuleType:
    """The solution as a module of its own name, as a submission is loaded."""
    spec = importlib.util.spec_from_file_location("solution_of_pipeline_bubble", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


solution = load()


def idle_of_one_f_one_b(p, m, forward, backward):
    """How long each stage of a 1F1B run stands still: the same on every stage."""
    times = solution.simulate(solution.one_f_one_b_order(p, m), forward, backward)
    makespan = max(end for _, end in times.values())
    return makespan - m * (forward + backward)


# -- published figures ---------------------------------------------------------------------


@pytest.mark.parametrize(("p", "m"), [(4, 8), (8, 8), (8, 24), (8, 32), (16, 64)])
def test_row_9_one_f_one_b_idles_for_p_1_of_m_p_1(p, m):
    """Row 9: (p - 1)/(m + p - 1) for 1F1B.

    README of https://github.com/sail-sg/zero-bubble-pipeline-parallelism, table of schedules.
    """
    times = solution.simulate(solution.one_f_one_b_order(p, m))
    assert solution.bubble_of_schedule(times, p) == Fraction(p - 1, m + p - 1)
    assert solution.bubble_fraction(p, m) == Fraction(p - 1, m + p - 1)


@pytest.mark.parametrize("p", [2, 4, 8, 16])
def test_rows_9_and_10_agree_on_zb1p(p):
    """Row 9 has B/3 for ZB1P, row 10 (P - 1)(F + B - 2W): one third of 1F1B's where F = W = B/2.

    READMEs of https://github.com/sail-sg/zero-bubble-pipeline-parallelism and
    https://github.com/deepseek-ai/DualPipe, whose B is the whole backward, W included.
    """
    forward, backward, weights = 1, 2, 1
    zb1p = (p - 1) * (forward + backward - 2 * weights)
    assert Fraction(zb1p, idle_of_one_f_one_b(p, 2 * p, forward, backward)) == Fraction(1, 3)


@pytest.mark.parametrize(("forward", "backward"), RATIOS)
@pytest.mark.parametrize(("p", "m"), [(2, 1), (4, 2), (4, 8), (8, 20)])
def test_row_10_one_f_one_b_idles_for_p_1_times_f_and_b(p, m, forward, backward):
    """Row 10: a stage of 1F1B stands still for (P - 1)(F + B), whatever the number of microbatches.

    README of https://github.com/deepseek-ai/DualPipe, table of bubbles.
    """
    assert idle_of_one_f_one_b(p, m, forward, backward) == (p - 1) * (forward + backward)


@pytest.mark.parametrize("p", [4, 8, 16])
def test_row_10_dual_pipe_idles_less(p):
    """Row 10: (P/2 - 1)(F&B + B - 3W) is less than 1F1B's even if F&B saves nothing over F + B.

    README of https://github.com/deepseek-ai/DualPipe, table of bubbles.
    """
    forward, backward, weights = 1, 2, 1
    dual_pipe = (p // 2 - 1) * (forward + backward + backward - 3 * weights)
    assert dual_pipe < idle_of_one_f_one_b(p, 2 * p, forward, backward)


def interleaved(p, m, v):
    """Interleaved 1F1B: per rank the ops (kind, chunk of layers, microbatch).

    The rule is that of torch.distributed.pipelining.ScheduleInterleaved1F1B and of Narayanan et
    al. 2021, section 2.2.2; m is a multiple of p. Compared op by op, with waits left out, with
    `_calculate_single_rank_operations` of torch 2.15.0: equal for every p, m and v below.
    """

    def op(kind, step):
        turn, place = divmod(step, p)
        chunk = turn % v
        return kind, chunk if kind == "F" else v - 1 - chunk, turn // v * p + place

    orders = []
    for rank in range(p):
        warm_up = min((v - 1) * p + 2 * (p - 1 - rank), m * v)
        order = [op("F", step) for step in range(warm_up)]
        for step in range(m * v - warm_up):
            order += [op("F", warm_up + step), op("B", step)]
        orders.append(order + [op("B", step) for step in range(m * v - warm_up, m * v)])
    return orders


def bubble_of_chunks(orders, v, forward, backward):
    """Idle share where rank r runs stages r, p + r, 2p + r, ... one op at a time."""
    p, length = len(orders), {"F": forward, "B": backward}
    ends, free, place = {}, [Fraction(0)] * p, [0] * p
    while (before := len(ends)) < sum(map(len, orders)):
        for rank, order in enumerate(orders):
            while place[rank] < len(order):
                kind, chunk, i = order[place[rank]]
                stage = chunk * p + rank
                other = stage - 1 if kind == "F" else stage + 1
                needs = [(other, kind, i)] if 0 <= other < p * v else []
                needs += [(stage, "F", i)] if kind == "B" else []
                if not all(need in ends for need in needs):
                    break
                free[rank] = max([free[rank], *(ends[need] for need in needs)]) + length[kind]
                ends[stage, kind, i] = free[rank]
                place[rank] += 1
        assert len(ends) > before, "deadlock"
    busy = sum(length[kind] for order in orders for kind, _, _ in order)
    return 1 - Fraction(busy) / (p * max(free))


CELLS = list(itertools.product([2, 3, 4, 8], [1, 2, 3, 4], [1, 2, 3, 4], [(1, 1), (1, 2)]))


def test_row_11_interleaving_is_worth_v_times_the_microbatches():
    """Row 11: interleaved 1F1B idles for (p - 1)/(vm + p - 1): v chunks count as v m microbatches.

    Orders as in torch.distributed.pipelining.ScheduleInterleaved1F1B; 128 cells of 128.
    """
    assert len(CELLS) == 128
    for p, rounds, v, (forward, backward) in CELLS:
        m = rounds * p
        run = bubble_of_chunks(interleaved(p, m, v), v, forward, backward)
        assert run == solution.bubble_fraction(p, v * m) == Fraction(p - 1, v * m + p - 1)


def test_gpipe_calls_18_percent_negligible():
    """GPipe (arXiv 1811.06965, section 2.3): negligible from m = 4p; at p = 8 that is 7/39."""
    assert solution.bubble_fraction(8, 32) == Fraction(7, 39)
    assert round(100 * solution.bubble_fraction(8, 32)) == 18
    assert solution.min_microbatches(8, Fraction(1, 10)) == 63


# -- the three ways of counting ------------------------------------------------------------


@pytest.mark.parametrize("p", range(1, 20))
def test_algebra_and_grid_agree_for_every_m_below_40(p):
    """Grid, algebra and both schedules give one Fraction, and 1F1B holds min(p - s, m)."""
    for m in range(1, 40):
        share = solution.bubble_fraction(p, m)
        assert share == solution.bubble_of_grid(solution.forward_grid(p, m))
        for order_of in (solution.gpipe_order, solution.one_f_one_b_order):
            times = solution.simulate(order_of(p, m))
            assert share == solution.bubble_of_schedule(times, p)
        peaks = [solution.peak_in_flight(order) for order in solution.one_f_one_b_order(p, m)]
        assert peaks == [min(p - stage, m) for stage in range(p)]
        assert {solution.peak_in_flight(order) for order in solution.gpipe_order(p, m)} == {m}


@given(
    p=st.integers(1, 7),
    m=st.integers(1, 12),
    forward=st.fractions(Fraction(1, 50), 20),
    backward=st.fractions(Fraction(1, 50), 20),
)
def test_schedules_agree_for_any_ratio(p, m, forward, backward):
    """The bubble depends on neither time, nor on which of the two schedules runs."""
    for order_of in (solution.gpipe_order, solution.one_f_one_b_order):
        times = solution.simulate(order_of(p, m), forward, backward)
        assert solution.bubble_of_schedule(times, p) == solution.bubble_fraction(p, m)


@given(p=st.integers(1, 40), limit=st.fractions(Fraction(1, 60), Fraction(59, 60)))
def test_min_microbatches_is_the_smallest(p, limit):
    """Enough, and one less is not."""
    m = solution.min_microbatches(p, limit)
    assert solution.bubble_fraction(p, m) <= limit
    assert m == 1 or solution.bubble_fraction(p, m - 1) > limit


@given(p=st.integers(1, 9), batches=st.integers(1, 14), tokens=st.integers(1, 9))
def test_decode_agrees_with_tokens_one_by_one(p, batches, tokens):
    """The closed form is what comes of letting every token wait for the one before."""
    arrives, free = [0] * batches, 0
    for _ in range(tokens):
        for batch in range(batches):
            start = max(free, arrives[batch])
            free, arrives[batch] = start + 1, start + p
    share = Fraction(batches * tokens, max(arrives))
    assert solution.decode_utilization(p, batches, tokens) == share


def test_numpy_integers_are_integers():
    """The contract of all labs: numpy's integers count, and the results stay plain and exact."""
    share = solution.bubble_fraction(np.int64(4), np.int32(4))
    assert share == Fraction(3, 7)
    assert type(share.numerator) is int
    orders = solution.one_f_one_b_order(np.int8(2), np.uint8(3))
    assert orders == solution.one_f_one_b_order(2, 3)
    assert solution.simulate(orders, np.int64(1), np.int64(2)) == solution.simulate(orders)
