"""Canvas's and Moodle's downloads, as `tests/lms.py` writes them: whose, of which group, when.

The sources that say how the systems name things are cited there, with their versions.
"""

import csv
import os
import zipfile
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from grader.errors import UsageError
from grader.gradebook.roster import read_roster
from grader.gradebook.rows import Student
from grader.intake.downloads import original_name, upload_of
from grader.intake.moodle_words import LANGUAGES
from grader.intake.records import read_submissions, read_worksheet
from grader.intake.registry import Registry

GOOD = b"def add(x, y):\n    return x + y\n"
DUE = datetime(2026, 12, 1, 23, 59, tzinfo=UTC)
LATER = datetime(2027, 1, 4, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


def content(number):
    return GOOD + b"# %d\n" % number


@pytest.fixture
def people(lms):
    """300 people with names of the world's kinds."""
    return lms.people(300)


@pytest.fixture
def works(lms, people):
    """What they handed in: one file each, over a week, every fifth late."""
    return [
        lms.Work(each, {"adding.py": content(n)}, DUE + timedelta(minutes=37 * n), late=n % 5 == 0)
        for n, each in enumerate(people)
    ]


@pytest.fixture
def roster(lms, people, tmp_path):
    """The course's roster of them."""
    return read_roster(lms.roster_csv(tmp_path / "roster.csv", people)).students


@pytest.fixture
def collected(gather):
    """Collects; gives each student's find, and the refusals by the last part of their place."""

    def run(path, roster=(), *, worksheet=None, submissions=None, by_name=None, **options):
        registry = Registry(roster, worksheet, submissions, by_name)
        found, refused = gather(path, registry=registry, **{"now": LATER} | options)
        by_student = {each.student: each for each in found}
        assert len(by_student) == len(found)
        return by_student, {place.rpartition(": ")[2]: why for place, why in refused.items()}

    return run


def everyone_s(found, people):
    """Whether each of these people has their own file, and nobody else any."""
    files = {who: each.submission.files["adding.py"] for who, each in found.items()}
    return files == {each.id: content(number) for number, each in enumerate(people)}


# -- Canvas ----------------------------------------------------------------------------------


@pytest.mark.parametrize("unpacked", [False, True])
def test_a_canvas_download_is_known_by_its_numbers(
    lms, people, works, roster, collected, tmp_path, unpacked
):
    """Of 300 names each file is its own student's; LATE is told by capitals before the number.

    No date in it is a hand-in time: neither the zip's, nor that of unpacking. People who are
    called LATE, group_1, _7, 1234 or anon_ABCDE are not mistaken for what that looks like.
    """
    path = lms.canvas_zip(tmp_path / "canvas.zip", works)
    if unpacked:
        with zipfile.ZipFile(path, metadata_encoding="utf-8") as archive:
            archive.extractall(path := tmp_path / "canvas")
        for each in path.iterdir():
            os.utime(each, (LATER.timestamp(),) * 2)
    found, refused = collected(path, roster)
    assert refused == {}
    assert everyone_s(found, people)
    assert {each.submitted_at for each in found.values()} == {None}
    late = {each.person.id for each in works if each.late}
    assert {who for who, each in found.items() if each.lms_late} == late
    assert {each.time_from for each in found.values()} == {""}


@pytest.mark.parametrize("kind", ["json", "report"])
def test_canvas_s_list_of_submissions_says_when(
    lms, people, works, roster, collected, tmp_path, kind
):
    """To the second, as JSON of its API and as its account report."""
    if kind == "json":
        path = lms.canvas_submissions_json(tmp_path / "list.json", works)
    else:
        path = lms.canvas_report_csv(tmp_path / "list.csv", works, "Adding up")
    submissions = read_submissions(path, UTC, [])
    zipped = lms.canvas_zip(tmp_path / "canvas.zip", works)
    found, _ = collected(zipped, roster, submissions=submissions)
    assert everyone_s(found, people)
    assert {who: each.submitted_at for who, each in found.items()} == {
        each.person.id: each.at for each in works
    }
    assert {each.time_from for each in found.values()} == {"Canvas"}


def test_an_anonymous_canvas_download_says_so(lms, works, roster, collected, people, tmp_path):
    """Nobody's number is in it: one refusal with the mend, unless Canvas's list says who is who."""
    path = lms.canvas_zip(tmp_path / "canvas.zip", works, anonymous=True)
    found, refused = collected(path, roster)
    assert found == {}
    (why,) = refused.values()
    assert "300 files, such as LATE_anon_A4700_98001_adding.py: the assignment is anonymous" in why
    listed = read_submissions(lms.canvas_submissions_json(tmp_path / "l.json", works), UTC, [])
    found, refused = collected(path, roster, submissions=listed)
    assert refused == {}
    assert everyone_s(found, people)


@pytest.mark.parametrize(
    ("name", "students"),
    [
        # group_1 is a name, 1 is nobody's number, and 4711 is upload or user
        ("group_1_4711_98765_adding.py", [Student("s1", "group_1", lms_id="4711")]),
        ("group_1_4711_98765_adding.py", [Student("s1", "Ada", group="group_1", lms_id="4711")]),
        # Canvas has the accent as a character of its own
        ("jose\u0301_1_4711_98765_adding.py", [Student("s1", "José_1", lms_id="4711")]),
        ("doejane_4711_98765_2026_12_adding.py", [Student("s1", "Jane Doe", lms_id="4711")]),
        ("doejane_4711_98765_4712_1_adding.py", [Student("s1", "Doe, Jane", lms_id="4711"),
                                                 Student("s2", "Bob", lms_id="4712")]),
    ],
)  # fmt: skip
def test_of_several_readings_the_roster_s_counts(tmp_path, collected, name, students):
    """A number in a person's or a file's own name is not taken for Canvas's."""
    (tmp_path / "canvas").mkdir()
    (tmp_path / "canvas" / name).write_bytes(GOOD)
    found, refused = collected(tmp_path / "canvas", students)
    assert (list(found), refused) == (["s1"], {})


@pytest.mark.parametrize(
    ("name", "students"),
    [
        ("group_1_4711_98765_adding.py", []),
        ("group_1_4711_98765_adding.py", [Student("s1", "Ada", lms_id="1")]),
        ("eve_4712_98765_4711_5_adding.py", [Student("s1", "Ada", lms_id="4711")]),
        ("ada_4711_4712_98765_adding.py", [Student("s1", "Ada", lms_id="4711"),
                                           Student("s2", "ada_4711", lms_id="4712")]),
    ],
)  # fmt: skip
def test_what_the_roster_does_not_settle_is_nobody_s(tmp_path, collected, name, students):
    """A student may call a file, or themselves, as the system would write another's number."""
    (tmp_path / "canvas").mkdir()
    (tmp_path / "canvas" / name).write_bytes(GOOD)
    found, refused = collected(tmp_path / "canvas", students)
    assert found == {}
    assert "the roster needs lms_id and name of whoever it is" in refused[name]


def test_canvas_s_groups_are_the_roster_s(lms, collected, tmp_path):
    """The name is the group's, the number one member's; a group without that member is told."""
    ring = [lms.Person(f"s{n}", f"Ada {n}", 4700 + n, group="Ring 1") for n in range(3)]
    works = [lms.Work(ring[1], {"adding.py": GOOD}, late=True)]
    path = lms.canvas_zip(tmp_path / "canvas.zip", works, group=True)
    students = read_roster(lms.roster_csv(tmp_path / "r.csv", ring)).students
    found, _ = collected(path, students)
    assert [(each.student, each.group, each.lms_late) for each in found.values()] == [
        ("s1", "Ring 1", True)
    ]
    moved = [Student("s1", "Ada 1", lms_id="4701"), *(s for s in students if s.id != "s1")]
    found, refused = collected(path, moved)
    assert found == {}
    assert "of group 'ring1', in which the roster has no number 4701" in str(refused)


def test_names_are_utf_8_though_the_zip_does_not_say_so(lms, collected, tmp_path):
    """As Canvas's don't; in the old code page a group of another alphabet would be nobody's."""
    ring = [lms.Person("s1", "Ада", 4711, group="Кольцо")]
    path = lms.canvas_zip(
        tmp_path / "c.zip", [lms.Work(each, {"adding.py": GOOD}) for each in ring], group=True
    )
    with zipfile.ZipFile(path) as archive:
        (info,) = archive.infolist()
    assert not info.flag_bits & 0x800
    found, _ = collected(path, [Student("s1", "Ада", group="Кольцо", lms_id="4711")])
    assert (found["s1"].group, found["s1"].called) == ("Кольцо", "кольцо")


# -- Moodle ----------------------------------------------------------------------------------


@pytest.mark.parametrize("form", [{}, {"folders": False}, {"old": True}, {"blind": True}])
def test_moodle_s_worksheet_says_whose_and_when(
    lms, people, works, roster, collected, tmp_path, form
):
    """By ID number and email, whatever the name, even where it is hidden or two people have it.

    The time is that of the worksheet, to the minute, in the zone of who downloaded it.
    """
    path = lms.moodle_zip(tmp_path / "moodle.zip", works, **form)
    sheet = read_worksheet(lms.moodle_worksheet(tmp_path / "w.csv", works, zone=BERLIN), BERLIN)
    found, refused = collected(path, roster, worksheet=sheet)
    assert refused == {}
    assert everyone_s(found, people)
    assert {who: each.submitted_at for who, each in found.items()} == {
        each.person.id: each.at for each in works
    }
    assert {each.time_from for each in found.values()} == {"Moodle"}


@pytest.mark.parametrize("field", ["ID number", "Email address"])
def test_one_of_moodle_s_identity_fields_is_enough(
    lms, people, works, roster, collected, tmp_path, field
):
    """A site may show either."""
    path = lms.moodle_zip(tmp_path / "moodle.zip", works)
    sheet = lms.moodle_worksheet(tmp_path / "w.csv", works, fields=(field,))
    found, _ = collected(path, roster, worksheet=read_worksheet(sheet, UTC))
    assert everyone_s(found, people)


def test_moodle_s_number_is_nobody_s_id(lms, people, works, roster, collected, tmp_path):
    """The next assignment has other numbers, and the same students; no lms_id is looked up."""
    as_numbers = [
        Student(each.id, each.name, each.email, lms_id=str(lms.participant(each, 1)))
        for each in reversed(people)
    ]
    for assignment in (1, 2):
        path = lms.moodle_zip(tmp_path / f"{assignment}.zip", works, assignment=assignment)
        for students in (roster, as_numbers):
            found, refused = collected(path, students)
            twins = {each.id for each in people if each.name == "Wei Li"}
            assert set(found) == {each.id for each in people} - twins
            assert {"Wei Li" in why for why in refused.values()} == {True}
            assert found["s100"].submission.files["adding.py"] == content(100)


def test_full_names_are_asked_about_once_and_may_be_refused(
    lms, works, roster, collected, tmp_path
):
    """With all pairs of a name and a student; whose names two people have are not among them."""
    asked = []

    def answer(place, pairs):
        asked.append((place, dict(pairs)))
        return len(asked) == 1

    path = lms.moodle_zip(tmp_path / "moodle.zip", works)
    found, _ = collected(path, roster, by_name=answer)
    assert len(asked) == 1
    place, pairs = asked[0]
    assert (place, len(pairs), pairs["LATE"]) == (str(path), 298, "s000")
    assert set(pairs.values()) == set(found)
    found, refused = collected(path, roster, by_name=answer)
    assert found == {}
    assert "'LATE' may be s000, by the name alone; give Moodle's" in str(refused)


def test_two_people_of_a_name_are_not_one_student(lms, collected, tmp_path):
    """Though the roster has only one who is called so: the other may not be on it yet."""
    twins = [lms.Person(f"s{n}", "Wei Li", 4711 + n) for n in range(2)]
    works = [lms.Work(each, {"adding.py": content(n)}) for n, each in enumerate(twins)]
    path = lms.moodle_zip(tmp_path / "m.zip", works)
    for students in ([Student("s0", "Wei Li")], []):
        found, refused = collected(path, students)
        assert found == {}
        assert "several people hand in as 'Wei Li'; give Moodle's grading" in str(refused)


def test_hidden_names_are_told_in_one_line(lms, works, roster, collected, tmp_path):
    """Blind marking writes the same word for everybody."""
    path = lms.moodle_zip(tmp_path / "m.zip", works, blind=True)
    found, refused = collected(path, roster)
    assert found == {}
    (why,) = refused.values()
    assert "300 files, such as Participant_6996_assignsubmission_file/adding.py: several" in why


def test_without_a_roster_moodle_s_names_are_the_strangers(lms, collected, tmp_path):
    """Never the numbers: a name is the same in the next assignment."""
    works = [lms.Work(lms.Person("s1", "Zoë O'Brien", 4711), {"adding.py": GOOD})]
    for assignment in (1, 2):
        path = lms.moodle_zip(tmp_path / "m.zip", works, assignment=assignment)
        assert set(collected(path)[0]) == {"Zoë OBrien"}


def test_a_stranger_of_the_worksheet_has_the_id_number(lms, collected, tmp_path):
    """It is the school's, and the roster's, once it has them."""
    works = [lms.Work(lms.Person("s99", "Zoë O'Brien", 4711), {"adding.py": GOOD})]
    path = lms.moodle_zip(tmp_path / "m.zip", works)
    sheet = read_worksheet(lms.moodle_worksheet(tmp_path / "w.csv", works), UTC)
    assert set(collected(path, worksheet=sheet)[0]) == {"s99"}


def test_another_assignment_s_worksheet_takes_nothing_in(lms, works, roster, collected, tmp_path):
    """Its numbers are others', and if one were the same, the name would not be."""
    path = lms.moodle_zip(tmp_path / "moodle.zip", works)
    other = lms.moodle_worksheet(tmp_path / "w.csv", works, assignment=2)
    found, refused = collected(path, roster, worksheet=read_worksheet(other, UTC))
    assert found == {}
    assert "none of the numbers of this download: is it another assignment's?" in str(refused)
    text = (tmp_path / "w.csv").read_text("utf-8-sig")
    number = lms.participant(works[0].person, 1)
    text = text.replace(
        f"Participant {lms.participant(works[9].person, 2)}", f"Participant {number}"
    )
    (tmp_path / "w.csv").write_text(text, "utf-8-sig")
    found, refused = collected(path, roster, worksheet=read_worksheet(tmp_path / "w.csv", UTC))
    assert found == {}
    assert f"no number {number} ('LATE'): there it is 'Madonna'" in str(refused)


def test_email_and_id_number_of_two_students_are_told(lms, collected, tmp_path):
    """Work is never given to one of them by chance."""
    works = [lms.Work(lms.Person("s1", "Ada", 4711, "ada@school.example"), {"adding.py": GOOD})]
    path = lms.moodle_zip(tmp_path / "m.zip", works)
    sheet = read_worksheet(lms.moodle_worksheet(tmp_path / "w.csv", works), UTC)
    students = [Student("s1"), Student("s2", email="ADA@school.example")]
    found, refused = collected(path, students, worksheet=sheet)
    assert found == {}
    assert "may be s2 or s1: mend the roster" in str(refused)


def test_a_worksheet_of_names_alone_cannot_tell_two_of_a_name(lms, collected, tmp_path):
    """The roster is right as it is: the mend is a worksheet that has more."""
    twins = [lms.Person(f"s{n}", "Wei Li", 4711 + n, f"u{n}@x.example") for n in range(2)]
    works = [lms.Work(each, {"adding.py": content(n)}) for n, each in enumerate(twins)]
    path, sheet = lms.moodle_zip(tmp_path / "m.zip", works), tmp_path / "w.csv"
    students = [Student(each.id, each.name, each.email) for each in twins]
    names = read_worksheet(lms.moodle_worksheet(sheet, works, fields=()), UTC)
    found, refused = collected(path, students, worksheet=names)
    assert found == {}
    assert "a worksheet with e-mail addresses or ID numbers tells" in str(refused)
    assert "mend the roster" not in str(refused)
    full = read_worksheet(lms.moodle_worksheet(sheet, works, fields=("Email address",)), UTC)
    assert set(collected(path, students, worksheet=full)[0]) == {"s0", "s1"}


@pytest.mark.parametrize("worksheet", [False, True])
def test_moodle_s_default_group_is_told_as_that(lms, collected, tmp_path, worksheet):
    """It has no number, with or without a worksheet: 'has no number' says nothing then."""
    ada, bob = lms.Person("s1", "Ada", 4711), lms.Person("s2", "Bob", 4712, group="Ring")
    works = [lms.Work(each, {"adding.py": GOOD}, DUE) for each in (ada, bob)]
    path = lms.moodle_zip(tmp_path / "m.zip", works, team="new")
    sheet = lms.moodle_worksheet(tmp_path / "w.csv", works, team=True)
    sheet = read_worksheet(sheet, UTC) if worksheet else None
    students = [Student("s1", "Ada"), Student("s2", "Bob", group="Ring")]
    found, refused = collected(path, students, worksheet=sheet)
    assert set(found) == {"s2"}
    assert "the roster has no group 'Default group'" in str(refused)
    assert "collect it as STUDENT.py" in str(refused)


@pytest.mark.parametrize("worksheet", [False, True])
@pytest.mark.parametrize("team", ["new", "old"])
def test_moodle_s_teams_are_the_roster_s_groups(lms, collected, tmp_path, team, worksheet):
    """One find for a team, its first member's; each member's copy of before 4.1 is not another."""
    names = ("Ada", "Bob-Cy Doe", "Dan")
    ring = [lms.Person(f"s{n}", name, 4700 + n, group="Ring_1") for n, name in enumerate(names)]
    alone = lms.Person("s9", "Ring", 4709, group="Solo")
    at = DUE.replace(second=0)
    works = [lms.Work(each, {"adding.py": GOOD}, at) for each in ring]
    works.append(lms.Work(alone, {"adding.py": content(9)}, at))
    path = lms.moodle_zip(tmp_path / "m.zip", works, team=team)
    students = read_roster(lms.roster_csv(tmp_path / "r.csv", [*ring, alone])).students
    sheet = lms.moodle_worksheet(tmp_path / "w.csv", works, team=True)
    sheet = read_worksheet(sheet, UTC) if worksheet else None
    found, refused = collected(path, students, worksheet=sheet)
    assert refused == {}
    assert {who: each.group for who, each in found.items()} == {"s0": "Ring_1", "s9": "Solo"}
    assert {each.submitted_at for each in found.values()} == {at if worksheet else None}


def test_a_team_that_the_roster_lacks_is_named(lms, collected, tmp_path):
    """Also Moodle's default group, of those who have none: it has no number."""
    works = [lms.Work(lms.Person("s1", "Ada", 4711, group="Ring"), {"adding.py": GOOD})]
    path = lms.moodle_zip(tmp_path / "m.zip", works, team="old")
    found, _ = collected(path, [Student("s1", "Ada")])
    assert set(found) == {"Ring-Ada"}  # a stranger, not Ada
    works = [lms.Work(lms.Person("s1", "Ada", 4711), {"adding.py": GOOD})]
    path = lms.moodle_zip(tmp_path / "m.zip", works, team="new")
    found, refused = collected(path, [Student("s1", "Ada")])
    assert found == {}
    assert "the roster has no group 'Default group', whose it is" in str(refused)


def test_a_member_of_another_team_is_told(lms, collected, tmp_path):
    """The worksheet knows the person, and the roster has them elsewhere."""
    ada = lms.Person("s1", "Ada", 4711, group="Ring")
    path = lms.moodle_zip(tmp_path / "m.zip", [lms.Work(ada, {"adding.py": GOOD})], team="old")
    sheet = lms.moodle_worksheet(tmp_path / "w.csv", [lms.Work(ada, at=DUE)], team=True)
    students = [Student("s1", "Ada", group="Tree"), Student("s2", "Ada", group="Ring")]
    found, refused = collected(path, students, worksheet=read_worksheet(sheet, UTC))
    assert found == {}
    assert "is s1, who is not in Ring on the roster" in str(refused)


def test_what_was_typed_into_a_system_is_told(lms, collected, tmp_path):
    """There is no file: one has to be asked for."""
    works = [lms.Work(lms.Person("s1", "Ada", 4711), text=True)]
    for path in (
        lms.canvas_zip(tmp_path / "c.zip", works),
        lms.moodle_zip(tmp_path / "m.zip", works),
        lms.moodle_zip(tmp_path / "f.zip", works, folders=False, old=True),
    ):
        found, refused = collected(path)
        assert found == {}
        assert "own text field: ask for the file" in str(refused)


# -- names -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "who", "number", "file"),
    [
        ("doejane_4711_98765_tp_sharding.py", "doejane", "4711", "tp_sharding.py"),
        ("doejane_LATE_4711_98765_x-1.py", "doejane", "4711", "x-1.py"),
        ("doe_late_4711_98765_x.py", "doe_late", "4711", "x.py"),
        ("_4711_98765_x.py", "", "4711", "x.py"),
        ("unpacked/doejane_4711_98765_x.py", "doejane", "4711", "x.py"),
        ("Jane Doe_4711_assignsubmission_file_/x.py", "Jane Doe", "4711", "x.py"),
        ("all/Jane_1_2 Doe_4711_assignsubmission_file/a/x.py", "Jane_1_2 Doe", "4711", "x.py"),
        ("Jane Doe_4711_assignsubmission_file_x.py", "Jane Doe", "4711", "x.py"),
        ("Jane Doe_4711_assignsubmission_file/joe_1_2_x.py", "Jane Doe", "4711", "joe_1_2_x.py"),
        ("Ring_assignsubmission_file/x.py", "Ring", "", "x.py"),
    ],
)
def test_names_of_downloads(name, who, number, file):
    """The person's name, the system's number, and what the student called the file."""
    (reading,) = upload_of(name).readings
    assert (reading.name, reading.number, reading.file) == (who, number, file)
    assert reading.late == ("_LATE_" in name)


