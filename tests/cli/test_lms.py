"""`collect` as staff type it on what Canvas and Moodle give: what is taken in, and what is said."""

import json
import re
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner

from grader.cli import main
from grader.course import load_course
from grader.gradebook.store import Gradebook

DUE = datetime(2025, 12, 1, 23, 59, tzinfo=UTC)
DEADLINE = "[deadlines.adding]\ndue = 2025-12-01T23:59:00Z\nper_day = 10\n"
GOOD = b"def add(x, y):\n    return x + y\n"


@pytest.fixture
def run(course, monkeypatch):
    """Types a command at the course; gives what it says."""
    monkeypatch.delenv("SHARDLAB_DB", raising=False)
    with (course.root / "course.toml").open("a") as file:
        file.write(DEADLINE)

    def invoke(*words, code=0, answer=None):
        typed = [str(each) for each in ("--course", course.root, *words)]
        result = CliRunner().invoke(main, typed, input=answer)
        assert result.exit_code == code, result.output
        if result.exception is not None:
            assert isinstance(result.exception, SystemExit), result.exception
        for line in result.output.splitlines():
            assert line.isprintable()
            assert code or len(line) <= 80, line  # a path that is refused may be longer
        return result.output

    return invoke


@pytest.fixture
def book(course):
    with Gradebook.open(str(course.root / "gradebook.sqlite3"), who="staff") as opened:
        yield opened


@pytest.fixture
def works(lms):
    """Ada was on time, Bob an hour, Cy three days late."""
    late = {"ada": -1, "bob": 1, "cy": 72}
    return [
        lms.Work(
            lms.Person(name, name.title(), 4711 + n, f"{name}@x.example"),
            {"adding.py": GOOD + b"# %d\n" % n},
            DUE + timedelta(hours=hours),
            late=hours > 0,
        )
        for n, (name, hours) in enumerate(late.items())
    ]


@pytest.fixture
def enrolled(lms, run, works, tmp_path):
    """They are on the roster."""
    run("roster", lms.roster_csv(tmp_path / "roster.csv", [each.person for each in works]))


def times(book):
    """When each came, and by whose word; and whether the system says that it was late."""
    return {
        each.student: (each.submitted_at, each.time_from, each.lms_late) for each in book.attempts()
    }


def late_days(course, book):
    """The days for which each of everyone's attempts is charged."""
    graded = book.grades(course.lab("adding"), load_course(course.root).deadline("adding"))
    return {each.student.id: [one.late_days for one in each.attempts] for each in graded}


@pytest.mark.parametrize("form", ["canvas", "moodle", "unpacked"])
@pytest.mark.usefixtures("enrolled")
def test_on_time_work_is_charged_nothing_for_the_date_of_a_download(
    lms, run, course, book, works, tmp_path, form
):
    """The zip was made 19 days after it was due. What nobody says is unknown, and is said once."""
    write = lms.moodle_zip if form == "moodle" else lms.canvas_zip
    path = write(tmp_path / "download.zip", works)
    if form == "unpacked":
        shutil.unpack_archive(path, path := tmp_path / "download")
    said = run("collect", path)
    assert "When 3 submissions came is unknown, and costs nothing" in " ".join(said.split())
    assert "--worksheet" in said
    assert {at for at, _, _ in times(book).values()} == {None}
    assert late_days(course, book)["ada"] == [0]
    late = {student for student, (_, _, late) in times(book).items() if late}
    assert late == (set() if form == "moodle" else {"bob", "cy"})


@pytest.mark.usefixtures("enrolled")
def test_the_worksheet_says_when(lms, run, course, book, works, tmp_path):
    """And who: by ID number."""
    path = lms.moodle_zip(tmp_path / "m.zip", works)
    sheet = lms.moodle_worksheet(tmp_path / "w.csv", works)
    said = run("collect", path, "--worksheet", sheet)
    assert "Times of w.csv are read as UTC." in said
    assert "unknown" not in said
    assert times(book) == {each.person.id: (each.at, "Moodle", False) for each in works}
    assert late_days(course, book) == {"ada": [0], "bob": [1], "cy": [3]}


