"""A term in a course, from the roster to the last export: every score is one computed by hand.

Six students, three labs: by inbox, by Canvas and by Moodle in groups. Due dates lie on both sides
of the night in which Berlin's clocks go back. What goes wrong on the way is taken back.
"""

import json
import zipfile
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner

from grader.cli import main
from grader.course import load_course
from grader.intake.bundle import pack
from grader.intake.inbox import deliver
from grader.sandbox import probe
from grader.submissions import Submission
from tests import lms
from tests.conftest import ASSIGNMENT, HINTS, README, SOLUTION, STUB, SUITE

pytestmark = pytest.mark.slow

BERLIN = ZoneInfo("Europe/Berlin")
LABS = ("adding", "summing", "joining")
COURSE = """\
name = "A term"
labs = ["adding", "summing", "joining"]
timezone = "Europe/Berlin"
groups = ["joining"]

[deadlines.adding]
due = 2026-10-18T23:59:00
grace_minutes = 10
per_day = 10
cut_off_days = 5

[deadlines.summing]
due = 2026-10-24T23:59:00
per_day = 10
cut_off_days = 3
counts = "last"

[deadlines.joining]
due = 2026-10-31T23:59:00
per_day = 20
cut_off_days = 2
"""
NAMES = {
    "ann": "Ann Lee",
    "bob": "Bob O'Neil",
    "cy": "Cý Đặng",
    "dee": "Dee",
    "eve": "Eve Nova",
    "fay": "Fay 伊藤",
}
TEAMS = {"ann": "red", "bob": "red", "cy": "blue", "dee": "blue"}
PEOPLE = {
    each: lms.Person(each, name, 101 + number, f"{each}@school.example", TEAMS.get(each, ""))
    for number, (each, name) in enumerate(NAMES.items())
}
GHOST = lms.Person("", "Fay Ito", 999)

RIGHT = SOLUTION.encode()
NO_TOTAL = SOLUTION.replace("return the_whole_sum", "return x").encode()  # earns 40
UNCHECKED = SOLUTION.replace("shapes {x.shape} and {y.shape} differ", "no").encode()

BY_HAND = {  # raw points, less what lateness costs, or what staff decided
    "adding": {
        "ann": 100,
        "bob": 100,  # at 00:08, within the ten minutes of grace
        "cy": 90,  # at 00:10:30: one day
        "dee": 20,  # 40 less two days
        "eve": 20.5,  # 0 by the mended suite; 20.5 of 40 by staff for `add`
        "fay": 100,  # a week late, with an extension
    },
    "summing": {
        "ann": 100,
        "bob": 90,  # 25 October, 23:30: that day has 25 hours, and is one day
        "cy": 80,  # 26 October, 23:58:30: two days
        "dee": 40,  # the last attempt counts, though the first was better
        "eve": 0,  # five days late, where three are the most
        "fay": 100,  # handed in under an account of its own, and merged
    },
    "joining": {
        "ann": 80,  # with bob, a day late
        "bob": 100,  # the same attempt, with an extension of his own
        "cy": 40,
        "dee": 40,
        "eve": 100,  # alone
        "fay": None,  # nothing
    },
}


def at(text):
    """A time on Berlin's clocks."""
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


@pytest.fixture
def term(tmp_path, monkeypatch):
    """The course, from whose folder commands are run."""
    root = tmp_path / "course"
    files = {"course.toml": COURSE, ".course-key": "a key for tests only"}
    hidden = SUITE.format(rng="rng, ", make="whole(rng, (size,)), whole(rng, (size,))")
    for slug in LABS:
        here = f"assignments/{slug}"
        files |= {
            f"{here}/assignment.toml": ASSIGNMENT.replace("adding", slug).replace(
                "Adding up", slug
            ),
            f"{here}/hints.toml": HINTS,
            f"{here}/README.md": README,
            f"{here}/{slug}.py": STUB,
            f"{here}/test_public.py": SUITE.format(rng="", make="np.ones(size), np.ones(size)"),
            f"tests/hidden/{slug}/test_{slug}.py": hidden,
        }
    weak = hidden.replace("def test_add_refuses", "def leave_out")
    files["tests/hidden/adding/test_adding.py"] = weak.replace(
        '@pytest.mark.rubric("add")\ndef leave_out', "def leave_out"
    )
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    monkeypatch.chdir(root)
    return root


