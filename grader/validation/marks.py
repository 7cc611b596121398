"""Line 1 of a mutant: the mistake in words, and the rubric items that it has to lose.

::

    \"\"\"The bias is added on every rank.\"\"\"  # loses: rows, block

The words may end with `(rewritten)` or `(whole file)`, which `overlay` and `rot` look for.

A mutant that only another item catches proves nothing about the item it was written for. So each
named item must be lost itself, not be blocked by another.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from grader.course import Lab
from grader.course.authored import source_of
from grader.results import Result, Verdict

_FORM = '"""What is wrong."""  # loses: item'
_MARK = re.compile(r"#\s*loses:(.*)$")
_FORMS = re.compile(r"\s*\((whole file|rewritten)\)$")


@dataclass(frozen=True)
class Mark:
    """What line 1 says: the mistake, and the items that it loses, if it names any.

    `form` is "whole file", "rewritten" or empty.
    """

    mistake: str
    items: tuple[str, ...]
    form: str = ""


def mark_of(path: Path) -> Mark:
    """The mark of the mutant at `path`; CourseError where the file can't be read."""
    return mark_in(source_of(path))


def mark_in(source: str) -> Mark:
    """The mark in line 1 of that text."""
    first = source.partition("\n")[0]
    found = _MARK.search(first)
    items = found[1].split(",") if found else []
    words = _MARK.sub("", first).strip().strip("\"'").strip()
    form = _FORMS.search(words)
    mistake = _FORMS.sub("", words)
    return Mark(mistake, tuple(filter(None, map(str.strip, items))), form[1] if form else "")


def mark_problems(lab: Lab, mark: Mark, result: Result) -> Iterator[str]:
    """What is wrong with a mark, given what the mutant really lost."""
    known = [each.item for each in lab.rubric]
    if not mark.items:
        yield f"line 1 does not say which item it loses: {_FORM}"
    verdicts = {each.item: each.verdict for each in result.rubric}
    lost = [each for each in known if verdicts.get(each) not in (Verdict.PASSED, Verdict.BLOCKED)]
    for item in mark.items:
        if item not in known:
            yield f"line 1 names '{item}', which is no rubric item; there are {', '.join(known)}"
        elif verdicts.get(item) is Verdict.PASSED:
            yield f"it does not lose '{item}', as line 1 says, but {', '.join(lost) or 'nothing'}"
        elif verdicts.get(item) is Verdict.BLOCKED:
            yield f"'{item}', which line 1 names, is only blocked: {_blocker(lab, item, verdicts)}"


def _blocker(lab: Lab, item: str, verdicts: Mapping[str, Verdict]) -> str:
    """The lost items that a blocked one builds on, which are why it was not run."""
    lost = [name for name in lab.item(item).builds_on if verdicts.get(name) is not Verdict.PASSED]
    return f"it builds on {' and '.join(lost)}, which it loses first"
