"""A lab's mutants against its hidden suite: who survives, and which marks are wrong."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
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
from grader.validation.mutation.items import items_of
from grader.validation.mutation.making import mutants_of
from grader.validation.mutation.mutants import Identity, Mutant
from grader.validation.trial import STUDENTS, Trial, Tried, try_out

_SAVE_EVERY = 50
_FEW = 3


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
    """A mutant that loses nothing for `kept_for` of `students` students.

    `items` are those that are about its function.
    """

    mutant: Mutant
    items: tuple[str, ...]
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
    game = _Game.of(course, graded)
    chosen = sample.of(game.mutants) if sample else game.mutants
    cache = Cache(course.root, graded)
    fresh = [mutant for mutant in chosen if mutant.source not in cache]
    on_start(len(fresh))
    settings = Settings(course.root, slug, level, synthetic=True, way=try_out)
    alive: dict[Identity, Result] = {}
    try:
        for index, result in _results(settings, list(map(game.trial, fresh)), jobs):
            if _is_killed(result):
                cache.add(fresh[index].source)
            else:
                alive[fresh[index].identity] = result
            if index % _SAVE_EVERY == 0:
                cache.write(mutant.source for mutant in game.mutants)
            on_step()
    finally:
        cache.write(mutant.source for mutant in game.mutants)
    return _told(game, chosen, alive)


@dataclass(frozen=True)
class _Game:
    """A lab's mutants, with what is needed to try and to judge them."""

    slug: str
    solution: Trial
    file: str
    mutants: Sequence[Mutant]
    marks: Marks
    items: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, course: Course, graded: GradedLab) -> "_Game":
        lab, folder = graded.lab, course.solutions(graded.lab)
        solution, file = _solution(graded, folder), lab.assignment.file
        source = solution.files[file]
        items = items_of(lab, graded.hidden, source)
        return cls(lab.slug, solution, file, mutants_of(source), Marks.of(folder), items)

    def trial(self, mutant: Mutant) -> Trial:
        """One that is held to be right needs no more than a few students to prove that wrong."""
        return replace(
            self.solution,
            files={self.file: mutant.source},
            students=STUDENTS[:_FEW] if self.marks.of_mutant(mutant) else STUDENTS,
            first=frozenset(self.items.get(mutant.function, ())),
        )


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


def _told(game: _Game, chosen: Sequence[Mutant], alive: Mapping[Identity, Result]) -> Hunt:
    survivors: list[Survivor] = []
    problems: list[str] = []
    equivalent, path = 0, game.marks.path
    for mutant in chosen:
        mark, result = game.marks.of_mutant(mutant), alive.get(mutant.identity)
        if result is None:
            problems += _killed_although(mark, mutant, path)
        elif not isinstance(result, Tried):
            problems.append(f"{_place(mutant)}: a fault of ours: {result.note}")
        elif mark is not None and len(result.kept_for) == result.students:
            equivalent += 1
        else:
            items = game.items.get(mutant.function, ())
            survivors.append(Survivor(mutant, items, len(result.kept_for), result.students))
    problems += game.marks.problems(game.mutants)
    killed = len(chosen) - len(alive)
    made, tried = len(game.mutants), len(chosen)
    return Hunt(game.slug, made, tried, killed, equivalent, tuple(survivors), tuple(problems))


def _killed_although(mark: Mark | None, mutant: Mutant, path: Path) -> Iterator[str]:
    if mark is not None:
        yield (
            f'{path}: the mark of {mark} is wrong: a case tells "{mutant.after}" from the '
            "solution; take that out"
        )


def _place(mutant: Mutant) -> str:
    return f'{mutant.function or "the file"}, line {mutant.line}, "{mutant.after}"'
