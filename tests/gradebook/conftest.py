"""Gradebooks in both databases: what takes `book` or `book_url` runs on SQLite and PostgreSQL."""

from datetime import UTC, datetime

import pytest

from grader.gradebook.attempts import Arrival
from grader.gradebook.store import Gradebook
from grader.gradebook.work import key_of
from grader.results import GRADED, WITHHELD, Finding, Result, RubricResult, Verdict
from grader.submissions import Submission

NOON = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)


@pytest.fixture(params=["sqlite", "postgresql"])
def book_url(request, tmp_path):
    """Where a gradebook can be made, in either database."""
    if request.param == "sqlite":
        return str(tmp_path / "gradebook.sqlite3")
    return request.getfixturevalue("postgres_server").url


@pytest.fixture
def book(book_url):
    """A new gradebook, in both databases in turn."""
    with Gradebook.open(book_url, who="staff", patience_s=5) as book:
        yield book


@pytest.fixture
def raw(book):
    """Runs SQL past the API, on the gradebook's own database."""

    def run(sql, **values):
        from sqlalchemy import text

        def work(connection):
            found = connection.execute(text(sql), values)
            return found.all() if found.returns_rows else None

        engine = book._database._engine
        with engine.connect() as connection:
            connection.execution_options(shardlab_write=True)
            with connection.begin():
                return work(connection)

    return run


@pytest.fixture
def lab(course):
    """The tiny course's lab: `add` is worth 40, `total` 60."""
    return course.lab("adding")


class Class:
    """Hands in and grades in few words: content stands for a submission, points for its result."""

    def __init__(self, book):
        self.book = book

    def hand_in(self, student, content="A", at=NOON):
        submission = Submission(student, {"adding.py": content.encode()})
        return self.book.take_in("adding", [Arrival(submission, at)])[0][0]

    def key(self, attempt, suite="suite 1", generation=0):
        return key_of(attempt, suite, "engine", attempt.student.encode(), "full", generation)

    def pending(self, suite="suite 1"):
        again = self.book.generations("adding")
        return self.book.pending(
            "adding", lambda each: self.key(each, suite, again.get(each.id, 0))
        )

    def grade(self, attempt, add=40, total=60, suite="suite 1", generation=0):
        key = self.key(attempt, suite, generation)
        return self._record(attempt, key, result(add, total), suite)

    def result(self, add=40, total=60):
        return result(add, total)

    def fault(self, attempt, suite="suite 1"):
        broken = Result("x", WITHHELD, None, 100, 0.1, (), "the sandbox broke")
        return self._record(attempt, self.key(attempt, suite), broken, suite)

    def _record(self, attempt, key, result, suite):
        facts = {"suite": suite, "engine": "engine", "isolation": "full"}
        return self.book.record(attempt, key, result, **facts)


def result(add=40, total=60):
    """A result with these points."""
    rubric = tuple(
        RubricResult(
            item,
            points,
            most,
            Verdict.PASSED if points else Verdict.FAILED,
            Finding(text="why\nso"),
        )
        for item, points, most in (("add", add, 40), ("total", total, 60))
    )
    return Result("x", GRADED, add + total, 100, 0.25, rubric, "a note", "a trace")


@pytest.fixture
def classroom(book):
    """Whom submissions are handed in to."""
    return Class(book)


@pytest.fixture
def classroom_at():
    """The same at a gradebook that the test has opened itself."""
    return Class


@pytest.fixture
def noon():
    """A time, in UTC."""
    return NOON
