"""Warns that version control has what must stay out of it."""

from grader.cli import shell
from grader.course import Course
from grader.course.tracked import tracked
from grader.errors import CourseError, UsageError


def say_tracked(course: Course) -> None:
    """Warns that git has a key of the course, or its grades."""
    if found := tracked(course.root):
        mend = f"git rm --cached {' '.join(found)}, and name them in .gitignore"
        who = "whoever can read the repository can read them"
        told = f"Warning: git tracks {' and '.join(found)}: {who}. Take them out: {mend}."
        shell.say(*shell.folded(told, width=80))


def warn_if_tracked() -> None:
    """The same, where there is a course that can be read."""
    try:
        course = shell.course()
    except (CourseError, UsageError):
        return
    say_tracked(course)
