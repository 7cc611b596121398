"""The gradebook that a command is about; importing this takes longer than most commands do."""

import contextlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from grader.cli import shell
from grader.course import Course
from grader.errors import StoreError
from grader.gradebook.judged import stale_words
from grader.gradebook.rows import Grade
from grader.gradebook.store import Gradebook, url_of


def gradebook(course: Course, db: str | None) -> Gradebook:
    """The course's gradebook, or the one at `--db`, opened; the caller closes it.

    It compares the course's late policies with those that it knows, and logs what has changed;
    where it may only be read, that is said, and the next who may write does it.
    """
    book = Gradebook.open(url_of(course.root, db), zone=course.zone)
    try:
        book.know_policies(course.timezone, course.deadlines)
    except StoreError as error:
        told = f"course.toml's late policy is another now, which can't be logged: {error}"
        shell.say_error(told)
    except BaseException:
        book.close()
        raise
    return book


def stale_of(slug: str, grades: Iterable[Grade]) -> str:
    """What is stale of a lab's results, and what to do about it; empty where nothing is."""
    return stale_words(slug, (each.stale for grade in grades for each in grade.attempts))


def say_stale(slug: str, grades: Iterable[Grade]) -> None:
    """Says that, if anything is."""
    shell.say(*shell.folded(stale_of(slug, grades), width=80))


@contextlib.contextmanager
def trial(course: Course, db: str | None) -> Iterator[Gradebook]:
    """The same gradebook, of which nothing that is done to it stays; none is made."""
    url = url_of(course.root, db)
    with contextlib.ExitStack() as stack:
        if "://" not in url and not os.path.lexists(url):
            url = str(Path(stack.enter_context(tempfile.TemporaryDirectory())) / "none.sqlite3")
        book = stack.enter_context(Gradebook.open(url, zone=course.zone))
        yield stack.enter_context(book.rehearsal())


def permanent_id(course: Course, db: str | None, student: str) -> str:
    """The id that a student's hidden inputs and nonces are drawn from, whatever they are called.

    A gradebook is not made for that: where there is none, an id is its own.
    """
    url = url_of(course.root, db)
    if "://" not in url and not Path(url).is_file():
        return student
    with gradebook(course, db) as book:
        found = book.roster.people().record(student)
    return found.key if found is not None else student
