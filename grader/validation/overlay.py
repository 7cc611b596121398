"""A mutant or variant is what it changes: laid over the solution, it is a whole submission.

::

    \"\"\"The bias is added on every rank.\"\"\"  # loses: row-linear

    def row_parallel_linear(x_shard, w_shard, group, bias=None):
        ...

A function, class or assignment at the file's top replaces the solution's of that name, with the
comments right above it; of a class that is the whole of it. A new name is put after the imports,
in the order given; so are imports. All else is the solution's own text. A file whose line 1 ends
its words with `(whole file)` is taken as it stands.
"""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from grader import sources
from grader.authored import source_of, tree_of
from grader.course import Lab
from grader.errors import CourseError
from grader.submissions import Submission, from_bytes
from grader.validation.marks import Mark, mark_in

KINDS = ("variant", "mutant")
WHOLE, REWRITTEN = "whole file", "rewritten"
_IMPORTS = (ast.Import, ast.ImportFrom)
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Assign, ast.AnnAssign)
_ELSE = f'or give the whole file and end the words of line 1 with "({WHOLE})"'


@dataclass(frozen=True)
class Statement:
    """A statement at a file's top: the names it binds, and its lines, from 0, `end` excluded.

    The comments right above it are among its lines.
    """

    node: ast.stmt
    names: frozenset[str]
    start: int
    end: int

    @property
    def called(self) -> str:
        """Its names in words."""
        return ", ".join(sorted(self.names))

    @property
    def is_import(self) -> bool:
        return isinstance(self.node, _IMPORTS)

    @property
    def is_definition(self) -> bool:
        return isinstance(self.node, _DEFINITIONS) and bool(self.names)


@dataclass(frozen=True)
class Module:
    """A file as its statements at the top, and its docstring with all above it: `head` lines."""

    path: Path
    text: str
    head: int
    statements: tuple[Statement, ...]

    @classmethod
    def read(cls, path: Path) -> "Module":
        """The file at `path`; CourseError where it can't be read or is no Python."""
        return cls.of(path, source_of(path), tree_of(path))

    @classmethod
    def of(cls, path: Path, text: str, tree: ast.Module) -> "Module":
        """The file that `path` would have, were this its text."""
        body, head = tree.body, 0
        if ast.get_docstring(tree, clean=False) is not None:
            head, body = _end(body[0]), body[1:]
        return cls(path, text, head, tuple(_statements(sources.lines_of(text), body, head)))

    @cached_property
    def lines(self) -> list[str]:
        return sources.lines_of(self.text)

    def text_of(self, statement: Statement) -> list[str]:
        """The lines of a statement."""
        return self.lines[statement.start : statement.end]

    @property
    def after_imports(self) -> int:
        """The line from which on every import of the file has been made."""
        return max([self.head, *(each.end for each in self.statements if each.is_import)])

    def binding(self, names: frozenset[str]) -> list[Statement]:
        """The statements that bind one of the names, other than by an import."""
        return [each for each in self.statements if not each.is_import and each.names & names]

    def at(self, statement: Statement) -> str:
        """Where the statement stands, for a message."""
        return f"{self.path}:{statement.node.lineno}"


@dataclass(frozen=True)
class Overlay:
    """A mutant or variant beside the solution: what it replaces and what it adds."""

    solution: Module
    own: Module
    mark: Mark
    is_whole: bool = False
    imports: tuple[Statement, ...] = ()
    replaced: tuple[tuple[Statement, Statement], ...] = ()  # the solution's, and ours
    new: tuple[Statement, ...] = ()

    @cached_property
    def source(self) -> str:
        """The whole submission."""
        if self.is_whole:
            return self.own.text
        lines: list[str] = []
        done = 0
        for start, end, instead in sorted(self._edits(), key=lambda edit: edit[:2]):
            lines += [*self.solution.lines[done:start], *instead]
            done = end
        return "\n".join([*lines, *self.solution.lines[done:]])

    @property
    def content(self) -> bytes:
        """The same as a file's bytes, in the encoding that it says."""
        plain = self.source.encode()
        try:
            return self.source.encode(sources.encoding(plain))
        except UnicodeEncodeError as error:
            raise CourseError(
                f"{self.own.path}: {error.object[error.start]!r} of the solution is no "
                f"{error.encoding}; save the file as UTF-8"
            ) from None

    @cached_property
    def result(self) -> Module:
        """The whole submission, read as a file; CourseError where it is no Python."""
        try:
            return Module.of(self.own.path, self.source, ast.parse(self.source))
        except SyntaxError as error:
            raise CourseError(
                f"{self.own.path}: laid over the solution, it is no Python: {error.msg}"
            ) from None

    def _edits(self) -> Iterator[tuple[int, int, list[str]]]:
        """Lines of the solution, from and to, with what stands there instead."""
        solution, own = self.solution, self.own
        if own.head:
            yield 0, solution.head, own.lines[: own.head] + [""] * (not solution.head)
        future = [each for each in self.imports if _is_future(each)]
        if future:
            yield solution.head, solution.head, ["", *self._texts(future)]
        plain = [each for each in self.imports if not _is_future(each)]
        new = [line for each in self.new for line in ("", "", *own.text_of(each))]
        yield solution.after_imports, solution.after_imports, [*self._texts(plain), *new]
        for old, instead in self.replaced:
            yield old.start, old.end, own.text_of(instead)

    def _texts(self, statements: Sequence[Statement]) -> list[str]:
        return [line for each in statements for line in self.own.text_of(each)]