@pytest.mark.parametrize("name", ["x.py", "doejane_4711.py", "a_b_c_d.py", "1_2_3", "", "__1_2_"])
def test_other_names_are_nobody_s(name):
    """No guess is made."""
    assert upload_of(name) is None


@pytest.mark.parametrize(
    "file",
    ["a.py", "a-1.py", "a-23.PY", "a (2).py", "a(2).py", "a.py.txt", "a-1.py.txt", "a copy.py",
     "a - Copy (2).py", "a.py.py", "a copy 2.py"],
)  # fmt: skip
def test_names_that_systems_change(file):
    """What browsers, file managers and systems append is no part of the name."""
    assert original_name(file) == "a.py"


@pytest.mark.parametrize("file", ["a.txt", "a.tar.gz", "a_1.py", "a1.py", "2.py"])
def test_names_that_are_a_student_s_own(file):
    """They stay as they are."""
    assert original_name(file) == file


# -- what the systems' own files say ---------------------------------------------------------


def test_unreadable_times_are_unknown_and_told(lms, works, roster, collected, tmp_path):
    """A worksheet in a language that is not read still says whose files are."""
    path = lms.moodle_worksheet(tmp_path / "w.csv", works)
    text = path.read_text("utf-8-sig").replace("December", "Prosinac")
    path.write_text(text, "utf-8")
    sheet = read_worksheet(path, UTC)
    (problem,) = sheet.problems(LATER)
    assert "300 times can't be read, such as 'Tuesday, 1 Prosinac 2026" in problem
    found, _ = collected(lms.moodle_zip(tmp_path / "m.zip", works), roster, worksheet=sheet)
    assert len(found) == 300
    assert {each.submitted_at for each in found.values()} == {None}


