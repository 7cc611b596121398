"""Jupyter's commands in a cell, and what is left of its text when they are taken out.

What is a command, and where it ends, IPython's own transformer says; nothing is carried out. A
line stays a line, so that places in messages stay right. Text that is Python as it stands is
never touched: `%d` may begin a line of a string. Runs only in a process of its own (`child`):
the text is hostile, and IPython takes minutes over some lines that are very long.
"""

import ast
import re
from collections.abc import Sequence
from itertools import takewhile
from operator import eq

import msgspec
from IPython.core.inputtransformer2 import TransformerManager

from grader.notebooks.names import bindings, names_bound_by, parsed, quoted
from grader.notebooks.pieces import join

_MOST_COMMANDS = 500  # in a cell; IPython itself refuses more
_MOST_NESTED = 8  # cell magics on top of one another
_ASKED = "get_ipython()."  # IPython writes commands as calls of this
# Cell magics whose cell IPython runs as if they were not there.
_HERE = frozenset({"time", "capture", "prun", "debug"})
# Cell magics whose cell is no Python, or not run in the notebook's own process.
_ELSEWHERE = frozenset({
    "!", "bash", "sh", "script", "system", "sx", "cmd", "python", "python2", "python3", "pypy",
    "perl", "ruby", "html", "HTML", "svg", "SVG", "latex", "markdown", "javascript", "js",
    "writefile", "file",
})  # fmt: skip
# What IPython takes for a command without `%`, where it stands alone in a cell.
_BARE = re.compile(
    r"(?:pip|conda|mamba|micromamba|uv|ls|ll|cd|pwd|cat|cp|mv|rm|mkdir|rmdir|man|more|less|who|whos"
    r"|time|timeit|run|matplotlib|pylab|load_ext|reload_ext|autoreload|env|hist|history|precision)"
    r"(?:[ \t]+(?!=)[^\n]*)?"
)
_LINE = re.compile(r"^[ \t]*[%!?][^\n]*", re.MULTILINE)
_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
_Defining = _Definition | ast.Assign | ast.AnnAssign | ast.AugAssign | ast.Import | ast.ImportFrom


class Command(msgspec.Struct, frozen=True):
    """A command as the student wrote it, and the line of the cell that it begins in.

    `names` are what it would have defined. `whole`: all of the cell went with it.
    """

    line: int
    text: str
    names: tuple[str, ...] = ()
    whole: bool = False


class Plain(msgspec.Struct, frozen=True):
    """A cell's text without its commands: Python, unless the student's own lines are none."""

    text: str
    commands: tuple[Command, ...] = ()


def plain_cells(texts: Sequence[str]) -> list[Plain]:
    """The cells without commands; those that are Python when joined stay as they are."""
    plain = [_without_bare_command(each) for each in texts]
    if parsed(join(each.text for each in plain)) is not None:
        return plain
    # A cell in which there is a bare command has nothing else in it.
    return [each if each.commands else without_commands(each.text) for each in plain]


def without_commands(text: str) -> Plain:
    """The cell without Jupyter's commands, prompts and common indent; with as many lines."""
    if parsed(text) is not None:
        return Plain(text)
    ended = text.endswith("\n")
    try:
        plain = _without_commands(text if ended else f"{text}\n", _MOST_NESTED)
        return plain if ended else Plain(plain.text.removesuffix("\n"), plain.commands)
    except Exception:  # noqa: BLE001 - IPython's, of a text that is no Python with or without
        return Plain(_LINE.sub("", text))  # so that Python tells what is wrong, and not its `%`


def _without_bare_command(text: str) -> Plain:
    """Nothing, where the cell is one line that IPython takes for a command without its `%`."""
    line = text.strip()
    if not _BARE.fullmatch(line):
        return Plain(text)
    before = text[: text.index(line)].count("\n")
    return Plain("\n" * text.count("\n"), (_command(before + 1, line),))


