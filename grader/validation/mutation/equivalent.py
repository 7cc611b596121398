"""`solutions/<lab>/equivalent.toml`: mutants that are provably right, each once with its reason.

::

    [[equivalent]]
    function = "ring_steps"             # or a list of functions; "" is the file's own level
    call = '_integer("n", n)'           # only for mistakes in what is called, or a list
    from = "value < at_least"           # these words of a statement ...
    to = ["value <= at_least"]          # ... replaced by these, or by one of these
    reason = "No integer lies between the two."

A mark covers the mutants of its functions whose statement differs in just those words, and
nothing else. One that covers no mutant, or one that a case tells from the solution, is wrong.
"""

from dataclasses import dataclass
from pathlib import Path

from grader.errors import CourseError
from grader.tables import Table, read_table
from grader.validation.mutation.mutants import Mutant

FILE = "equivalent.toml"


class Mark(Table, frozen=True, kw_only=True, rename={"before": "from", "after": "to"}):
    """One claim: in these functions, `before` may as well read `after`."""

    function: str | tuple[str, ...]
    call: str | tuple[str, ...] = ""
    before: str
    after: str | tuple[str, ...]
    reason: str

    def covers(self, mutant: Mutant) -> bool:
        here = mutant.function in _several(self.function) and mutant.call in _several(self.call)
        return here and any(
            _turns(mutant.before, self.before, after, mutant.after)
            for after in _several(self.after)
        )

    def __str__(self) -> str:
        return f'"{self.before}" for "{self.after}" in {self.function}'


class _File(Table, frozen=True):
    equivalent: tuple[Mark, ...] = ()


@dataclass(frozen=True)
class Marks:
    """The marks of a lab, and where they stand."""

    path: Path
    marks: tuple[Mark, ...] = ()

    @classmethod
    def of(cls, solutions: Path) -> "Marks":
        """Those in the folder of the lab's solutions; none where it has no such file."""
        path = solutions / FILE
        if not path.exists():
            return cls(path)
        marks = read_table(path, _File).equivalent
        for number, mark in enumerate(marks):
            for key, texts in (("from", mark.before), ("to", mark.after), ("reason", mark.reason)):
                if not all(each.strip() for each in _several(texts)):
                    raise CourseError(f"{path}: key 'equivalent[{number}].{key}': it is empty")
        return cls(path, marks)

    def of_mutant(self, mutant: Mutant) -> Mark | None:
        """The first mark that covers the mutant."""
        return next((mark for mark in self.marks if mark.covers(mutant)), None)


def _several(value: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _turns(statement: str, old: str, new: str, wanted: str) -> bool:
    """Whether one `old` of the statement, replaced by `new`, makes it the one that is wanted."""
    old, new = " ".join(old.split()), " ".join(new.split())
    place = statement.find(old)
    while place >= 0:
        if statement[:place] + new + statement[place + len(old) :] == wanted:
            return True
        place = statement.find(old, place + 1)
    return False
