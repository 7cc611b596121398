"""The bundle that students get, and the proof that nothing of the instructor's is in it."""

import ast
import io
import os
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

from grader.course import Course, Lab
from grader.errors import CourseError
from grader.workspace import released_files

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
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name, _LONG_AGO), content)
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    draft.write_bytes(buffer.getvalue())
    draft.replace(target)
    return list(members)


def bundle(course: Course, lab: Lab) -> Iterator[tuple[str, bytes]]:
    """Name and content of every member: a course of one lab, without the instructor's part."""
    yield "course.toml", f'name = "{course.name}"\nlabs = ["{lab.slug}"]\n'.encode()
    for path in released_files(lab):
        name = f"assignments/{lab.slug}/{path.relative_to(lab.folder).as_posix()}"
        yield name, path.read_bytes()


def leaks(course: Course, lab: Lab) -> Iterator[str]:
    """What the bundle holds that it must not, one line a find."""
    members = [(name, _squeezed(content.decode("utf-8", "replace")))
               for name, content in bundle(course, lab)]  # fmt: skip
    secrets = list(_secrets(course, lab))
    for name, text in members:
        for what, secret in secrets:
            if secret in text:
                yield f"{name} holds {what}"


def _secrets(course: Course, lab: Lab) -> Iterator[tuple[str, str]]:
    """What must not be in a bundle: its description, and the text without white space."""
    key = course.key()
    yield "the course key", _squeezed(key.decode("utf-8", "replace"))
    yield "the course key", key.hex()
    solution = course.solutions(lab) / lab.assignment.file
    for line in solution_lines(solution):
        yield f"a line of the solution: {line.strip()}", _squeezed(line)
    for path in sorted(course.hidden_suite(lab).glob("*.py")):
        for text in hidden_inputs(path):
            yield f"an input of {path.name}: {text[:60]}", _squeezed(text)


def solution_lines(path: Path) -> list[str]:
    """The lines of code that answer a lab, long enough to be telling.

    Not among them: imports, signatures, docstrings and comments, which stub and solution share.
    """
    source = path.read_text("utf-8")
    tree, lines = ast.parse(source), source.splitlines()
    shared: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            shared.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            shared.update(range(node.lineno, node.body[0].lineno))
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            shared.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return [
        line
        for number, line in enumerate(lines, 1)
        if number not in shared
        and not line.lstrip().startswith("#")
        and len(_squeezed(line)) >= MIN_LINE
    ]


def hidden_inputs(path: Path) -> list[str]:
    """Lists, tuples and the like that a hidden suite writes out, if they hold many numbers."""
    source = path.read_text("utf-8")
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.List, ast.Tuple, ast.Set, ast.Dict)):
            inside = (n.value for n in ast.walk(node) if isinstance(n, ast.Constant))
            numbers = [value for value in inside if isinstance(value, (int, float))]
            if len(numbers) >= MIN_NUMBERS and (text := ast.get_source_segment(source, node)):
                found.append(text)
    return found


def _squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)