def _without_commands(text: str, nested: int) -> Plain:
    """The same for a text that ends with a newline, which stays."""
    manager = TransformerManager()
    lines = text.splitlines(keepends=True)
    for transform in manager.cleanup_transforms:
        lines = transform(lines)
    blank = text.count("\n") - _newlines(lines)  # empty lines at the top are gone
    called = lines
    for transform in manager.line_transforms:
        called = transform(called)
    if called == lines:
        plain = _without_lines(lines, manager)
    elif nested:
        plain = _below_a_cell_magic(lines, _arguments(parsed(called[0])), nested - 1)
    else:
        return Plain(text)
    commands = tuple(msgspec.structs.replace(c, line=c.line + blank) for c in plain.commands)
    return Plain("\n" * blank + plain.text, commands)


def _below_a_cell_magic(lines: Sequence[str], arguments: Sequence[str], nested: int) -> Plain:
    """What a cell magic leaves of its cell: all, or what it does not hand elsewhere, or nothing."""
    name, line, body = arguments
    inner = _without_commands(body, nested)
    tree = parsed(inner.text)
    # `%%timeit` and what is not IPython's own: a student's function is not lost for them
    defines = tree is not None and any(isinstance(each, _Definition) for each in tree.body)
    if name not in _HERE and (name in _ELSEWHERE or not defines):
        names = sorted(bindings(tree)) if tree is not None else ()
        gone = _command(1, lines[0], names=names, whole=True)
        return Plain("\n" * _newlines(lines), (gone,))
    told = [msgspec.structs.replace(each, line=each.line + 1) for each in inner.commands]
    if name == "capture" and (into := [word for word in line.split() if word.isidentifier()]):
        told.insert(0, _command(1, lines[0], names=into[:1]))
    return Plain(f"\n{inner.text}", tuple(told))


def _without_lines(lines: list[str], manager: TransformerManager) -> Plain:
    """One command after the other, from the top, as IPython finds them."""
    commands = []
    for _ in range(_MOST_COMMANDS):
        changed, new = manager.do_one_token_transform(lines)
        if not changed:
            break
        at = sum(takewhile(bool, map(eq, lines, new)))
        after = at + len(lines) - len(new) + 1
        continued = at > 0 and lines[at - 1].rstrip("\n").endswith("\\")
        code, names = _instead_of(new[at], continued=continued)
        commands.append(_command(_newlines(lines[:at]) + 1, lines[at], names=names))
        lines = [*lines[:at], code + "\n" * _newlines(lines[at:after]), *lines[after:]]
    return Plain("".join(lines), tuple(commands))


def _instead_of(call: str, *, continued: bool) -> tuple[str, Sequence[str]]:
    """What stands in the place of a line that IPython would run, and the names that get lost."""
    indent, code = call[: len(call) - len(call.lstrip())], call.strip()
    tree = parsed(code)
    arguments = _arguments(tree)
    if arguments[:1] == ["time"]:  # which runs its line here, as `%%time` does its cell
        timed = code[: code.index(_ASKED)] + arguments[1]
        inner = parsed(timed)
        if inner is not None and any(isinstance(each, _Defining) for each in inner.body):
            return indent + timed, ()
    alone = tree is not None and len(tree.body) == 1 and not continued
    only = tree.body[0] if tree is not None and alone else None
    if not isinstance(only, ast.Expr if indent else ast.Expr | ast.Assign | ast.AnnAssign):
        # A value inside of something: it is missing only when the line is run.
        return call.rstrip("\n"), ["get_ipython"]
    return indent + ("pass" if indent else ""), sorted(names_bound_by(only))


def _arguments(tree: ast.Module | None) -> list[str]:
    """The texts that IPython's call hands over: of `get_ipython().…('time', 'f(x)')` both."""
    value = getattr(tree.body[0], "value", None) if tree is not None and tree.body else None
    if not isinstance(value, ast.Call) or not ast.unparse(value.func).startswith(_ASKED):
        return []
    return [str(each.value) for each in value.args if isinstance(each, ast.Constant)]


def _command(line: int, text: str, *, names: Sequence[str] = (), whole: bool = False) -> Command:
    return Command(line, quoted(text), tuple(names), whole)


def _newlines(lines: Sequence[str]) -> int:
    return sum(each.count("\n") for each in lines)
