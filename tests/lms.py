r"""Writes what Canvas and Moodle hand out of an assignment, named as their own sources name it.

    def test(lms): ...                          # the fixture is this module
    people = lms.people(300)                    # the world's kinds of names, equal ones too
    works = [lms.Work(each, {"ring.py": b"..."}, at=..., late=False) for each in people]
    lms.canvas_zip(path, works)                 # Submissions, Download Submissions
    lms.canvas_submissions_json(path, works)    # its API's list of submissions, with their times
    lms.canvas_report_csv(path, works, "Ring")  # its "Student Competency" report, with their times
    lms.moodle_zip(path, works)                 # Download all submissions, in folders or flat
    lms.moodle_worksheet(path, works)           # Download grading worksheet
    lms.roster_csv(path, people)                # ours

Every member of a zip bears the time of zipping (`DOWNLOADED`), as in both systems: Canvas streams
each file into the zip (rubyzip's `get_output_stream`), Moodle's `zip_writer` adds each from a
string or stream; neither sets a time.

Sources, read at these versions:

- canvas-lms 05e9653 lib/content_zipper.rb: `get_filename` joins name, `LATE` and the user's number
  by `_`; `sanitize_user_name` lowers the name and takes the underscores from `_12_`;
  `sanitize_file_name` drops all that is no word character; each file is
  `<that>_<its number>_<its name>`, `add_text_or_url` makes `<that>_text.html` and `_link.html`; an
  anonymous assignment has `anon_<id>` in place of name and number.
- canvas-lms app/models/abstract_assignment.rb `representatives`: for a group that is graded as
  one, the name is the group's and the number that of one member.
- canvas-lms app/models/attachment.rb `make_unique_filename`: a file of a name that is there
  becomes `ring-1.py`, `ring-2.py`.
- canvas-lms 34f0c03 gems/plugins/account_reports/.../student_assignment_outcome_map_report.rb: the
  heading of the one CSV of the product itself that has times of submissions. The gradebook's CSV
  has none.
- moodle b1b5f26 public/mod/assign/classes/downloader.php (4.1 and later): `<full name>_<number>`,
  with the name's underscores as spaces, cleaned, then `_assignsubmission_file` and the path, in
  folders, or `_<file>`, flat; a team's is `<group>_<the group's number>`, once a group.
- moodle 3.x mod/assign/locallib.php `download_submissions`: a team's is
  `<group>-<full name>_<number>`, once a member; folders end in `_`.
- moodle lib/moodlelib.php `clean_filename`, that is `clean_param(..., PARAM_FILE)`: control
  characters and & < > " ` | ' : \\ / go.
- moodle 0ade5cc public/mod/assign/gradingtable.php: the worksheet's columns; `Identifier` is
  `hiddenuser` and the number; times by `userdate`, in the reader's zone and language, to the
  minute: `Monday, 23 November 2026, 2:05 PM`.
"""

import csv
import io
import itertools
import json
import re
import unicodedata
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from pathlib import Path

DOWNLOADED = datetime(2026, 12, 20, 9, 30, tzinfo=UTC)  # what every member of a zip says
_GIVEN = (
    "Jane", "José", "Anne-Marie", "李", "美咲", "Đặng", "Zoë", "נועה", "محمد", "Владимир", "Siân",
    "O", "Nguyễn", "김민준", "Ngozi", "Þór", "Łukasz", "Jean‑Luc", "İpek", "Ọlá",
)  # fmt: skip
_FAMILY = (
    "Doe", "O'Brien", "D’Angelo", "小龍", "佐藤", "Thị Hương", "van der Berg", "כהן", "الأحمد",
    "Иванова", "ap Rhys", "Neill-Smith", "Văn A", "박", "Eze III", "Jónsdóttir", "Wójcik", "Étoile",
    "Yılmaz", "Adébáyọ̀",
)  # fmt: skip
# names that a system's own marks hide in, and other trouble
_ODD = (
    "LATE", "Late", "group_1", "Group 1", "1_2_3", "1234", "x_5_", "_7", "a_1_2_b", "Madonna",
    "Wei Li", "Wei Li", "Li Wei", "Ada late", "anon_ABCDE", "Null", "True", "=1+1", "A, B",
    "Jose\u0301 Lo\u0301pez", "J. R. \"Bob\" O'Dobbs", "Rock & Roll", "C:\\x", "AC/DC", "🦊",
    "L" + "o" * 90 + "ng Name", "assignsubmission file", "Jane  Doe  Twice", "text", "link",
)  # fmt: skip


@dataclass(frozen=True)
class Person:
    """A student as a system knows them; `id` is ours, and their ID number in Moodle."""

    id: str
    name: str
    number: int  # in Canvas, for all assignments; Moodle draws one for each, see `participant`
    email: str = ""
    group: str = ""
    sortable: str = ""  # Canvas's; else made of the name

    @property
    def sortable_name(self) -> str:
        """`Doe, Jane`, as Canvas infers it where nobody typed one."""
        first, _, last = self.name.rpartition(" ")
        return self.sortable or (f"{last}, {first}" if first else self.name)


