"""What nbgrader's pages say of a result: a text for each item, a comment on the whole."""

from collections.abc import Sequence

from grader.course import Lab
from grader.results import Result, RubricResult, Verdict
from grader.suite.explain.message import message_of

_MOST_NAMES = 3


def item_text(lab: Lab, item: RubricResult) -> str:
    """`add adds: 0 of 40 points (failed)`, and below it the message."""
    head = f"{lab.item(item.item).title}: {item.points} of {item.max_points} points"
    if item.verdict is Verdict.PASSED:
        return head
    return f"{head} ({item.verdict.value})\n{message_of(item.finding)}".rstrip()


def comment_on(result: Result, notes: Sequence[str] = ()) -> str:
    """`40/100 by autograding. Lost: total. …`: the score and what was lost, then a line a note."""
    lost = [each.item for each in result.rubric if each.verdict is not Verdict.PASSED]
    more = f" and {len(lost) - _MOST_NAMES} more" if len(lost) > _MOST_NAMES else ""
    parts = [f"{result.score}/{result.max_score} by autograding."]
    if lost:
        parts.append(f"Lost: {', '.join(lost[:_MOST_NAMES])}{more}.")
    line = " ".join([*parts, *filter(None, (result.note, result.trace))])
    return "\n".join([line, *(f"{each}." for each in notes)])
