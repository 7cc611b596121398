"""The mutants of a lab: all or a sample of them, each as a trial against the hidden suite."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from grader.course import Course, Lab
from grader.validation.mutation.callers import mutants_of_callers
from grader.validation.mutation.equivalent import EquivalenceMarks
from grader.validation.mutation.items import items_of
from grader.validation.mutation.mutants import Identity, Mutant, mistakes_of, mutant_of
from grader.validation.mutation.places import File
from grader.validation.mutation.text import Text
from grader.validation.trial import STUDENTS, Trial, read_solution, with_trace

_FEW = 3


@dataclass(frozen=True)
class Sample:
    """Chooses `size` of a lab's mutants by a seed: the same ones on every machine."""

    size: int
    seed: str

    def of(self, mutants: Sequence[Mutant]) -> list[Mutant]:
        """The chosen ones, in the order of the file."""
        lots = [
            hashlib.sha256(f"{self.seed}\0{each.identity}".encode()).digest() for each in mutants
        ]
        chosen = set(sorted(range(len(mutants)), key=lots.__getitem__)[: self.size])
        return [mutant for number, mutant in enumerate(mutants) if number in chosen]


@dataclass(frozen=True)
class Game:
    """A lab's mutants, with what is needed to try and to judge them."""

    slug: str
    solution: Trial
    file: str
    mutants: Sequence[Mutant]
    marks: EquivalenceMarks
    items: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, course: Course, lab: Lab) -> "Game":
        """All mutants of the lab's solution, with the marks that its author set."""
        folder, file = course.solutions(lab), lab.assignment.file
        files = read_solution(lab, folder).files
        solution = with_trace(lab, Trial("solution", files, student=STUDENTS[0]))
        read = File.of(files[file], str(folder / file))
        items = items_of(lab, lab.hidden_suite, read)
        marks = EquivalenceMarks.of(folder)
        return cls(lab.slug, solution, file, mutants_of(read), marks, items)

    def trial(self, mutant: Mutant) -> Trial:
        """The trial of one mutant: for a few students where a mark calls it right, else for all."""
        return replace(
            self.solution,
            files={self.file: mutant.source},
            students=STUDENTS[:_FEW] if self.marks.of_mutant(mutant) else STUDENTS,
            first=frozenset(self.items_of(mutant)),
        )

    def items_of(self, mutant: Mutant) -> tuple[str, ...]:
        return self.items.get(mutant.function, ())


def mutants_of(file: File) -> list[Mutant]:
    """Every mutant of a source file: for all callers first, then for each caller alone.

    Those that read alike are told apart by a number.
    """
    text, mistakes = Text(file.source), list(mistakes_of(file))
    everywhere = (mutant_of(each, text) for each in mistakes)
    count, found = Counter[Identity](), []
    for each in (*everywhere, *mutants_of_callers(file, mistakes)):
        count[each.identity] += 1
        found.append(replace(each, occurrence=count[each.identity]))
    return found
