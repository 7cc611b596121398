"""The gradebook that a command is about; importing this takes longer than most commands do."""

from pathlib import Path

from grader.course import Course
from grader.gradebook.store import Gradebook, url_of


def gradebook(course: Course, db: str | None) -> Gradebook:
    """The course's gradebook, or the one at `--db`, opened; the caller closes it."""
    return Gradebook.open(url_of(course.root, db))


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
