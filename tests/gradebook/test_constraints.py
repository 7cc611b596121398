"""What the database itself refuses, whoever writes to it."""

import pytest
from sqlalchemy.exc import DBAPIError

NOW = "2026-12-01 12:00:00+00:00"
TIMES = f"'{NOW}', '{NOW}'"
DIGEST = "d" * 64
REST = "'', '', '', 0, 0"


@pytest.fixture
def graded(classroom):
    """An attempt with its result."""
    attempt = classroom.hand_in("ann")
    classroom.grade(attempt)
    return attempt


def insert_result(raw, attempt, key="k" * 64, score=50, max_score=100):
    raw(
        "INSERT INTO results (key, submission, score, max_score, seconds, isolation, suite, engine,"
        " note, trace, graded_at, token)"
        f" VALUES (:key, :attempt, {score}, :most, 1, '', '', '', '', '', '{NOW}', 't')",
        key=key, attempt=attempt, most=max_score,
    )  # fmt: skip


def test_a_result_past_the_api_is_possible(raw, graded):
    """The statement that the next tests spoil is right by itself."""
    insert_result(raw, graded.id)
    assert raw("SELECT score FROM results WHERE key = :key", key="k" * 64) == [(50,)]


@pytest.mark.parametrize("score", [-1, 101, "NULL", "1e300", "'ten'"])
def test_a_score_outside_its_range_is_refused(raw, graded, score):
    """So is one that is no number."""
    with pytest.raises(DBAPIError):
        insert_result(raw, graded.id, score=score)


def test_a_score_is_whole(raw, graded):
    """SQLite would keep half a point in a column of whole numbers; PostgreSQL rounds it."""
    try:
        insert_result(raw, graded.id, score=50.5)
    except DBAPIError:
        return
    ((score,),) = raw("SELECT score FROM results WHERE key = :key", key="k" * 64)
    assert score == int(score)


def test_an_orphan_is_refused(raw, graded):
    """A result of a submission that nobody handed in."""
    with pytest.raises(DBAPIError, match=r"(?i)foreign key"):
        insert_result(raw, graded.id + 1)


def test_a_second_result_for_a_key_is_refused(raw, graded):
    """Even if it is another score."""
    insert_result(raw, graded.id)
    with pytest.raises(DBAPIError, match=r"(?i)unique"):
        insert_result(raw, graded.id, score=60)


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO case_verdicts VALUES (1, 'x', 9, 41, 40, 'passed', '')",
        "INSERT INTO case_verdicts VALUES (1, 'x', 9, -1, 40, 'passed', '')",
        "INSERT INTO case_verdicts VALUES (1, 'x', 9, 1, 40, 'splendid', '')",
        "INSERT INTO case_verdicts VALUES (1, 'add', 9, 1, 40, 'passed', '')",
        "INSERT INTO case_verdicts VALUES (99, 'x', 9, 1, 40, 'passed', '')",
        "INSERT INTO students VALUES ('', '', '', '', '', '', '', '')",
        "INSERT INTO students VALUES ('ann', '', '', '', '', '', '', '')",
        "INSERT INTO claims VALUES ('k', 99)",
        "INSERT INTO current_keys VALUES (99, 'k')",
        "INSERT INTO files VALUES (99, 'x', '', '')",
        *(
            "INSERT INTO overrides (lab, student, item, points, max_points, reason, author, at) "
            f"VALUES ({values}, 'ben', '{NOW}')"
            for values in (
                "'adding', 'ann', 'add', 41, 40, 'because'",
                "'adding', 'ann', 'add', -1, 40, 'because'",
                "'adding', 'ann', 'add', 10, 40, '  '",
                "'adding', 'ann', '', 10, 40, 'because'",
                "'adding', 'nobody', 'add', 10, 40, 'because'",
                "'nothing', 'ann', 'add', 10, 40, 'because'",
            )
        ),
        f"INSERT INTO submissions VALUES (9, 'adding', 'ann', 1, '{DIGEST}', {TIMES}, {REST})",
    ],
)
def test_what_makes_no_sense_is_refused(raw, graded, sql):
    """Points beyond an item's, verdicts that don't exist, orphans, doubles, empty reasons."""
    with pytest.raises(DBAPIError, match=r"(?i)constraint"):
        raw(sql)


WRITTEN_ONCE = (
    "submissions", "files", "results", "case_verdicts", "faults", "regrades", "overrides",
    "extensions", "publications", "published_grades", "audit",
)  # fmt: skip


@pytest.fixture
def full(book, classroom, lab, noon):
    """A gradebook with a row in every table that is written once."""
    attempt = classroom.hand_in("ann")
    classroom.grade(attempt)
    classroom.fault(classroom.hand_in("ann", "B"))
    book.again([attempt.id], reason="to see")
    book.override("ann", lab, "add", 10, reason="because")
    book.extend("ann", lab, noon, reason="ill")
    book.publications.publish("adding", book.grades(lab))


@pytest.mark.parametrize("table", WRITTEN_ONCE)
def test_facts_are_written_once(raw, full, table):
    """No row of these tables can be changed or removed, not even with raw SQL."""
    before = raw(f"SELECT * FROM {table}")
    assert before
    column = raw(f"SELECT * FROM {table} LIMIT 1")[0]._fields[0]
    for sql in (f"UPDATE {table} SET {column} = {column}", f"DELETE FROM {table}"):
        with pytest.raises(DBAPIError, match="written once"):
            raw(sql)
    assert raw(f"SELECT * FROM {table}") == before


def test_replacing_is_refused_like_removing(raw, graded, book_url):
    """SQLite's REPLACE would remove a row without asking."""
    if "postgresql" in book_url:
        pytest.skip("PostgreSQL has no REPLACE")
    with pytest.raises(DBAPIError, match="written once"):
        raw("REPLACE INTO submissions SELECT * FROM submissions")


def test_truncating_is_refused(raw, full, book_url):
    """PostgreSQL's TRUNCATE asks no row."""
    if "postgresql" not in book_url:
        pytest.skip("SQLite has no TRUNCATE")
    with pytest.raises(DBAPIError, match="written once"):
        raw("TRUNCATE audit")