def run(*words, ends=0, **options):
    """A command, which must end with that code; what it said."""
    done = CliRunner().invoke(main, [str(each) for each in words], **options)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == ends, done.output
    return done.output


def told(*words):
    """The JSON of a command."""
    done = CliRunner().invoke(main, [*map(str, words), "--json", "-"])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def grade(*words, **options):
    return run("grade", *words, "--isolation", probe().level.word, "--jobs", 1, **options)


def scores(slug):
    """Each student's score as `grades` tells it."""
    return {each["student"]["id"]: each["score"] for each in told("grades", slug)["grades"]}


def by_inbox(root):
    """Lab one: bundles in an inbox, each with the time that its student's clock said."""
    inbox = root.parent / "inbox"
    inbox.mkdir()
    lab = load_course(root).lab("adding")
    for student, content, when in (
        ("ann", RIGHT, "2026-10-18T20:00"),
        ("bob", RIGHT, "2026-10-19T00:08"),
        ("cy", RIGHT, "2026-10-19T00:10:30"),
        ("dee", NO_TOTAL, "2026-10-20T12:00"),
        ("eve", UNCHECKED, "2026-10-18T20:00"),
        ("fay", RIGHT, "2026-10-25T12:00"),
        ("anne", RIGHT, "2026-10-18T20:00"),  # nobody's id
    ):
        submission = Submission(student, {"adding.py": content})
        deliver(inbox, pack(lab, student, submission, now=at(when)))
    said = run("collect", inbox, ends=1)
    assert "anne" in said
    assert "6 new" in said
    assert run("collect", inbox, ends=1).count("6 known") == 1
    run("extend", "fay", "adding", "--until", "2026-10-25T23:59", "--reason", "was ill")


def by_canvas(root):
    """Lab two: a download of Canvas, then Canvas's own list, which says when; then a second try."""
    inside = [
        (PEOPLE["ann"], RIGHT, "2026-10-24T23:00", False),
        (PEOPLE["bob"], RIGHT, "2026-10-25T23:30", True),
        (PEOPLE["cy"], RIGHT, "2026-10-26T23:58:30", True),
        (PEOPLE["dee"], RIGHT, "2026-10-20T10:00", False),
        (PEOPLE["eve"], RIGHT, "2026-10-29T00:30", True),
        (GHOST, RIGHT, "2026-10-24T12:00", False),
    ]
    works = [
        lms.Work(who, {"summing.py": content}, at(when), late)
        for who, content, when, late in inside
    ]
    download = lms.canvas_zip(root / "canvas.zip", works)
    said = run("collect", download, "--lab", "summing", ends=1)
    assert "999" in said  # a stranger, who is kept aside
    grade("summing")
    before = scores("summing")
    assert before["ann"] == 100
    assert before["bob"] == 90  # LATE is Canvas's word: a day at least
    listed = lms.canvas_submissions_json(root / "canvas.json", works)
    run(
        "collect", download, "--lab", "summing",
        "--submissions", listed, "--strangers", "take",
    )  # fmt: skip
    ghost = next(each for each in scores("summing") if "999" in each)
    run("roster", "merge", ghost, "fay")
    again = [lms.Work(PEOPLE["dee"], {"summing.py": NO_TOTAL}, at("2026-10-21T10:00"))]
    second = lms.canvas_zip(root / "canvas-2.zip", again)
    listed = lms.canvas_submissions_json(root / "canvas-2.json", again)
    run("collect", second, "--lab", "summing", "--submissions", listed)
    grade("summing")


