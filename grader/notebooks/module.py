"""The cells' Python as a file's: what a notebook allows and a file does not is mended or named.

Runs only in a process of its own (`child`), as all that parses.
"""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate

from grader.notebooks.names import bound_anywhere, first_line, own_nodes, statements
from grader.notebooks.pieces import JUPYTERS

_AWAIT = (
    "'await' outside of a function works in a notebook alone; put it into an 'async def', or "
    "into a cell that is not handed in"
)


@dataclass(frozen=True)
class Made:
    """A file's source; lines of what was left out, with its text, and of what can't be mended.

    Lines are those of the cells joined; in the file, `extra_lines` stand above them.
    """

    source: str
    extra_lines: int = 0
    left_out: tuple[tuple[int, str], ...] = ()
    broken: tuple[tuple[int, str], ...] = ()


def as_module(source: str, tree: ast.Module) -> Made:
    """The source, which has that tree, with as many lines but for `extra_lines` at its top.

    A statement that only shows something, by a name that Jupyter has (`display(x)`) or by
    `await`, defines nothing and goes. `from __future__` goes to the top.
    """
    shown = list(dict.fromkeys([*_shown_by_jupyter(tree), *_awaited(tree)]))
    late = list(_late_futures(tree))
    broken = [
        (each.lineno, _AWAIT)
        for each in statements(tree.body)
        if _awaits(each) and not isinstance(each, ast.Expr)
    ]
    told = tuple((each.lineno, first_line(source, each)) for each in shown)
    top = "".join(f"{ast.unparse(each)}\n" for each in late)
    return Made(top + _edited(source, [*shown, *late]), len(late), told, tuple(broken))


def _shown_by_jupyter(tree: ast.Module) -> Iterator[ast.stmt]:
    bound = bound_anywhere(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and any(
            isinstance(each, ast.Name) and JUPYTERS.fullmatch(each.id) and each.id not in bound
            for each in ast.walk(node)
        ):
            yield node


def _awaited(tree: ast.Module) -> Iterator[ast.stmt]:
    for statement in statements(tree.body):
        if isinstance(statement, ast.Expr) and _awaits(statement):
            yield statement


def _awaits(statement: ast.stmt) -> bool:
    """Whether it awaits something itself, which only a notebook's cell and async functions may."""
    return any(
        isinstance(each, ast.Await | ast.AsyncFor | ast.AsyncWith)
        or (isinstance(each, ast.comprehension) and each.is_async)
        for each in own_nodes(statement)
    )


def _late_futures(tree: ast.Module) -> Iterator[ast.stmt]:
    """Imports of `__future__` that stand below other statements, as they may in a later cell."""
    late = False
    for number, statement in enumerate(tree.body):
        future = isinstance(statement, ast.ImportFrom) and statement.module == "__future__"
        docstring = number == 0 and isinstance(statement, ast.Expr)
        late = late or not (future or docstring)
        if late and future:
            yield statement


def _edited(source: str, gone: Iterable[ast.stmt]) -> str:
    """The source with nothing in the place of each statement, and all lines where they were."""
    text = source.encode()
    starts = [0, *accumulate(len(line) + 1 for line in text.split(b"\n"))]
    spans = {
        (starts[each.lineno - 1] + each.col_offset,
         starts[(each.end_lineno or 0) - 1] + (each.end_col_offset or 0))
        for each in gone
    }  # fmt: skip
    for start, end in sorted(spans, reverse=True):
        lines = text.count(b"\n", start, end)
        nothing = b"(None" + b"\n" * lines + b")" if lines else b"None"
        text = text[:start] + nothing + text[end:]
    return text.decode()
