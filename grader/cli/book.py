"""The gradebook that a command is about; importing this takes longer than most commands do."""

from grader.course import Course
from grader.gradebook.store import Gradebook, url_of


def gradebook(course: Course, db: str | None) -> Gradebook:
    """The course's gradebook, or the one at `--db`, opened; the caller closes it.

    It compares the course's late policies with those that it knows, and logs what has changed.
    """
    book = Gradebook.open(url_of(course.root, db), zone=course.zone)
    try:
        book.know_policies(course.timezone, course.deadlines)
    except BaseException:
        book.close()
        raise
    return book
