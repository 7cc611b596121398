"""The checks of a course: each lab's own submissions, graded, and its hand-outs.

The solution earns all points, with every seed and at every repetition; the stub none, and says so
kindly; every variant all; every mutant fewer; garbage is never a fault of ours. And the bundle for
students holds nothing of the instructor's.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from grader.course import Course, Lab
from grader.course.authored import tree_of
from grader.errors import CourseError, SandboxError
from grader.grading import Settings, grade_all
from grader.results import Result
from grader.sandbox import Level, check_installed
from grader.submissions import Submission, from_source, read_submission
from grader.validation.handout import run_examples
from grader.validation.judged import REPETITIONS, Check, judged
from grader.validation.lab_files import suite_problems
from grader.validation.marks import mark_of
from grader.validation.overlay import answers
from grader.validation.release import leaks
from grader.validation.trial import STUDENTS, Trial, read_solution, try_out, with_trace
from grader.validation.wording import count

KINDS = ("solution", "stub", "variant", "mutant", "garbage")
IN_FULL = 3  # students for whom the solution is graded as theirs would be; the others draw
GARBAGE = (
    "None",
    "'garbage'",
    "float('nan')",
    "[[1], [2, 3]]",
    "{'a': 1}",
    "args[0] if args else 0",
    "-1",
    "True",
    "(1, None)",
    "10**4000",
)


class Progress(Protocol):
    """Told how many submissions of a lab there are, and then of each that is graded."""

    def start(self, total: int) -> None: ...

    def step(self) -> None: ...


def validate(
    course: Course,
    slugs: Sequence[str],
    level: Level,
    jobs: int,
    progress: Callable[[], AbstractContextManager[Progress]],
) -> Iterator[Check]:
    """All checks of the labs, in order, each when it is known.

    A new `progress` is made for the submissions of each lab.
    """
    readme = course.root / "README.md"
    if readme.is_file():
        yield _examples("course", readme)
    for slug in slugs:
        yield from _checks_of(course, slug, level, jobs, progress)


def _checks_of(
    course: Course,
    slug: str,
    level: Level,
    jobs: int,
    progress: Callable[[], AbstractContextManager[Progress]],
) -> Iterator[Check]:
    try:
        lab = course.lab(slug)
        settings = Settings(lab, level, synthetic=True, way=try_out)
        folder = course.solutions(lab)
        _ = lab.hints
        tree_of(folder / lab.assignment.file)
        check_installed(lab.assignment.preload)
        own = list(_own(lab, folder))
    except (CourseError, SandboxError, OSError) as error:
        yield Check(slug, "course", passed=False, detail=str(error))
        return
    problems = tuple(suite_problems(lab, lab.hidden_suite))
    if problems:  # then nothing can be graded
        yield Check(slug, "suite", False, "suites not fit to grade", problems)
    else:
        with progress() as watching:
            watching.start(len(own))
            work = [submission for _, submission in own]
            results = grade_all(settings, work, jobs, lambda _: watching.step())
        by_kind: dict[str, list[tuple[str, Result]]] = {kind: [] for kind in KINDS}
        for (kind, submission), result in zip(own, results, strict=True):
            by_kind[kind].append((submission.name, result))
        yield from judged(lab, folder, by_kind)
    yield _examples(slug, lab.folder / "README.md")
    yield from _release(course, lab, told_already=bool(problems))


def _own(lab: Lab, folder: Path) -> Iterator[tuple[str, Submission]]:
    """Each submission of the course's own with its kind, and a trace where that may earn points."""
    first, solution = STUDENTS[0], read_solution(lab, folder)
    others = Trial("solution", solution.files, student=first, students=STUDENTS[IN_FULL:])
    yield "solution", with_trace(lab, others)  # the longest of all: it begins first
    for student in (*[first] * REPETITIONS, *STUDENTS[1:IN_FULL]):
        yield "solution", with_trace(lab, replace(solution, student=student))
    yield "stub", replace(read_submission(lab, lab.stub, lab.stub.name), student=first)
    for kind in ("variant", "mutant"):
        for answer in answers(lab, folder, kind):
            named = replace(answer, name=f"{answer.name}.py", student=first)
            tried = _trial(folder, named) if kind == "mutant" and not answer.problem else named
            yield kind, with_trace(lab, tried)
    for value in GARBAGE:
        source = "".join(
            f"def {name}(*args, **kwargs):\n    return {value}\n" for name in lab.functions
        )
        yield "garbage", from_source(lab, value, source.encode())


def _trial(folder: Path, mutant: Submission) -> Trial:
    """The mutant, as a trial of the items that its line 1 names."""
    loses = frozenset(mark_of(folder / "mutants" / mutant.name).items)
    return Trial(mutant.name, mutant.files, student=mutant.student, told=True, loses=loses)


def _examples(slug: str, path: Path) -> Check:
    try:
        number, problems = run_examples(path)
    except CourseError as error:
        return Check(slug, "README", passed=False, detail=str(error))
    detail = f"{count(number, 'example')} of its README run{'s' * (number == 1)}"
    if problems:
        detail = "the examples of its README do not all run"
    return Check(slug, "README", not problems, detail, tuple(problems))


def _release(course: Course, lab: Lab, *, told_already: bool) -> Iterator[Check]:
    """The check of the bundle; none where its files can't be read and that is `told_already`."""
    try:
        problems = tuple(leaks(course, lab))
    except CourseError as error:
        if not told_already:
            yield Check(lab.slug, "release", passed=False, detail=str(error))
        return
    detail = "no hidden input, seed or solution text in the bundle"
    if problems:
        detail = "the bundle holds what is the instructor's"
    yield Check(lab.slug, "release", not problems, detail, problems)
