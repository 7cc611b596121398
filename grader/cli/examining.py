"""What staff are shown of hidden cases: by `debug`, and by `grade --staff`. Printed, kept nowhere.

Only this module of the command line has it in hand. It prints, or returns data for the JSON that
the same command prints.
"""

import os
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from msgspec import to_builtins

from grader.cli import shell
from grader.errors import CourseError, SandboxError
from grader.grading import Settings
from grader.judge import Judge
from grader.judge.examining import PATIENCE_S, Examination, examine
from grader.results import WITHHELD, Result, RubricResult, Verdict
from grader.submissions import Submission
from grader.suite.examined import ExaminedCase, Value
from grader.suite.explain.message import lines_of
from grader.text.shown import escaped, one_line, plural

_LABEL, _INDENT, _WIDTH = 10, "   ", 80
_ROOM = _WIDTH - _LABEL - len(_INDENT)
# The facts of a case's own message, in the order in which they are read, before what staff alone
# can use.
_FACTS = {
    "expected": "Expected",
    "got": "Got",
    "difference": "Got-Exp",
    "pattern": "Pattern",
    "error": "Error",
    "source": "Line",
    "where": "In",
    "note": "Note",
    "printed": "Printed",
}


def examine_all(
    settings: Settings, submissions: Iterable[tuple[str, Submission]]
) -> list[dict[str, Any]]:
    """Shows why each submission loses hidden cases, by the name to show it by; as data, too.

    What can't be run is told, and doesn't keep back the others: their results are there.
    """
    lab, found, any_lost = settings.lab, [], False
    with Judge(lab, settings.level, live=settings.live, patience_s=PATIENCE_S) as judge:
        for name, submission in submissions:
            any_lost = True
            try:
                seen = examine(judge, submission, lab.seed(submission.student))
            except CourseError as error:  # of the suite, so it would be the same for all
                shell.say_error(str(error))
                break
            except SandboxError as error:
                shell.say_error(f"{name}: {error}")
                continue
            shell.say("", f"{name}: {_headline(seen)}", *_lines(seen))
            found.append({"submission": name, **as_data(seen)})
    if not any_lost:
        shell.say("No hidden case is lost in what is shown here.")
    return found


def loses(result: Result) -> bool:
    """Whether there is anything to show: an item was lost, or the score is withheld."""
    return result.status == WITHHELD or any(
        each.verdict is not Verdict.PASSED for each in result.rubric
    )


def say_examined(seen: Examination, whose: str) -> None:
    """Prints each lost case, and how many there are, for inputs that are `whose`."""
    told = f"{_headline(seen)}, for {whose}."
    shell.say(*_lines(seen), "", f"{told[0].upper()}{told[1:]}")


def as_data(seen: Examination) -> dict[str, Any]:
    """The examination as plain data, for JSON that staff read; the values of inputs are whole."""
    return {
        "seed": seen.seed.hex(),
        "run": seen.run,
        "lost": to_builtins(seen.lost),
        "waiting": [{"item": item, "reason": reason} for item, reason in seen.waiting],
        "result": to_builtins(seen.result),
    }


def faulty(seen: Examination) -> bool:
    """Whether something of ours is wrong, so that no score could be given."""
    return seen.result.status == WITHHELD or any(
        each.verdict is Verdict.GRADER_FAULT for each in seen.lost
    )


def _headline(seen: Examination) -> str:
    if not seen.run:
        return "no case was run"
    if not seen.lost:
        return "the one case passes" if seen.run == 1 else f"all {seen.run} cases pass"
    waiting = f", {plural(len(seen.waiting), 'item')} not judged" if seen.waiting else ""
    return f"{len(seen.lost)} of {plural(seen.run, 'case')} lost{waiting}"


def _lines(seen: Examination) -> Iterator[str]:
    told = {each.item: each for each in seen.result.rubric}
    if not seen.run and seen.result.note:
        yield from _fact("Why", seen.result.note)
    for case in seen.lost:
        yield from _case(case, told.get(case.item))
    for item, reason in seen.waiting:
        yield from ("", f"{item}  not judged: it {reason}")


def _case(case: ExaminedCase, told: RubricResult | None) -> Iterator[str]:
    yield from ("", f"{case.item}  {case.verdict}  {case.case}")
    drawn = "drawn from the seed" if case.drawn else "the same for every student"
    yield from _fact("Inputs", drawn)
    yield from _fact("At", _near(case.at), whole=True)
    yield from _fact("", case.line, whole=True)
    yield from _fact("Called", f"{case.called}\n{case.facts.get('shapes', '')}".rstrip())
    yield from _values("With", case.inputs)
    for name, label in _FACTS.items():
        yield from _fact(label, case.facts.get(name, ""), whole=name == "printed")
    yield from _values("Exactly", case.compared)
    yield from _values("Seen", case.seen)
    yield from _fact("Traceback", case.traceback, whole=True)
    if told is not None:
        passed = told.verdict is Verdict.PASSED
        yield f"{_INDENT}Student reads" + (": nothing, as the item passes now" if passed else "")
        yield from (f"{_INDENT}| {line.strip()}" for line in lines_of(told.finding))


def _values(label: str, values: Sequence[Value]) -> Iterator[str]:
    for each in filter(lambda value: value.text, values):
        gap = "\n" if "\n" in each.text else " "  # so that the rows of a matrix stand in line
        yield from _fact(label, f"{each.name} ={gap}{each.text}", whole=True)
        label = ""


def _near(place: str) -> str:
    """The place in a file, its path as it is from here where it lies below this folder."""
    here = f"{Path.cwd()}{os.sep}"
    return place.removeprefix(here)


def _fact(label: str, text: str, *, whole: bool = False) -> Iterator[str]:
    """The text's lines behind the label; those of a `whole` text as they are, however long."""
    lines = [escaped(line.expandtabs(4)) for line in text.splitlines()]
    if not whole:
        lines = [part for line in lines for part in textwrap.wrap(one_line(line), _ROOM)]
    for number, line in enumerate(lines):
        yield f"{_INDENT}{label if number == 0 else '':<{_LABEL}}{line}"
