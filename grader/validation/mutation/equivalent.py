"""`solutions/<lab>/equivalent.toml`: mutants that are provably right, each once with its reason.

::

    [[equivalent]]
    function = "ring_steps"             # or a list of functions; "" is the file's own level
    call = '_integer("n", n)'           # only for mistakes in what is called, or a list
    from = "value < at_least"           # these words of a statement ...
    to = ["value <= at_least"]          # ... replaced by these, or by one of these
    reason = "No integer lies between the two."

A mark covers the mutants of its functions that change just those words of a statement. It also
covers the mutants made for a single caller of such a function. A mark is wrong where it covers no
mutant, or where a case of the suite tells its mutant from the solution.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from grader.course.tables import Table, read_table
from grader.errors import CourseError
from grader.validation.mutation.mutants import Mutant
from grader.validation.mutation.text import squashed

FILE = "equivalent.toml"

_Claim = tuple[str, str, str, str]  # function, call, after, before


class EquivalenceMark(Table, frozen=True, kw_only=True, rename={"before": "from", "after": "to"}):
    """One claim: in these functions, `before` may as well read `after`."""

    function: str | tuple[str, ...]
    call: str | tuple[str, ...] = ""
    before: str
    after: str | tuple[str, ...]
    reason: str

    def covers(self, mutant: Mutant) -> bool:
        return any(_holds(each, mutant) for each in self._claims())

    def stale(self, mutants: Sequence[Mutant]) -> Iterator[str]:
        """The words of the mark that fit no mutant any more."""
        true = [each for each in self._claims() if any(_holds(each, one) for one in mutants)]
        for number, texts in enumerate((self.function, self.call, self.after)):
            known = {each[number] for each in true}
            yield from (each for each in _several(texts) if each not in known)

    def _claims(self) -> Iterator[_Claim]:
        for function, call, after in product(
            _several(self.function), _several(self.call), _several(self.after)
        ):
            yield function, call, after, self.before

    def __str__(self) -> str:
        return f'"{self.before}" in {" or ".join(_several(self.function))}'


class _File(Table, frozen=True):
    equivalent: tuple[EquivalenceMark, ...] = ()


@dataclass(frozen=True)
class EquivalenceMarks:
    """The marks of a lab, and where they stand."""

    path: Path
    marks: tuple[EquivalenceMark, ...] = ()

    @classmethod
    def of(cls, solutions: Path) -> "EquivalenceMarks":
        """Reads the marks in the folder of a lab's solutions; none where it has no such file."""
        path = solutions / FILE
        if not path.exists():
            return cls(path)
        marks = read_table(path, _File).equivalent
        for number, mark in enumerate(marks):
            said = {
                "from": mark.before.strip(),
                "to": mark.after != (),
                "reason": mark.reason.strip(),
            }
            for key in (key for key, there in said.items() if not there):
                raise CourseError(f"{path}: key 'equivalent[{number}].{key}': it is empty")
        return cls(path, marks)

    def of_mutant(self, mutant: Mutant) -> EquivalenceMark | None:
        """The first mark that covers the mutant."""
        return next((mark for mark in self.marks if mark.covers(mutant)), None)

    def problems(self, mutants: Sequence[Mutant]) -> Iterator[str]:
        """Says of each mark which of its words fit no mutant any more."""
        for mark in self.marks:
            if stale := list(mark.stale(mutants)):
                words = ", ".join(f'"{each}"' for each in stale)
                yield f"{self.path}: the mark of {mark} fits no mutant by {words}: take that out"


def _holds(claim: _Claim, mutant: Mutant) -> bool:
    function, call, after, before = claim
    here = (mutant.function, mutant.call) == (function, squashed(call))
    everywhere = not call and mutant.called == function
    return (here or everywhere) and _turns(mutant.before, before, after, mutant.after)


def _several(value: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _turns(statement: str, old: str, new: str, wanted: str) -> bool:
    """Whether replacing one `old` in the statement by `new` makes the wanted statement."""
    old, new = squashed(old), squashed(new)
    place = statement.find(old)
    while place >= 0:
        if statement[:place] + new + statement[place + len(old) :] == wanted:
            return True
        place = statement.find(old, place + 1)
    return False
