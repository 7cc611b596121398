"""Collecting, its rehearsal and its way back, and attempts one by one, as staff type them."""

import hashlib
import json
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner

from grader.cli import main
from grader.gradebook.attempts import Arrival
from grader.gradebook.rows import Student
from grader.gradebook.store import Gradebook
from grader.intake.bundle import pack
from grader.intake.inbox import deliver
from grader.results import GRADED, Result, RubricResult, Verdict
from grader.submissions import Submission, from_source

SENT = datetime(2025, 11, 22, 14, 3, tzinfo=UTC)
DEADLINE = "[deadlines.adding]\ndue = 2025-11-20T23:59:00Z\n"


@pytest.fixture
def run(course, monkeypatch):
    """Types a command at the course; gives its exit code and what it says."""
    monkeypatch.delenv("SHARDLAB_DB", raising=False)

    def invoke(*words, code=0, answer=None):
        words = [str(each) for each in ("--course", course.root, *words)]
        result = CliRunner().invoke(main, words, input=answer)
        assert result.exit_code == code, result.output
        if result.exception is not None:
            assert isinstance(result.exception, SystemExit), result.exception
        return result.output

    return invoke


@pytest.fixture
def inbox(tmp_path):
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


@pytest.fixture
def send(course, inbox):
    """A student submits."""
    lab = course.lab("adding")

    def run(student="s1", source="x = 1\n"):
        return deliver(
            inbox, pack(lab, student, from_source(lab, student, source.encode()), now=SENT)
        ).path

    return run


@pytest.fixture
def book(course):
    """The course's own gradebook."""
    with Gradebook.open(str(course.root / "gradebook.sqlite3"), who="staff") as book:
        yield book


@pytest.fixture
def graded(book):
    """Two attempts of ann's: 100 points, then 40."""
    for source, points in ((b"A", 60), (b"B", 0)):
        work = Submission("ann", {"adding.py": source})
        attempt, _ = book.take_in("adding", [Arrival(work, SENT)])[0]
        rubric = (
            RubricResult("add", 40, 40, Verdict.PASSED),
            RubricResult("total", points, 60, Verdict.PASSED if points else Verdict.FAILED),
        )
        result = Result("x", GRADED, 40 + points, 100, 0.1, rubric)
        key = hashlib.sha256(source).hexdigest()
        book.record(attempt, key, result, suite="s", engine="e", isolation="full")
    return book


