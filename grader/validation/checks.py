"""The checks of a course: each lab's own submissions, graded, and its hand-outs.

The solution earns all points, with every seed and at every repetition; the stub none, and says so
kindly; every variant all; every mutant fewer; garbage is never a fault of ours. And the bundle for
students holds nothing of the instructor's.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from grader.batch import Settings, grade_all
from grader.course import Course, Lab
from grader.errors import CourseError, SandboxError
from grader.grading import GradedLab
from grader.handout import run_examples
from grader.release import leaks
from grader.results import GRADED, Result
from grader.sandbox import Level, check_installed
from grader.sources import tree_of
from grader.submissions import Submission, from_source, read_submission
from grader.traces.synthetic import synthetic_trace
from grader.validation.check import Check, Progress, Unwatched
from grader.validation.marks import mark_of, mark_problems
from grader.validation.wording import by_cause, cause_of, count, full, several, told, why_not_loaded
from grader.validation.written import (
    silent_functions,
    stub_problems,
    suite_problems,
    unread_files,
)

REPETITIONS = 5
SEEDS = ("student-a", "student-b", "student-c")
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


class _Graded(NamedTuple):
    """What came of a submission of the course's own."""

    kind: str
    name: str
    result: Result

    def __str__(self) -> str:
        alone = self.kind in ("solution", "stub")
        return f"the {self.kind}" if alone else f"{self.kind} {self.name}"


def validate(
    course: Course,
    slugs: Sequence[str],
    level: Level,
    jobs: int,
    on_check: Callable[[Check], None] = lambda _: None,
    progress: Callable[[], AbstractContextManager[Progress]] = lambda: nullcontext(Unwatched()),
) -> list[Check]:
    """All checks of the labs, in order; `on_check` sees each when it is known.

    `progress` is asked for anew for the submissions of each lab.
    """
    checks = []
    readme = course.root / "README.md"
    if readme.is_file():
        checks.append(_examples("course", readme))
        on_check(checks[0])
    for slug in slugs:
        for check in _checks_of(course, slug, level, jobs, progress):
            checks.append(check)
            on_check(check)
    return checks


def _checks_of(
    course: Course,
    slug: str,
    level: Level,
    jobs: int,
    progress: Callable[[], AbstractContextManager[Progress]],
) -> Iterator[Check]:
    try:
        graded = GradedLab.of(course, slug)
        lab, folder = graded.lab, course.solutions(course.lab(slug))
        _ = lab.hints
        tree_of(folder / lab.assignment.file)
        check_installed(lab.assignment.preload)
        roles = [_with_trace(graded, role) for role in _roles(lab, folder)]
    except (CourseError, SandboxError, OSError) as error:
        yield Check(slug, "course", passed=False, detail=str(error))
        return
    problems = tuple(suite_problems(lab, graded.hidden))
    if problems:  # then nothing can be graded
        yield Check(
            slug, "suite", passed=False, detail="suites not fit to grade", problems=problems
        )
    else:
        settings = Settings(course.root, slug, level, synthetic=True)
        work = [role.submission for role in roles]
        with progress() as watching:
            watching.start(len(work))
            results = grade_all(settings, work, jobs, lambda _: watching.step())
        yield from _judged(lab, folder, roles, results)
    yield _examples(slug, lab.folder / "README.md")
    yield from _release(course, lab, told_already=bool(problems))


def _judged(
    lab: Lab, folder: Path, roles: Sequence["_Role"], results: Sequence[Result]
) -> Iterator[Check]:
    """The checks of what was graded. What a fault withheld is told once, and not judged."""
    slug = lab.slug
    by_kind: dict[str, list[tuple[str, Result]]] = {
        kind: [(r.submission.name, result) for r, result in zip(roles, results, strict=True)
               if r.kind == kind]
        for kind in ("solution", "stub", "variant", "mutant", "garbage")
    }  # fmt: skip
    own = [_Graded(kind, *each) for kind in by_kind if kind != "garbage" for each in by_kind[kind]]
    withheld = [each for each in own if each.result.status != GRADED]
    if withheld:
        yield _grading(slug, withheld, len(own))
    judged = {
        kind: [each for each in named if each[1].status == GRADED]
        for kind, named in by_kind.items()
    }
    if judged["solution"]:
        yield _solution(slug, judged["solution"])
    if judged["stub"]:
        yield _stub(lab, folder, judged["stub"][0][1])
    for kind, check in (("variant", _variants), ("mutant", _mutants)):
        if judged[kind] or not by_kind[kind]:
            yield check(lab, folder, judged[kind])
    known = {cause_of(each.result) for each in withheld}
    if garbage := [each for each in by_kind["garbage"] if cause_of(each[1]) not in known]:
        yield _garbage(slug, garbage)


def _grading(slug: str, withheld: "Sequence[_Graded]", total: int) -> Check:
    """What keeps the course's own submissions from being graded: a cause once, with all it hits."""
    causes = by_cause((str(each), each.result) for each in withheld).values()
    problems = tuple(f"{several([name for name, _ in hit])}: {told(hit[0][1])}" for hit in causes)
    detail = f"{len(withheld)}/{total} of the course's own submissions can't be graded"
    return Check(slug, "grading", passed=False, detail=detail, problems=problems)