def read_overlay(solution: Module, path: Path) -> Overlay:
    """The mutant or variant at `path`.

    Raises:
        CourseError: The file can't be read, or it is not clear what of it goes where.
    """
    return lay_over(solution, Module.read(path))


def lay_over(solution: Module, own: Module) -> Overlay:
    """What the one file replaces of the solution, and adds; CourseError where that is not clear."""
    mark = mark_in(own.text)
    if mark.form == WHOLE or _has_every_function(own, solution):
        return Overlay(solution, own, mark, is_whole=True)
    for module in (solution, own):
        _one_a_line(module)
    imports: list[Statement] = []
    replaced: list[tuple[Statement, Statement]] = []
    new: list[Statement] = []
    for each in own.statements:
        if each.is_import:
            imports.append(each)
        elif old := _replaced(solution, own, each):
            replaced.append((old, each))
        else:
            new.append(each)
    found = Overlay(solution, own, mark, False, tuple(imports), tuple(replaced), tuple(new))
    _ = found.result
    return found


def solution_of(lab: Lab, folder: Path) -> Module:
    """The solution of a lab whose solutions are in `folder`."""
    return Module.read(folder / lab.assignment.file)


def answers(lab: Lab, folder: Path, kind: str) -> Iterator[Submission]:
    """Each variant, or each mutant, as a whole submission that bears its file's name.

    One that can't be read is a submission whose `problem` says why.
    """
    solution = solution_of(lab, folder)
    for path in paths_of(folder, kind):
        try:
            source = read_overlay(solution, path).content
        except CourseError as error:
            yield Submission(path.stem, problem=str(error))
        else:
            yield from_bytes(lab, path.stem, source)


def paths_of(folder: Path, kind: str) -> list[Path]:
    """The files of the variants or mutants, in order."""
    return sorted((folder / f"{kind}s").glob("*.py"))


def _replaced(solution: Module, own: Module, statement: Statement) -> Statement | None:
    """The statement of the solution whose place ours takes; None for a new name."""
    where = own.at(statement)
    if not statement.is_definition:
        raise CourseError(
            f"{where}: only definitions, assignments to names, and imports can be laid over "
            f"the solution; put it into one, {_ELSE}"
        )
    if len(own.binding(statement.names)) > 1:
        raise CourseError(f"{where}: {statement.called} is defined twice; leave one, {_ELSE}")
    held = solution.binding(statement.names)
    if not held:
        return None
    if len(held) > 1 or held[0].names != statement.names or not held[0].is_definition:
        lines = " and ".join(str(each.node.lineno) for each in held)
        raise CourseError(
            f"{where}: {statement.called} can't be laid over line {lines} of "
            f"{solution.path.name}, which binds other names or the same one again; bind the "
            f"same names as there, {_ELSE}"
        )
    return held[0]


def _has_every_function(own: Module, solution: Module) -> bool:
    """Whether it is a whole file of before overlays: it has what students are asked for."""
    functions = {
        name
        for each in solution.statements
        if isinstance(each.node, ast.FunctionDef)
        for name in each.names
        if not name.startswith("_")
    }
    return bool(functions) and functions <= {name for each in own.statements for name in each.names}


def _one_a_line(module: Module) -> None:
    """Raises CourseError where two statements share a line: lines are what is exchanged."""
    done = module.head
    for each in module.statements:
        if each.node.lineno <= done:
            raise CourseError(f"{module.at(each)}: two statements in one line; give each its own")
        done = each.end


def _statements(lines: Sequence[str], body: Sequence[ast.stmt], done: int) -> Iterator[Statement]:
    for node in body:
        above: list[ast.expr] = getattr(node, "decorator_list", [])
        start = min([node.lineno, *(each.lineno for each in above)]) - 1
        while start > done and lines[start - 1].startswith("#"):
            start -= 1
        yield Statement(node, frozenset(_names(node)), start, _end(node))
        done = _end(node)


def _names(node: ast.stmt) -> Iterator[str]:
    """The names that a statement binds; of an import, those by which the file knows things."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        yield node.name
        return
    if isinstance(node, _IMPORTS):
        yield from ((each.asname or each.name).partition(".")[0] for each in node.names)
        return
    parts: list[ast.AST] = [node]  # of a compound statement, all in it: nothing is laid over that
    if isinstance(node, ast.Assign):
        parts = [*node.targets]
    elif isinstance(node, ast.AnnAssign):
        parts = [node.target]
    for each in (inner for part in parts for inner in ast.walk(part)):
        if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store):
            yield each.id
        elif each is not node and isinstance(each, (*_IMPORTS, *_DEFINITIONS[:3])):
            yield from _names(each)


def _is_future(statement: Statement) -> bool:
    node = statement.node
    return isinstance(node, ast.ImportFrom) and node.module == "__future__"


def _end(node: ast.stmt) -> int:
    return node.end_lineno or node.lineno