@pytest.fixture
def second_lab(course):
    """The course has lab `more`, too, which asks for more.py."""
    folder = shutil.copytree(course.root / "assignments/adding", course.root / "assignments/more")
    path = folder / "assignment.toml"
    text = path.read_text("utf-8").replace('"adding"', '"more"').replace("adding.py", "more.py")
    path.write_text(text, "utf-8")
    (folder / "adding.py").rename(folder / "more.py")
    path = course.root / "course.toml"
    path.write_text(path.read_text("utf-8").replace('["adding"]', '["adding", "more"]'), "utf-8")


@pytest.mark.parametrize("worksheet", [True, False])
@pytest.mark.usefixtures("second_lab", "enrolled")
def test_moodle_s_numbers_make_nobody_s_ghost(lms, run, book, works, tmp_path, worksheet):
    """They are others in each assignment: in both labs it is the roster's students who hand in."""
    for number, (slug, file) in enumerate([("adding", "adding.py"), ("more", "more.py")], 1):
        own = [lms.Work(each.person, {file: GOOD}, each.at) for each in works]
        path = lms.moodle_zip(tmp_path / f"{slug}.zip", own, assignment=number)
        sheet = lms.moodle_worksheet(tmp_path / f"{slug}.csv", own, assignment=number)
        run("collect", path, *(["--worksheet", sheet] if worksheet else []))
    assert [each.id for each in book.students()] == ["ada", "bob", "cy"]
    handed_in = {(each.student, each.lab) for each in book.attempts()}
    assert handed_in == {(who, lab) for who in ("ada", "bob", "cy") for lab in ("adding", "more")}


@pytest.mark.usefixtures("enrolled")
def test_canvas_s_list_says_when(lms, run, course, book, works, tmp_path):
    """Of the one assignment."""
    path = lms.canvas_zip(tmp_path / "c.zip", works)
    listed = lms.canvas_submissions_json(tmp_path / "list.json", works)
    run("collect", path, "--submissions", listed)
    assert times(book) == {each.person.id: (each.at, "Canvas", each.late) for each in works}
    assert late_days(course, book) == {"ada": [0], "bob": [1], "cy": [3]}


@pytest.mark.usefixtures("enrolled")
def test_staff_may_say_when_all_else_came(lms, run, book, works, tmp_path):
    """What a system says goes before it."""
    path = lms.moodle_zip(tmp_path / "m.zip", works)
    sheet = lms.moodle_worksheet(tmp_path / "w.csv", works[:1])
    text = sheet.read_text("utf-8-sig")
    others = lms.moodle_worksheet(tmp_path / "v.csv", [
        lms.Work(each.person) for each in works[1:]
    ]).read_text("utf-8-sig")  # fmt: skip
    sheet.write_text(text + others.partition("\n")[2], "utf-8")
    run("collect", path, "--worksheet", sheet, "--received", "2025-12-01T20:00Z")
    received = datetime(2025, 12, 1, 20, tzinfo=UTC)
    assert times(book) == {
        "ada": (works[0].at, "Moodle", False),
        "bob": (received, "staff", False),
        "cy": (received, "staff", False),
    }


@pytest.mark.usefixtures("enrolled")
def test_a_time_is_told_later_and_stays(lms, run, book, works, tmp_path):
    """A worksheet fills what was unknown, which the log says; another word changes nothing."""
    path = lms.moodle_zip(tmp_path / "m.zip", works)
    run("collect", path)
    before = [(each.student, each.number) for each in book.attempts()]
    sheet = lms.moodle_worksheet(tmp_path / "w.csv", works)
    again = lms.moodle_zip(tmp_path / "again.zip", works)
    said = run("collect", again, "--worksheet", sheet)
    assert "Of 3 submissions that came before, the time is known now." in said
    assert "Collected as 2; take it back with: shardlab collect --undo 2" in said
    assert [(each.student, each.number) for each in book.attempts()] == before
    told = {each.person.id: (each.at, "Moodle", False) for each in works}
    assert times(book) == told
    assert [each.detail for each in book.audit() if each.what == "hand-in times"] == [
        "3, which were unknown"
    ]
    said = run("collect", again, "--received", "2025-12-09T12:00Z")
    assert "Of 3 submissions another time is known already, which stays" in said
    assert times(book) == told
    assert "unknown" not in run("collect", again)


