"""Mutants with the mistake in a shared function, but for one of its callers only.

Where a solution checks every argument by one function, a student may write each check anew, and
forget a clause of one of them. So each clause of a private function is left out for each call of
it from a public one, whether direct or through other private functions: that caller gets copies
of them, which nothing else calls.
"""

import ast
from collections import Counter
from collections.abc import Iterator, Sequence

from grader.validation.mutation.mutants import Mistake, Mutant, mutant_of
from grader.validation.mutation.places import File
from grader.validation.mutation.text import Edit, Text, squashed

_KINDS = {"comparison", "condition", "branch", "exception", "message"}
_COPY = "_here"

Path = tuple[ast.Call, ...]


def mutants_of_callers(file: File, mistakes: Sequence[Mistake]) -> Iterator[Mutant]:
    """The mutants of each call of a function that has more than one call."""
    public = [name for name in file.functions if not _is_private(name)]
    paths = [(name, path) for name in public for path in _paths(file, name)]
    count = Counter(_called(path) for _, path in paths)
    clauses = [each for each in mistakes if each.function in count and _is_clause(each)]
    for name, path in paths:
        if count[_called(path)] > 1:
            for clause in clauses:
                if clause.function == _called(path):
                    yield _mutant(file, name, path, clause)


def _paths(file: File, name: str, above: tuple[str, ...] = ()) -> Iterator[Path]:
    """Every way from a function into a private one, as the calls that lead there."""
    for node in ast.walk(file.functions[name]):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            called = node.func.id
            if _is_private(called) and called in file.functions and called not in above:
                yield (node,)
                yield from ((node, *path) for path in _paths(file, called, (*above, name)))


def _is_clause(mistake: Mistake) -> bool:
    """Whether it makes a check weaker, or what it says shorter."""
    if mistake.kind not in _KINDS:
        return False
    statement = mistake.place.statement
    checks = isinstance(statement, ast.If) and isinstance(statement.body[-1], ast.Raise)
    never_raises = mistake.kind != "branch" or mistake.edit.text != b"True"
    return never_raises and (checks or isinstance(statement, ast.Raise))


def _mutant(file: File, caller: str, path: Path, clause: Mistake) -> Mutant:
    text = Text(file.source)
    plain = mutant_of(clause, text)
    calls = [_calls_copy(text, call) for call in path]
    edits = zip(path, [*calls[1:], clause.edit], strict=True)
    copies = [_copied(text, file, _called((call,)), edit) for call, edit in edits]
    source = b"\n\n\n".join([calls[0].of(file.source).rstrip(), *copies]) + b"\n"
    words = " > ".join(squashed(ast.unparse(call)).replace("'", '"') for call in path)
    return Mutant(
        caller, "caller", plain.before, plain.after, plain.line, plain.diff, source, words
    )


def _calls_copy(text: Text, call: ast.Call) -> Edit:
    start, end = text.span(call.func)
    return Edit(start, end, text.source[start:end] + _COPY.encode())


def _copied(text: Text, file: File, name: str, edit: Edit) -> bytes:
    """The function's text, edited, under its copy's name."""
    start, end = text.span(file.functions[name])
    body = Edit(edit.start - start, edit.end - start, edit.text).of(text.source[start:end])
    old = f"def {name}".encode()
    return body.replace(old, old + _COPY.encode(), 1)


def _called(path: Path) -> str:
    func = path[-1].func
    assert isinstance(func, ast.Name)
    return func.id


def _is_private(name: str) -> bool:
    return name.startswith("_")
