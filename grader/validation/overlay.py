"""A mutant or variant is what it changes: laid over the solution, it is a whole submission.

::

    \"\"\"The bias is added on every rank.\"\"\"  # loses: row-linear

    def row_parallel_linear(x_shard, w_shard, group, bias=None):
        ...

A function, class or assignment at the file's top replaces the solution's of that name, with the
comments right above it; of a class that is the whole of it. Imports are put after the solution's,
and so is a new name, or after what of the solution it needs when the file is loaded. All else is
the solution's own text. A file whose line 1 ends its words with `(whole file)` is taken as it
stands.
"""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from grader.course import Lab
from grader.errors import CourseError
from grader.files import sources
from grader.submissions import Submission, from_bytes
from grader.validation.marks import Mark, mark_in
from grader.validation.statements import Module, Statement

KINDS = ("variant", "mutant")
WHOLE, REWRITTEN = "whole file", "rewritten"
_ELSE = f'or give the whole file and end the words of line 1 with "({WHOLE})"'


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
        """The same as the bytes of a file, in the encoding that it declares."""
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
        """Each change of the solution: from line, to line (not included), and the new lines."""
        solution, own = self.solution, self.own
        if own.head:
            yield 0, solution.head, own.lines[: own.head] + [""] * (not solution.head)
        future = [each for each in self.imports if each.is_future]
        if future:
            yield solution.head, solution.head, ["", *self._texts(future)]
        plain = [each for each in self.imports if not each.is_future]
        yield solution.after_imports, solution.after_imports, self._texts(plain)
        for place, each in self._places():
            yield place, place, ["", "", *own.text_of(each)]
        for old, instead in self.replaced:
            yield old.start, old.end, own.text_of(instead)

    def _places(self) -> Iterator[tuple[int, Statement]]:
        """Each new statement with the line of the solution before which it is put."""
        places: dict[str, int] = {}
        for each in self.new:
            needs = each.needs
            held = [statement.end for statement in self.solution.binding(needs)]
            earlier = [place for name, place in places.items() if name in needs]
            place = max([self.solution.after_imports, *held, *earlier])
            places |= dict.fromkeys(each.names, place)
            yield place, each

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
    if mark.form == WHOLE:
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


def _one_a_line(module: Module) -> None:
    """Raises CourseError where two statements share a line: lines are what is exchanged."""
    done = module.head
    for each in module.statements:
        if each.node.lineno <= done:
            raise CourseError(f"{module.at(each)}: two statements in one line; give each its own")
        done = each.end
