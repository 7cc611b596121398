"""What a group hands in is one attempt, and one score for each of its members."""

from datetime import timedelta

import pytest

from grader.course import load_course
from grader.errors import CourseError
from grader.gradebook.roster import read_roster
from grader.gradebook.rows import Student
from grader.gradebook.store import Gradebook
from grader.intake.admission import KeptAside
from grader.intake.bundle import pack
from grader.intake.finds import Intake, IntakeNote
from grader.intake.inbox import deliver
from grader.intake.taking import take_in
from grader.results import GRADED, Result, RubricResult, Verdict
from grader.submissions import from_source

GROUPS = '\ngroups = ["adding"]\n'
DEADLINE = "[deadlines.adding]\ndue = 2025-11-22T13:59:00Z\n"


@pytest.fixture
def team_course(course):
    """The tiny course, whose lab is handed in by groups."""
    with (course.root / "course.toml").open("a") as file:
        file.write(GROUPS + DEADLINE)
    return load_course(course.root)


@pytest.fixture
def book(course, now):
    """Ann and Ben are group g1, Cy and Di g2, Eve is in none."""
    url = str(course.root / "gradebook.sqlite3")
    with Gradebook.open(url, who="staff", clock=lambda: now + timedelta(hours=1)) as opened:
        group_of = {"ann": "g1", "ben": "g1", "cy": "g2", "di": "g2", "eve": ""}
        opened.add_students([Student(each, group=group) for each, group in group_of.items()])
        yield opened


@pytest.fixture
def send(course, inbox, now):
    """Somebody submits."""
    lab = course.lab("adding")

    def run(student, source="x = 1\n", minute=0):
        at = now + timedelta(minutes=minute)
        bundle = pack(lab, student, from_source(lab, student, source.encode()), now=at)
        return deliver(inbox, bundle).path

    return run


@pytest.fixture
def collect(book, inbox, now):
    """Staff collect; returns what was taken in, and the notes."""

    def run(course, *paths, **options):
        options = {"now": now + timedelta(hours=1)} | options
        got = list(take_in(course, book, paths or [inbox], **options))
        taken = [each for each in got if isinstance(each, Intake)]
        return taken, [each.text for each in got if isinstance(each, IntakeNote)]

    return run


def grade_all(book, points=60):
    """Records a result for every attempt."""
    for each in book.attempts("adding"):
        rubric = (RubricResult("add", points, 60, Verdict.PASSED),)
        result = Result("x", GRADED, points, 100, 0.1, rubric)
        key = f"{each.id:064}"
        book.record(each, key, result, suite="s", engine="e", isolation="full")


def scores(book, course):
    lab = course.lab("adding")
    return {each.student.id: each.score for each in book.grades(lab, course.deadline("adding"))}


def test_one_attempt_counts_for_all_of_the_group(team_course, book, collect, send, inbox):
    """One row, one receipt, graded once; a score for each, and none for others."""
    send("ann", minute=-30)
    taken, notes = collect(team_course)
    assert (len(taken), notes) == (1, [])
    assert len(list(inbox.rglob("*.receipt.json"))) == 1
    assert len(book.pending("adding", lambda each: f"{each.id:064}")) == 1
    grade_all(book)
    assert scores(book, team_course) == {
        "ann": 60, "ben": 60, "cy": None, "di": None, "eve": None}  # fmt: skip


def test_without_the_setting_a_group_is_a_tutorial(course, book, collect, send):
    """Nobody's work is another's because the roster puts both into one group."""
    send("ann")
    _, notes = collect(course)
    grade_all(book)
    assert scores(book, course)["ben"] is None
    assert notes == []


def test_lateness_and_extensions_are_each_student_s_own(team_course, book, collect, send, now):
    """One of two has an extension, and no penalty; an override is one's own, too."""
    send("ann", minute=0)  # four minutes after it was due
    collect(team_course)
    grade_all(book)
    lab = team_course.lab("adding")
    book.extend("ben", lab, now + timedelta(days=1), reason="ill")
    assert scores(book, team_course)["ann"] == 50
    assert scores(book, team_course)["ben"] == 60
    book.override("ann", lab, "add", 40, reason="fine")
    assert scores(book, team_course)["ann"] == 30
    assert scores(book, team_course)["ben"] == 60


def test_equal_files_of_two_members_are_one_attempt(team_course, book, collect, send):
    """However often they are collected, and whoever handed in something else since."""
    send("ann", minute=-9)
    send("ben", minute=-8)
    for _ in range(2):
        taken, _ = collect(team_course)
        assert len({each.attempt for each in taken}) == 1
    send("ann", "x = 2\n", -5)
    collect(team_course)
    assert [(each.student, each.number) for each in book.attempts()] == [("ann", 1), ("ann", 2)]
    collect(team_course)
    assert len(book.attempts()) == 2


