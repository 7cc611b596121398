"""The zips in which feedback goes back to Canvas and Moodle, and the names that both look for.

::

    Canvas  doejane_LATE_4711_98765_ring.py            the download's own name, to the letter
    Moodle  Jane Doe_5903_assignsubmission_file_feedback.html        name, number, plugin, ours

Canvas attaches each file as a comment to the submission that its second number belongs to, and
shows it under the name of the student's own file: so its content has to be of that kind. Moodle's
number is one of the assignment, in the names of its download and in its worksheet. (canvas-lms,
app/models/abstract_assignment.rb, infer_comment_context_from_filename; moodle,
mod/assign/feedback/file/importziplib.php, is_valid_filename_for_import.)
"""

import io
import json
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath

import msgspec

from grader.exports.directory import spellings
from grader.exports.exported import ExportedGrade
from grader.exports.moodle import lines_of, read_worksheet, reading_of
from grader.exports.worksheet import owners
from grader.gradebook.rows import Student
from grader.intake.lms_names import moodle_key

PAGE = "feedback.html"
_TIME = re.compile(r" \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")  # what `collect` adds to a name
_MOODLE = re.compile(
    r"(?:.*/)?(?P<name>[^/_]*)_(?P<number>[0-9]{1,18})_assignsubmission_(?P<kind>[a-z]+)"
    r"(?P<end>_?/|_)(?P<file>.+)"
)
_DIGITS = re.compile(r"[0-9]{1,18}$")
_LONG_AGO = (2000, 1, 1, 0, 0, 0)  # one date for all members: equal pages give equal bytes


class Letter(msgspec.Struct, frozen=True):
    """One student's feedback, as a page and as text, and the names of their files in downloads.

    `names` are the newest first. `team` is everyone whose work it is, if that is a group's.
    """

    student: Student
    page: bytes
    text: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    team: tuple[Student, ...] = ()


class Returned(msgspec.Struct, frozen=True):
    """The members of a zip by name, whose feedback is in it, and remarks on all others."""

    members: Mapping[str, bytes]
    reached: tuple[str, ...]
    unplaced: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


# -- Canvas --------------------------------------------------------------------------------


def for_canvas(letters: Iterable[Letter], download: Iterable[str] = ()) -> Returned:
    """The feedback under the names of Canvas's download; `download` are more of those.

    What is attached to a group's file, all of the group see: it is there if it says the same to
    each of them.
    """
    by_name: dict[str, list[Letter]] = {}
    lost, named = list[str](), [each for each in sorted(download) if "anon_" not in each]
    named.sort(key=lambda each: not each.endswith(".py"))
    for each in letters:
        name = _canvas_name(each, named)
        if name is None:
            lost.append(
                f"{each.student.id}: no file of theirs is known from a download of Canvas's"
            )
        else:
            by_name.setdefault(name, []).append(each)
    members, reached = dict[str, bytes](), list[str]()
    for name, some in by_name.items():
        whose = [each.student.id for each in some]
        if len({each.page for each in some}) > 1:
            both = ", ".join(whose)
            lost += [
                f"{each}: Canvas would show one page to {both}, and theirs differ" for each in whose
            ]
        else:
            members[name] = canvas_content(name, some[0].page, some[0].text)
            reached += whose
    return Returned(members, tuple(reached), tuple(lost))


def _canvas_name(letter: Letter, download: Sequence[str]) -> str | None:
    """The name that the student's file had in Canvas's download; None if there is none."""
    for source in (*letter.names, *(download if _has_number(letter) else ())):
        name = PurePosixPath(_TIME.sub("", source)).name
        if _is_read(name, letter.team or (letter.student,)):
            return name
    return None


def _has_number(letter: Letter) -> bool:
    """Whether anybody can be told from the names of a download that was given."""
    return any(each.lms_id.strip() for each in letter.team or (letter.student,))


def canvas_user(name: str) -> str | None:
    """Whom Canvas takes a file of this name for: a number, or `anon`; None if it skips the file."""
    parts = [part for part in name.split("_") if part != "LATE"]
    if not parts or parts[-1].startswith("link") or name.startswith("._"):
        return None
    if parts[0] == "anon":
        return "anon" if len(parts) > 3 and parts[2].isdecimal() else None
    numbers = [part for part in parts if re.fullmatch("[0-9]+", part)]
    return numbers[0] if len(numbers) > 1 else None


def _is_read(name: str, students: Iterable[Student]) -> bool:
    """Whether Canvas takes a file of that name for that of one of the students.

    It drops the name of a group from the beginning, so that a number in it is nobody's.
    """
    for student in students:
        group = re.sub(r"[^\w]", "", student.group).lower()
        bare = name.removeprefix(f"{group}_") if group else name
        found = {canvas_user(name), canvas_user(bare)} - {None}
        number = student.lms_id.strip()
        if found & {number, "anon"} or (found and not number):
            return True
    return False


