"""The gradebook that a command is about; importing this takes longer than most commands do."""

from grader.course import Course
from grader.gradebook.store import Gradebook, url_of


def gradebook(course: Course, db: str | None) -> Gradebook:
    """The course's gradebook, or the one at `--db`, opened; the caller closes it."""
    return Gradebook.open(url_of(course.root, db))
