"""Due dates, extensions and publishing as an instructor types them, in a course in Berlin."""

import json
import re
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner

from grader.cli import main, shell
from grader.gradebook.attempts import Arrival
from grader.gradebook.store import Gradebook
from grader.results import GRADED, WITHHELD, Result, RubricResult, Verdict
from grader.submissions import Submission

DUE = datetime(2026, 10, 24, 21, 59, tzinfo=UTC)
TOML = 'timezone = "Europe/Berlin"\n{}[deadlines.adding]\ndue = 2026-10-24T23:59:00\n'


@pytest.fixture
def run(course, monkeypatch):
    """Types a command at the course, with answers to its questions; gives what it says."""
    monkeypatch.delenv("SHARDLAB_DB", raising=False)
    path = course.root / "course.toml"
    path.write_text(TOML.format(path.read_text()))

    def invoke(*words, code=0, answer=""):
        words = [str(each) for each in ("--course", course.root, *words)]
        result = CliRunner().invoke(main, words, input=answer)
        assert result.exit_code == code, result.output
        if result.exception is not None:
            assert isinstance(result.exception, SystemExit), result.exception
        for line in result.output.splitlines():
            assert len(line) <= 80 or "/" in line, line  # but for a path
        return result.output

    return invoke


@pytest.fixture
def book(course):
    with Gradebook.open(str(course.root / "gradebook.sqlite3"), who="staff") as book:
        yield book


@pytest.fixture
def hand_in(book):
    """Hands in, and has it graded with these points; None is a score that is withheld."""

    def done(student, points=None, at=DUE, **facts):
        work = Submission(student, {"adding.py": f"{student} {points}".encode()})
        attempt, _ = book.take_in("adding", [Arrival(work, at, **facts)])[0]
        rubric = (RubricResult("total", points, 100, Verdict.FAILED),) if points is not None else ()
        result = Result("x", WITHHELD if points is None else GRADED, points, 100, 0.1, rubric)
        book.record(attempt, f"{attempt.id:064}", result, suite="s", engine="e", isolation="full")

    return done


def data(run, path, *words, **how):
    run(*words, "--json", path, **how)
    return json.loads(path.read_text())


# -- times ---------------------------------------------------------------------------------


def test_a_late_day_is_a_day_in_berlin(run, hand_in):
    """23:30 on the day on which summer time ends is a day late, not two."""
    hand_in("ann", 100, datetime(2026, 10, 25, 22, 30, tzinfo=UTC))
    said = run("grades", "adding")
    assert "Due 2026-10-24 23:59 CEST; the best attempt counts." in said
    assert "90/100  1 of 1   1 d late -10" in said
    assert "UTC" not in said


def test_seconds_are_shown_where_they_decide(run, hand_in, tmp_path):
    """Half a minute after the minute that is due, on the sheet and on the student's page."""
    hand_in("ann", 100, DUE.replace(second=30))
    assert "1 d late -10; at 23:59:30 CEST" in run("grades", "adding")
    said = run("feedback", "adding", "ann", "--no-pictures", "--text")
    assert "2026-10-24 23:59:30 CEST  90 of 100  1 day late: less 10  counts" in said
    assert "Due 2026-10-24 23:59 CEST." in said


def test_an_unknown_time_is_said_wherever_the_score_is(run, hand_in, tmp_path):
    """On the sheet, in JSON, on the student's page and in exports; it costs nothing."""
    hand_in("ann", 100, None)
    hand_in("ben", 100, None, lms_late=True)
    said = run("grades", "adding")
    assert "100/100  1 of 1   time unknown: not charged" in said
    assert "90/100  1 of 1   1 d late -10; LATE by the LMS, time unknown" in said
    assert "--worksheet and --received" in said
    ann, ben = data(run, tmp_path / "grades.json", "grades", "adding")["grades"]
    assert (ann["submitted_at"], ann["time_from"], ann["lms_late"]) == (None, "unknown", False)
    assert (ben["submitted_at"], ben["penalty"], ben["lms_late"]) == (None, 10, True)
    page = run("feedback", "adding", "ann", "ben", "--no-pictures", "--text")
    assert "When this was handed in is not known" in page
    assert "time unknown" in page
    assert "the least is taken off: 1 day." in " ".join(page.split())
    said = run("export", "adding", "--to", "csv", tmp_path / "grades.csv")
    assert "ann, adding: time unknown: not charged" in said
    assert "time unknown: not charged" in (tmp_path / "grades.csv").read_text()


