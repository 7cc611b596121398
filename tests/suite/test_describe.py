"""The call in words: what was called, with which shapes and inputs."""

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from grader.results import Finding
from grader.suite import GROUP, Fields, PerRank, Shards, Tensor
from grader.suite.explain.description import with_call

X = np.array([[1.0, 2], [3, 4]])


@dataclass
class FakeCall:
    """A call as a suite makes it."""

    args: list[Any] = field(default_factory=list)
    kwargs: dict[str, Any] = field(default_factory=dict)
    world_size: int | None = None
    function: str = "f"


def described(*args, ranks=None, names=("x", "w_shard", "group"), **kwargs):
    return with_call(Finding(), FakeCall([*args], kwargs, ranks), names, "lab.py")


def test_arguments_have_the_names_of_the_stub():
    """By position, by keyword, and by number where the stub has no more names."""
    finding = described(X, X, X, X, bias=X)
    assert finding.called == "f(x, w_shard, group, argument 4, bias=bias)"
    assert finding.shapes == "x(2,2)  w_shard(2,2)  group(2,2)  argument 4(2,2)  bias(2,2)"


@pytest.mark.parametrize(
    ("value", "text"),
    [(3, "3"), (None, "None"), (Fraction(1, 3), "Fraction(1, 3)"), (5e-6, "5e-06"),
     (np.int32(4), "np.int32(4)"), ("F", "'F'"), ([1, 2], "[1, 2]"), (True, "True")],
)  # fmt: skip
def test_short_values_stand_in_the_call(value, text):
    """A number needs no line of its own."""
    finding = described(value)
    assert finding.called == f"f(x={text})"
    assert finding.inputs == ()


@pytest.mark.parametrize(
    ("args", "kwargs"),
    [
        ((X, 2, X), {}),
        ((X, X), {"group": X}),
        ((2, X, Fraction(1, 3)), {}),
        ((X,), {"group": 3, "w_shard": X}),
        ((float("inf"), np.int64(3), -0.5), {}),
    ],
)
def test_a_call_can_be_copied_and_run(args, kwargs):
    """It hands over the same values under the same names, however they were handed over."""

    def f(x=None, w_shard=None, group=None):
        return x, w_shard, group

    names = {"x": X, "w_shard": X, "group": X, "f": f, "np": np, "Fraction": Fraction}
    assert str(eval(described(*args, **kwargs).called, names)) == str(f(*args, **kwargs))


def test_small_inputs_are_shown_and_large_ones_are_not():
    """What can be followed by hand is printed; of the rest the shape is enough."""
    finding = described(X, np.zeros((9, 9)))
    assert finding.inputs == (("x", "[[1 2] [3 4]]"),)
    assert finding.shapes == "x(2,2)  w_shard(9,9)"


def test_a_shard_is_told_by_the_whole_it_is_cut_from():
    """Shape, cut and entries are of the whole, so the name is that of the whole, too."""
    finding = described(X, Shards(X, axis=1), GROUP, ranks=2)
    assert finding.called == "f(x, w_shard, group)  on 2 ranks"
    assert finding.shapes == "x(2,2)  w(2,2) cut along axis 1"
    assert finding.inputs == (("x", "[[1 2] [3 4]]"), ("w", "[[1 2] [3 4]]"))


def test_the_number_of_ranks_is_told_only_of_spmd_calls():
    """One rank is one rank."""
    assert described(1).called == "f(x=1)"
    assert described(1, ranks=1).called == "f(x=1)  on 1 rank"


def test_values_per_rank_are_told_by_rank():
    """Each with its rank; shapes once where they are all the same, else all there are."""
    same = described(PerRank([X[0], X[1]]), ranks=2)
    assert same.inputs == (("x", "rank 0: [1 2], rank 1: [3 4]"),)
    assert same.shapes == "x(2,)"
    assert described(PerRank([X[0], X[0][:1]]), ranks=2).shapes == "x(2,) or x(1,)"
    assert described(PerRank([1, 2]), ranks=2).inputs == (("x", "rank 0: 1, rank 1: 2"),)


def test_long_lists_and_dicts_are_inputs():
    """A schedule is shown below the call."""
    order = [[("F", 0), ("B", 0)], [("F", 0), ("B", 0)]]
    finding = described(order)
    assert finding.called == "f(x)"
    assert finding.inputs == (("x", "[[('F', 0), ('B', 0)], [('F', 0), ('B', 0)]]"),)
    assert described({0: Fraction(1, 2)}).inputs == (("x", "{0: 1/2}"),)


def test_a_place_that_is_known_is_kept():
    """The line of the student's exception is nearer than the file."""
    known = with_call(Finding(where="lab.py:3"), FakeCall(), (), "lab.py")
    assert known.where == "lab.py:3"
    assert described().where == "lab.py"


def test_facts_of_the_finding_are_kept():
    """Only the call is added."""
    finding = with_call(Finding(expected="a", got="b", nudge="c"), FakeCall(), (), "")
    assert (finding.expected, finding.got, finding.nudge) == ("a", "b", "c")


def test_state_dicts_are_told_by_number():
    """Names and values of ten tensors would fill a screen."""
    state = {"a": Tensor(np.ones(2)), "b": Tensor(np.ones((2, 2)))}
    finding = described(state, PerRank([state, state]), ranks=2, names=("state", "shard"))
    assert finding.inputs == (
        ("state", "2 tensors of float64"),
        ("shard", "for each rank its part of 2 tensors of float64"),
    )


def test_tensors_read_as_arrays():
    """Shape and entries of a small tensor; fields by name."""
    finding = described(Tensor(np.ones((1, 2))), Fields({"hidden": 2}), names=("x", "config"))
    assert finding.shapes == "x(1,2)"
    assert finding.inputs == (("x", "[[1 1]]"), ("config", "hidden 2"))