def by_moodle(root):
    """Lab three: groups, whose members are told apart by extensions alone."""
    team = [
        (PEOPLE["ann"], RIGHT, "2026-11-01T22:00"),
        (PEOPLE["bob"], RIGHT, "2026-11-01T22:00"),
        (PEOPLE["cy"], NO_TOTAL, "2026-10-31T12:00"),
        (PEOPLE["dee"], NO_TOTAL, "2026-10-31T12:00"),
        (PEOPLE["eve"], RIGHT, "2026-10-31T23:59"),
    ]
    works = [lms.Work(who, {"joining.py": content}, at(when)) for who, content, when in team]
    download = lms.moodle_zip(root / "moodle.zip", works, assignment=3)
    sheet = lms.moodle_worksheet(root / "worksheet.csv", works, assignment=3, zone=BERLIN)
    run("collect", download, "--lab", "joining", "--worksheet", sheet)
    run("extend", "bob", "joining", "--until", "2026-11-02T12:00", "--reason", "exam")
    grade("joining")


def mend_the_suite(root):
    """The suite of lab one asks for more: one score falls, and `regrade` tells whose."""
    path = root / "tests/hidden/adding/test_adding.py"
    whole = SUITE.format(rng="rng, ", make="whole(rng, (size,)), whole(rng, (size,))")
    path.write_text(whole)
    assert "regrade" in grade("adding")
    assert scores("adding")["eve"] == 100
    said = run("regrade", "adding", "--isolation", probe().level.word, "--jobs", 1)
    assert "eve" in said
    assert "100" in said
    assert "ann" not in said
    assert scores("adding")["eve"] == 0


def test_a_term(term):
    """Nothing is invented and charged for, and what went wrong is as if it had not been."""
    roster = lms.roster_csv(term / "roster.csv", PEOPLE.values())
    run("roster", roster)
    by_inbox(term)
    grade("adding")
    mend_the_suite(term)
    run("override", "eve", "adding", "add", "20.5", "--reason", "half of it is there")
    by_canvas(term)
    by_moodle(term)
    for slug in LABS:
        assert scores(slug) == BY_HAND[slug], slug

    # a wrong publication is taken back, and a mistake goes with the backup
    run("publish", "joining", "--yes")
    run("publish", "joining", "--withdraw", "--reason", "too early")
    run("backup", term.parent / "backup.sqlite3")
    run("override", "ann", "summing", "add", "0", "--reason", "the wrong line")
    run("roster", "drop", "bob")
    assert scores("summing") != BY_HAND["summing"]
    run("restore", term.parent / "backup.sqlite3")
    for slug in LABS:
        assert scores(slug) == BY_HAND[slug], slug
    assert all(each["published"] is None for each in told("grades", "joining")["grades"])

    # out: Canvas for all, with a zero for what is missing
    run("export", "--to", "canvas", term / "canvas.csv", "--missing-as", "0")
    rows = (term / "canvas.csv").read_text("utf-8").splitlines()
    assert len(rows) == 2 + len(PEOPLE)
    fay = next(row for row in rows if "Fay" in row)
    assert fay.endswith(",100,100,0")
    run("feedback", "adding", "--to", term / "pages")
    assert len(list((term / "pages" / "adding").iterdir())) == len(PEOPLE)


def _stands(entry):
    """Whether this entry can be undone, and was not together with another."""
    now = next(each for each in told("audit") if each["id"] == entry)
    return now["undoable"] and not now["undone_by"]


def test_every_step_can_be_taken_back(term):
    """All the undoable entries undone, the newest first: the gradebook is as it began."""
    run("roster", lms.roster_csv(term / "roster.csv", PEOPLE.values()))
    begin = told("audit")[-1]["id"]
    start = {slug: scores(slug) for slug in LABS}
    by_inbox(term)
    by_canvas(term)
    by_moodle(term)
    run("publish", "summing", "--yes")
    run("override", "eve", "summing", "add", "20.5", "--reason", "half")
    for entry in reversed(told("audit")):
        if entry["id"] > begin and _stands(entry["id"]):
            run("undo", entry["id"])
    assert {slug: scores(slug) for slug in LABS} == start
    with zipfile.ZipFile(term / "canvas.zip") as kept:
        assert len(kept.namelist()) == 6