def test_an_unknown_time_is_late_for_nobody_with_grace_or_an_extension(run, hand_in, course):
    """The LMS knows neither; nothing is charged, and that is said with the reason."""
    hand_in("ben", 100, None, lms_late=True)
    run("extend", "ben", "adding", "--until", "+1d", "--reason", "ill")
    assert "100/100  1 of 1   LATE by the LMS, time unknown: not charged" in run("grades", "adding")


def test_the_log_is_told_in_the_courses_zone(run, hand_in, tmp_path):
    """With the zone's name; JSON has UTC."""
    hand_in("ann", 100)
    run("extend", "ann", "adding", "--until", "2026-11-02", "--reason", "ill")
    said = " ".join(run("audit", "--json", tmp_path / "audit.json").split())
    assert "extend ann adding: until 2026-11-02 23:59:59 CET: ill" in said
    assert "policy adding: due 2026-10-24 23:59 CEST" in said
    first = json.loads((tmp_path / "audit.json").read_text())[0]
    assert first["at"].endswith("Z")


def test_a_moved_due_date_stands_in_the_log(run, hand_in, course):
    """Though no command was given: the next one that opens the gradebook tells it."""
    hand_in("ann", 100, datetime(2026, 10, 25, 22, 30, tzinfo=UTC))
    assert "90/100" in run("grades", "adding")
    path = course.root / "course.toml"
    path.write_text(path.read_text().replace("due = 2026-10-24", "due = 2026-10-26"))
    assert "100/100" in run("grades", "adding")
    said = " ".join(run("audit").split())
    assert "due 2026-10-24 23:59 CEST -> 2026-10-26 23:59 CET" in said
    assert said.count("policy adding") == 2


# -- extensions ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("until", "due"),
    [
        ("+2d", "2026-10-26 23:59 CET"),
        ("+48h", "2026-10-26 22:59 CET"),
        ("2026-12-03T23:59", "2026-12-03 23:59 CET"),
        ("2026-12-03", "2026-12-03 23:59:59 CET"),
        ("2026-12-03T23:59Z", "2026-12-04 00:59 CET"),
    ],
)
def test_an_extension_is_said_back_in_the_courses_zone(run, hand_in, until, due):
    """Days keep the time of day where the clock is set back, hours don't."""
    hand_in("ann", 100)
    said = run("extend", "ann", "adding", "--until", until, "--reason", "ill")
    assert f"adding is due for ann at {due}.\nIt was due at 2026-10-24 23:59 CEST.\n" in said
    assert f"due {due}" in run("grades", "adding")


def test_an_hour_that_comes_twice_is_asked_for_with_its_offset(run, hand_in):
    """And what is offered is taken."""
    hand_in("ann", 100)
    words = ("extend", "ann", "adding", "--reason", "ill", "--until")
    said = " ".join(run(*words, "2026-10-25T02:30", code=2).split())
    assert "comes twice in Europe/Berlin" in said
    assert "2026-10-25 02:30 CET" in run(*words, said.rpartition(" or ")[2])


def test_an_extension_is_withdrawn_to_the_one_before(run, hand_in, book, course):
    """One after the other; the score follows, and the log has them all."""
    hand_in("ann", 100, datetime(2026, 10, 27, 12, 0, tzinfo=UTC))
    extend = ("extend", "ann", "adding", "--reason", "ill")
    dues, scores = [], []
    for words in (("--until", "+1d"), ("--until", "+5d"), ("--withdraw",), ("--withdraw",)):
        said = run(*extend, *words)
        dues.append(said.split(" at ")[1].split(".")[0])
        scores.append(said.split("Score now: ")[1].split("/")[0])
    ends = [f"2026-10-{day} 23:59" for day in (25, 30, 25, 24)]
    assert [each.rpartition(" ")[0] for each in dues] == ends
    assert scores == ["80", "100", "80", "70"]
    assert "no extension of adding is in force for ann" in run(*extend, "--withdraw", code=2)
    kinds = [each.what for each in book.audit()][-4:]
    assert kinds == ["extend", "extend", "withdraw extension", "withdraw extension"]
    run(*extend, "--until", "+1d")
    assert book.grade("ann", course.lab("adding")).extension is not None