def bytes_below(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_strangers_are_listed_with_what_mends_it(run, book, send, inbox):
    """Each with the file and whom it may be; the rest is taken in, and the exit code tells."""
    book.add_students([Student("guest"), Student("s041", "Ada Lovelace")])
    for student in ("guest", "s41"):
        path = send(student)
    told = run("collect", inbox, code=1)
    assert "Collected adding: 1 new, 0 known." in told
    assert path.name in told
    assert "did you mean s041 (Ada Lovelace)? shardlab roster merge s41 s041" in flat(told)
    assert "--strangers take" in told
    assert [each.student for each in book.attempts()] == ["guest"]
    assert "1 student added, as was asked: s41" in run("collect", inbox, "--strangers", "take")
    assert [each.student for each in book.attempts()] == ["guest", "s41"]


def test_without_a_roster_it_says_who_was_added(run, book, send, inbox):
    """Once: the second time they are known."""
    send("s1")
    send("s2")
    assert "2 students added, as the gradebook has no roster: s1, s2" in run("collect", inbox)
    assert "added" not in run("collect", inbox)


def test_the_option_of_before_still_keeps_strangers_aside(run, book, send, inbox):
    """`--known-only` is another word for it."""
    send("s1")
    assert "ASIDE" in run("collect", inbox, "--known-only", code=1)
    assert book.students() == []


def test_a_dry_run_changes_nothing_at_all(run, course, send, inbox, tmp_path):
    """No gradebook is made, no key, no receipt; but it says what would come, and how late."""
    with (course.root / "course.toml").open("a") as file:
        file.write(DEADLINE)
    send("s1")
    before = bytes_below(tmp_path)
    told = run("collect", inbox, "--dry-run", "--json", tmp_path / "told.json")
    row = json.loads((tmp_path / "told.json").read_text())
    (tmp_path / "told.json").unlink()
    assert bytes_below(tmp_path) == before
    assert "Dry run: nothing is changed." in told
    assert "2025-11-22 14:03" in told
    assert "2 days late" in told
    assert row["intake"] is None
    assert [each["student"] for each in row["received"]] == ["s1"]


def test_a_dry_run_says_what_the_real_one_then_does(run, book, send, inbox):
    """Also in a gradebook that has a class: who is new, who is known, who is a stranger."""
    book.add_students([Student("s1"), Student("s2")])
    send("s1")
    run("collect", inbox)
    send("s2")
    send("eve")
    entries = book.audit()
    told = run("collect", inbox, "--dry-run", code=1)
    assert "Collected adding: 1 new, 1 known." in told
    assert "eve" in told
    assert book.audit() == entries
    assert "Collected adding: 1 new, 1 known." in run("collect", inbox, code=1)


def test_a_collect_is_taken_back_by_its_number(run, book, send, inbox):
    """The number is told at the end and in the JSON; the second time is an error."""
    send("s1")
    told = run("collect", inbox, "--json", inbox.parent / "told.json")
    number = json.loads((inbox.parent / "told.json").read_text())["intake"]
    assert f"Collected as {number}; take it back with: shardlab collect --undo {number}" in told
    told = run("collect", "--undo", number, "--reason", "the wrong term")
    assert "1 attempt of it count no longer" in told
    assert "Receipts in an inbox stay" in told
    assert book.attempts() == []
    assert "taken back already" in run("collect", "--undo", number, code=2)
    assert "no collect has the number 77" in run("collect", "--undo", 77, code=2)
    assert "1 new" in run("collect", inbox)


def test_what_is_void_is_told_when_it_is_collected_again(run, book, send, inbox, tmp_path):
    """It is known and counts for nothing: in words, and in the JSON."""
    send("s1")
    send("s2")
    run("collect", inbox)
    run("attempt", "adding", "s1", 1, "--void", "--reason", "copied")
    told = run("collect", inbox, "--json", tmp_path / "told.json")
    assert "0 new, 2 known" in told
    assert "1 of the known are void, and stay so" in told
    rows = json.loads((tmp_path / "told.json").read_text())["received"]
    assert {each["student"]: each["void"] for each in rows} == {"s1": True, "s2": False}


def test_attempts_are_shown_with_what_is_known_of_each(run, graded):
    """Number, time, code, result, and which one counts."""
    told = run("attempt", "adding", "ann")
    assert "adding, ann: 2 attempts" in told
    assert "100 points, counts" in told
    assert "40 points" in told
    assert len(run("attempt", "adding", "ann", 2).splitlines()) < len(told.splitlines())
    assert "ann has no attempt 3 at adding; they have: 1, 2" in run(
        "attempt", "adding", "ann", 3, code=2
    )


def test_a_void_attempt_counts_nowhere(run, graded, tmp_path):
    """Not in grades, not in the export, not to be graded; the other keeps its number."""
    run("attempt", "adding", "ann", 1, "--void", "--reason", "copied")
    assert "40/100" in run("grades", "adding")
    run("export", "adding", "--to", "csv", tmp_path / "grades.csv")
    assert "100.0" not in (tmp_path / "grades.csv").read_text()
    assert [each.number for each in graded.attempts("adding")] == [2]
    assert graded.pending("adding", lambda each: f"{each.id:064}") == graded.attempts("adding")
    told = run("attempt", "adding", "ann")
    assert "void since" in told
    assert ": copied" in told
    assert "40 points, counts" in told
    run("attempt", "adding", "ann", 1, "--unvoid")
    assert "100/100" in run("grades", "adding")
    assert [each.what for each in graded.audit()][-2:] == ["void", "unvoid"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--void"], "say which attempt"),
        (["1", "--void"], "needs its --reason"),
        (["1", "--unvoid"], "ann-1 is not void"),
        (["1", "--unvoid", "--share-with", "ben", "--reason", "r"], "one change at a time"),
        (["1", "--unshare", "ben", "--reason", "r"], "no student 'ben'"),
        (["1", "--share-with", "ann", "--reason", "r"], "ann-1 is ann's already"),
    ],
)
def test_what_can_t_be_done_to_an_attempt_is_told(run, graded, words, told):
    """In words, and nothing is changed."""
    before = graded.audit()
    assert told in " ".join(run("attempt", "adding", "ann", *words, code=2).split())
    assert graded.audit() == before


def test_an_attempt_is_void_once(run, graded):
    """The second time is told, with the reason of the first."""
    run("attempt", "adding", "ann", 1, "--void", "--reason", "copied")
    again = run("attempt", "adding", "ann", 1, "--void", "--reason", "more", code=2)
    assert "void already: copied" in again


def test_an_attempt_is_shared_and_no_longer(run, graded):
    """The other student has its score, and then none."""
    graded.add_students([Student("ben")])
    run("attempt", "adding", "ann", 1, "--share-with", "ben", "--reason", "worked together")
    assert "of ann, ben" in run("attempt", "adding", "ben")
    scores = {each["student"]["id"]: each["score"] for each in grades(run)}
    assert scores == {"ann": 100, "ben": 100}
    run("attempt", "adding", "ben", 1, "--unshare", "ben", "--reason", "did not", code=0)
    scores = {each["student"]["id"]: each["score"] for each in grades(run)}
    assert scores == {"ann": 100, "ben": None}


def grades(run):
    return json.loads(run("grades", "adding", "--json", "-").partition("\n{")[2].join(["{", ""]))[
        "grades"
    ]