def test_a_time_yet_to_come_is_unknown_and_told(lms, collected, tmp_path):
    """It is of another zone than the course's, or another clock; nothing is made of it."""
    at = LATER + timedelta(hours=1)
    works = [lms.Work(lms.Person("s1", "Ada", 4711), {"adding.py": GOOD}, at)]
    sheet = read_worksheet(lms.moodle_worksheet(tmp_path / "w.csv", works), UTC)
    (problem,) = sheet.problems(LATER)
    assert "1 time yet to come, such as that of 'Ada': is the timezone in course.toml" in problem
    path = lms.moodle_zip(tmp_path / "m.zip", works)
    found, _ = collected(path, [Student("s1")], worksheet=sheet)
    assert (found["s1"].submitted_at, found["s1"].time_from) == (None, "")
    earlier = LATER - timedelta(days=1)
    found, _ = collected(path, [Student("s1")], worksheet=sheet, received=earlier)
    assert (found["s1"].submitted_at, found["s1"].time_from) == (earlier, "staff")


def test_an_uploaded_bundle_s_own_time_is_that_of_packing(lms, packed, collected, tmp_path, now):
    """Which may be days before it was handed in: the system says when that was."""
    person = lms.Person("s1", "Ada", 4711)
    files = {"adding--s1--0.shardlab.zip": packed("s1", GOOD).raw}
    at = now + timedelta(days=3)
    students = [Student("s1", lms_id="4711")]
    path = lms.canvas_zip(tmp_path / "c.zip", [lms.Work(person, files, late=True)])
    found, refused = collected(path, students)
    assert refused == {}
    assert (found["s1"].submitted_at, found["s1"].lms_late) == (None, True)
    listed = lms.canvas_submissions_json(tmp_path / "l.json", [lms.Work(person, at=at)])
    found, _ = collected(path, students, submissions=read_submissions(listed, UTC, []))
    assert (found["s1"].submitted_at, found["s1"].time_from) == (at, "Canvas")


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_a_worksheet_is_read_in_moodle_s_languages(tmp_path, language):
    """By its headings; the submission's time is called as the grade's is, but for the bracket."""
    words = LANGUAGES[language]
    bracket = "（" if "（" in words.modified else "("
    submitted = words.modified.partition(bracket)[0] + f"{bracket}?)"
    heading = [words.identifier, words.name, words.number, words.email, "Status", words.grade]
    path = tmp_path / "w.csv"
    rows = [
        [*heading, submitted, words.modified],
        ["Teilnehmer/in5903", "Jörg Müller", "s1", "j@x.example", "ok", "", "23.11.2026 14:05",
         "24.11.2026 09:00"],
        ["Teilnehmer/in5904", "Ada", "s2", "a@x.example", "ok", "", "-", "-"],
    ]  # fmt: skip
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    records = read_worksheet(path, BERLIN).by_number
    assert records["5903"].at == datetime(2026, 11, 23, 13, 5, tzinfo=UTC)
    assert (records["5903"].name, records["5903"].ids) == ("Jörg Müller", ("s1",))
    assert records["5903"].label == "Teilnehmer/in"
    assert records["5904"].at is None


