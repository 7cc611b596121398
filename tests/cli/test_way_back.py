"""Every command that changes the gradebook has a way back: walked both ways, nothing is left over.

A command that opens a gradebook has the option --db. Each of those stands in one of the tables
below: in `READS`, with words by which the test sees that it changes nothing; in `WAYS`, with what
it changes, and the command that takes that back; or in `KEPT`, with the reason why there is
nothing to take back. Whoever adds a command adds a line.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

import click
import pytest
from click.testing import CliRunner

from grader.cli import COMMANDS, main
from grader.gradebook.attempts import Arrival
from grader.gradebook.rows import Student
from grader.gradebook.store import Gradebook
from grader.intake.bundle import pack
from grader.intake.inbox import deliver
from grader.notebooks.sync import ManualGrade, Push
from grader.results import GRADED, Result, RubricResult, Verdict
from grader.sandbox import probe
from grader.submissions import Submission, from_source

LEVEL = ("--isolation", probe().level.word, "--jobs", "1")
REASON = ("--reason", "r")
SENT = datetime(2026, 11, 22, 14, 3, tzinfo=UTC)


@dataclass(frozen=True)
class Way:
    """A change, what may have to be there first, and what takes it back besides `undo`."""

    do: tuple[str, ...]
    back: tuple[str, ...] = ()
    first: tuple[tuple[str, ...], ...] = ()


OVERRIDE = ("override", "ann", "adding", "total", "10", *REASON)
EXTEND = ("extend", "ann", "adding", "--until", "+2d", *REASON)
WITHDRAW = ("override", "ann", "adding", "total", "--withdraw", *REASON)

UNEXTEND = ("extend", "ann", "adding", "--withdraw", *REASON)
PUBLISH = ("publish", "adding")
UNPUBLISH = ("publish", "adding", "--withdraw", *REASON)
VOID = ("attempt", "adding", "ann", "1", "--void", *REASON)
SHARE = ("attempt", "adding", "ann", "1", "--share-with", "ben", *REASON)

WAYS = {
    "attempt": [
        Way(VOID, back=("attempt", "adding", "ann", "1", "--unvoid")),
        Way(("attempt", "adding", "ann", "1", "--unvoid"), VOID, (VOID,)),
        Way(SHARE, back=("attempt", "adding", "ann", "1", "--unshare", "ben", *REASON)),
        Way(("attempt", "adding", "ann", "1", "--unshare", "ben", *REASON), SHARE, (SHARE,)),
    ],
    "collect": [
        Way(("collect", "{inbox}"), back=("collect", "--undo", "1")),
        Way(("collect", "--undo", "1"), first=(("collect", "{inbox}"),)),
    ],
    "override": [
        Way(OVERRIDE, back=WITHDRAW),
        Way(WITHDRAW, back=OVERRIDE, first=(OVERRIDE,)),
        Way(("override", "ann", "adding", "total", "20", *REASON), OVERRIDE, (OVERRIDE,)),
    ],
    "extend": [
        Way(EXTEND, back=UNEXTEND),
        Way(EXTEND, back=UNEXTEND, first=(EXTEND,)),
        Way(UNEXTEND, first=(EXTEND,)),
        Way(UNEXTEND, first=(EXTEND, EXTEND)),
    ],
    "publish": [
        Way(PUBLISH, back=UNPUBLISH),
        Way(PUBLISH, back=UNPUBLISH, first=(PUBLISH, OVERRIDE)),
        Way(UNPUBLISH, first=(PUBLISH,)),
    ],
    "regrade": [Way(("regrade", "adding", "--again", "r", *LEVEL))],
    "roster take": [Way(("roster", "{roster}")), Way(("roster", "take", "{roster}"))],
    "roster add": [
        Way(("roster", "add", "eve"), back=("roster", "drop", "eve")),
        Way(
            ("roster", "add", "ann", "--name", "Ann B."), ("roster", "add", "ann", "--name", "Ann")
        ),
    ],
    "roster rename": [Way(("roster", "rename", "ann", "ada"), ("roster", "rename", "ada", "ann"))],
    "roster merge": [Way(("roster", "merge", "5903", "ann"), ("roster", "split", "5903"))],
    "roster split": [
        Way(
            ("roster", "split", "5903"),
            ("roster", "merge", "5903", "ann"),
            (("roster", "merge", "5903", "ann"),),
        )
    ],
    "roster drop": [Way(("roster", "drop", "ann"), ("roster", "restore", "ann"))],
    "roster restore": [
        Way(("roster", "restore", "ben"), ("roster", "drop", "ben"), (("roster", "drop", "ben"),))
    ],
    "undo": [Way(("undo",), first=(OVERRIDE,))],
    "sync nbgrader": [Way(("sync", "nbgrader", "adding", "--course-dir", "nb"), WITHDRAW)],
}
READS = {
    "audit": ("audit",),
    "backup": ("backup", "{out}.sqlite3"),
    "debug": ("debug", "adding", "ann", "--isolation", probe().level.word),
    "export": ("export", "adding", "--to", "csv", "{out}/grades.csv"),
    "feedback": ("feedback", "adding", "--no-pictures", "--to", "{out}"),
    "grades": ("grades", "adding"),
    "keys": ("keys",),  # what --accept changes is undone in test_keys
    "nonce": ("nonce", "adding", "ann"),
    "report": ("report", "--to", "{out}"),
    "roster list": ("roster",),
    "similar": ("similar", "adding"),
    "stats": ("stats", "adding"),
}
KEPT = {
    "restore": "the file that it names has what was there; test_backups brings that back",
    "grade": "a result belongs to all that it depends on, and there is one of each",
}


def leaves(group, *path):
    """Every command that can be run, by its words."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from leaves(command, *path, name)
        else:
            yield " ".join((*path, name)), command