@pytest.mark.usefixtures("enrolled")
def test_a_list_that_tells_nothing_is_told(lms, run, works, tmp_path):
    """Canvas's is of no use beside a download of Moodle's; in silence it would seem to be."""
    path = lms.moodle_zip(tmp_path / "m.zip", works)
    listed = lms.canvas_submissions_json(tmp_path / "list.json", works)
    said = " ".join(run("collect", path, "--submissions", listed).split())
    assert "list.json was not used: no download of Canvas's is among what was collected" in said
    sheet = lms.moodle_worksheet(tmp_path / "w.csv", works)
    assert "not used" not in run("collect", path, "--worksheet", sheet)


def test_staff_can_t_have_received_what_is_yet_to_come(run, tmp_path):
    """A slip of the year is refused before anything is done."""
    said = run("collect", tmp_path, "--received", "2999-01-01T00:00Z", code=2)
    assert "yet to come" in said


@pytest.mark.usefixtures("enrolled")
def test_telling_times_can_be_taken_back(lms, run, book, works, tmp_path):
    """A wrong --received is an entry of the log like any other."""
    path = lms.moodle_zip(tmp_path / "m.zip", works)
    run("collect", path)
    run("collect", path, "--received", "2024-12-09T12:00Z")
    assert None not in {at for at, _, _ in times(book).values()}
    run("collect", "--undo", "2", "--reason", "a slip of the year")
    assert {at for at, _, _ in times(book).values()} == {None}


@pytest.mark.parametrize("how", ["touched", "cloned"])
def test_a_plain_folder_s_dates_are_nobody_s_word(run, book, course, tmp_path, how):
    """A copy and a checkout have the date of copying: `grade` and `collect` say unknown."""
    folder = tmp_path / "class"
    folder.mkdir()
    for name in ("José.py", "o'brien.py", "Jane Doe.py"):
        (folder / name).write_bytes(GOOD)
    if how == "cloned":
        git = ["git", "-c", "user.name=x", "-c", "user.email=x@x", "-C", folder]
        for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "x"]):
            subprocess.run([*git, *words], check=True)
        folder = tmp_path / "clone"
        subprocess.run(["git", "clone", "-q", tmp_path / "class", folder], check=True)
    said = run("collect", folder, "--lab", "adding")
    assert "When 3 submissions came is unknown" in said
    assert set(times(book)) == {"José", "o'brien", "Jane Doe"}
    assert {at for at, _, _ in times(book).values()} == {None}
    run("collect", folder, "--received", "2025-12-01T20:00Z")
    assert {at for at, _, _ in times(book).values()} == {datetime(2025, 12, 1, 20, tzinfo=UTC)}


def test_grade_takes_the_same_names_as_collect(run, book, tmp_path):
    """And makes no second attempt of what was collected."""
    folder = tmp_path / "class"
    folder.mkdir()
    for name in ("José.py", "o'brien.py", "s1.py"):
        (folder / name).write_bytes(GOOD)
    run("collect", folder, "--lab", "adding")
    said = run("grade", "adding", folder)
    assert "When 3 submissions came is unknown" in said
    assert [(each.student, each.number) for each in book.attempts()] == [
        ("José", 1), ("o'brien", 1), ("s1", 1)
    ]  # fmt: skip


def test_grade_reads_what_collect_reads(run, book, tmp_path):
    """A notebook or a renamed file is not left out in silence."""
    pytest.importorskip("IPython", reason="IPython is absent (extra: shardlab[nbgrader])")
    folder = tmp_path / "class"
    folder.mkdir()
    cell = {"cell_type": "code", "source": GOOD.decode(), "metadata": {}}
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell]}
    (folder / "s1.py").write_bytes(GOOD)
    (folder / "s2.ipynb").write_text(json.dumps(notebook))
    (folder / "s3.py.txt").write_bytes(GOOD)
    run("grade", "adding", folder)
    assert set(times(book)) == {"s1", "s2", "s3"}


def test_ids_that_differ_by_case_only_are_told_at_once(run, book, tmp_path):
    """Neither is taken for the other, and no second student is made."""
    folder = tmp_path / "class"
    folder.mkdir()
    for name in ("Ada.py", "ada.py", "bob.py"):
        (folder / name).write_bytes(GOOD)
    said = run("collect", folder, code=1)
    assert "it differs from 'Ada' by small and capital letters only" in " ".join(said.split())
    assert set(times(book)) == {"Ada", "bob"}


