"""The bundle that students get, and the proof that nothing of the instructor's is in it."""

import ast
import io
import json
import re
import tokenize
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from grader.course import Course, Lab, written_files
from grader.course.authored import source_of, tree_of
from grader.course.key import receipt_seed
from grader.errors import CourseError
from grader.files.writing import write_whole
from grader.intake.receipts import public_key

MIN_LINE = 20
MIN_NUMBERS = 6
_LONG_AGO = (2000, 1, 1, 0, 0, 0)  # one date for all members: equal courses give equal bundles


def release(course: Course, lab: Lab, target: Path) -> list[str]:
    """Writes the lab's bundle, a zip, to `target`, whole or not at all; returns its members.

    Refuses with CourseError if anything of the solution, the hidden suite or the key is in it.
    """
    if found := list(leaks(course, lab)):
        raise CourseError("\n".join(["not released:", *found]))
    members = dict(bundle(course, lab))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            # stored as it is: compressed bytes depend on the machine's zlib
            archive.writestr(zipfile.ZipInfo(name, _LONG_AGO), content, zipfile.ZIP_STORED)
    write_whole(target, buffer.getvalue())
    return list(members)


def bundle(course: Course, lab: Lab) -> Iterator[tuple[str, bytes]]:
    """Name and content of every member: a course of one lab, without the instructor's part."""
    facts = {
        "name": course.name,
        "labs": [lab.slug],
        "inbox": course.inbox,
        "receipt_key": public_key(course.root, course.approve),
        "timezone": course.timezone,
    }
    # JSON's way to quote is TOML's, too
    lines = [
        f"{key} = {json.dumps(fact, ensure_ascii=False)}" for key, fact in facts.items() if fact
    ]
    yield "course.toml", ("\n".join(lines) + "\n").encode()
    for path in written_files(lab.folder):
        member = f"assignments/{lab.slug}/{path.relative_to(lab.folder).as_posix()}"
        yield member, path.read_bytes()


def leaks(course: Course, lab: Lab) -> Iterator[str]:
    """What the bundle holds that it must not, one line a find."""
    secrets = list(_secrets(course, lab))
    for name, content in bundle(course, lab):
        text = _squeezed(content.decode("utf-8", "replace"))
        for what, secret in secrets:
            if secret in text:
                yield f"{name} holds {what}"


def _secrets(course: Course, lab: Lab) -> Iterator[tuple[str, str]]:
    """What must not be in a bundle, each in words and as text without white space."""
    key = lab.key
    yield "the course key", _squeezed(key.decode("utf-8", "replace"))
    yield "the course key", key.hex()
    yield "the receipt key", receipt_seed(course.root, course.approve).hex()
    solution = course.solutions(lab) / lab.assignment.file
    for line in solution_lines(solution):
        yield f"a line of the solution: {line.strip()}", _squeezed(line)
    for path in sorted(lab.hidden_suite.glob("*.py")):
        for text in hidden_inputs(path):
            yield f"an input of {path.name}: {text[:60]}", _squeezed(text)


def solution_lines(path: Path) -> list[str]:
    """The lines of code that answer a lab, long enough to be telling, without their comments.

    Not among them: imports, signatures with their decorators, and docstrings, which stub and
    solution share.
    """
    source = source_of(path)
    shared = {number for node in ast.walk(tree_of(path)) for number in _shared(node)}
    lines = enumerate(_without_comments(source), 1)
    return [
        line for number, line in lines if number not in shared and len(_squeezed(line)) >= MIN_LINE
    ]


def _shared(node: ast.AST) -> Iterable[int]:
    """The lines of a node that say nothing of the answer."""
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
        return range(first, node.body[0].lineno)
    if isinstance(node, ast.Expr) and not isinstance(node.value, ast.Constant):
        return ()  # a call; a constant by itself is a docstring
    if isinstance(node, (ast.Import, ast.ImportFrom, ast.Expr)):
        return range(node.lineno, (node.end_lineno or node.lineno) + 1)
    return ()


def _without_comments(source: str) -> list[str]:
    lines = source.splitlines()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column]
    return lines


def hidden_inputs(path: Path) -> list[str]:
    """Lists, tuples and the like that a hidden suite writes out, if they hold many numbers."""
    source = source_of(path)
    found = []
    for node in ast.walk(tree_of(path)):
        if isinstance(node, (ast.List, ast.Tuple, ast.Set, ast.Dict)):
            inside = (n.value for n in ast.walk(node) if isinstance(n, ast.Constant))
            numbers = [value for value in inside if type(value) in (int, float)]
            if len(numbers) >= MIN_NUMBERS and (text := ast.get_source_segment(source, node)):
                found.append(text)
    return found


def _squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)
