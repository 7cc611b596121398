"""The bundle that students get, and the proof that nothing of the instructor's is in it."""

import ast
import contextlib
import io
import re
import tokenize
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from grader.course import Course, Lab
from grader.course.authored import source_of, tree_of
from grader.course.key import receipt_seed
from grader.errors import CourseError
from grader.files.writing import write_whole
from grader.intake.archive import stored_zip
from grader.validation.labs_bundle import members

PACKAGE = Path(__file__).parents[1]
MIN_LINE = 20
MIN_NUMBERS = 6


def release(
    course: Course, labs: Sequence[Lab], target: Path, wheel: Path | None = None
) -> list[str]:
    """Writes the labs' bundle, a zip, to `target`, whole or not at all; returns its members.

    Refuses with CourseError if anything of a solution, a hidden suite or a key is in it.
    """
    held = dict(members(course, labs, wheel))
    if found := [leak for lab in labs for leak in _found(course, lab, held)]:
        raise CourseError("not released:", *dict.fromkeys(found))
    # stored as it is: compressed bytes depend on the machine's zlib
    write_whole(target, stored_zip(held))
    return list(held)


def leaks(course: Course, lab: Lab) -> Iterator[str]:
    """What of the lab a bundle of the whole course holds that it must not, one line a find."""
    with_it = [lab, *(other for other in _readable(course) if other.slug != lab.slug)]
    yield from _found(course, lab, dict(members(course, with_it)))


def _readable(course: Course) -> Iterator[Lab]:
    """The labs that can be read; what is wrong with another one is told as that one's."""
    for slug in course.slugs:
        with contextlib.suppress(CourseError):
            yield course.lab(slug)


def _found(course: Course, lab: Lab, held: Mapping[str, bytes]) -> Iterator[str]:
    secrets = list(_secrets(course, lab))
    for name, content in _opened(held):
        text = _squeezed(content.decode("utf-8", "replace"))
        for what, secret in secrets:
            if secret in text:
                yield f"{name} holds {what}"


def _opened(held: Mapping[str, bytes]) -> Iterator[tuple[str, bytes]]:
    """The members as they are; of a wheel, those files in it that are not this very package.

    What runs here is no secret. So that nothing else gets in as the package, it must be that.
    """
    for name, content in held.items():
        if not name.endswith(".whl"):
            yield name, content
            continue
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as wheel:
                inside = {each: wheel.read(each) for each in wheel.namelist()}
        except zipfile.BadZipFile as error:
            raise CourseError(f"{name}: no wheel: {error}") from None
        for each, text in inside.items():
            if ".dist-info/" in each:
                yield f"{name}: {each}", text
            elif not _is_of_this_package(each, text):
                raise CourseError(
                    f"not released: {name}: {each} is not the package that runs here; "
                    "build the wheel anew: make wheel"
                )


def _is_of_this_package(name: str, content: bytes) -> bool:
    path = PACKAGE.parent / name
    return path.is_relative_to(PACKAGE) and path.is_file() and path.read_bytes() == content


def _secrets(course: Course, lab: Lab) -> Iterator[tuple[str, str]]:
    """What must not be in a bundle, each in words and as text without white space."""
    key = lab.key
    yield "the course key", _squeezed(key.decode("utf-8", "replace"))
    yield "the course key", key.hex()
    yield "the receipt key", receipt_seed(course.root).hex()
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
