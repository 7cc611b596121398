"""The gradebook that a command is about; importing this takes longer than most commands do."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from grader.course import Course
from grader.gradebook.store import Gradebook, url_of


def gradebook(course: Course, db: str | None) -> Gradebook:
    """The course's gradebook, or the one at `--db`, opened; the caller closes it."""
    return Gradebook.open(url_of(course.root, db))


@contextlib.contextmanager
def trial(course: Course, db: str | None) -> Iterator[Gradebook]:
    """The same gradebook, of which nothing that is done to it stays; none is made."""
    url = url_of(course.root, db)
    with contextlib.ExitStack() as stack:
        if "://" not in url and not os.path.lexists(url):
            url = str(Path(stack.enter_context(tempfile.TemporaryDirectory())) / "none.sqlite3")
        book = stack.enter_context(Gradebook.open(url))
        yield stack.enter_context(book.rehearsal())