def _with_trace(graded: GradedLab, role: _Role) -> _Role:
    """The role with a synthetic trace, where code alone can't earn every point."""
    if not graded.lab.assignment.trace or role.kind in ("stub", "garbage"):
        return role
    raw = synthetic_trace(graded.evidence(role.submission).challenge)
    return replace(role, submission=replace(role.submission, trace=raw))


def _roles(lab: Lab, folder: Path) -> Iterator[_Role]:
    solution = read_submission(lab, folder / lab.assignment.file, "solution")
    if solution.problem:
        raise CourseError(f"{folder / lab.assignment.file}: {solution.problem}")
    for student in (*[SEEDS[0]] * REPETITIONS, *SEEDS[1:]):
        yield _Role("solution", replace(solution, student=student))
    yield _of_the_course(lab, "stub", lab.stub)
    for kind in ("variant", "mutant"):
        for path in sorted((folder / f"{kind}s").glob("*.py")):
            yield _of_the_course(lab, kind, path)
    for value in GARBAGE:
        source = "".join(
            f"def {name}(*args, **kwargs):\n    return {value}\n" for name in lab.functions
        )
        yield _Role("garbage", from_source(lab, value, source.encode()))


def _of_the_course(lab: Lab, kind: str, path: Path) -> _Role:
    return _Role(kind, replace(read_submission(lab, path, path.name), student=SEEDS[0]))


def _solution(slug: str, results: Sequence[tuple[str, Result]]) -> Check:
    wrong = [told(result) for _, result in results if not full(result)]
    problems = tuple(
        f"the solution earns {text}, in {wrong.count(text)} of {len(results)} runs"
        for text in dict.fromkeys(wrong)
    )
    same = f"the same in {REPETITIONS} runs and for {len(SEEDS)} students"
    detail = f"solution 100/100, {same}"
    if problems:
        detail = f"solution {min(result.score or 0 for _, result in results)}/100 at worst"
    return Check(slug, "solution", not problems, detail, problems)


def _stub(lab: Lab, folder: Path, result: Result) -> Check:
    problems = [] if result.score == 0 else [f"the stub earns {told(result)}"]
    silent = [] if result.note else list(silent_functions(lab, result))
    problems += [f"the stub does not load: {why_not_loaded(result)}"] if result.note else []
    problems += [
        f"the stub of {name} does not say NotImplementedError('{name}: …')" for name in silent
    ]
    problems += stub_problems(lab, folder / lab.assignment.file)
    saying = 0 if result.note else len(lab.functions) - len(silent)
    said = f"{count(saying, 'function', len(lab.functions))} say{'s' * (saying == 1)}"
    detail = f"stub {result.score}/100, {said} what is to be done"
    return Check(lab.slug, "stub", not problems, detail, tuple(problems))


def _variants(lab: Lab, folder: Path, results: Sequence[tuple[str, Result]]) -> Check:
    problems = [
        f"variant {name} does not load: {why_not_loaded(result)}"
        if result.note
        else f"variant {name} is right, but earns {told(result)}"
        for name, result in results
        if not full(result)
    ]
    passing = len(results) - len(problems)
    problems += [] if results else ["there are no variants"]
    problems += unread_files(folder / "variants", "variant")
    detail = f"{count(passing, 'variant', len(results))} pass{'es' * (len(results) == 1)}"
    return Check(lab.slug, "variants", not problems, detail, tuple(problems))


def _mutants(lab: Lab, folder: Path, results: Sequence[tuple[str, Result]]) -> Check:
    problems = [] if results else ["there are no mutants"]
    for name, result in results:
        problems += _of_mutant(lab, folder / "mutants" / name, result)
    problems += unread_files(folder / "mutants", "mutant")
    caught = sum(1 for _, result in results if not full(result) and not result.note)
    detail = f"{caught}/{count(len(results), 'mutant')} fail{'s' * (len(results) == 1)}"
    return Check(lab.slug, "mutants", not problems, detail, tuple(problems))


def _of_mutant(lab: Lab, path: Path, result: Result) -> Iterable[str]:
    """What is wrong with one mutant: it must load, and lose what its line 1 says."""
    if result.note:  # what does not load is no wrong answer that a case could catch
        return [f"mutant {path.name} does not load: {why_not_loaded(result)}"]
    mark = mark_of(path)
    called = f'mutant {path.name} ("{mark.mistake}")'
    if full(result):
        return [
            f"{called} keeps {told(result)}: no case of the hidden suite tells it from the solution"
        ]
    return [f"{called}: {problem}" for problem in mark_problems(lab, mark, result)]


def _garbage(slug: str, results: Sequence[tuple[str, Result]]) -> Check:
    wrong = [each for each in results if each[1].status != GRADED or full(each[1])]
    problems = tuple(
        f"functions that return {several([name for name, _ in hit])}: {told(hit[0][1])}"
        for hit in by_cause(wrong).values()
    )
    detail = f"{count(len(results) - len(wrong), 'kind', len(results))} of garbage are graded"
    return Check(slug, "garbage", not problems, detail, problems)


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