def canvas_content(name: str, page: bytes, text: Sequence[str]) -> bytes:
    """The feedback as a file of the kind that the name says."""
    kind = PurePosixPath(name).suffix.lower()
    if kind in {".html", ".htm"}:
        return page
    if kind == ".zip":
        return zip_of({PAGE: page})
    if kind == ".ipynb":
        cell = {"cell_type": "raw", "metadata": {}, "source": "\n".join(text)}
        notebook = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 4}
        return json.dumps(notebook).encode()
    lines = [f"# {line}".rstrip() for line in text] if kind == ".py" else text
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "replace")


# -- Moodle --------------------------------------------------------------------------------


def for_moodle(
    letters: Iterable[Letter],
    everyone: Sequence[ExportedGrade],
    worksheet: bytes | None = None,
    download: Iterable[str] = (),
) -> Returned:
    """The feedback under names that Moodle's importer knows.

    A worksheet says who has which number, by the roster of `everyone`; without one it is the names
    of a student's files in the gradebook, or else in `download`.
    """
    numbered, notes = _numbers(worksheet, everyone) if worksheet is not None else ({}, [])
    known = _by_full_name(download)
    members, reached, lost = dict[str, bytes](), list[str](), list[str]()
    for each in letters:
        name = numbered.get(each.student.id)
        if worksheet is None:
            name = _moodle_name(each, known)
        if name is None or name in members:
            lost.append(f"{each.student.id}: {_why_not(each, worksheet)}")
            continue
        members[name] = each.page
        reached.append(each.student.id)
    return Returned(members, tuple(reached), tuple(lost), tuple(notes))


def _why_not(letter: Letter, worksheet: bytes | None) -> str:
    if worksheet is not None:
        return "no line of the worksheet is theirs"
    if letter.team:
        return "a group's work: only the worksheet says which number is theirs"
    return "no file of theirs is known from a download of Moodle's"


def _numbers(
    worksheet: bytes, everyone: Sequence[ExportedGrade]
) -> tuple[dict[str, str], list[str]]:
    """The name of each student's page by the worksheet, and remarks on its lines."""
    sheet, words = read_worksheet(worksheet)
    reading = reading_of(words)
    places, notes = owners(sheet, everyone, lines_of(sheet), reading)
    found = {}
    for student, line in places.items():
        if number := _DIGITS.search(sheet.get(line, sheet.column(words.identifier))):
            shown = moodle_key(reading.name(sheet, line)) or "Participant"
            found[student] = f"{shown}_{number[0]}_assignsubmission_file_{PAGE}"
    return found, notes


def _moodle_name(letter: Letter, known: Mapping[str, str]) -> str | None:
    """A name for the page beside the student's own file in Moodle's download; None without one.

    A group's number is nobody's in the zip that goes back.
    """
    own = {moodle_key(each).casefold() for each in spellings(letter.student.name)}
    others = [known[name] for name in sorted(own) if name in known]
    for source in () if letter.team else (*letter.names, *others):
        found = _MOODLE.fullmatch(_TIME.sub("", source))
        if found and (not own or _is_one_of(own, found["name"])):
            who = f"{found['name']}_{found['number']}_assignsubmission_{found['kind']}"
            return f"{who}{found['end']}{PAGE}"
    return None


def _is_one_of(own: set[str], name: str) -> bool:
    """Whether a name in Moodle's download is one of these, or no name at all.

    Where a group was downloaded, Moodle up to 4.0 puts the group's name in front.
    """
    shown = moodle_key(name).casefold()
    return shown in {*own, "participant"} or any(shown.endswith(f"-{each}") for each in own)


def _by_full_name(download: Iterable[str]) -> dict[str, str]:
    """A name of each person of a download by their full name, where one person has that."""
    found: dict[str, dict[str, str]] = {}
    for member in download:
        if match := _MOODLE.fullmatch(member):
            found.setdefault(moodle_key(match["name"]).casefold(), {})[match["number"]] = member
    return {name: next(iter(each.values())) for name, each in found.items() if len(each) == 1}


# -- the zip -------------------------------------------------------------------------------


def zip_of(members: Mapping[str, bytes]) -> bytes:
    """A zip of these members; equal members give equal bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            info = zipfile.ZipInfo(name.encode("utf-8", "replace").decode(), _LONG_AGO)
            info.external_attr = 0o644 << 16
            archive.writestr(info, content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()