@dataclass(frozen=True)
class Work:
    """What a person handed in: files by the names they had, and when that was."""

    person: Person
    files: Mapping[str, bytes] = field(default_factory=dict)
    at: datetime | None = None
    late: bool = False
    text: bool = False  # typed into the system's own editor


def people(count: int = 300) -> list[Person]:
    """So many people, with names of the world's kinds; some share a name, one name is LATE."""
    made = [f"{first} {last}" for last, first in itertools.product(_FAMILY, _GIVEN)]
    names = [*_ODD, *made][:count]
    return [
        Person(f"s{number:03}", name, 4700 + number, f"u{number}@school.example")
        for number, name in enumerate(names)
    ]


def roster_csv(path: Path, persons: Iterable[Person], *, lms: bool = True) -> Path:
    """Our roster of these people, with their Canvas numbers if `lms`."""
    rows = [
        (each.id, each.name, each.email, each.group, each.number if lms else "") for each in persons
    ]
    return _csv(path, [("id", "name", "email", "group", "lms_id"), *rows])


# -- Canvas ----------------------------------------------------------------------------------


def canvas_name(name: str) -> str:
    """A person's or group's name as the names of downloads begin with it."""
    lowered = re.sub(r"_(\d+)_", r"\1", name).lower()
    return _word_characters(lowered)


def canvas_prefix(work: Work, *, group: bool = False, anonymous: bool = False) -> str:
    """What all of a student's files begin with."""
    person = work.person
    who = re.sub(r"_(\d+)_", r"\1", person.group if group else person.sortable_name).lower()
    parts = [who, "LATE" if work.late else None, str(person.number)]
    if anonymous:
        parts = [None, "LATE" if work.late else None, f"anon_{anonymous_id(person)}"]
    return _word_characters("_".join(each for each in parts if each is not None))


def anonymous_id(person: Person) -> str:
    """Five letters and digits, as Canvas draws for a submission."""
    return f"A{person.number:04d}"[:5]


def canvas_zip(
    path: Path, works: Iterable[Work], *, group: bool = False, anonymous: bool = False
) -> Path:
    """`Download Submissions`; with `group`, give one work a group; `anonymous` hides names."""
    members: list[tuple[str, bytes]] = []
    upload = itertools.count(98001)
    for work in works:
        prefix = canvas_prefix(work, group=group, anonymous=anonymous)
        for name, content in work.files.items():
            kept = re.sub(r'[\x00/\\:*?"<>|]+', "_", name)
            members.append((f"{prefix}_{next(upload)}_{kept}", content))
        if work.text:
            members.append((f"{prefix}_text.html", b"<p>typed</p>"))
    return _zip(path, members, _SilentInfo)


def canvas_submissions_json(path: Path, works: Iterable[Work], assignment: int = 17) -> Path:
    """The API's list, `/api/v1/courses/:id/assignments/:id/submissions?include[]=user`."""
    rows = [
        {
            "id": 500_000 + work.person.number,
            "user_id": work.person.number,
            "assignment_id": assignment,
            "submitted_at": work.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            if work.at
            else None,
            "late": work.late,
            "attempt": 1 if work.at else None,
            "workflow_state": "submitted" if work.at else "unsubmitted",
            "anonymous_id": anonymous_id(work.person),
            "user": {
                "id": work.person.number,
                "name": work.person.name,
                "sortable_name": work.person.sortable_name,
                "login_id": work.person.email,
            },
        }
        for work in works
    ]
    path.write_text(json.dumps(rows), "utf-8")
    return path


REPORT_HEADING = (
    "student name", "student id", "student sis id", "assignment title", "assignment id",
    "submission date", "submission score", "learning outcome name", "learning outcome id",
    "attempt", "outcome score", "course name", "course id", "course sis id", "section name",
    "section id", "section sis id", "assignment url", "learning outcome friendly name",
    "learning outcome points possible", "learning outcome mastery score",
    "learning outcome mastered", "learning outcome rating", "learning outcome rating points",
    "learning outcome group title", "learning outcome group id", "account id", "account name",
    "enrollment state",
)  # fmt: skip


def canvas_report_csv(path: Path, works: Iterable[Work], title: str, assignment: int = 17) -> Path:
    """The account report `Student Competency`, a line for each student and outcome."""
    rows = []
    for work in works:
        at = work.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if work.at else ""
        known = {
            "student name": work.person.sortable_name,
            "student id": work.person.number,
            "student sis id": work.person.id,
            "assignment title": title,
            "assignment id": assignment,
            "submission date": at,
        }
        rows.append([known.get(name, "") for name in REPORT_HEADING])
    return _csv(path, [REPORT_HEADING, *rows])


# -- Moodle ----------------------------------------------------------------------------------


