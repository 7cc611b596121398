"""Counts a lab's mutants: killed, equivalent, surviving; and checks the marks."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from grader.results import GRADED, Result
from grader.validation.mutation.cache import Cache
from grader.validation.mutation.game import Game
from grader.validation.mutation.mutants import Identity, Mutant
from grader.validation.trial import TrialResult


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
    """The result for a lab's mutants. `made` counts all that there are, `tried` the chosen ones."""

    lab: str
    made: int = 0
    tried: int = 0
    killed: int = 0
    equivalent: int = 0
    survivors: tuple[Survivor, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        return not self.survivors and not self.problems


@dataclass
class Tally:
    """What is known of the chosen mutants; -1 is the solution, which nothing may kill."""

    game: Game
    chosen: Sequence[Mutant]
    fresh: Sequence[Mutant]
    unfit: str = ""
    alive: dict[Identity, Result] = field(default_factory=dict)
    _killed: list[Mutant] = field(default_factory=list)
    _is_fit: bool = False

    def add(self, index: int, result: Result) -> None:
        if index < 0:
            self.unfit = _why_unfit(result)
            self._is_fit = not self.unfit
        elif _is_killed(result):
            self._killed.append(self.fresh[index])
        else:
            self.alive[self.fresh[index].identity] = result

    def save(self, cache: Cache) -> None:
        """Keeps the killed mutants, once it is known that the suite passes the solution.

        Marked ones are not kept: they were tried for a few students only.
        """
        if self._is_fit:
            for mutant in self._killed:
                if self.game.marks.of_mutant(mutant) is None:
                    cache.add(mutant.source)
            cache.write(mutant.source for mutant in self.game.mutants)

    def hunt(self) -> Hunt:
        """The result, once all have been tried."""
        made, tried = len(self.game.mutants), len(self.chosen)
        if self.unfit:
            return Hunt(self.game.slug, made, tried, problems=(self.unfit,))
        survivors = tuple(self._survivors())
        marked = [each for each in self.chosen if self._is_equivalent(each)]
        problems = (*self._wrong_marks(), *self._faults())
        return Hunt(
            self.game.slug, made, tried, tried - len(self.alive), len(marked), survivors, problems
        )

    def _is_equivalent(self, mutant: Mutant) -> bool:
        """Whether it is marked, and no case tells it from the solution."""
        result = self.alive.get(mutant.identity)
        kept = isinstance(result, TrialResult) and len(result.kept_for) == result.students
        return kept and self.game.marks.of_mutant(mutant) is not None

    def _survivors(self) -> Iterator[Survivor]:
        for each in self.chosen:
            result = self.alive.get(each.identity)
            if isinstance(result, TrialResult) and not self._is_equivalent(each):
                items = self.game.items_of(each)
                yield Survivor(each, items, len(result.kept_for), result.students)

    def _wrong_marks(self) -> Iterator[str]:
        marks = self.game.marks
        for each in self.chosen:
            mark = marks.of_mutant(each)
            if mark is not None and each.identity not in self.alive:
                yield (
                    f'{marks.path}: the mark of {mark} is wrong: a case tells "{each.after}" '
                    "from the solution; take that out"
                )
        yield from marks.problems(self.game.mutants)

    def _faults(self) -> Iterator[str]:
        """Each fault of ours once, with the first mutant that brought it out."""
        faults: dict[str, list[Mutant]] = {}
        for each in self.chosen:
            result = self.alive.get(each.identity)
            if result is not None and not isinstance(result, TrialResult):
                faults.setdefault(result.note, []).append(each)
        for note, mutants in faults.items():
            place = f"{mutants[0].function or 'the file'}, line {mutants[0].line}"
            more = f" and {len(mutants) - 1} more" if len(mutants) > 1 else ""
            yield f'a fault of ours with "{mutants[0].after}" ({place}){more}: {note}'


def _why_unfit(solution: Result) -> str:
    """Why mutants would prove nothing: the solution itself loses points, or can't be tried."""
    if not isinstance(solution, TrialResult):
        return f"the solution can't be tried: {solution.note}"
    if len(solution.kept_for) < solution.students:
        return f"the solution itself loses points ({solution.lost}): mend that first"
    return ""


def _is_killed(result: Result) -> bool:
    return isinstance(result, TrialResult) and result.status == GRADED and not result.kept_for
