"""Grade sheets as Canvas and Moodle write them, and as they read them back.

Canvas: instructure/canvas-lms, master, lib/gradebook_exporter.rb (at 0140a2ef), what it writes, and
lib/gradebook_importer.rb (at 00b222d7), what it reads; app/models/abstract_assignment.rb for
`title_with_id`. Moodle: moodle/moodle 5.1, public/mod/assign/gradingtable.php (at 0ade5ccf), what
it writes, mod/assign/feedback/offline/importgradeslib.php (at 452e36fc) and locallib.php (at
04975560), what it reads; headings in other languages are those of projectestac/moodle-langpacks of
18 June 2026.

Feedback that goes back: Canvas's app/models/abstract_assignment.rb (at 028f76bb), the method
infer_comment_context_from_filename, and lib/content_zipper.rb, which names the files; Moodle's
mod/assign/feedback/file/importziplib.php (at 0203d8f2; before 4.1 it wants five parts), and
public/mod/assign/classes/downloader.php (at b1b5f263), which names them.
"""

import csv
import io
import re
import zlib
from dataclasses import dataclass, field

from grader.intake.moodle_words import LANGUAGES

READ_ONLY = {"en": "(read only)", "de": "(schreibgeschützt)"}


def cells(text, delimiter=","):
    """The sheet as csv.reader has it."""
    text = text.removeprefix("\ufeff")
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))


@dataclass(frozen=True)
class CanvasCourse:
    """What in a course, its account and its user decides how Canvas writes the gradebook."""

    assignments: tuple = (("Adding up", 881, 100.0), ("Essay", 7, 10.0))
    split: bool = False  # gradebook_show_first_last_names
    sis: bool = True  # include_sis_id: who may read SIS ids
    integration: bool = False  # include_integration_ids_in_gradebook_exports
    trust: bool = False  # several root accounts
    notes: tuple = ()  # custom columns: title, read-only
    groups: tuple = ("Assignments",)
    totals: bool = True
    weighted: bool = False  # no Points columns then
    standard: bool = False  # grading scheme
    override: bool = False
    period: str = ""
    posting: bool = False  # some assignment is posted manually
    language: str = "en"
    semicolons: bool = False
    bom: bool = False


def _number(value, course):
    if value is None:
        return ""
    return f"{value:.2f}".replace(".", "," if course.language == "de" else ".")


def _totals(course):
    """The headings behind the assignments."""
    points, scores = ["Current Points", "Final Points"], [
        "Current Score", "Unposted Current Score", "Final Score", "Unposted Final Score",
    ]  # fmt: skip
    own = ([] if course.weighted else points) + scores
    end = f" ({course.period})" if course.period else ""
    found = []
    if course.totals:
        found = [f"{group} {each}{end}" for group in course.groups for each in own]
        found += [f"{each}{end}" for each in own]
        grades = ["Current Grade", "Unposted Current Grade", "Final Grade", "Unposted Final Grade"]
        found += [f"{each}{end}" for each in grades if course.standard]
        if course.override:
            found += [f"Override Score{end}"] + [f"Override Grade{end}"] * course.standard
    return found


def canvas(students, course=CanvasCourse(), scores=None):
    """The gradebook of these students; `scores` by student's id and assignment's number."""
    scores, totals = scores or {}, _totals(course)
    known = ["LastName", "FirstName"] if course.split else ["Student"]
    known += ["ID", *["SIS User ID"] * course.sis, "SIS Login ID"]
    known += ["Integration ID"] * (course.sis and course.integration)
    known += ["Root Account"] * (course.sis and course.trust)
    known += ["Section"]
    titles = [f"{title} ({number})" for title, number, _ in course.assignments]
    lines = [[*known, *(title for title, _ in course.notes), *titles, *totals]]
    blank = [""] * (len(known) - 1)
    if course.posting:
        hidden = ["Manual Posting", *[""] * (len(titles) - 1)]
        lines.append(["", *blank, *[""] * len(course.notes), *hidden, *[""] * len(totals)])
    only = READ_ONLY[course.language]
    possible = [_number(each, course) for *_, each in course.assignments]
    notes = [only if read_only else "" for _, read_only in course.notes]
    lines.append(["    Points Possible", *blank, *notes, *possible, *[only] * len(totals)])
    for each in students:
        last, _, first = each.name.partition(",")
        names = [last.strip(), first.strip()] if course.split else [each.name]
        line = [f'="{name}"' if re.match(r"\s*=", name) else name for name in names]
        line += [each.lms_id, *[f"sis-{each.id}"] * course.sis, each.email]
        line += [f"int-{each.id}"] * (course.sis and course.integration)
        line += ["canvas.example"] * (course.sis and course.trust)
        line += ["Section 1 and Section 2", *["a note, kept" for _ in course.notes]]
        for _, number, _ in course.assignments:
            score = scores.get((each.id, number))
            line.append(score if isinstance(score, str) else _number(score, course))
        lines.append([*line, *["1"] * len(totals)])
    file = io.StringIO()
    csv.writer(file, delimiter=";" if course.semicolons else ",", lineterminator="\n").writerows(
        lines
    )
    return "\ufeff" * course.bom + file.getvalue()