def test_canvas_s_gradebook_is_refused_as_it_has_no_times(tmp_path):
    """Which is what people will try first."""
    path = tmp_path / "grades.csv"
    path.write_text("Student,ID,SIS User ID,Section,Ring (17)\nDoe,4711,s1,A,\n", "utf-8")
    with pytest.raises(UsageError, match="The gradebook that Canvas exports has no times"):
        read_submissions(path, UTC, [])
    with pytest.raises(UsageError, match="no Moodle grading worksheet"):
        read_worksheet(path, UTC)


def test_of_several_assignments_the_lab_s_counts(lms, works, tmp_path):
    """By its title; without it, it is refused rather than mixed."""
    first = lms.canvas_report_csv(tmp_path / "a.csv", works, "Adding  up", 17).read_text()
    other = lms.canvas_report_csv(tmp_path / "b.csv", works[:5], "Other", 18).read_text()
    path = tmp_path / "both.csv"
    path.write_text(first + other.partition("\n")[2])
    assert len(read_submissions(path, UTC, ["adding up"]).by_number) == 300
    with pytest.raises(UsageError, match="several assignments"):
        read_submissions(path, UTC, [])


@pytest.mark.parametrize("text", ["", "[]", "{", "[1]", "\0", '[{"user_id": 3}]', "[[[]]]"])
def test_what_is_no_list_of_submissions_is_refused(tmp_path, text):
    """With the name of the file."""
    path = tmp_path / "list.json"
    path.write_text(text)
    with pytest.raises(UsageError, match=r"list\.json"):
        read_submissions(path, UTC, [])


