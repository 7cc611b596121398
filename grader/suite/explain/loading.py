"""Why a submitted file can't be imported, in words for its author: what ended it, where, the mend.

Only the file's text is read here, never run or parsed: it may be hostile.
"""

import re
from collections.abc import Sequence

from msgspec.structs import replace

from grader.files import sources
from grader.results import Finding
from grader.sandbox import Crashed, Outcome, Raised, TimedOut
from grader.suite.explain.endings import ended_by
from grader.suite.explain.failures import failure_of
from grader.suite.finding import CaseFailure
from grader.text.shown import one_line, shortened

_GUARD = 'if __name__ == "__main__":'
_RIGHT_GUARD = re.compile(r"""if\s*\(?\s*__name__\s*==\s*(['"])__main__\1""")
_ANY_GUARD = re.compile(r"if\b.*\b__name__\b")
_FUNCTION = re.compile(r"(?:async\s+)?def\b|class\b|@")
_PLAIN_END = re.compile(r"^[^#]*\b_exit\s*\(")
_BREAKPOINT = re.compile(r"^[^#]*\b(?:breakpoint|set_trace)\s*\(")

_AT_IMPORT = "Which of your lines run already when the file is imported?"
_UNREADABLE = "What does Python expect in this line, or at the end of the one before it?"
_AS_SCRIPT = f"the file is imported, not run as a script: move this to its end, under\n{_GUARD}"
_IN_FUNCTION = (
    "this function is called while the file is imported: move that call to the end of the file, "
    f"under\n{_GUARD}"
)
_NO_GRADER = (
    "grader is not there where your file runs. For Group as a type, put the import under\n"
    'if TYPE_CHECKING:\nand write the type in quotes: group: "Group"'
)
_TYPING = "Which of your imports are only for your editor?"
_NO_BREAKPOINT = "take breakpoint() and set_trace() out, and print what you want to see"
_ENDLESS = (
    "a loop or a wait runs while the file is imported: put it into a function, or at the end of "
    f"the file, under\n{_GUARD}"
)


def load_failure(outcome: Outcome, file: str, source: bytes) -> CaseFailure:
    """The end of a case for a file of this source that can't be imported."""
    failure = failure_of(outcome, file, loading=True)
    finding = _with_mend(outcome, failure.finding, file, sources.lines(source))
    return CaseFailure(failure.verdict, replace(finding, loads=False))


def in_a_line(finding: Finding) -> str:
    """What a result notes of a file that can't be imported: why, where and the mend."""
    place = " ".join(filter(None, (finding.error, finding.where)))
    return "; ".join(filter(None, (place, one_line(finding.note))))


def _with_mend(outcome: Outcome, finding: Finding, file: str, lines: Sequence[str]) -> Finding:
    """The finding with what mends it, and a question about importing."""
    if isinstance(outcome, Raised):
        return _of_raised(outcome, finding, file, lines)
    if isinstance(outcome, TimedOut):
        return replace(finding, note=_ENDLESS)  # its question asks for the loop
    if isinstance(outcome, Crashed):
        return _of_crash(finding, file, lines)
    return replace(finding, nudge=finding.nudge or _AT_IMPORT)


def _of_raised(outcome: Raised, finding: Finding, file: str, lines: Sequence[str]) -> Finding:
    if outcome.types[0] == "ModuleNotFoundError":
        # only for an editor has a file use for it
        of_ours = finding.error.endswith("No module named 'grader'")
        return replace(finding, note=_NO_GRADER, nudge=_TYPING) if of_ours else finding
    if "SyntaxError" in outcome.types:
        return replace(finding, nudge=_UNREADABLE)
    if outcome.types[0] == "BdbQuit":
        return _of_breakpoint(outcome, finding, file, lines)
    note = f"{finding.note}; {_AS_SCRIPT}" if finding.note else ""
    if ended_by(outcome, "import"):
        note = _mend_at(outcome.line, file, lines)
    return replace(finding, note=note, nudge=_AT_IMPORT)


def _of_breakpoint(outcome: Raised, finding: Finding, file: str, lines: Sequence[str]) -> Finding:
    """Names the line with the breakpoint: Python stops in the one after it."""
    places = _lines_with(_BREAKPOINT, lines[: outcome.line])
    where, source = _place(file, places[-1:], lines)
    told = replace(finding, note=_NO_BREAKPOINT, nudge=_AT_IMPORT)
    return replace(told, where=where, source=source) if where else told


def _of_crash(finding: Finding, file: str, lines: Sequence[str]) -> Finding:
    """Names os._exit, of which nothing is left but its line in the text."""
    places = _lines_with(_PLAIN_END, lines)
    if "os._exit" not in finding.error or not places:
        return replace(finding, nudge=_AT_IMPORT)
    where, source = _place(file, places, lines)
    mend = _mend_at(places[0] if where else None, file, lines)
    error = f"{file} does not load: os._exit() ended the import"
    return replace(finding, error=error, where=where, source=source, note=mend, nudge=_AT_IMPORT)


def _mend_at(number: int | None, file: str, lines: Sequence[str]) -> str:
    """What to do about a line that ends the import: by what it stands under in the file."""
    top = top_of(number, lines)
    opening = lines[top - 1] if top else ""
    if top != number and _ANY_GUARD.match(opening) and not _RIGHT_GUARD.match(opening):
        return f"{file}:{top} holds while the file is imported, too; it must be\n{_GUARD}"
    return _IN_FUNCTION if top != number and _FUNCTION.match(opening) else _AS_SCRIPT


def top_of(number: int | None, lines: Sequence[str]) -> int:
    """The number of the statement at the left margin that the line belongs to; 0 for none."""
    for each in range(min(number or 0, len(lines)), 0, -1):
        if lines[each - 1][:1].strip(" \t#)]}"):
            return each
    return 0


def _lines_with(pattern: re.Pattern[str], lines: Sequence[str]) -> list[int]:
    return [number for number, line in enumerate(lines, 1) if pattern.match(line)]


def _place(file: str, numbers: Sequence[int], lines: Sequence[str]) -> tuple[str, str]:
    """Place and text of the line, where it is one."""
    if len(numbers) != 1:
        return "", ""
    return f"{file}:{numbers[0]}", shortened(lines[numbers[0] - 1].strip())
