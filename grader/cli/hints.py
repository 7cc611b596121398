"""What a student is told beside the checks: the next hint, and their own predictions."""

from grader.cli import shell
from grader.student.workspace import Checked, Workspace


def remember_check(here: Workspace, checked: Checked, first_failed: str) -> None:
    """Keeps what `list` shows of the check, and the item that `hint` is about; empty: none."""
    state = here.state()
    state.checked = checked
    state.last_failed = first_failed
    here.remember(state)


def remember_failed(here: Workspace, item: str) -> None:
    """Keeps the item that `hint` is about when none is named."""
    state = here.state()
    state.last_failed = item
    here.remember(state)


def say_hint(here: Workspace, item: str) -> None:
    """Prints the next hint of the item's ladder, or of what failed last; the third stays."""
    hint = here.next_hint(item)
    if hint is None:
        shell.say("Nothing failed in the last check. Next: shardlab check")
        return
    shell.say(hint.title, f"Hint {hint.number} of {hint.total} (none contains code)")
    shell.say(*shell.folded(hint.text, "  ", "  "))
    if hint.number == hint.total:
        shell.say("That is the last hint for this item.")
    here.remember_hint(hint)


def say_predictions(here: Workspace) -> None:
    """Prints what the student predicted, beside the answers."""
    predictions = here.state().predictions
    for each in here.lab.assignment.predict:
        if each.question in predictions:
            shell.say(*shell.folded(each.question, "   ", "   "))
            shell.say(*shell.folded(predictions[each.question], "   You said  ", " " * 13))
            shell.say(*shell.folded(each.answer, "   Answer    ", " " * 13))