def test_canvas_data_s_columns_are_read(tmp_path):
    """As its export names them."""
    path = tmp_path / "submissions.csv"
    path.write_text(
        "key.id,value.user_id,value.assignment_id,value.submitted_at,meta.ts\n"
        "1,4711,17,2026-11-23T14:05:17.123Z,x\n2,4712,17,,x\n"
    )
    records = read_submissions(path, UTC, []).by_number
    assert records["4711"].at == datetime(2026, 11, 23, 14, 5, 17, 123000, UTC)
    assert records["4712"].at is None


# -- students' own packing -------------------------------------------------------------------


def own_zip(path, files):
    """A zip as a student makes one."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path.read_bytes()


@pytest.mark.parametrize(
    "files",
    [
        {"adding.py": GOOD},
        {"lab 1/src/adding.py": GOOD, "lab 1/notes.txt": b"x", "__MACOSX/adding.py": b"x"},
        {"adding-1.py": GOOD},
        {"adding.py.txt": GOOD},
        {"adding.py": GOOD, "old/adding (1).py": b"x = 1"},
        {"my_work.py": GOOD, "data.csv": b"1"},
    ],
)
def test_a_student_s_own_zip_is_read(lms, collected, tmp_path, files):
    """The one file in it that the lab asks for, in whatever folder."""
    inner = own_zip(tmp_path / "own.zip", files)
    works = [lms.Work(lms.Person("s1", "Ada", 4711), {"work.zip": inner})]
    found, refused = collected(lms.canvas_zip(tmp_path / "c.zip", works))
    assert refused == {}
    assert found["4711"].submission.files == {"adding.py": GOOD}


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ({"a/adding.py": GOOD, "b/adding.py": GOOD}, "adding.py more than once: a/adding.py, b/"),
        ({"a.py": GOOD, "b.py": GOOD}, "a zip without adding.py in it: ask for that file itself"),
        ({"a.pdf": GOOD}, "a zip without adding.py in it: ask for that file itself"),
        ({"doe_1_2_adding.py": GOOD}, "the download of a whole class: collect it by itself"),
        ({"inner.zip": b"PK"}, "a zip without adding.py in it"),
    ],
)
def test_a_zip_that_is_not_clear_is_named(lms, collected, tmp_path, files, why):
    """With what to ask for."""
    inner = own_zip(tmp_path / "own.zip", files)
    works = [lms.Work(lms.Person("s1", "Ada", 4711), {"work.zip": inner})]
    found, refused = collected(lms.moodle_zip(tmp_path / "m.zip", works))
    assert found == {}
    assert why in str(refused)


def test_a_lab_s_file_goes_before_a_zip_with_one(lms, collected, tmp_path):
    """The other is told, whatever its upload's number."""
    inner = own_zip(tmp_path / "own.zip", {"adding.py": b"x = 1"})
    files = {"adding.py": GOOD, "work.zip": inner}
    works = [lms.Work(lms.Person("s1", "Ada", 4711), files)]
    found, refused = collected(lms.canvas_zip(tmp_path / "c.zip", works))
    assert found["4711"].submission.files == {"adding.py": GOOD}
    assert "not counted: adding.py is taken instead" in str(refused)


