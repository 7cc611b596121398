"""The pytest plugin that grades: fixtures, rubric marks, comparison, explanation.

Theory of operation
-------------------
A suite is an ordinary folder of pytest files. It runs in the trusted process; the functions it
calls run elsewhere. The fixture `student` calls a submitted function in a sandboxed process,
`ranks(n)` calls it once in each of n; both return plain data. A suite compares that with
`equal` (exactly), `within` (a proved bound) and `require` (in words), never with a default
tolerance. Fresh inputs come from `rng`, which depends on the course key, the student, the lab
and the case, and on nothing else.

`@pytest.mark.rubric("item")` binds a case to an item of `assignment.toml`, which holds what the
item is called, what it is worth, its invariant and what it builds on. An item is earned when
all its cases pass.

A suite is plain functions `test_…`, marked with `rubric` and perhaps `parametrize`, which ask for
the fixtures above, `trace`, `picture` and their own parameters. It has no fixtures, classes of
tests, set-up or hooks of its own: it calls a function instead, and what several files share is
imported from a `conftest.py` beside them. Whatever else is found is refused when the suite is
collected, with its line and what mends it: so each case is simply called, and none is left out.

Public and hidden suites are the same kind of file. The public one has tiny whole-number cases
in order of size, so the first that fails is the smallest that can be shown; that is the
explanation for a hidden failure, whose own inputs are never shown.

A public suite may end with `picture`, the fixture that draws the student's own run: facts in,
text and SVG out, both made by `grader.drawing`.

What a suite may import is re-exported here.
"""

from grader.drawing import (
    Bar,
    Curve,
    Curves,
    Gantt,
    Held,
    Mark,
    MemoryBars,
    Panel,
    Part,
    ShardMap,
    Split,
)
from grader.fabric import GROUP, TORCH_GROUP, Fields, TorchGroup
from grader.sandbox import Tensor
from grader.suite.compare import arrays, equal, is_array, number, require, within
from grader.suite.explain.naming import AnyOf
from grader.suite.values import PerRank, Shards, whole

__all__ = [
    "GROUP",
    "TORCH_GROUP",
    "AnyOf",
    "Bar",
    "Curve",
    "Curves",
    "Fields",
    "Gantt",
    "Held",
    "Mark",
    "MemoryBars",
    "Panel",
    "Part",
    "PerRank",
    "ShardMap",
    "Shards",
    "Split",
    "Tensor",
    "TorchGroup",
    "arrays",
    "equal",
    "is_array",
    "number",
    "require",
    "whole",
    "within",
]