class RefusedByCanvasError(Exception):
    """Canvas says "Invalid header row"."""


def canvas_reads(text):
    """What Canvas makes of a sheet: scores by the student's and the assignment's number.

    An assignment without a number is known by its heading.
    """
    semicolons = len(text.split("\n")[0].split(";")) > len(text.split("\n")[0].split(","))
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=";" if semicolons else ","))
    head = rows[0]
    split = head[0] == "LastName" and head[1] == "FirstName"
    if not split and "Student" not in head[0]:
        raise RefusedByCanvasError(head)
    first = 3 if split else 2  # where SIS columns begin
    end = first + 1
    if re.search(r"SIS\s+Login\s+ID", head[first]):
        end += 1
    elif re.search(r"SIS\s+User\s+ID", head[first]):
        end += 2
        end += bool(re.search(r"Integration\s+ID", head[end - 1]))
        end += bool(re.search(r"Root\s+Account", head[end - 1]))
    if "Section" not in head[end - 1]:
        raise RefusedByCanvasError(head)
    totals = r"(Current|Final) (Score|Points|Grade)|Override (Score|Grade|Status)"
    columns = {}
    for each in head[end:]:
        if not re.search(totals, each):
            number = re.fullmatch(r"(.*)\s\((\d+)\)", each, re.DOTALL)
            columns[int(number[2]) if number else each] = head.index(each)
    found = {}
    posting = re.compile(r"\s*(Muted|Manual Posting.*)?\s*", re.IGNORECASE)
    for short in rows[1:]:
        row = [*short, *[""] * (len(head) - len(short))]
        if "Points Possible" in row[0] or all(posting.fullmatch(each) for each in row if each):
            continue
        student = int(re.match(r"\d*", row[first - 1])[0] or 0)
        for name, column in columns.items():
            found[student, name] = _canvas_number(row[column].strip())
    return found


def _canvas_number(field):
    """The number in a cell: its last comma or point is the decimal mark."""
    if not re.fullmatch(r"-?[0-9.,]+%?", field):
        return field
    *whole, last = re.split(r"[,.]", field)
    return float(f"{''.join(whole)}.{last}" if whole else last)


# -- Moodle --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Worksheet:
    """What in an assignment decides how Moodle writes its grading worksheet."""

    language: str = "en"
    identity: tuple = ("email",)  # showuseridentity: email, number, username, and others
    blind: bool = False
    overrides: bool = False  # dates by student
    team: bool = False
    marker: bool = False
    workflow: bool = False
    online_text: bool = False
    scale: bool = False
    maximum: float = 100.0
    comments: bool = True
    old: bool = False  # Moodle up to 4.0: Maximum Grade
    bom: bool = False
    locked: frozenset = field(default_factory=frozenset)


def participant(student):
    """The number that one assignment of Moodle's has for a student: nobody's in any other."""
    return 40 + zlib.crc32(student.id.encode())


def moodle(students, sheet=Worksheet(), grades=None):
    """The worksheet of these students; `grades` by student's id."""
    columns = _who(sheet) | _what(sheet, grades or {})
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([make(each) for make in columns.values()] for each in students)
    return "\ufeff" * sheet.bom + file.getvalue()


def _who(sheet):
    """The columns that say whose a line is."""
    words = LANGUAGES[sheet.language]
    columns = {words.identifier: lambda each: f"{_participant(words)}{participant(each)}"}
    known = {
        "email": (words.email, lambda each: each.email),
        "number": (words.number, lambda each: each.id),
        "username": (words.username, lambda each: each.id),
        "phone": ("Phone", lambda _: "+49 30 1234"),
    }
    if not sheet.blind:
        columns[words.name] = lambda each: each.name
        columns |= dict(known[each] for each in sheet.identity)
    return columns


