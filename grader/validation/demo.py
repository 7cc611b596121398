"""A class to try the grader on: good, wrong, crashing, hanging and hostile members."""

from collections.abc import Iterator

from grader.course import Course, Lab
from grader.errors import CourseError, SandboxError, UsageError
from grader.sandbox import check_installed
from grader.submissions import Submission, from_bytes, read_submission, read_submissions
from grader.validation.overlay import answers

_GOOD, _WRONG = 6, 12  # how many of the course's own right and wrong answers are in it
# What each function of a member of the class does, whose course brings none of its own.
_HOSTILE = {
    "crashes": "import os; os.abort()",
    "eats_memory": "return [bytearray(2**30) for _ in range(8)]",
    "exits": "import os; os._exit(0)",
    "floods": "while True: print('\\x1b[2J\\x1b[31m100/100' * 1000)",
    "hangs": "while True: pass",
    "reads_what_it_finds": "return open('/proc/1/environ').read()",
    "starts_processes": "import os\n    while True: os.fork()",
    "syntax_error": "return (",
}
_BINARY = b"\x7fELF\0\xff\xfe"


def demo_class(course: Course, slug: str | None = None) -> tuple[Lab, list[Submission]]:
    """The lab that the class works on, and what its members hand in.

    Crashing, hanging and hostile members lie in the course's `tests/demo/<lab>/`; for a lab that
    has none there, some are made. Without a slug it is a lab with members of its own, else the
    first that can be graded here.

    Raises:
        UsageError: no lab has solutions and hidden tests here, which the grader needs.
        CourseError, SandboxError: the lab that was asked for lacks something.
    """
    lab = _lab(course, slug)
    folder = course.solutions(lab)
    good = list(answers(lab, folder, "variant"))[:_GOOD]
    good = good or [read_submission(lab, folder / lab.assignment.file, "solution")]
    wrong = list(answers(lab, folder, "mutant"))[:_WRONG]
    own = course.root / "tests" / "demo" / lab.slug
    hostile = read_submissions(lab, [own]) if own.is_dir() else list(_hostile(lab))
    return lab, [*good, *wrong, *hostile]


def _lab(course: Course, slug: str | None) -> Lab:
    if slug is not None:
        lab = course.lab(slug)
        _check(course, lab)
        return lab
    reasons = []
    for lab in sorted(course.labs(), key=lambda lab: not _has_members(course, lab)):
        try:
            _check(course, lab)
        except (CourseError, SandboxError) as error:
            reasons.append(str(error))
        else:
            return lab
    raise UsageError(
        "this course has no lab to show: the demo grades with a lab's solution and hidden tests, "
        "which only the instructor's copy has\n" + "".join(reasons[:1])
    )


def _has_members(course: Course, lab: Lab) -> bool:
    return (course.root / "tests" / "demo" / lab.slug).is_dir()


def _check(course: Course, lab: Lab) -> None:
    """Raises CourseError or SandboxError where the lab can't be graded here."""
    check_installed(lab.assignment.preload)
    _ = lab.hidden_suite
    solution = course.solutions(lab) / lab.assignment.file
    if not solution.is_file():
        raise CourseError(f"{solution}: missing; the demo begins with right answers")


def _hostile(lab: Lab) -> Iterator[Submission]:
    for name, body in _HOSTILE.items():
        functions = (f"def {each}(*args, **kwargs):\n    {body}\n" for each in lab.functions)
        yield from_bytes(lab, name, "\n\n".join(functions).encode())
    yield from_bytes(lab, "binary", _BINARY)
