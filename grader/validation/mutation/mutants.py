"""Mutants: copies of a source file with one mistake each.

The mistake is made in the text, so that the rest of the file stays as it was written, and proved
on the syntax tree: a mutant is what was meant or is not made. It is known by its function and by
the statement before and after, so that it stays the same when lines move.
"""

import ast
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field

from grader.validation.mutation.operators import alternatives
from grader.validation.mutation.places import File, Place, places_of
from grader.validation.mutation.text import Edit, Text
from grader.validation.mutation.trees import replaced

Identity = tuple[str, str, str, str, str, int]


@dataclass(frozen=True)
class Mistake:
    """A change at one place of the file's syntax tree."""

    place: Place
    kind: str
    edit: Edit

    @property
    def function(self) -> str:
        """The name of the function that it is in; empty at the file's own level."""
        return self.place.function.name if self.place.function else ""


@dataclass(frozen=True)
class Mutant:
    """One mistake: in `function`, the statement `before` reads `after`, the n-th time it does.

    With a `call`, the mistake is in what is called, and shows only where it is called so.
    """

    function: str
    kind: str
    before: str
    after: str
    line: int
    diff: tuple[str, ...]
    source: bytes = field(repr=False)
    call: str = ""
    occurrence: int = 1

    @property
    def called(self) -> str:
        """The function that the mistake is in, where only one caller runs it."""
        return self.call.rpartition(" > ")[2].partition("(")[0]

    @property
    def identity(self) -> Identity:
        """What tells it from all others of the file, wherever its lines are."""
        return self.function, self.kind, self.before, self.after, self.call, self.occurrence


def mistakes_of(file: File) -> Iterator[Mistake]:
    """Every mistake that the operators know to make in the file, each once, in order."""
    text = Text(file.source)
    seen = set[tuple[int, str]]()
    for place in places_of(file):
        unchanged = ast.dump(place.top)
        for kind, new in alternatives(place):
            meant = ast.dump(replaced(place.top, place.node, new))
            if meant != unchanged and (place.top.lineno, meant) not in seen:
                seen.add((place.top.lineno, meant))
                if edit := _edit(place, new, meant, text):
                    yield Mistake(place, kind, edit)


def mutant_of(mistake: Mistake, text: Text) -> Mutant:
    """The file with that mistake in it."""
    edit = mistake.edit
    before, after = text.statement(mistake.place.statement, edit)
    diff = tuple(text.diff(edit))
    source = edit.of(text.source)
    return Mutant(mistake.function, mistake.kind, before, after, text.line(edit), diff, source)


def _edit(place: Place, new: ast.AST, meant: str, text: Text) -> Edit | None:
    """The change of the text that has the meant syntax tree; None where none has."""
    whole = place.whole
    wanted = new if whole is place.node else replaced(whole, place.node, new)
    (start, end), (top, bottom) = text.span(whole), text.definition(place.top)
    for form in _forms(wanted, whole.col_offset):
        edit = Edit(start, end, form.encode())
        length = bottom + len(edit.text) - (end - start)
        if _dump(edit.of(text.source)[top:length]) == meant:
            return edit
    return None


def _forms(node: ast.AST, column: int) -> Iterator[str]:
    """The node as text, in the quotes of this project if they do; at last in parentheses."""
    try:
        text = ast.unparse(ast.fix_missing_locations(node))
    except ValueError:  # an f-string with a backslash in it
        return
    text = textwrap.indent(text, " " * column).lstrip()
    for form in (text, f"({text})"):
        yield form.replace("'", '"')
        yield form


def _dump(source: bytes) -> str:
    """The tree of a statement; nothing for what is none."""
    try:
        tree = ast.parse(source)
        compile(tree, "mutant", "exec")  # what the parser lets through: `break` outside a loop
    except (SyntaxError, ValueError):
        return ""
    return ast.dump(tree.body[0]) if tree.body else ""