def _what(sheet, grades):
    """The columns from the status on."""
    words, when = LANGUAGES[sheet.language], "Sunday, 22 November 2026, 2:03 PM"
    columns = {"Status": "Submitted for grading -  - "}
    if sheet.overrides:
        columns |= dict.fromkeys(("Allow submissions from", "Due date", "Cut-off date"), when)
    columns |= {"Group": "Team 1"} if sheet.team else {}
    columns |= {"Marker": "Prof. O'Hara"} if sheet.marker else {}
    columns[words.grade] = lambda each: _grade(grades.get(each.id), sheet)
    most = words.maximum.replace("grade", "Grade") if sheet.old else words.maximum
    columns |= {words.scale: "poor,fair"} if sheet.scale else {most: _grade(sheet.maximum, sheet)}
    columns |= {"Marking workflow state": "Not marked"} if sheet.workflow else {}
    columns[words.changeable] = lambda each: words.no if each.id in sheet.locked else "Yes"
    columns["Last modified (submission)"] = when
    columns |= {"Online text": "a text,\nof two lines"} if sheet.online_text else {}
    columns[words.modified] = "-"
    columns |= {"Feedback comments": ""} if sheet.comments else {}
    return {
        name: each if callable(each) else lambda _, each=each: each
        for name, each in columns.items()
    }


def _participant(words):
    return {"en": "Participant ", "de": "Teilnehmer/in"}.get(words.language, "#")


def decimal(sheet):
    """The mark between whole and part in numbers of the worksheet's language."""
    return "." if sheet.language in {"en", "ar", "ja", "ko", "zh_cn"} else ","


def _grade(value, sheet):
    return "" if value is None else f"{value:.2f}".replace(".", decimal(sheet))


def moodle_reads(text, sheet=Worksheet()):
    """What Moodle makes of a worksheet: grades by participant; what it skips is not there."""
    words = LANGUAGES[sheet.language]
    head, *rows = cells(text)
    places = [head.index(each) for each in (words.identifier, words.grade, words.modified)]
    found = {}
    for row in rows:
        number = row[places[0]][len(_participant(words)) :]
        grade = row[places[1]].replace(" ", "").replace(decimal(sheet), ".")
        value = float(re.match(r"-?\d*\.?\d*", grade)[0] or 0) if grade else None
        if value is not None and 0 <= value <= sheet.maximum:
            found[int(number)] = value
    return found


# -- feedback that goes back -----------------------------------------------------------------


def canvas_file(student, upload, file, *, late=False, group=""):
    """The name of a student's file in Canvas's download; with a group, its member's number."""
    who = re.sub(r"_(\d+)_", r"\1", group or student.name).lower()
    start = "_".join(["".join(re.findall(r"\w", who)), *["LATE"] * late, student.lms_id])
    return f"{start}_{upload}_{file}"


def canvas_takes(names, uploads, groups=()):
    """The student's number whom each file is shown to, by name; what Canvas ignores is not there.

    `uploads` has each upload's student: Canvas wants both numbers to belong together.
    """
    found = {}
    for name in names:
        bare = next((name[len(each) + 1 :] for each in groups if name.startswith(f"{each}_")), name)
        parts = [part for part in bare.split("_") if part != "LATE"]
        numbers = [part for part in parts if re.fullmatch(r"[0-9]+", part)][:2]
        ignored = parts[-1].startswith("link") or bare.startswith("._") or len(numbers) < 2
        if not ignored and uploads.get(numbers[1]) == numbers[0]:
            found[name] = numbers[0]
    return found


def moodle_folder(name, number, *, old=False):
    """The folder of a participant's files in Moodle's download; up to 4.0 it ends in `_`."""
    shown = re.sub(r"[&<>\"`|':\\/]", "", name.replace("_", " "))
    return f"{shown}_{number}_assignsubmission_file" + "_" * old


def moodle_takes(names, participants, *, old=False):
    """The participant and file that each member of a zip is for; what is ignored is not there."""
    found = {}
    for name in names:
        parts = ["/import/" + name] if old else ["", "import", *name.split("/")]
        while parts:
            first = parts.pop(0).split("_", 4)
            if len(first) < (5 if old else 4) or not first[1].isdecimal():
                continue
            if int(first[1]) not in participants or first[2:4] != ["assignsubmission", "file"]:
                continue
            found[name] = int(first[1]), "/".join([*first[4:], *parts]).lstrip("/")
            break
    return found