def flat(text):
    return " ".join(text.split())


def test_another_lab_s_files_are_taken_with_yes(run, course, tmp_path):
    """Elsewhere than at a terminal nobody is asked: it is refused, and the mend works."""
    second_lab(course)
    folder = tmp_path / "class"
    folder.mkdir()
    for student in ("ann", "ben"):
        (folder / f"{student}.py").write_text("def multiply(x, y):\n    return x * y\n")
    told = flat(run("collect", folder, "--lab", "adding", code=1))
    assert "--lab multiplying" in told
    assert "--yes" in told
    assert "Collected nothing." in told
    assert "2 new" in run("collect", folder, "--lab", "adding", "--yes")


def test_at_a_terminal_it_is_asked(run, course, tmp_path, monkeypatch):
    """And what is answered is done."""
    second_lab(course)
    (tmp_path / "ann.py").write_text("def multiply(x, y):\n    return x * y\n")
    monkeypatch.setattr("grader.cli.shell.is_interactive", lambda: True)
    words = ("collect", tmp_path / "ann.py", "--lab", "adding")
    assert "Collected nothing." in run(*words, code=1, answer="n\n")
    told = run(*words, answer="y\n")
    assert "Take it? [y/N]" in told
    assert "1 new" in told


def test_an_attempt_of_a_merged_record_is_named_by_it(run, graded):
    """Both have an attempt 1; each is had by its own id."""
    work = Submission("5903", {"adding.py": b"C"})
    graded.take_in("adding", [Arrival(work, SENT)])
    graded.add_students([Student("ann"), Student("5903")])
    graded.roster.merge("5903", "ann")
    assert "1 as 5903" in run("attempt", "adding", "ann")
    run("attempt", "adding", "5903", 1, "--void", "--reason", "twice")
    assert [each.student for each in graded.attempts()] == ["ann", "ann"]


def test_each_of_a_group_has_a_page_and_a_row(run, course, book, tmp_path):
    """With the score of what one of them handed in."""
    book.add_students([Student("ann"), Student("ben"), Student("cy")])
    work = Submission("ann", {"adding.py": b"A"})
    ((attempt, _),) = book.take_in("adding", [Arrival(work, SENT, members=("ben",))])
    rubric = (
        RubricResult("add", 40, 40, Verdict.PASSED),
        RubricResult("total", 33, 60, Verdict.PASSED),
    )
    result = Result("x", GRADED, 73, 100, 0.1, rubric)
    book.record(attempt, "k" * 64, result, suite="s", engine="e", isolation="full")
    run("publish", "adding")
    run("feedback", "adding", "--no-pictures", "--to", tmp_path / "pages")
    pages = {path.parent.name + path.name: path.read_text("utf-8")
             for path in (tmp_path / "pages").rglob("*.html")}  # fmt: skip
    whose = {who for who in ("ann", "ben", "cy") for name, page in pages.items()
             if who in name and "73" in page}  # fmt: skip
    assert whose == {"ann", "ben"}
    run("export", "adding", "--to", "csv", tmp_path / "grades.csv")
    rows = [line.split(",") for line in (tmp_path / "grades.csv").read_text().splitlines()]
    assert {row[0] for row in rows if "73" in row or "73.0" in row} == {"ann", "ben"}


def test_grading_leaves_out_what_is_void(run, course, book, tmp_path, one_process, level):
    """The file is there, and its attempt is known: but it is neither graded nor shown."""
    (tmp_path / "ann.py").write_text("x = 1\n")
    (tmp_path / "ben.py").write_text("x = 2\n")
    words = ("grade", "adding", tmp_path / "ann.py", tmp_path / "ben.py")
    words += ("--isolation", level.word, "--jobs", "1")
    assert "take it back with: shardlab collect --undo 1" in run(*words)
    run("attempt", "adding", "ann", 1, "--void", "--reason", "copied")
    again = run(*words)
    assert "ben" in again
    assert "ann" not in again.partition("submission ")[2]
    run("collect", "--undo", 1)
    assert book.attempts() == []
    assert "Grading 1 submission of adding" not in run("grade", "adding", "--jobs", "1",
                                                        "--isolation", level.word)  # fmt: skip


def second_lab(course):
    """Adds a lab whose stub has a function `multiply`."""
    own, other = (course.root / "assignments" / name for name in ("adding", "multiplying"))
    other.mkdir()
    for path in own.iterdir():
        if path.is_file() and path.name != "adding.py":
            text = path.read_text("utf-8").replace('"adding', '"multiplying')
            (other / path.name).write_text(text, "utf-8")
    (other / "multiplying.py").write_text('def multiply(x, y):\n    """The product."""\n')
    toml = course.root / "course.toml"
    toml.write_text(toml.read_text().replace('["adding"]', '["adding", "multiplying"]'))
