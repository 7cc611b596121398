"""Tables that other programs wrote as CSV: their heading, and their lines by its columns."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from grader.errors import UsageError

_MAX_BYTES = 32 << 20


@dataclass(frozen=True)
class Sheet:
    """The heading of a table, and each line with its number in the file."""

    path: Path
    heading: tuple[str, ...]
    lines: tuple[tuple[int, tuple[str, ...]], ...]

    def column(self, names: Sequence[str]) -> int | None:
        """The first column that has one of these names, whatever its case."""
        wanted = {each.casefold() for each in names}
        return next((i for i, each in enumerate(self.heading) if each.casefold() in wanted), None)

    def cells(self, column: int | None) -> Iterator[str]:
        """Yields the cell of each line; empty where there is no such column or cell."""
        for _, cells in self.lines:
            yield cells[column] if column is not None and column < len(cells) else ""


def read_sheet(path: Path) -> Sheet:
    """The table in a file of UTF-8 (or UTF-16, marked) with commas, semicolons or tabs.

    UsageError says what is wrong with a file that is none.
    """
    text = read_text(path)
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        rows = [(reader.line_num, tuple(cell.strip() for cell in cells)) for cells in reader]
    except csv.Error as error:
        raise UsageError(f"{path}: line {reader.line_num}: not CSV: {error}") from None
    if not rows or not any(rows[0][1]):
        raise UsageError(f"{path}: the first line names the columns, and there is none")
    return Sheet(path, rows[0][1], tuple(row for row in rows[1:] if any(row[1])))


def read_text(path: Path) -> str:
    """The text of a file of moderate size; UsageError with the reason if it has none."""
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{path} can't be read: {error.strerror}") from None
    if len(content) > _MAX_BYTES:
        raise UsageError(f"{path}: larger than {_MAX_BYTES >> 20} MB; is it the right file?")
    try:
        marked = content.startswith((b"\xff\xfe", b"\xfe\xff"))
        return content.decode("utf-16" if marked else "utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError(f"{path}: not UTF-8; save it as 'CSV UTF-8'") from None