@pytest.mark.parametrize(("answer", "taken"), [("y\n", 3), ("n\n", 0)])
@pytest.mark.usefixtures("enrolled")
def test_full_names_are_asked_about_on_a_terminal(
    lms, run, book, works, tmp_path, monkeypatch, answer, taken
):
    """With examples; elsewhere they are taken, and told; `--no-by-name` refuses."""
    monkeypatch.setattr("grader.cli.shell.is_interactive", lambda: True)
    path = lms.moodle_zip(tmp_path / "m.zip", works)
    said = run("collect", path, answer=answer, code=0 if taken else 1)
    told = "m.zip: 3 students known by the full name alone: Ada is ada, Bob is bob"
    assert told in " ".join(said.split())
    assert "Take their files?" in said
    assert len(book.attempts()) == taken


@pytest.mark.usefixtures("enrolled")
def test_full_names_are_told_where_nobody_can_answer(lms, run, book, works, tmp_path):
    """And refused by `--no-by-name`."""
    path = lms.moodle_zip(tmp_path / "m.zip", works)
    said = run("collect", path, "--no-by-name", code=1)
    assert "'Ada' may be ada, by the name alone; give Moodle's grading worksheet" in " ".join(
        said.split()
    )
    assert book.attempts() == []
    said = run("collect", path)
    assert "m.zip: 3 students known by the full name alone" in said
    assert "?" not in said
    assert set(times(book)) == {"ada", "bob", "cy"}


@pytest.mark.usefixtures("enrolled")
def test_strangers_are_told_by_what_the_system_calls_them(lms, run, book, tmp_path):
    """A number alone says nothing to anybody; whom it may be is found by the name."""
    strangers = [lms.Person("x", "Adda Lovelace", 4799), lms.Person("y", "Cyy", 4798)]
    works = [lms.Work(each, {"adding.py": GOOD}) for each in strangers]
    said = run("collect", lms.canvas_zip(tmp_path / "c.zip", works), code=1)
    assert "ASIDE    4799 (lovelaceadda)  adding" in said
    assert "ASIDE    4798 (cyy)  adding" in said
    assert "did you mean cy (Cy)? shardlab roster merge 4798 cy" in said
    assert book.attempts() == []
    said = run("collect", lms.moodle_zip(tmp_path / "m.zip", works), code=1)
    assert "ASIDE    Adda Lovelace  adding" in said


@pytest.mark.usefixtures("enrolled")
def test_who_was_dropped_is_known_for_all_that(lms, run, book, works, tmp_path):
    """By number and by name; the way back is named, and no ghost is made."""
    run("roster", "drop", "cy")
    for write in (lms.canvas_zip, lms.moodle_zip):
        said = run("collect", write(tmp_path / "d.zip", works), code=1)
        assert "ASIDE    cy" in said
        assert "to bring them back: shardlab roster restore cy" in " ".join(said.split())
    assert {each.student for each in book.attempts()} == {"ada", "bob"}


def test_a_student_s_notebook_is_graded_as_the_lab_s_file(lms, run, course, book, tmp_path):
    """Its code cells, without Jupyter's commands, in their order."""
    pytest.importorskip("nbformat", reason="nbformat is absent (extra: shardlab[nbgrader])")
    pytest.importorskip("IPython", reason="IPython is absent (extra: shardlab[nbgrader])")
    cells = [
        ("markdown", "# My work"),
        ("code", ["%matplotlib inline\n", "import numpy as np"]),
        ("code", GOOD.decode()),
        ("code", "def total(x, group):\n    return group.all_reduce(x)"),
    ]
    notebook = {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {},
        "cells": [{"cell_type": kind, "source": text, "metadata": {}} for kind, text in cells],
    }
    ada = lms.Person("ada", "Ada", 4711)
    empty = notebook | {"cells": notebook["cells"][:2]}
    works = [
        lms.Work(ada, {"Untitled.ipynb": json.dumps(notebook).encode()}),
        lms.Work(lms.Person("bob", "Bob", 4712), {"Untitled.ipynb": json.dumps(empty).encode()}),
        lms.Work(lms.Person("cy", "Cy", 4713), {"Untitled.ipynb": b"PK no notebook"}),
    ]
    said = " ".join(run("collect", lms.canvas_zip(tmp_path / "c.zip", works), code=1).split())
    assert "a notebook without a function of adding: ask for adding.py" in said
    assert "it is no notebook that can be read: no JSON" in said
    (attempt,) = book.attempts()
    source = book.submission(attempt).files["adding.py"].decode()
    assert "matplotlib" not in source
    names = {}
    exec(source, names)  # ours
    assert names["add"](2, 2) == 4


