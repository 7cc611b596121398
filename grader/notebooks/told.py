"""What a student is told beside a result: by cells, and by what is not in them.

The file that was graded is one that the student never saw. So its lines are told as lines of
cells, and where something is missing, it is said where in the notebook it is.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from grader.course import Lab
from grader.notebooks.pieces import JUPYTERS, TOP, Piece, Places
from grader.notebooks.reading import Elsewhere, LeftOut, Reading, Spot, found_elsewhere
from grader.results import Finding, Result, RubricResult, Verdict
from grader.suite.explain.message import words_in
from grader.text.shown import one_line

_MOST_NOTES = 6
_MOST_NAMES = 40  # that are looked for in the rest of the notebook
# As Python and our own messages put it.
_UNDEFINED = re.compile(r"NameError: name '(\w+)' is not defined")
_UNWRITTEN = re.compile(r"(?:defines no function|not written yet:) (\w+)")
_PLACE = re.compile(r"cell '\w+', line \d+")
_NOT_LOADED = "does not load: "
_MAY_DEFINE = re.compile(r"%(?:run|pylab|load|loadpy|recall|rerun|edit|store|macro)\b")


@dataclass(frozen=True)
class Told:
    """A result in the notebook's own places, and what there is to say of the whole lab."""

    result: Result
    notes: tuple[str, ...] = ()


def told(
    lab: Lab, result: Result, pieces: Sequence[Piece], reading: Reading,
    scratch: Sequence[tuple[int, str]],
) -> Told:  # fmt: skip
    """The result with places by cell, and with notes where something is lost.

    `scratch` are the cells that are not handed in, each by its number.
    """
    if all(each.verdict is Verdict.PASSED for each in result.rubric):
        return Told(result)
    places, file = Places(pieces), lab.assignment.file
    note = places.told(result.note, file, reading.extra_lines)
    hints = _Hints(lab, reading, result, note, scratch)
    rubric = []
    for each in result.rubric:
        finding = _in_cells(each.finding, places, file, reading.extra_lines)
        finding = replace(finding, remark="\n".join(map(one_line, hints.of_item(each))))
        rubric.append(replace(each, finding=finding))
    notes = tuple(dict.fromkeys(one_line(each) for each in hints.of_all()))
    return Told(replace(result, rubric=tuple(rubric), note=note), notes[:_MOST_NOTES])


def _in_cells(finding: Finding, places: Places, file: str, extra_lines: int) -> Finding:
    """The finding with lines of the file told as lines of cells."""
    texts = finding.texts.items()
    return replace(finding, **{name: places.told(text, file, extra_lines) for name, text in texts})


class _Hints:
    """What a student can mend, from what a result lacks and from where the notebook has it.

    `note` is the result's own, with places by cell.
    """

    def __init__(self, lab: Lab, reading: Reading, result: Result, note: str,
                 scratch: Sequence[tuple[int, str]]) -> None:  # fmt: skip
        self._functions, self._reading, self._note = lab.functions, reading, note
        self._lost = [each for each in result.rubric if each.verdict is not Verdict.PASSED]
        self._loads = _NOT_LOADED not in note
        names = dict.fromkeys(
            [*(n for each in self._lost for n in self._lacks(each)), *reading.asked]
        )
        self._names = list(names)[:_MOST_NAMES]
        found = found_elsewhere(self._names, scratch) if self._names and scratch else {}
        self._elsewhere = found

    def of_item(self, item: RubricResult) -> list[str]:
        """What there is to say of an item."""
        if item not in self._lost:
            return []
        said = [] if item.finding.loads else list(self._unreadable())
        return [*said, *(text for name in self._lacks(item) for text in self._lacking(name))]

    def of_all(self) -> Iterator[str]:
        """What there is to say of the lab, the most telling first."""
        if self._reading.unread:
            yield "the cells could not be looked through for Jupyter's commands: too much at once"
        if not self._loads:
            yield from (
                _broken(each) for each in self._reading.broken
                if _at(each) not in self._note or each.text not in self._note
            )  # fmt: skip
        yield from (_emptied(each) for each in self._reading.left_out if each.whole)
        for name in self._names:
            yield from self._lacking(name)

    def _lacks(self, item: RubricResult) -> list[str]:
        """The names that its finding says are not there."""
        said = words_in(item.finding)
        unwritten = (name for name in _UNWRITTEN.findall(said) if name in self._functions)
        return list(dict.fromkeys([*_UNDEFINED.findall(said), *unwritten]))

    def _unreadable(self) -> Iterator[str]:
        """Where it is that the file does not load."""
        if self._reading.broken:
            yield from map(_broken, self._reading.broken)
        elif place := _PLACE.search(self._note):
            yield f"this is in {place[0]}"

    def _lacking(self, name: str) -> Iterator[str]:
        """Where a name is that is not where it is asked for."""
        reading = self._reading
        gone = [e for e in reading.left_out if name in e.names or (e.whole and e.spot.cell == name)]
        if gone:
            yield _emptied(gone[0]) if gone[0].whole else _valued(name, gone[0])
        elif name in self._elsewhere:
            asked = reading.asked.get(name)
            cell = name if name in self._functions else asked.cell if asked else TOP
            yield _defined(name, self._elsewhere[name], cell)
        elif name in reading.bound and not self._loads:
            yield (
                f"`{name}` is defined in {_at(reading.bound[name])}, below the line that asks for "
                "it: cells are run from top to bottom"
            )
        elif JUPYTERS.fullmatch(name):
            yield f"`{name}` is Jupyter's own, and not there when graded: do without it"
        elif name not in reading.bound:
            yield from (_perhaps(name, each) for each in reading.left_out
                        if _MAY_DEFINE.match(each.spot.text))  # fmt: skip


def _at(spot: Spot) -> str:
    return f"cell '{spot.cell}', line {spot.line}"


def _broken(spot: Spot) -> str:
    return f"{_at(spot)}: {spot.text}"


def _command(each: LeftOut) -> str:
    return f"`{each.spot.text}` ({_at(each.spot)})"


def _emptied(each: LeftOut) -> str:
    return (
        f"{_command(each)} takes its whole cell out, as nothing below it is defined in Jupyter; "
        "if it is your answer, delete that line"
    )


def _valued(name: str, each: LeftOut) -> str:
    what = "needs a command" if name == "get_ipython" else f"is to define `{name}`"
    return (
        f"{_command(each)} {what}, and Jupyter's commands are not carried out when graded: write "
        "the value itself"
    )


def _perhaps(name: str, each: LeftOut) -> str:
    return (
        f"{_command(each)} is not carried out when graded; if `{name}` comes from it, define it in "
        "an answer cell"
    )


def _defined(name: str, found: Elsewhere, cell: str) -> str:
    what = "this import" if found.imports else "it"
    return (
        f"`{name}` is defined in cell {found.cell} of the notebook (`{found.text}`), which is not "
        f"handed in as your answer: put {what} into the cell '{cell}'"
    )
