"""The checks of a course: each lab's own submissions, graded, and its hand-outs.

The solution earns all points, with every seed and at every repetition; the stub none, and says so
kindly; every variant all; every mutant fewer; garbage is never a fault of ours. And the bundle for
students holds nothing of the instructor's.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

from grader.course import Course, Lab
from grader.course.authored import tree_of
from grader.errors import CourseError, SandboxError
from grader.grading import Settings, grade_all
from grader.sandbox import Level, check_installed
from grader.submissions import Submission, from_source, read_submission
from grader.validation.check import Check, NoProgress, Progress
from grader.validation.handout import run_examples
from grader.validation.judged import REPETITIONS, judged
from grader.validation.marks import mark_of
from grader.validation.overlay import answers
from grader.validation.release import leaks
from grader.validation.trial import STUDENTS, Trial, try_out, with_trace
from grader.validation.wording import count
from grader.validation.written import suite_problems

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


@dataclass(frozen=True)
class _Role:
    """A submission of the course's own, and what kind it is of."""

    kind: str
    submission: Submission


def validate(
    course: Course,
    slugs: Sequence[str],
    level: Level,
    jobs: int,
    progress: Callable[[], AbstractContextManager[Progress]] = lambda: nullcontext(NoProgress()),
) -> Iterator[Check]:
    """All checks of the labs, in order, each when it is known.

    `progress` is asked for anew for the submissions of each lab.
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
        roles = [_with_trace(lab, role) for role in _roles(lab, folder)]
    except (CourseError, SandboxError, OSError) as error:
        yield Check(slug, "course", passed=False, detail=str(error))
        return
    problems = tuple(suite_problems(lab, lab.hidden_suite))
    if problems:  # then nothing can be graded
        yield Check(slug, "suite", False, "suites not fit to grade", problems)
    else:
        work = [role.submission for role in roles]
        with progress() as watching:
            watching.start(len(work))
            results = grade_all(settings, work, jobs, lambda _: watching.step())
        graded_roles = list(zip(roles, results, strict=True))
        by_kind = {
            kind: [(role.submission.name, each) for role, each in graded_roles if role.kind == kind]
            for kind in KINDS
        }
        yield from judged(lab, folder, by_kind)
    yield _examples(slug, lab.folder / "README.md")
    yield from _release(course, lab, told_already=bool(problems))


def _with_trace(lab: Lab, role: _Role) -> _Role:
    """The role with a trace, where it can do something with one."""
    if role.kind in ("stub", "garbage"):
        return role
    return replace(role, submission=with_trace(lab, role.submission))


def _roles(lab: Lab, folder: Path) -> Iterator[_Role]:
    solution = read_submission(lab, folder / lab.assignment.file, "solution")
    if solution.problem:
        raise CourseError(f"{folder / lab.assignment.file}: {solution.problem}")
    others = Trial("solution", solution.files, student=STUDENTS[0], students=STUDENTS[IN_FULL:])
    yield _Role("solution", others)  # the longest of all: it begins first
    for student in (*STUDENTS[:1] * REPETITIONS, *STUDENTS[1:IN_FULL]):
        yield _Role("solution", replace(solution, student=student))
    yield _of_the_course("stub", read_submission(lab, lab.stub, lab.stub.name))
    for answer in answers(lab, folder, "variant"):
        yield _of_the_course("variant", replace(answer, name=f"{answer.name}.py"))
    for answer in answers(lab, folder, "mutant"):
        yield _mutant(folder, replace(answer, name=f"{answer.name}.py"))
    for value in GARBAGE:
        source = "".join(
            f"def {name}(*args, **kwargs):\n    return {value}\n" for name in lab.functions
        )
        yield _Role("garbage", from_source(lab, value, source.encode()))


def _of_the_course(kind: str, submission: Submission) -> _Role:
    return _Role(kind, replace(submission, student=STUDENTS[0]))


def _mutant(folder: Path, answer: Submission) -> _Role:
    """The mutant, as a trial of the items that its line 1 names."""
    if answer.problem:
        return _of_the_course("mutant", answer)
    loses = frozenset(mark_of(folder / "mutants" / answer.name).items)
    trial = Trial(answer.name, answer.files, student=STUDENTS[0], told=True, loses=loses)
    return _Role("mutant", trial)


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
    """What must not be in the bundle. `told_already`: what can't be read was named before."""
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