@pytest.mark.parametrize("words", [(), ("--withdraw", "--until", "+2d")])
def test_an_extension_is_given_or_withdrawn(run, hand_in, words):
    """One of them."""
    hand_in("ann", 100)
    said = run("extend", "ann", "adding", *words, "--reason", "ill", code=2)
    assert "--until TIME, or --withdraw" in said


# -- publishing ----------------------------------------------------------------------------


def test_publishing_shows_each_change_first(run, hand_in, book, course):
    """New ones and changed ones by name, the rest as counts."""
    hand_in("ann", 60)
    hand_in("ben", 70)
    said = run("publish", "adding")
    assert "  ann           none -> 60\n  ben           none -> 70\n" in said
    assert "2 new, 0 changed, 0 as told before." in said
    hand_in("ann", 80)
    hand_in("cy", 10)
    hand_in("dan")
    said = run("publish", "adding")
    assert "  ann             60 -> 80\n  cy            none -> 10\n" in said
    assert "ben" not in said
    assert "1 new, 1 changed, 1 as told before.\nLeft out: 1 withheld.\n" in said
    assert book.grade("ann", course.lab("adding")).published == 80


def lowered(run, hand_in):
    """A class that was told 60 and 70, of which the first would now be told 50."""
    hand_in("ann", 60)
    hand_in("ben", 70)
    run("publish", "adding")
    run("override", "ann", "adding", "total", "50", "--reason", "copied")


def test_a_score_that_falls_is_refused_where_nobody_can_be_asked(run, hand_in, book, course):
    """The change is shown, nothing is recorded, and the mend named."""
    lowered(run, hand_in)
    before = len(book.audit())
    said = run("publish", "adding", code=2)
    assert "  ann             60 -> 50      lower" in said
    assert "1 score would fall, so nothing was published; if that is meant: --yes" in " ".join(
        said.split()
    )
    assert len(book.audit()) == before
    run("publish", "adding", "--yes")
    assert book.grade("ann", course.lab("adding")).published == 50


@pytest.mark.parametrize(("answer", "code", "told"), [("y\n", 0, 50), ("n\n", 1, 60)])
def test_a_score_that_falls_is_asked_about(
    run, hand_in, book, course, monkeypatch, answer, code, told
):
    """And without a yes nothing is recorded."""
    lowered(run, hand_in)
    monkeypatch.setattr(shell, "is_interactive", lambda: True)
    said = run("publish", "adding", answer=answer, code=code)
    assert "1 score will fall. Publish?" in said
    assert book.grade("ann", course.lab("adding")).published == told


def test_a_score_that_was_told_and_is_withheld_now_is_named(run, hand_in, book, course):
    """The student keeps what was told, and nobody need wonder why."""
    hand_in("ann", 60)
    run("publish", "adding")
    book.again([1], reason="broken")
    attempt = book.attempts("adding")[0]
    broken = Result("x", WITHHELD, None, 100, 0.1, (), "a fault")
    book.pending("adding", lambda _: "f" * 64)
    book.record(attempt, "f" * 64, broken, suite="s", engine="e", isolation="full")
    said = run("publish", "adding")
    assert "  ann was told 60, which stays: now withheld." in said
    assert book.grade("ann", course.lab("adding")).published == 60


def test_a_dry_run_changes_nothing(run, hand_in, book, tmp_path):
    """It says what would be told; not even a score that falls is asked about."""
    lowered(run, hand_in)
    before = len(book.audit())
    told = data(run, tmp_path / "p.json", "publish", "adding", "--dry-run")
    assert told["changes"] == [{"student": "ann", "before": 60, "after": 50}]
    assert (told["id"], told["dry_run"], told["published"], told["changed"]) == (None, True, 2, 1)
    assert len(book.audit()) == before


def test_where_nothing_changes_nothing_is_published(run, hand_in, book, tmp_path):
    """It is said, and is no failure."""
    hand_in("ann", 60)
    first = data(run, tmp_path / "p.json", "publish", "adding")
    assert (first["id"], first["changed"], first["published"]) == (1, 1, 1)
    before = len(book.audit())
    again = data(run, tmp_path / "p.json", "publish", "adding")
    assert (again["id"], again["changed"], again["published"]) == (None, 0, 1)
    assert "nothing to publish" in run("publish", "adding")
    assert len(book.audit()) == before