def participant(person: Person, assignment: int) -> int:
    """The number that Moodle draws for a person in one assignment; another in the next."""
    return 5000 + assignment * 1000 + (person.number * 7) % 997


def moodle_clean(name: str) -> str:
    """`clean_filename`."""
    return re.sub(r"""[\x00-\x1f\x7f-\x9f&<>"`|':\\/]""", "", name)


def moodle_prefix(work: Work, assignment: int, *, blind: bool = False, team: str = "") -> str:
    """What a student's files begin with; `team` is how a group's do: `new`, `old` or not at all."""
    person = work.person
    number = participant(person, assignment)
    name = "Participant" if blind else person.name
    group = person.group or "Default group"
    if team == "new":
        ending = f"_{group_number(person.group)}" if person.group else ""
        return moodle_clean(group.replace("_", " ") + ending)
    if team == "old":
        name = f"{group}-{name}"
    return moodle_clean(name.replace("_", " ") + f"_{number}")


def group_number(group: str) -> int:
    """The number of a group in Moodle."""
    return 70 + sum(group.encode()) % 9


def moodle_zip(
    path: Path,
    works: Iterable[Work],
    *,
    assignment: int = 1,
    folders: bool = True,
    blind: bool = False,
    team: str = "",
    old: bool = False,
) -> Path:
    """`Download all submissions`: in folders or flat, as of 4.1 and later, or, if `old`, of 3.x."""
    members: list[tuple[str, bytes]] = []
    seen = set[str]()
    for work in works:
        prefix = moodle_prefix(work, assignment, blind=blind, team=team)
        if prefix in seen:  # a team's work, once
            continue
        seen.add(prefix)
        between = ("_/" if old else "/") if folders else "_"
        for name, content in work.files.items():
            kept = "/".join(map(moodle_clean, name.split("/")))
            kept = kept if folders else kept.rpartition("/")[2]
            members.append((f"{prefix}_assignsubmission_file{between}{kept}", content))
        if work.text:
            end = "onlinetext.html"
            members.append((f"{prefix}_assignsubmission_onlinetext{between}{end}", b"<p>typed"))
    return _zip(path, members)


def moodle_worksheet(
    path: Path,
    works: Iterable[Work],
    *,
    assignment: int = 1,
    zone: tzinfo = UTC,
    blind: bool = False,
    team: bool = False,
    fields: Sequence[str] = ("ID number", "Email address"),
) -> Path:
    """`Download grading worksheet`, in English, for a reader in that zone."""
    identity = [] if blind else ["Full name", *fields]
    heading = ["Identifier", *identity, "Status"] + ["Group"] * team
    heading += ["Grade", "Maximum grade", "Grade can be changed"]
    heading += ["Last modified (submission)", "Last modified (grade)", "Feedback comments"]
    rows = []
    for work in works:
        person = work.person
        known = {"Full name": person.name, "ID number": person.id, "Email address": person.email}
        known |= {"Username": person.email.partition("@")[0]}
        row = [f"Participant {participant(person, assignment)}"]
        row += [known[each] for each in identity]
        status = "Submitted for grading" if work.at else "No submission"
        row += [status + (" - 2 hours late" if work.late else "")]
        row += [person.group or "Default group"] * team
        row += ["", "100.00", "Yes", moodle_time(work.at, zone), "-", ""]
        rows.append(row)
    return _csv(path, [heading, *rows], bom=True)


def moodle_time(at: datetime | None, zone: tzinfo = UTC) -> str:
    """`userdate` in English: to the minute, no leading zeros, and `-` for no time."""
    if at is None:
        return "-"
    local = at.astimezone(zone)
    hour = local.hour % 12 or 12
    return f"{local:%A}, {local.day} {local:%B %Y}, {hour}:{local:%M} {local:%p}"


# -- files -----------------------------------------------------------------------------------


def _word_characters(text: str) -> str:
    """Ruby's `[[:word:]]`: letters, marks, digits and connecting punctuation."""
    return "".join(filter(_is_word, text))


def _is_word(character: str) -> bool:
    kind = unicodedata.category(character)
    return kind[0] in "LM" or kind in ("Nd", "Pc")


class _SilentInfo(zipfile.ZipInfo):
    """A member whose name is UTF-8, in a zip that does not say so."""

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:  # noqa: N802 - zipfile's own
        return self.filename.encode(), self.flag_bits


def _zip(
    path: Path,
    members: Iterable[tuple[str, bytes]],
    kind: type[zipfile.ZipInfo] = zipfile.ZipInfo,
) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(kind(name, DOWNLOADED.timetuple()[:6]), content)
    return path


def _csv(path: Path, rows: Iterable[Sequence[object]], *, bom: bool = False) -> Path:
    file = io.StringIO()
    csv.writer(file).writerows(rows)
    path.write_text(file.getvalue(), "utf-8-sig" if bom else "utf-8", newline="")
    return path
