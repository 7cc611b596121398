"""What a learning-management system itself says of submissions: who, in which group, and when.

The time in a zip is that of the download, so times come from these files alone:

- Moodle's grading worksheet (the assignment, View all submissions, Download grading worksheet):
  a line for each participant, with the number that the names of files have, and `Last modified
  (submission)` to the minute, in the zone and language of whoever downloads it.
- Canvas's list of submissions, as JSON of its API (`/api/v1/courses/:id/assignments/:id/
  submissions`), or as CSV with the same names of columns (Canvas Data), or its account report
  "Student Competency". Canvas's gradebook has no times.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any

from grader.errors import UsageError
from grader.files.sheets import Sheet, read_sheet, read_text
from grader.intake.bundle import MAX_AHEAD
from grader.intake.lms_names import unmarked
from grader.intake.moodle_words import Words, words_of
from grader.text.foreign_times import foreign_time
from grader.text.shown import escaped, plural

_GROUP = ("Group", "Gruppe", "Groupe", "Grupo", "Gruppo", "Groep", "Группа", "小组")
_PARTICIPANT = re.compile(r"(\D*?)\s*(\d{1,18})")
_NEVER = ("", "-")  # what stands in place of a time where nothing was handed in


@dataclass(frozen=True)
class Record:
    """What a system says of one person's submission: `at` is None if it says no time."""

    number: str
    name: str = ""
    email: str = ""
    ids: tuple[str, ...] = ()
    group: str = ""
    at: datetime | None = None
    late: bool = False
    unread: str = ""  # a time that could not be read
    label: str = ""  # Moodle's word before the number: it stands for a hidden name in files, too


@dataclass(frozen=True)
class Records:
    """The records of one file by number; Canvas's also by the id that hides a name."""

    path: Path
    by_number: Mapping[str, Record] = field(default_factory=dict)
    by_anonymous: Mapping[str, Record] = field(default_factory=dict)

    def problems(self, now: datetime) -> Iterator[str]:
        """Yields which times can't be read, and which are yet to come: both count as unknown."""
        records, file = self.by_number.values(), escaped(self.path.name)
        if unread := [each.unread for each in records if each.unread]:
            yield (
                f"{file}: {plural(len(unread), 'time')} can't be read, such as "
                f"'{escaped(unread[0])[:60]}': set the language of Moodle to English, download it "
                "again, and collect again"
            )
        if ahead := [each for each in records if each.at and each.at > now + MAX_AHEAD]:
            yield (
                f"{file}: {plural(len(ahead), 'time')} yet to come, such as that of "
                f"'{escaped(ahead[0].name or ahead[0].number)[:40]}': is the timezone in "
                "course.toml that of whoever downloaded it?"
            )


def read_worksheet(path: Path, zone: tzinfo) -> Records:
    """Moodle's worksheet; its times are read in this zone."""
    sheet = read_sheet(path)
    words = words_of(sheet.heading)
    at = _submitted(sheet, words) if words else None
    if words is None or at is None:
        raise UsageError(
            f"{path}: no Moodle grading worksheet: it has no column "
            f"'{'Identifier' if words is None else 'Last modified (submission)'}'; download it in "
            "Moodle, in English: the assignment, View all submissions, Download grading worksheet"
        )
    said = (words.identifier, words.name, words.email, words.number, words.username)
    columns = [sheet.column([each]) for each in said] + [sheet.column(_GROUP), at]
    cells = zip(*map(sheet.cells, columns), strict=True)
    found = [_moodle(each, zone) for each in cells]
    return Records(path, {each.number: each for each in found if each is not None})


def _submitted(sheet: Sheet, words: Words) -> int | None:
    """The column of the submission's time: it is called as the grade's is, but for the bracket."""
    beginning = re.split(r"[(（]", words.modified)[0].strip()
    named = (each for each in sheet.heading if each.startswith(beginning))
    return next((sheet.column([each]) for each in named if each != words.modified), None)


