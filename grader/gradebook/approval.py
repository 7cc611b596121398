"""Has a course's keys approved by its gradebook, before they are used or made."""

from collections.abc import Callable
from pathlib import Path

from grader.course.key import Approve, KeyKind
from grader.gradebook.store import Gradebook


def approver(url_of: Callable[[], str], say: Callable[[str], None]) -> Approve:
    """What approves of keys by the gradebook at the URL, if there is one already.

    The URL is asked for at the first use of a key; `say` tells what is no reason to refuse it.
    """
    done = set[tuple[str, str]]()

    def approve(kind: KeyKind, fingerprint: str, note: str = "") -> None:
        if (kind.name, fingerprint) in done:
            return
        if note:
            say(note)
        url = url_of()
        if "://" in url or Path(url).is_file():  # to open a file that is not there would make it
            with Gradebook.open(url) as book:
                book.keys.check(kind, fingerprint)
            done.add((kind.name, fingerprint))

    return approve
