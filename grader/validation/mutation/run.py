"""A lab's mutants against its hidden suite: who survives, and which marks are wrong."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from grader.batch import Local, Settings, stream
from grader.course import Course
from grader.errors import CourseError
from grader.grading import GradedLab
from grader.results import GRADED, Result
from grader.sandbox import Level, check_installed
from grader.submissions import read_submission
from grader.traces.synthetic import synthetic_trace
from grader.validation.mutation.cache import Cache
from grader.validation.mutation.equivalent import Mark, Marks
from grader.validation.mutation.mutants import Mutant, mutants_of
from grader.validation.trial import STUDENTS, Trial, Tried, try_out

_SAVE_EVERY = 50


@dataclass(frozen=True)
class Sample:
    """So many of a lab's mutants, chosen by a seed: the same ones wherever they are made."""

    size: int
    seed: str

    def of(self, mutants: Sequence[Mutant]) -> list[Mutant]:
        """The chosen ones, in the order of the file."""
        chosen = set(sorted(range(len(mutants)), key=lambda n: self._lot(mutants[n]))[: self.size])
        return [mutant for number, mutant in enumerate(mutants) if number in chosen]

    def _lot(self, mutant: Mutant) -> bytes:
        return hashlib.sha256(f"{self.seed}\0{mutant.identity}".encode()).digest()


@dataclass(frozen=True)
class Survivor:
    """A mutant that loses nothing for `kept_for` of `students` students."""

    mutant: Mutant
    kept_for: int
    students: int


@dataclass(frozen=True)
class Hunt:
    """What came of a lab's mutants. `made` are all that there are, `tried` those of the sample."""

    lab: str
    made: int
    tried: int
    killed: int
    equivalent: int
    survivors: tuple[Survivor, ...]
    problems: tuple[str, ...]

    @property
    def passed(self) -> bool:
        return not self.survivors and not self.problems


def hunt(
    course: Course,
    slug: str,
    level: Level,
    jobs: int,
    sample: Sample | None = None,
    on_start: Callable[[int], None] = lambda _: None,
    on_step: Callable[[], None] = lambda: None,
) -> Hunt:
    """Tries the lab's mutants, or a sample of them; `on_start` is told how many have to run."""
    graded = GradedLab.of(course, slug, synthetic=True)
    check_installed(graded.lab.assignment.preload)
    folder = course.solutions(graded.lab)
    solution = _solution(graded, folder)
    marks = Marks.of(folder)
    made = mutants_of(solution.files[graded.lab.assignment.file])
    tried = sample.of(made) if sample else made
    cache = Cache(course.root, graded)
    fresh = [mutant for mutant in tried if mutant.source not in cache]
    on_start(len(fresh))
    settings = Settings(course.root, slug, level, synthetic=True, way=try_out)
    results: dict[int, Result] = {}
    file = graded.lab.assignment.file
    trials = [replace(solution, name=str(n), files={file: m.source}) for n, m in enumerate(fresh)]
    try:
        for index, result in _results(settings, trials, jobs):
            results[index] = result
            on_step()
            if _is_killed(result):
                cache.add(fresh[index].source)
            if len(results) % _SAVE_EVERY == 0:
                cache.write(mutant.source for mutant in made)
    finally:
        cache.write(mutant.source for mutant in made)
    survivors = {fresh[n].identity: r for n, r in results.items() if not _is_killed(r)}
    return _told(slug, made, tried, survivors, marks)


def _results(
    settings: Settings, trials: Sequence[Trial], jobs: int
) -> Iterator[tuple[int, Result]]:
    if trials:
        with Local(settings, min(jobs, len(trials))) as workers:
            yield from stream(workers, trials)


def _solution(graded: GradedLab, folder: Path) -> Trial:
    """The solution as a trial, with the trace that it earns its points with."""
    path = folder / graded.lab.assignment.file
    solution = read_submission(graded.lab, path, "solution")
    if solution.problem:
        raise CourseError(f"{path}: {solution.problem}")
    trial = Trial("solution", solution.files, student=STUDENTS[0])
    if not graded.lab.assignment.trace:
        return trial
    return replace(trial, trace=synthetic_trace(graded.evidence(trial).challenge))


def _is_killed(result: Result) -> bool:
    return isinstance(result, Tried) and result.status == GRADED and not result.kept_for


def _told(
    slug: str,
    made: Sequence[Mutant],
    tried: Sequence[Mutant],
    alive: dict[tuple[str, str, str, str, int], Result],
    marks: Marks,
) -> Hunt:
    survivors: list[Survivor] = []
    problems: list[str] = []
    equivalent = 0
    for mutant in tried:
        mark, result = marks.of_mutant(mutant), alive.get(mutant.identity)
        if result is None:
            problems += _killed_although(mark, mutant, marks.path)
        elif not isinstance(result, Tried):
            problems.append(f"{_place(mutant)}: a fault of ours: {result.note}")
        elif mark is not None and len(result.kept_for) == result.students:
            equivalent += 1
        else:
            survivors.append(Survivor(mutant, len(result.kept_for), result.students))
    for mark in marks.marks:
        if not any(mark.covers(mutant) for mutant in made):
            problems.append(f"{marks.path}: no mutant has {mark} (any more); take the mark out")
    killed = len(tried) - len(alive)
    return Hunt(slug, len(made), len(tried), killed, equivalent, tuple(survivors), tuple(problems))


def _killed_although(mark: Mark | None, mutant: Mutant, path: Path) -> Iterator[str]:
    if mark is not None:
        yield (
            f'{path}: {mark} is no equivalent: a case fails on "{mutant.after}"; '
            "take the mark out, or narrow it"
        )


def _place(mutant: Mutant) -> str:
    return f'{mutant.function or "the file"}, line {mutant.line}, "{mutant.after}"'