@pytest.mark.usefixtures("enrolled")
def test_times_that_a_collect_told_are_taken_back_aloud(lms, run, course, book, works, tmp_path):
    """Scores may change with them, though no attempt goes: said by both ways back, each time."""
    path = lms.canvas_zip(tmp_path / "c.zip", works[:1])
    run("collect", path)
    run("collect", path, "--received", (DUE + timedelta(hours=1)).isoformat())
    assert late_days(course, book)["ada"] == [1]
    for undo in (["collect", "--undo", 2], ["undo"]):
        said = run(*undo, "--json", tmp_path / "told.json")
        assert "1 hand-in time that it told: what was known before counts again" in said
        assert late_days(course, book)["ada"] == [0]
        entry = json.loads((tmp_path / "told.json").read_text())["entry"]
        assert "1 hand-in time: what was told counts again" in run("undo", entry)
        assert late_days(course, book)["ada"] == [1]


@pytest.mark.usefixtures("enrolled")
def test_undo_steps_back_over_collects_and_not_to_and_fro(lms, run, book, works, tmp_path):
    """Each `undo` takes back one thing that staff did; that a key was first used is none."""
    for n, work in enumerate(works[:2]):
        run("collect", lms.canvas_zip(tmp_path / f"c{n}.zip", [work]))
    run("undo")
    assert [each.student for each in book.attempts()] == ["ada"]
    run("undo")
    assert book.attempts() == []
    assert "what it added is in use" in run("undo", code=2)  # the roster
    run("collect", tmp_path / "c0.zip", "--strangers", "take")
    run("collect", "--undo", 3)
    run("undo")  # that was a thing that somebody did, and is taken back like any other
    assert len(book.attempts()) == 1


@pytest.mark.usefixtures("enrolled")
def test_an_undo_is_told_in_words_and_in_few_lines(lms, run, book, works, tmp_path):
    """A collect that is had again has a row for each attempt: people read how many there are."""
    run("collect", lms.canvas_zip(tmp_path / "c.zip", works))
    told = run("undo")
    assert "3 attempts of it count no longer" in told
    said = run("undo", re.search(r"undo (\d+)", told)[1])
    assert "3 attempts count again" in said
    assert len(said.splitlines()) <= 6
    run("attempt", "adding", "bob", "1", "--void", "--reason", "r")
    told = run("undo")
    assert "adding, attempt 1 of bob: counts again" in told
    told = run("undo", re.search(r"undo (\d+)", told)[1])
    assert "adding, attempt 1 of bob: counts no longer" in told


@pytest.mark.usefixtures("enrolled")
def test_the_time_behind_a_file_s_name_is_in_the_course_s_zone(lms, run, course, works, tmp_path):
    """Of strangers, and of attempts; both would else be read as the wall clock's."""
    text = (course.root / "course.toml").read_text()
    (course.root / "course.toml").write_text('timezone = "Asia/Kolkata"\n' + text)
    eve = lms.Work(lms.Person("eve", "Eve", 4799), {"adding.py": GOOD}, works[0].at)
    path = lms.moodle_zip(tmp_path / "m.zip", [works[0], eve])
    sheet = lms.moodle_worksheet(tmp_path / "w.csv", [works[0], eve], zone=ZoneInfo("Asia/Kolkata"))
    for said in (
        run("collect", path, "--worksheet", sheet, code=1),
        run("attempt", "adding", "ada"),
    ):
        assert re.search(r"assignsubmission_file/adding.py\s+20[0-9: -]+\s+IST", said), said
        assert not re.search(r"T\d\d:\d\d:\d\dZ", said), said
