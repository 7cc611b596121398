"""Makes a file of the cells' Python: mends or reports what only a notebook allows.

Runs only in a process of its own (`child`), like all code that parses.
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
class FileText:
    """A file's source, and the numbers and texts of lines that were left out or can't be mended.

    The numbers are those of the joined cells; in the file, `extra_lines` stand above them.
    """

    source: str
    extra_lines: int = 0
    left_out: tuple[tuple[int, str], ...] = ()
    broken: tuple[tuple[int, str], ...] = ()


def as_module(source: str, tree: ast.Module) -> FileText:
    """The file of a source with that tree: the same lines below `extra_lines` at the top.

    A statement that only shows something, with a name of Jupyter's (`display(x)`) or `await`,
    defines nothing and is left out. `from __future__` is moved to the top.
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
    return FileText(top + _edited(source, [*shown, *late]), len(late), told, tuple(broken))


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
    """Whether the statement itself awaits, which only notebook cells and async functions may."""
    return any(
        isinstance(each, ast.Await | ast.AsyncFor | ast.AsyncWith)
        or (isinstance(each, ast.comprehension) and each.is_async)
        for each in own_nodes(statement)
    )


def _late_futures(tree: ast.Module) -> Iterator[ast.stmt]:
    """Yields imports of `__future__` below other statements, as a later cell may have them."""
    late = False
    for number, statement in enumerate(tree.body):
        future = isinstance(statement, ast.ImportFrom) and statement.module == "__future__"
        docstring = number == 0 and isinstance(statement, ast.Expr)
        late = late or not (future or docstring)
        if late and future:
            yield statement


def _edited(source: str, gone: Iterable[ast.stmt]) -> str:
    """The source with `None` in place of each statement, and every other line where it was."""
    text = source.encode()
    starts = [0, *accumulate(len(line) + 1 for line in text.split(b"\n"))]

    def span(node: ast.stmt) -> tuple[int, int]:
        start = starts[node.lineno - 1] + node.col_offset
        return start, starts[(node.end_lineno or 0) - 1] + (node.end_col_offset or 0)

    for start, end in sorted(set(map(span, gone)), reverse=True):
        lines = text.count(b"\n", start, end)
        nothing = b"(None" + b"\n" * lines + b")" if lines else b"None"
        text = text[:start] + nothing + text[end:]
    return text.decode()
