"""The mutants of a lab: all or a sample of them, each as a trial against the hidden suite."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from grader.course import Course, Lab
from grader.errors import CourseError
from grader.submissions import read_submission
from grader.validation.mutation.equivalent import Marks
from grader.validation.mutation.items import items_of
from grader.validation.mutation.making import mutants_of_file
from grader.validation.mutation.mutants import Mutant
from grader.validation.mutation.places import File
from grader.validation.trial import STUDENTS, Trial, with_trace

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
class Game:
    """A lab's mutants, with what is needed to try and to judge them."""

    slug: str
    solution: Trial
    file: str
    mutants: Sequence[Mutant]
    marks: Marks
    items: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, course: Course, lab: Lab) -> "Game":
        """All mutants of the lab's solution, with the marks that its author set."""
        folder, file = course.solutions(lab), lab.assignment.file
        solution = _solution(lab, folder)
        read = File.of(solution.files[file], str(folder / file))
        items = items_of(lab, lab.hidden_suite, read)
        return cls(lab.slug, solution, file, mutants_of_file(read), Marks.of(folder), items)

    def trial(self, mutant: Mutant) -> Trial:
        """One that is held to be right needs no more than a few students to prove that wrong."""
        return replace(
            self.solution,
            files={self.file: mutant.source},
            students=STUDENTS[:_FEW] if self.marks.of_mutant(mutant) else STUDENTS,
            first=frozenset(self.items_of(mutant)),
        )

    def items_of(self, mutant: Mutant) -> tuple[str, ...]:
        return self.items.get(mutant.function, ())


def _solution(lab: Lab, folder: Path) -> Trial:
    """The solution as a trial, with the trace that it earns its points with."""
    path = folder / lab.assignment.file
    solution = read_submission(lab, path, "solution")
    if solution.problem:
        raise CourseError(f"{path}: {solution.problem}")
    return with_trace(lab, Trial("solution", solution.files, student=STUDENTS[0]))
