"""Reads TOML files as structs; an error names the file, the key and what was expected."""

import tomllib
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from grader.errors import CourseError

_T = TypeVar("_T")


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One table of a TOML file. A key that nothing reads is refused: it is a typing error."""


def read_table(path: Path, kind: type[_T]) -> _T:
    """The content of the file; CourseError where it is missing, not TOML or of another form."""
    try:
        table: dict[str, Any] = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise CourseError(f"{path}: missing") from None
    except (OSError, UnicodeDecodeError) as error:
        raise CourseError(f"{path}: can't be read: {error}") from None
    except tomllib.TOMLDecodeError as error:
        raise CourseError(f"{path}: not TOML: {error}") from None
    return convert(path, table, kind)


def convert(path: Path, table: dict[str, Any], kind: type[_T], under: str = "") -> _T:
    """The table as a struct; `under` is the key of the file that it stands under."""
    try:
        return msgspec.convert(table, kind)
    except msgspec.ValidationError as error:
        raise CourseError(f"{path}: {_where(str(error), under)}") from None


def _where(message: str, under: str) -> str:
    """msgspec's "… - at `$.rubric[0].points`" the way a person would put it."""
    text, _, place = message.partition(" - at ")
    key = f"{under}{place.strip('`').removeprefix('$')}".removeprefix(".")
    return f"key '{key}': {text}" if key else text
