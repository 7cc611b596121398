"""The question that a message ends with fits the slip, where the slip can be told."""

from pathlib import Path

import pytest

from grader.course import load_course
from grader.judge import Judge
from grader.submissions import from_source

COURSE = load_course(Path(__file__).parents[2])
SLIPS = {
    "nothing is returned": (
        "ring-cost",
        "def ring_all_reduce(x, group):\n    x.sum()\n",
        "ring-sum",
        "end in a return",
    ),
    "microseconds": (
        "ring-cost",
        (
            "own = ring_all_reduce_time\n"
            "def ring_all_reduce_time(*given):\n    return 1e6 * own(*given)\n"
        ),
        "time",
        "Which unit",
    ),
    "a table is summed": (
        "ring-cost",
        (
            "own = ring_all_reduce\n"
            "def ring_all_reduce(x, group):\n"
            "    return own(x.reshape(-1), group).reshape(x.shape)\n"
        ),
        "ring-lengths",
        "1-D x",
    ),
    "one size is fitted": (
        "ring-cost",
        (
            "own = fit_link\n"
            "def fit_link(world_size, samples):\n"
            "    one = len({size for size, _ in samples}) == 1\n"
            "    return (1e-6, 1e9) if one else own(world_size, samples)\n"
        ),
        "fit-link",
        "Both timings are of one size",
    ),
    "good groups give True": (
        "ring-cost",
        "def check_tp_placement(tp_groups, domain_of_rank):\n    return True\n",
        "placement",
        "refuses nothing",
    ),
    "rank 0 alone adds the bias": (
        "tp-sharding",
        (
            "def row_parallel_linear(x_shard, w_shard, group, bias=None):\n"
            "    y = group.all_reduce(x_shard @ w_shard)\n"
            "    return y + bias if group.rank == 0 and bias is not None else y\n"
        ),
        "row-linear",
        "Rank 0 is right",
    ),
}


@pytest.mark.parametrize("slip", SLIPS)
def test_the_question_fits(level, slip):
    """A slip upon the solution: the item it costs asks about just that."""
    slug, code, item, words = SLIPS[slip]
    lab = COURSE.lab(slug)
    solution = (COURSE.solutions(lab) / lab.assignment.file).read_text("utf-8")
    submission = from_source(lab, "ann", f"{solution}\n\n{code}".encode())
    with Judge(lab, level) as judge:
        run = judge.judge(submission, lab.public_suite)
    lost = {case.item: case.finding for case in run.results if case.verdict == "failed"}
    lost |= {case.item: case.finding for case in run.results if case.verdict == "bad_return"}
    assert words in lost[item].nudge
