"""Step 0002: messages of an old gradebook become findings that read the same."""

from datetime import datetime
from pathlib import Path

import msgspec
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.gradebook import migrate
from grader.gradebook.migrations.versions.v0002_findings import finding_of
from grader.gradebook.store import Gradebook
from grader.results import Finding
from grader.suite.explain.message import message_of

GOLDEN = Path(__file__).parents[1] / "labs" / "golden"
UNSEEN = """\
   Broken    I1: adding nothing changes nothing
   Note      every public case passes; a hidden case ends as 'failed'
   Nudge     What is 2 + 2?"""
WRONG = """\
   Called    mlp_block(x, w_up_shard, w_down_shard, group, b_down)  on 2 ranks
             x(2,4)  w_up(4,4) cut along axis 1  w_down(4,2) cut along axis 0
             b_down(2,)
   With      x = [[1 0 2 0] [0 1 0 2]]
             b_down = [ 5 -2]
   Expected  y: [[14  2] [16 -5]]
   Got       [[19  0] [21 -7]]
   Got-Exp   [[ 5 -2] [ 5 -2]]
   Pattern   the same vector in every row
   Broken    I3: summing over ranks must give the one-GPU result
   Note      world_size 1 passes
   Nudge     Which argument has the shape of that vector?
   Printed   here
             there"""
UNLOADED = "   Error     adding.py does not load: SyntaxError: invalid syntax"


def read(message):
    """The finding that a message becomes."""
    return msgspec.convert(finding_of(message), Finding)


def test_every_fact_is_found_again():
    """Call and shapes apart, each input by itself, each label in its field."""
    assert read(WRONG) == Finding(
        called="mlp_block(x, w_up_shard, w_down_shard, group, b_down)  on 2 ranks",
        shapes="x(2,4)  w_up(4,4) cut along axis 1  w_down(4,2) cut along axis 0 b_down(2,)",
        inputs=(("x", "[[1 0 2 0] [0 1 0 2]]"), ("b_down", "[ 5 -2]")),
        expected="y: [[14  2] [16 -5]]",
        got="[[19  0] [21 -7]]",
        difference="[[ 5 -2] [ 5 -2]]",
        pattern="the same vector in every row",
        broken="I3: summing over ranks must give the one-GPU result",
        note="world_size 1 passes",
        nudge="Which argument has the shape of that vector?",
        printed="here\nthere",
    )


def test_what_no_column_said_is_read_from_the_words():
    """That only hidden cases failed, and that nothing was run."""
    assert read(UNSEEN).unseen
    assert not read(WRONG).unseen
    assert not read(UNLOADED).loads
    assert read(UNSEEN).loads


def test_wrapped_lines_are_one_and_other_lines_stay():
    """What was wrapped at the margin is joined; each rank of a diagnosis has its own line."""
    wrapped = Finding(got="word " * 20 + "end", note="rank 0 returned\nrank 1 waits")
    assert read(message_of(wrapped)) == wrapped


def test_how_much_was_printed_is_still_known():
    """Eight lines and the number of those that were cut."""
    kept = read(message_of(Finding(got="1", printed="\n".join(map(str, range(20))))))
    assert (kept.printed, kept.unprinted) == ("\n".join(map(str, range(8))), 12)


@pytest.mark.parametrize("path", sorted(GOLDEN.rglob("*.txt")), ids=lambda path: path.stem)
def test_what_students_were_told_is_understood(path):
    """Every message of the labs' commonest mistakes becomes facts, and reads as it did."""
    lines = path.read_text("utf-8").splitlines()
    first = next(n for n, line in enumerate(lines) if line.startswith("   Called"))
    message = "\n".join(lines[first:])
    finding = read(message)
    assert message_of(finding) == message
    assert not finding.text
    assert all((finding.called, finding.broken, finding.nudge))


@pytest.mark.parametrize(
    "message",
    [
        "builds on add",
        "no adding.py in it",
        "   Unknown   label",
        "   Got       1\nno indent",
        "   Nudge     first?\n   Called    f(x)",
        "   Got       " + "x" * 90,
    ],
)
def test_what_is_not_understood_is_kept_whole(message):
    """Other labels, another order, lines that were laid out by other rules."""
    assert read(message) == Finding(text=message)


TEXT = st.text(st.characters(codec="ascii", categories=["L", "N", "P", "Zs"]), max_size=200)
FACTS = {name: TEXT for name in Finding().texts if name not in ("text", "remark", "where")}
PAIRS = st.lists(st.tuples(st.just("x"), TEXT), max_size=6).map(tuple)


@given(st.builds(Finding, inputs=PAIRS, **FACTS) | st.builds(Finding, text=TEXT))
@settings(derandomize=True, deadline=None, max_examples=300)
def test_whatever_it_was_it_reads_the_same(finding):
    """No letter of a message changes for a reader by becoming a finding."""
    message = message_of(finding)
    assert message_of(read(message)) == message


# -- a gradebook ---------------------------------------------------------------------------

AT = datetime(2026, 12, 1)  # noqa: DTZ001 - as SQLite has it
MESSAGES = ("", WRONG, UNSEEN, "builds on add")


def engine_of(url):
    """A connection past the API."""
    return sa.create_engine(url if "://" in url else f"sqlite:///{url}")


@pytest.fixture
def old(book_url):
    """The URL of a gradebook at step 0001 in which Ann's attempt has a result of four items."""
    engine = engine_of(book_url)
    with engine.begin() as connection:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(migrate._STEPS))
        command.upgrade(config, "0001")
        tables = sa.MetaData()
        tables.reflect(connection)

        def add(table, **values):
            connection.execute(tables.tables[table].insert(), values)

        add("students", id="ann", name="", email="", group="", lms_id="")
        add("labs", slug="adding")
        add("submissions", id=1, lab="adding", student="ann", number=1, digest="0" * 64,
            submitted_at=AT, received_at=AT, source="", problem="")  # fmt: skip
        add("current_keys", submission=1, key="1" * 64)
        add("results", id=1, key="1" * 64, submission=1, score=25, max_score=100, seconds=0.5,
            isolation="full", suite="2" * 64, engine="3", note="", trace="", graded_at=AT,
            token="t")  # fmt: skip
        for n, message in enumerate(MESSAGES):
            add("case_verdicts", result=1, item=f"i{n}", position=n, points=0 if message else 25,
                max_points=25, verdict="failed" if message else "passed",
                message=message)  # fmt: skip
    engine.dispose()
    return book_url


def test_an_old_gradebook_tells_the_same(old, course):
    """Opened by this version, each item's finding reads as its message did, its facts apart."""
    with Gradebook.open(old) as book:
        (grade,) = book.grades(course.lab("adding"))
    findings = [each.finding for each in grade.attempts[0].result.rubric]
    assert tuple(map(message_of, findings)) == MESSAGES
    assert findings[0] == Finding()
    assert findings[1].got == "[[19  0] [21 -7]]"
    assert findings[2].unseen
    assert findings[3] == Finding(text="builds on add")


def test_a_verdict_is_written_once_after_the_step_too(old):
    """The step takes the database's refusal away for itself alone."""
    change = sa.text("UPDATE case_verdicts SET finding = '{}'")
    Gradebook.open(old).close()
    engine = engine_of(old)
    with engine.connect() as connection, pytest.raises(sa.exc.DBAPIError, match="written once"):
        connection.execute(change)
    engine.dispose()