def test_the_newest_upload_counts(lms, collected, tmp_path):
    """By Canvas's number, which a later file exceeds; the names say nothing of time."""
    files = {"adding-2.py": b"x = 1", "adding-1.py": GOOD}
    works = [lms.Work(lms.Person("s1", "Ada", 4711), files)]
    found, _ = collected(lms.canvas_zip(tmp_path / "c.zip", works))
    assert found["4711"].submission.files == {"adding.py": GOOD}


@pytest.mark.parametrize("name", ["adding.txt", "adding.py.txt", "ADDING.PY", "adding (1).py"])
def test_files_are_taken_as_browsers_rename_them(lms, collected, tmp_path, name):
    """In a download, and in a student's folder."""
    works = [lms.Work(lms.Person("s1", "Ada", 4711), {name: GOOD})]
    found, _ = collected(lms.canvas_zip(tmp_path / "c.zip", works))
    assert found["4711"].submission.files == {"adding.py": GOOD}
    (tmp_path / "class" / "s1").mkdir(parents=True)
    (tmp_path / "class" / "s1" / name).write_bytes(GOOD)
    (tmp_path / "class" / "s2.py.txt").write_bytes(GOOD)
    (tmp_path / "class" / "s3.zip").write_bytes(own_zip(tmp_path / "o.zip", {"adding.py": GOOD}))
    found, refused = collected(tmp_path / "class")
    assert (set(found), refused) == ({"s1", "s2", "s3"}, {})


def test_text_of_another_name_is_no_submission(lms, collected, tmp_path):
    """Else notes would be graded."""
    works = [lms.Work(lms.Person("s1", "Ada", 4711), {"notes.txt": GOOD})]
    found, refused = collected(lms.canvas_zip(tmp_path / "c.zip", works))
    assert found == {}
    assert "it is no .py file" in str(refused)


def test_a_notebook_is_read_through_its_reader(lms, collected, tmp_path):
    """Which is given; without one, the lab's file is asked for. In a zip, too."""
    files = {"work.ipynb": b"{}"}
    works = [lms.Work(lms.Person("s1", "Ada", 4711), files)]
    path = lms.canvas_zip(tmp_path / "c.zip", works)
    found, refused = collected(path)
    assert found == {}
    assert "a notebook, which is not read here: ask for adding.py" in str(refused)
    inner = own_zip(tmp_path / "own.zip", files)
    packed = [lms.Work(works[0].person, {"work.zip": inner})]
    for each in (path, lms.canvas_zip(tmp_path / "z.zip", packed)):
        found, _ = collected(each, notebook=lambda lab, raw: GOOD + raw)
        assert found["4711"].submission.files == {"adding.py": GOOD + b"{}"}