def opening():
    """The commands that open a gradebook."""
    return {
        name for name, command in leaves(main) if any(each.name == "db" for each in command.params)
    }


def test_every_command_that_opens_a_gradebook_stands_in_one_table():
    """A new one is walked, too, or it is said why there is nothing to walk."""
    tables = [set(WAYS), set(READS), set(KEPT)]
    assert sorted(opening()) == sorted(name for table in tables for name in table)


def test_every_command_of_the_overview_was_looked_at():
    """Groups are entered: their commands are commands, too."""
    names = {name.split()[0] for name, _ in leaves(main)}
    assert names == {name for section in COMMANDS.values() for name in section}


@pytest.fixture
def book(course, tmp_path, monkeypatch):
    """A gradebook in which every command has something to do."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "out").mkdir()
    monkeypatch.delenv("SHARDLAB_DB", raising=False)
    with (course.root / "course.toml").open("a") as file:
        file.write("[deadlines.adding]\ndue = 2026-12-01T23:59:00Z\n")
    (tmp_path / "students.csv").write_text("id,name\nann,Ann B.\neve,Eve\nben,\n")
    ben = from_source(course.lab("adding"), "ben", b"x = 1\n")
    (tmp_path / "inbox").mkdir()
    deliver(tmp_path / "inbox", pack(course.lab("adding"), "ben", ben, now=SENT))
    manual = [ManualGrade("ann", "total", 7.0)]
    monkeypatch.setattr("grader.cli.sync.pull", lambda *_: manual)
    monkeypatch.setattr("grader.cli.sync.push", lambda *_: Push(0, ()))
    with Gradebook.open(str(course.root / "gradebook.sqlite3"), who="staff") as book:
        book.add_students([Student("ann", "Ann"), Student("ben", "Ben")])
        for student, points in (("ann", 0), ("5903", 40)):
            work = Submission(student, {"adding.py": f"# {student}\n".encode()})
            ((attempt, _),) = book.take_in("adding", [Arrival(work, None)])
            rubric = (
                RubricResult("add", points, 40, Verdict.PASSED if points else Verdict.FAILED),
                RubricResult("total", 0, 60, Verdict.FAILED),
            )
            result = Result("x", GRADED, points, 100, 0.1, rubric)
            book.record(attempt, student[0] * 64, result, suite="s", engine="e", isolation="full")
        # what course.toml says of late work is noted once, by whoever opens the gradebook first
        CliRunner().invoke(main, ["--course", str(course.root), "grades", "adding"])
        # and so is the course's key, by whoever uses it first
        CliRunner().invoke(main, ["--course", str(course.root), "nonce", "adding", "ann"])
        yield book


@pytest.fixture
def run(course, tmp_path):
    """Types a command; its places are filled in."""

    def invoke(words, code=0):
        places = {name: tmp_path / name for name in ("out", "inbox")}
        places["roster"] = tmp_path / "students.csv"
        filled = [each.format(**places) for each in words]
        result = CliRunner().invoke(main, ["--course", str(course.root), *filled])
        assert result.exit_code == code, (words, result.output)
        return result.output

    return invoke


def meaning(book, course):
    """All that the gradebook says, but for when decisions were written down and by whom.

    Grades of all labs with every attempt and result, decisions in force, what was told; who takes
    part, under which ids; what was regraded.
    """

    def plain(decision):
        facts = [getattr(decision, name, None) for name in ("item", "points", "due")]
        return [each for each in facts if each is not None]

    def grade(each):
        decisions = [*each.overrides, *each.void, *([each.extension] if each.extension else [])]
        return (
            each.student, each.status, each.score, each.due, each.published, each.counts,
            each.attempts, [plain(one) for one in decisions],
        )  # fmt: skip

    labs = [course.lab(slug) for slug in course.slugs]
    return {
        "grades": [
            grade(each) for lab in labs for each in book.grades(lab, course.deadline(lab.slug))
        ],
        "roster": book.roster.entries(),
        "regrades": [{k: v for k, v in book.generations(lab.slug).items() if v} for lab in labs],
        "collected": book.seen.last_collected(),
        "waiting": book.seen.strangers(),
    }


def walk(book, course, run, way, back):
    """Does it and takes it back; the log only grows."""
    for words in way.first:
        run(words)
    before, log = meaning(book, course), book.audit()
    run(way.do)
    assert meaning(book, course) != before
    grown = book.audit()
    back([each.id for each in grown[len(log) :]])
    assert book.audit()[: len(grown)] == grown
    assert grown[: len(log)] == log
    return before, meaning(book, course)


def undoable(book):
    return {each.entry.id for each in book.history.entries() if each.undoable}


_EACH = [pytest.param(way, id=f"{name}-{n}") for name, some in WAYS.items()
         for n, way in enumerate(some)]  # fmt: skip


@pytest.mark.parametrize("way", _EACH)
def test_undo_takes_it_back_and_has_it_again(way, course, book, run, one_process):
    """By the number in the log; then the undo is undone, and the change is there again."""
    done = {}

    def back(entries):
        done["after"] = meaning(book, course)
        done["entries"] = [each for each in entries if each in undoable(book)]
        assert done["entries"]
        for number in reversed(done["entries"]):
            if number in undoable(book):  # a collect's entries are taken back together
                run(("undo", str(number)))

    before, then = walk(book, course, run, way, back)
    assert then == before
    for each in book.history.entries():
        if each.entry.undoes in done["entries"]:
            run(("undo", str(each.entry.id)))
    assert meaning(book, course) == done["after"]


_BACK = [each for each in _EACH if each.values[0].back]


@pytest.mark.parametrize("way", _BACK)
def test_another_command_takes_it_back(way, course, book, run, one_process):
    """The one that the help names."""
    before, then = walk(book, course, run, way, lambda _: run(way.back))
    if way.do[:2] == ("roster", "add") and way.back[1] == "drop":  # dropped is not: never there
        before["roster"] = [each for each in then["roster"] if each in before["roster"]]
        then["roster"] = [each for each in then["roster"] if each.student.status != "dropped"]
    assert then == before


@pytest.mark.parametrize("name", READS)
def test_what_only_reads_changes_nothing(name, course, book, run):
    """Neither what the gradebook says nor its log."""
    before = (meaning(book, course), book.audit())
    run(READS[name], code=name == "debug")  # 1: the attempt falls short
    assert (meaning(book, course), book.audit()) == before


def test_grading_is_no_change_to_take_back(course, book, run, one_process):
    """It adds a result to what had none; undo says what does change a result."""
    log = len(book.audit())
    run(("grade", *LEVEL))
    for each in book.audit()[log:]:
        assert "grade again" in run(("undo", str(each.id)), code=2)