def _moodle(cells: tuple[str, ...], zone: tzinfo) -> Record | None:
    said, name, email, number, user, group, at = cells
    if not (participant := _PARTICIPANT.fullmatch(said)):
        return None
    time = None if at in _NEVER else foreign_time(at, zone)
    return Record(
        participant[2],
        unmarked(name),
        email,
        tuple(each for each in (number, user) if each),
        group,
        time,
        unread="" if time or at in _NEVER else at,
        label=participant[1],
    )


def read_submissions(path: Path, zone: tzinfo, titles: Iterable[str]) -> Records:
    """Canvas's list of submissions of one assignment; of several, that with one of the titles."""
    text = read_text(path).lstrip()
    rows = _json_rows(path, text) if text.startswith(("[", "{")) else _csv_rows(read_sheet(path))
    if not rows:
        raise UsageError(f"{path}: it has no submission")
    own = _of_one(path, rows, titles)
    found = [_canvas(each, zone) for each in own]
    hidden = {
        row["anonymous_id"]: each
        for row, each in zip(own, found, strict=True)
        if row.get("anonymous_id")
    }
    return Records(path, {each.number: each for each in found if each.number}, hidden)


_Row = dict[str, str]
# what the report calls what the API has
_REPORT = {
    "student id": "user_id",
    "student name": "user.name",
    "student sis id": "user.sis_user_id",
    "submission date": "submitted_at",
    "assignment id": "assignment_id",
    "assignment title": "assignment.title",
}
_NEEDED = ("user_id", "submitted_at")


def _json_rows(path: Path, text: str) -> list[_Row]:
    try:
        decoded = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path}: no JSON: {str(error)[:80]}") from None
    listed = decoded if isinstance(decoded, list) else [decoded]
    rows = [_flat(each) for each in listed if isinstance(each, dict)]
    _check_names(path, {name for row in rows for name in row})
    return rows


def _flat(value: Mapping[str, Any]) -> _Row:
    """The texts and numbers of an object, those of an inner one as `user.name`."""
    found = _Row()
    for name, each in value.items():
        if isinstance(each, dict):
            found |= {f"{name}.{inner}": text for inner, text in _flat(each).items()}
        elif each is not None and not isinstance(each, list):
            found[name] = each if isinstance(each, str) else json.dumps(each)
    return found


def _csv_rows(sheet: Sheet) -> list[_Row]:
    names = [_REPORT.get(each.casefold(), each.casefold()) for each in sheet.heading]
    names = [each.removeprefix("value.") for each in names]  # as Canvas Data has them
    _check_names(sheet.path, set(names))
    return [dict(zip(names, cells, strict=False)) for _, cells in sheet.lines]


def _check_names(path: Path, there: set[str]) -> None:
    if missing := [each for each in _NEEDED if each not in there]:
        raise UsageError(
            f"{path}: no list of Canvas's submissions: '{missing[0]}' is not in it; save "
            "/api/v1/courses/COURSE/assignments/ASSIGNMENT/submissions?per_page=100 as JSON. "
            "The gradebook that Canvas exports has no times"
        )


def _of_one(path: Path, rows: list[_Row], titles: Iterable[str]) -> list[_Row]:
    """The rows of one assignment."""
    if len({each.get("assignment_id", "") for each in rows}) < 2:
        return rows
    wanted = {" ".join(each.split()).casefold() for each in titles}
    named = [
        each
        for each in rows
        if " ".join(each.get("assignment.title", "").split()).casefold() in wanted
    ]
    if len({each["assignment_id"] for each in named}) == 1:
        return named
    raise UsageError(f"{path}: it has several assignments; leave the lines of one in it")


def _canvas(row: _Row, zone: tzinfo) -> Record:
    at = row.get("submitted_at", "")
    time = None if at in _NEVER else foreign_time(at, zone)
    names = ("user.sis_user_id", "user.login_id", "sis_user_id", "login_id")
    return Record(
        row.get("user_id", ""),
        row.get("user.name", ""),
        row.get("user.email", ""),
        tuple(filter(None, map(row.get, names))),
        row.get("group.name", ""),
        time,
        row.get("late", "").casefold() in ("true", "t", "1"),
        "" if time or at in _NEVER else at,
    )
