"""Files that an author wrote, as text and as Python; what can't be read is told by name."""

import ast
import io
import tokenize
from pathlib import Path

from grader.errors import CourseError


def text_of(path: Path) -> str:
    """The text of the file; CourseError where it can't be read or is no UTF-8."""
    return _decoded(path, _bytes_of(path), "utf-8")


def source_of(path: Path) -> str:
    """The text of a Python file, in the encoding that it declares."""
    content = _bytes_of(path)
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
    except SyntaxError as error:
        _decoded(path, content, "utf-8")  # says in which line, if that is what is wrong
        raise CourseError(f"{path}: {error.msg}") from None
    return _decoded(path, content, encoding).replace("\r\n", "\n")


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


def _decoded(path: Path, content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise CourseError(f"{path}:{line}: not {encoding.upper()} text: {error.reason}") from None
