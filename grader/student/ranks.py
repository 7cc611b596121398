"""Runs your own function on n ranks in this process: in a script, at a prompt, in a debugger.

::

    from grader.student.ranks import GROUP, Shards, ranks
    from my_file import my_function

    run = ranks(2)(my_function, Shards(x, axis=1), GROUP)
    run.values        what each rank returned
    run.log           what each rank asked of its group, in order

`GROUP` becomes the rank's group, `Shards(x, axis)` its equal part of x, `PerRank([…])` its own
value, and everything else a copy. One rank runs at a time, so `breakpoint()` in your function
stops one rank while the others wait. Nothing is isolated, and nothing is graded.
"""

import copy
import inspect
from collections.abc import Callable
from typing import Any

from grader.errors import UsageError
from grader.fabric import GROUP, Handle
from grader.fabric.inside_group import Group
from grader.fabric.turns import RankError, RanksRun, StuckError, Task, run_in_turns
from grader.suite.values import PerRank, Shards, for_rank

__all__ = ["GROUP", "Group", "PerRank", "RankError", "RanksRun", "Shards", "StuckError", "ranks"]

MOST_RANKS = 64


def ranks(world_size: int) -> Callable[..., RanksRun]:
    """What calls a function once on each of `world_size` ranks: `ranks(2)(f, x, GROUP)`.

    It returns a `RanksRun`, and raises `RankError` where a rank raised, and `StuckError` where
    ranks wait for what can't come.
    """
    if not 1 <= world_size <= MOST_RANKS:
        raise UsageError(f"{world_size} ranks: expected 1 to {MOST_RANKS}")

    def call(function: Callable[..., Any], *args: Any, **kwargs: Any) -> RanksRun:
        return run_in_turns(
            [_task(function, args, kwargs, rank, world_size) for rank in range(world_size)]
        )

    return call


def takes_group(function: Callable[..., Any]) -> bool:
    """Whether the function has a parameter named `group`."""
    return "group" in inspect.signature(function).parameters


def _task(
    function: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    rank: int,
    world_size: int,
) -> Task:
    """The call of one rank, with what that rank gets."""

    def mine(value: Any, group: Group) -> Any:
        if value is GROUP:
            return group
        if isinstance(value, Handle):
            raise UsageError(
                f"{type(value).__name__} needs processes of its own; see 'shardlab capture'"
            )
        return copy.deepcopy(for_rank(value, rank, world_size))

    def run(group: Group) -> Any:
        own = {name: mine(value, group) for name, value in kwargs.items()}
        return function(*(mine(value, group) for value in args), **own)

    return run
