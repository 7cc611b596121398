"""The checks of a course: each lab's own submissions, graded, and its hand-outs.

The solution earns all points, with every seed and at every repetition; the stub none, and says so
kindly; every variant all; every mutant fewer; garbage is never a fault of ours. And the bundle for
students holds nothing of the instructor's.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from grader.batch import Settings, grade_all
from grader.course import Course, Lab
from grader.errors import CourseError, SandboxError
from grader.grading import GradedLab
from grader.handout import run_examples
from grader.release import leaks
from grader.results import GRADED, Result, Verdict
from grader.sandbox import Level, check_installed
from grader.submissions import Submission, from_source, read_submission
from grader.traces.synthetic import synthetic_trace
from grader.validation.trial import STUDENTS, Trial, Tried, try_out

REPETITIONS = 5
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
class Check:
    """One thing that must hold for a lab; `detail` says by how much, or what is wrong."""

    lab: str
    name: str
    passed: bool
    detail: str
    problems: tuple[str, ...] = ()


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
    on_check: Callable[[Check], None] = lambda _: None,
) -> list[Check]:
    """All checks of the labs, in order; `on_check` sees each when it is known."""
    checks = []
    readme = course.root / "README.md"
    if readme.is_file():
        checks.append(_examples("course", readme))
        on_check(checks[0])
    for slug in slugs:
        for check in _checks_of(course, slug, level, jobs):
            checks.append(check)
            on_check(check)
    return checks


def _checks_of(course: Course, slug: str, level: Level, jobs: int) -> Iterator[Check]:
    try:
        graded = GradedLab.of(course, slug)
        lab, folder = graded.lab, course.solutions(course.lab(slug))
        _ = lab.hints
        check_installed(lab.assignment.preload)
        roles = [_with_trace(graded, role) for role in _roles(lab, folder)]
    except (CourseError, SandboxError) as error:
        yield Check(slug, "course", passed=False, detail=str(error))
        return
    work = [role.submission for role in roles]
    results = grade_all(Settings(course.root, slug, level, synthetic=True, way=try_out), work, jobs)
    by_kind = {
        kind: [(r.submission.name, result) for r, result in zip(roles, results, strict=True)
               if r.kind == kind]
        for kind in ("solution", "stub", "variant", "mutant", "garbage")
    }  # fmt: skip
    yield _solution(slug, by_kind["solution"])
    yield _stub(lab, by_kind["stub"][0][1])
    yield _variants(slug, by_kind["variant"])
    yield _mutants(lab, folder, by_kind["mutant"])
    yield _garbage(slug, by_kind["garbage"])
    yield _examples(slug, lab.folder / "README.md")
    yield _release(course, lab)


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
    others = Trial("solution", solution.files, student=STUDENTS[0], students=STUDENTS[IN_FULL:])
    yield _Role("solution", others)  # the longest of all: it begins first
    for student in (*STUDENTS[:1] * REPETITIONS, *STUDENTS[1:IN_FULL]):
        yield _Role("solution", replace(solution, student=student))
    yield _of_the_course(lab, "stub", lab.stub)
    for kind in ("variant", "mutant"):
        for path in sorted((folder / f"{kind}s").glob("*.py")):
            yield _of_the_course(lab, kind, path)
    for value in GARBAGE:
        source = "".join(
            f"def {name}(*args, **kwargs):\n    return {value}\n" for name in lab.functions
        )
        yield _Role("garbage", from_source(lab, f"return {value}", source.encode()))


def _of_the_course(lab: Lab, kind: str, path: Path) -> _Role:
    submission = replace(read_submission(lab, path, path.name), student=STUDENTS[0])
    if kind == "mutant" and not submission.problem:
        submission = Trial(path.name, submission.files, student=STUDENTS[0], whole=True)
    return _Role(kind, submission)


def _solution(slug: str, results: Sequence[tuple[str, Result]]) -> Check:
    lost = [result for _, result in results if not _full(result)]
    by_luck = [_by_luck(result) for result in lost if isinstance(result, Tried)]
    always = [f"the solution earns {_told(result)}" for result in lost
              if not isinstance(result, Tried)]  # fmt: skip
    same = f"the same in {REPETITIONS} runs and for {len(STUDENTS)} students"
    problems = tuple(always or by_luck)
    return Check(slug, "solution", not problems, f"solution 100/100, {same}", problems)


def _by_luck(result: Tried) -> str:
    losing = result.students - len(result.kept_for)
    return (
        f"the solution loses points for {losing} of {result.students} students "
        f"(first: {result.lost})"
    )


def _stub(lab: Lab, result: Result) -> Check:
    problems = [] if result.score == 0 else [f"the stub earns {_told(result)}"]
    told = "\n".join(each.message for each in result.rubric)
    for name in lab.functions:
        text = f"{name}:"
        if text not in _stub_messages(lab) or (text not in told and "not written yet" not in told):
            problems.append(f"the stub of {name} does not say NotImplementedError('{name}: …')")
    detail = f"stub {result.score}/100, {len(lab.functions)} functions say what is to be done"
    return Check(lab.slug, "stub", not problems, detail, tuple(problems))


def _stub_messages(lab: Lab) -> str:
    calls = re.findall(r"NotImplementedError\((.*?)\)\n", lab.stub.read_text("utf-8"), re.DOTALL)
    return " ".join(calls)


def _variants(slug: str, results: Sequence[tuple[str, Result]]) -> Check:
    problems = [
        f"variant {name} is right, but earns {_told(result)}"
        for name, result in results
        if not _full(result)
    ]
    problems += [] if results else ["there are no variants"]
    return Check(slug, "variants", not problems, f"{len(results)} variants pass", tuple(problems))


def _mutants(lab: Lab, folder: Path, results: Sequence[tuple[str, Result]]) -> Check:
    problems = [] if results else ["there are no mutants"]
    for name, result in results:
        mistake = _first_line(folder / "mutants" / name)
        if result.status != GRADED:
            problems.append(f'mutant {name} ("{mistake}"): {_told(result)}')
        elif isinstance(result, Tried) and 0 < len(result.kept_for) < result.students:
            problems.append(
                f'mutant {name} ("{mistake}") keeps 100/100 for {len(result.kept_for)} of '
                f"{result.students} students: whether it costs points is luck; add a case whose "
                "inputs are not drawn"
            )
        elif _full(result):
            problems.append(
                f'mutant {name} ("{mistake}") keeps 100/100: no case of the hidden suite '
                "tells it from the solution"
            )
    caught = len(results) - len(problems)
    detail = f"{caught}/{len(results)} mutants fail"
    return Check(lab.slug, "mutants", not problems, detail, tuple(problems))


def _garbage(slug: str, results: Sequence[tuple[str, Result]]) -> Check:
    problems = tuple(
        f"functions that {name}: {_told(result)}"
        for name, result in results
        if result.status != GRADED or _full(result)
    )
    detail = f"{len(results)} kinds of garbage are graded"
    return Check(slug, "garbage", not problems, detail, problems)


def _examples(slug: str, path: Path) -> Check:
    count, problems = run_examples(path)
    detail = f"{count} example{'' if count == 1 else 's'} of its README run"
    return Check(slug, "README", not problems, detail, tuple(problems))


def _release(course: Course, lab: Lab) -> Check:
    problems = tuple(leaks(course, lab))
    detail = "no hidden input, seed or solution text in the bundle"
    return Check(lab.slug, "release", not problems, detail, problems)


def _full(result: Result) -> bool:
    return result.status == GRADED and result.score == result.max_score


def _told(result: Result) -> str:
    if result.status != GRADED:
        return f"a fault of ours: {result.note}"
    lost = ", ".join(f"{each.item} {each.verdict}" for each in result.rubric
                     if each.verdict != Verdict.PASSED)  # fmt: skip
    return f"{result.score}/{result.max_score}{f' ({lost})' if lost else ''}"


def _first_line(path: Path) -> str:
    lines = path.read_text("utf-8").splitlines()
    return lines[0].strip('"').strip() if lines else ""