def test_a_wrong_publication_is_taken_back(run, hand_in, book, course, tmp_path):
    """Each student's change is shown; the one before counts; then there is none."""
    lowered(run, hand_in)
    run("publish", "adding", "--yes")
    withdraw = ("publish", "adding", "--withdraw", "--reason", "too early")
    said = run(*withdraw, "--dry-run")
    assert "  ann             50 -> 60" in said
    assert book.grade("ann", course.lab("adding")).published == 50
    told = data(run, tmp_path / "w.json", *withdraw)
    assert told["changes"] == [{"student": "ann", "before": 50, "after": 60}]
    assert book.grade("ann", course.lab("adding")).published == 60
    assert "  ann             60 -> none\n  ben             70 -> none\n" in run(*withdraw)
    assert "nothing to withdraw" in run(*withdraw, code=2)
    assert "withdraw publication adding" in run("audit")


@pytest.mark.parametrize("words", [("--withdraw",), ("--reason", "too early")])
def test_a_withdrawal_needs_its_reason(run, hand_in, words):
    """And nothing else takes one."""
    assert "--withdraw needs a --reason" in run("publish", "adding", *words, code=2)


# -- feedback of what is not published -----------------------------------------------------


def test_a_page_of_what_is_not_published_says_so(run, hand_in, tmp_path):
    """Before it is published, after its score has changed, and after a withdrawal."""
    hand_in("ann", 60)
    hand_in("ben")
    make = ("feedback", "adding", "--no-pictures", "--to", tmp_path)
    page, marked = tmp_path / "adding" / "ann.html", "Not published yet: a draft for staff."

    def check(is_draft, told=""):
        said, text = run(*make), page.read_text()
        assert (marked in text, "1 of 2 not published yet" in said) == (is_draft, is_draft)
        assert told in text
        assert marked not in (tmp_path / "adding" / "ben.html").read_text()

    check(is_draft=True)
    run("publish", "adding")
    check(is_draft=False)
    hand_in("ann", 80)
    check(is_draft=True, told="last told 60")
    run("publish", "adding")
    check(is_draft=False)
    run("publish", "adding", "--withdraw", "--reason", "too early")
    check(is_draft=True, told="last told 60")


def test_the_class_page_counts_what_is_not_published(run, hand_in, tmp_path):
    """It is staff's, and says how far the course is."""
    hand_in("ann", 60)
    run("report", "--to", tmp_path)
    assert "1 not published" in (tmp_path / "index.html").read_text()
    run("publish", "adding")
    run("report", "--to", tmp_path)
    assert "not published" not in (tmp_path / "index.html").read_text()


def test_the_class_page_counts_by_days_of_the_zone(run, hand_in, tmp_path):
    """00:30 in Berlin is a new day, though it is 22:30 in UTC."""
    hand_in("ann", 60, datetime(2026, 10, 20, 22, 30, tzinfo=UTC))
    told = data(run, tmp_path / "stats.json", "stats", "adding")
    assert "Attempts by day, Europe/Berlin" in run("stats", "adding")
    assert [(each["start"], each["due"]) for each in told["periods"]] == [("2026-10-21", False)]


def test_collect_and_attempt_read_and_show_the_zones_time(run, book, tmp_path):
    """`--received` without an offset is meant in Berlin; without a zone it would be refused."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "ann.py").write_text("def add(x, y):\n    return x + y\n")
    words = ("collect", tmp_path / "in", "--lab", "adding", "--received", "2026-10-24T23:59:30")
    said = " ".join(run(*words, "--dry-run").split())
    assert "2026-10-24 23:59:30 CEST (staff) 1 day late" in said
    run(*words)
    (attempt,) = book.attempts("adding")
    assert attempt.submitted_at == DUE.replace(second=30)
    assert "2026-10-24 23:59:30 CEST (staff)" in run("attempt", "adding", "ann")
    said = run("attempt", "adding", "ann", "1", "--void", "--reason", "a test")
    assert re.search(r"void since \d{4}-\d\d-\d\d \d\d:\d\d CES?T,", said)
