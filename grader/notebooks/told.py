"""Explains a result by the notebook's cells, and by what they lack.

The student never saw the file that was graded. So its lines become lines of cells, and if something
is missing in it, a note says where in the notebook it is.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from grader.course import Lab
from grader.notebooks.pieces import JUPYTERS, TOP, Piece, Places
from grader.notebooks.reading import Definition, Omission, Reading, Spot, found_elsewhere
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

_Cells = Sequence[tuple[int, str]]


@dataclass(frozen=True)
class Explanation:
    """A result with places in the notebook, and notes on the whole lab."""

    result: Result
    notes: tuple[str, ...] = ()


def told(
    lab: Lab, result: Result, pieces: Sequence[Piece], reading: Reading, scratch: _Cells
) -> Explanation:
    """The result with its places in cells, and with notes if something is lost.

    `scratch` are the cells that are not handed in, each by its number.
    """
    if all(each.verdict is Verdict.PASSED for each in result.rubric):
        return Explanation(result)
    places, file = Places(pieces), lab.assignment.file
    note = places.told(result.note, file, reading.extra_lines)
    hints = _Hints(lab, reading, result, note, scratch)
    rubric = []
    for each in result.rubric:
        finding = _in_cells(each.finding, places, file, reading.extra_lines)
        finding = replace(finding, remark="\n".join(map(one_line, hints.of_item(each))))
        rubric.append(replace(each, finding=finding))
    notes = tuple(dict.fromkeys(one_line(each) for each in hints.of_all()))
    return Explanation(replace(result, rubric=tuple(rubric), note=note), notes[:_MOST_NOTES])


def _in_cells(finding: Finding, places: Places, file: str, extra_lines: int) -> Finding:
    """The finding with its places in the file replaced by places in cells."""
    texts = finding.texts.items()
    return replace(finding, **{name: places.told(text, file, extra_lines) for name, text in texts})


class _Hints:
    """Hints for the student, from what a result lacks and where the notebook has it.

    `note` is the result's own, with places in cells.
    """

    def __init__(
        self, lab: Lab, reading: Reading, result: Result, note: str, scratch: _Cells
    ) -> None:
        self._functions, self._reading, self._note = lab.functions, reading, note
        self._lost = [each for each in result.rubric if each.verdict is not Verdict.PASSED]
        self._loads = _NOT_LOADED not in note
        lacking = [name for each in self._lost for name in self._lacks(each)]
        self._names = list(dict.fromkeys([*lacking, *reading.asked]))[:_MOST_NAMES]
        look = self._names and scratch
        self._elsewhere = found_elsewhere(self._names, scratch) if look else {}

    def of_item(self, item: RubricResult) -> list[str]:
        """The hints on one rubric item."""
        if item not in self._lost:
            return []
        said = [] if item.finding.loads else list(self._unreadable())
        return [*said, *(text for name in self._lacks(item) for text in self._lacking(name))]

    def of_all(self) -> Iterator[str]:
        """Yields the hints on the whole lab, the most helpful first."""
        if self._reading.unread:
            yield "the cells could not be looked through for Jupyter's commands: too much at once"
        if not self._loads:
            for each in self._reading.broken:
                if _at(each) not in self._note or each.text not in self._note:
                    yield _broken(each)
        yield from (_emptied(each) for each in self._reading.left_out if each.whole)
        for name in self._names:
            yield from self._lacking(name)

    def _lacks(self, item: RubricResult) -> list[str]:
        """The names that are missing by the item's finding."""
        said = words_in(item.finding)
        unwritten = (name for name in _UNWRITTEN.findall(said) if name in self._functions)
        return list(dict.fromkeys([*_UNDEFINED.findall(said), *unwritten]))

    def _unreadable(self) -> Iterator[str]:
        """Yields the places that keep the file from loading."""
        if self._reading.broken:
            yield from map(_broken, self._reading.broken)
        elif place := _PLACE.search(self._note):
            yield f"this is in {place[0]}"

    def _lacking(self, name: str) -> Iterator[str]:
        """Yields hints on where a missing name is."""
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
            may = (each for each in reading.left_out if _MAY_DEFINE.match(each.spot.text))
            yield from (_perhaps(name, each) for each in may)


def _at(spot: Spot) -> str:
    return f"cell '{spot.cell}', line {spot.line}"


def _broken(spot: Spot) -> str:
    return f"{_at(spot)}: {spot.text}"


def _command(each: Omission) -> str:
    return f"`{each.spot.text}` ({_at(each.spot)})"


def _emptied(each: Omission) -> str:
    return (
        f"{_command(each)} takes its whole cell out, as nothing below it is defined in Jupyter; "
        "if it is your answer, delete that line"
    )


def _valued(name: str, each: Omission) -> str:
    what = "needs a command" if name == "get_ipython" else f"is to define `{name}`"
    return (
        f"{_command(each)} {what}, and Jupyter's commands are not carried out when graded: write "
        "the value itself"
    )


def _perhaps(name: str, each: Omission) -> str:
    return (
        f"{_command(each)} is not carried out when graded; if `{name}` comes from it, define it in "
        "an answer cell"
    )


def _defined(name: str, found: Definition, cell: str) -> str:
    what = "this import" if found.imports else "it"
    return (
        f"`{name}` is defined in cell {found.cell} of the notebook (`{found.text}`), which is not "
        f"handed in as your answer: put {what} into the cell '{cell}'"
    )
