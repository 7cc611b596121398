"""Which bundles of an inbox have been taken in and are as they were, known without reading them.

Theory of operation. When a bundle has been taken in and its receipt lies beside it, the *facts*
of both are kept: inode, size, and the time of the last change of anything (`ctime`). The time
of the last change of content may be set by the file's owner, but this one by nobody: whoever
writes, replaces, renames or backdates a file moves it. Where the facts are the same, so are the
bytes.

A clock has a grain, though: a file that changed just before it was read could change again and
bear the same time. So no facts are kept of one that changed in the last two seconds; it is read
once more. What of all this a student could outwit is their own loss: what counts is what was
taken in and receipted.

The facts begin with all else that a bundle's fate hangs on: our version, what the lab asks for,
and what receipts are signed with. When that changes, everything is read once again.
"""

import hashlib
import os
import time
from collections.abc import Callable, Iterable, Mapping

from grader import __version__
from grader.course import Lab
from grader.intake.bundle import receipt_name
from grader.intake.found import TakenIn

_GRAIN_S = 2.0  # of the coarsest file system that is in use
_ByFacts = Mapping[tuple[str, str], int]


class Unchanged:
    """What a gradebook knows of bundles by their facts; each lab's is asked for once.

    `known` gives the ids of a lab's attempts by source and facts; `signed_by` names course and key.
    """

    def __init__(
        self, labs: Iterable[Lab], known: Callable[[str], _ByFacts], signed_by: str
    ) -> None:
        self._labs = {each.slug: each for each in labs}
        self._known = known
        self._signed_by = signed_by
        self._by_lab: dict[str, tuple[str, _ByFacts]] = {}

    def among(
        self, entries: Mapping[str, os.DirEntry[str]], names: Iterable[str], owner: tuple[str, str]
    ) -> dict[str, TakenIn]:
        """By name, the bundles of a folder that are as they were, and their receipts, too.

        The folder is that of `owner`, a lab and a student, and has these entries.
        """
        found = dict[str, TakenIn]()
        rules, known = self._of(owner[0])
        for name in names:
            receipt = entries.get(receipt_name(name))
            status = receipt and _status(entries[name], receipt)
            source = source_of(*owner, name)
            if status and (attempt := known.get((source, f"{rules} {status}"))):
                found[name] = TakenIn(attempt, owner[0], source)
        return found

    def facts(self, lab: str, status: str) -> str:
        """What is kept of a bundle and its receipt of this status."""
        return f"{self._of(lab)[0]} {status}"

    def _of(self, lab: str) -> tuple[str, _ByFacts]:
        if lab not in self._by_lab:
            asked = self._labs[lab].assignment
            facts = (__version__, self._signed_by, asked.file, str(asked.trace))
            rules = hashlib.sha256("\0".join(facts).encode()).hexdigest()[:16]
            self._by_lab[lab] = rules, self._known(lab)
        return self._by_lab[lab]


def source_of(lab: str, student: str, name: str) -> str:
    """What a bundle is known as, wherever the inbox lies that it is in."""
    return f"{lab}/{student}/{name}"


def status_of(status: os.stat_result) -> str:
    """A file's facts, as text that is the same only for the same file, unchanged."""
    return f"{status.st_ino} {status.st_size} {status.st_ctime_ns}"


def is_settled(status: os.stat_result) -> bool:
    """Whether it changed so long ago that another change would bear another time."""
    return status.st_ctime < time.time() - _GRAIN_S


def _status(bundle: os.DirEntry[str], receipt: os.DirEntry[str]) -> str:
    """The facts of both; empty where one has gone since the folder was listed."""
    try:
        first, second = bundle.stat(follow_symlinks=False), receipt.stat(follow_symlinks=False)
        return f"{status_of(first)} {status_of(second)}"
    except OSError:
        return ""
