"""All mutants of a source file, by whatever way they are made."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace

from grader.validation.mutation.callers import mutants_of_callers
from grader.validation.mutation.mutants import Identity, Mutant, mistakes_of, mutant_of
from grader.validation.mutation.places import File
from grader.validation.mutation.text import Text


def mutants_of(source: bytes) -> list[Mutant]:
    """Every mutant of a source file, each once: for everyone first, then for single callers."""
    return mutants_of_file(File.of(source))


def mutants_of_file(file: File) -> list[Mutant]:
    """The same of a file that is read."""
    text = Text(file.source)
    mistakes = list(mistakes_of(file))
    everywhere = (mutant_of(each, text) for each in mistakes)
    return list(_numbered([*everywhere, *mutants_of_callers(file, mistakes)]))


def _numbered(mutants: Iterable[Mutant]) -> Iterator[Mutant]:
    """The mutants, of which those that read alike are told apart by a number."""
    count = Counter[Identity]()
    for each in mutants:
        count[each.identity] += 1
        yield replace(each, occurrence=count[each.identity])