def test_different_files_of_two_members_are_both_the_group_s(team_course, book, collect, send):
    """Two attempts, of which both members have both."""
    send("ann", "x = 1\n", -9)
    send("ben", "x = 2\n", -8)
    collect(team_course)
    lab = team_course.lab("adding")
    found = {each.student.id: len(each.attempts) for each in book.grades(lab)}
    assert found == {"ann": 2, "ben": 2, "cy": 0, "di": 0, "eve": 0}


def test_who_shares_was_settled_when_it_was_taken_in(team_course, book, collect, send):
    """Ben moves to the other group: he keeps what was his, and has what comes there."""
    send("ann", minute=-30)
    collect(team_course)
    book.add_students([Student("ben", group="g2")])
    send("cy", "x = 2\n", minute=-20)
    send("ann", "x = 3\n", minute=-10)
    collect(team_course)
    lab = team_course.lab("adding")
    found = {each.student.id: [one.attempt.student for one in each.attempts]
             for each in book.grades(lab)}  # fmt: skip
    assert found == {
        "ann": ["ann", "ann"], "ben": ["ann", "cy"], "cy": ["cy"], "di": ["cy"], "eve": []
    }  # fmt: skip


def test_who_has_no_group_is_alone_and_told(team_course, book, collect, send):
    """Once; and it counts."""
    send("eve")
    _, notes = collect(team_course)
    assert notes == ["eve has no group: adding is theirs alone"]
    assert [each.student for each in book.attempts()] == ["eve"]


def test_a_folder_may_be_a_group_s(team_course, book, collect, send):
    """Whatever lies in `g1` is handed in by g1: both of its members have it."""
    send("g1", minute=-30)
    taken, _ = collect(team_course)
    assert len(taken) == 1
    grade_all(book)
    assert {name: score for name, score in scores(book, team_course).items() if score} == {
        "ann": 60, "ben": 60}  # fmt: skip
    assert [each.new for each in collect(team_course)[0]] == [False]


def test_a_group_s_folder_in_a_course_without_groups_is_told(course, book, inbox, send, now):
    """It is a stranger's, and the note has the line for course.toml."""
    send("g1")
    got = list(take_in(course, book, [inbox], now=now))
    assert [each.student for each in got if isinstance(each, KeptAside)] == ["g1"]
    (note,) = [each.text for each in got if isinstance(each, IntakeNote)]
    assert 'groups = ["adding"]' in note


def test_seeds_are_of_whoever_handed_it_in(team_course, book, collect, send):
    """So the group's one run has one seed, by the permanent id."""
    send("ben", minute=-30)
    collect(team_course)
    assert [each.student for each in book.attempts()] == ["ben"]
    assert book.groups.of("adding") == {book.attempts()[0].id: ("ann",)}


def test_a_group_s_attempt_is_void_for_all(team_course, book, collect, send):
    """And comes back for all."""
    send("ann", minute=-30)
    collect(team_course)
    grade_all(book)
    number = book.intakes.all()[-1].id
    book.intakes.undo(number)
    assert set(scores(book, team_course).values()) == {None}
    collect(team_course)
    assert scores(book, team_course)["ben"] == 60


@pytest.mark.parametrize("system", ["canvas", "moodle new", "moodle old"])
def test_a_group_s_upload_is_each_member_s(team_course, book, lms, tmp_path, now, system):
    """As Canvas names it (the group's, with one member's number) and both ways of Moodle's."""
    names = ("Ada", "Bob-Cy Doe", "Dan")
    ring = [lms.Person(f"s{n}", name, 4700 + n, group="Ring_1") for n, name in enumerate(names)]
    alone = lms.Person("s9", "Zoe", 4709, group="Solo")
    book.add_students(read_roster(lms.roster_csv(tmp_path / "r.csv", [*ring, alone])).students)
    content = {"adding.py": b"x = 1\n"}
    works = [lms.Work(each, content) for each in ring[: 1 if system == "canvas" else 3]]
    works.append(lms.Work(alone, {"adding.py": b"x = 9\n"}))
    if system == "canvas":
        path = lms.canvas_zip(tmp_path / "c.zip", works, group=True)
    else:
        path = lms.moodle_zip(tmp_path / "m.zip", works, team=system.split()[1])
    for _ in range(2):
        got = list(take_in(team_course, book, [path], lab="adding", now=now))
        assert [each for each in got if not isinstance(each, Intake)] == []
    assert [each.student for each in book.attempts()] == ["s0", "s9"]
    lab = team_course.lab("adding")
    found = {each.student.id: len(each.attempts) for each in book.grades(lab) if each.attempts}
    assert found == {"s0": 1, "s1": 1, "s2": 1, "s9": 1}


def test_a_lab_that_the_course_does_not_have_can_t_be_by_groups(course):
    """It is told where the setting is read."""
    with (course.root / "course.toml").open("a") as file:
        file.write('\ngroups = ["addition"]\n')
    with pytest.raises(CourseError, match="key 'groups': no lab 'addition'"):
        load_course(course.root)
