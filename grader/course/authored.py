"""Reads files that an author wrote, as text and as Python; an error names the file."""

import ast
from pathlib import Path

from grader.errors import CourseError
from grader.files import sources


def text_of(path: Path) -> str:
    """The text of the file; CourseError where it can't be read or is no UTF-8."""
    content = _bytes_of(path)
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise CourseError(f"{path}:{line}: not UTF-8 text: {error.reason}") from None


def source_of(path: Path) -> str:
    """The text of a Python file, in the encoding that it declares."""
    content = _bytes_of(path)
    try:
        sources.check(content)
    except sources.UnreadableError as error:
        raise CourseError(f"{path}: {error}") from None
    return sources.text(content)


def tree_of(path: Path) -> ast.Module:
    """The Python file, parsed; CourseError with the line where it is no Python."""
    source = source_of(path)
    try:
        return ast.parse(source, str(path))
    except SyntaxError as error:
        line = f":{error.lineno}" if error.lineno else ""
        raise CourseError(f"{path}{line}: {error.msg}") from None
    except (ValueError, RecursionError, MemoryError) as error:  # nested beyond what Python parses
        raise CourseError(f"{path}: not to be parsed: {error or type(error).__name__}") from None


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise CourseError(f"{path}: missing") from None
    except OSError as error:
        raise CourseError(f"{path}: can't be read: {error.strerror or error}") from None
