"""Notices that a batch is for another lab than staff say: its files tell, by name or by content.

A file that is no bundle is for the lab that staff name. If most of a batch bear the name of
another lab's file, or define its functions, and none of this lab's, or if all were handed in for
another lab before, then staff probably named the wrong one. A single such file among others is a
student's mistake, and is graded as it is.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from grader.course import Lab
from grader.intake.downloads import original_name
from grader.intake.finds import Find, Intake, IntakeRefusal, refusal
from grader.text.shown import plural

Sure = Callable[[str], bool]  # whether to go on for all that a doubt says
_Found = Find | Intake | IntakeRefusal
_BYTES_AT_ONCE = 64 << 20
_DEFINED = re.compile(rb"^(?:async[ \t]+)?def[ \t]+(\w+)", re.MULTILINE)


class LabCheck:
    """The labs of a course, by what tells that a file is for one of them.

    `handed_in_for` gives, for contents by sha256, the labs that they were handed in for before.
    `sure` is asked once a batch whether to take it for all that.
    """

    def __init__(
        self,
        labs: Iterable[Lab],
        handed_in_for: Callable[[Iterable[str]], Mapping[str, set[str]]],
        sure: Sure | None,
    ) -> None:
        self._labs = {each.slug: each for each in labs}
        self._files = {each.assignment.file.lower(): each.slug for each in self._labs.values()}
        self._handed_in_for = handed_in_for
        self._sure = sure

    def checked(self, place: Path, found: Iterator[_Found]) -> Iterator[_Found]:
        """Yields what is found at a place; refuses a batch that is another lab's."""
        batch, size = list[Find](), 0
        for each in found:
            if not isinstance(each, Find) or each.manifest is not None:
                yield each
                continue
            batch.append(each)
            size += sum(map(len, each.submission.files.values())) + len(
                each.submission.trace or b""
            )
            if size > _BYTES_AT_ONCE:
                break  # these many tell enough
        refused = set[str]()
        for lab in dict.fromkeys(each.lab for each in batch):
            if why := self.refused([each for each in batch if each.lab == lab]):
                refused.add(lab)
                yield refusal(place, why)
        for some in (batch, found):
            yield from (
                each
                for each in some
                if not (isinstance(each, Find) and each.manifest is None and each.lab in refused)
            )

    def refused(self, batch: Sequence[Find]) -> str:
        """Why a batch of one lab is not taken, with the mend; empty if it is."""
        why = self._doubt(batch) if batch and len(self._labs) > 1 else ""
        return "" if not why or (self._sure is not None and self._sure(why)) else why

    def _doubt(self, batch: Sequence[Find]) -> str:
        lab = self._labs[batch[0].lab]
        count = Counter(other for each in batch if (other := self._other(lab, each)))
        for other, number in count.most_common(1):
            if 2 * number > len(batch):
                return _told(lab.slug, other, number, len(batch), "is by name or content for")
        if not any(_defined(each) & set(lab.functions) for each in batch):
            digests = {hashlib.sha256(_source(each)).hexdigest() for each in batch}
            known = self._handed_in_for(digests)
            for other in self._labs:
                if other != lab.slug and all(other in known.get(each, ()) for each in digests):
                    return _told(lab.slug, other, len(batch), len(batch), "was handed in for")
        return ""

    def _other(self, lab: Lab, find: Find) -> str:
        """The other lab that a file is for, by its name or its functions; empty if none is."""
        names = _defined(find)
        if names & set(lab.functions):
            return ""
        named = self._files.get(original_name(find.file).lower(), lab.slug)
        if named != lab.slug:
            return named
        rated = [(len(names & set(each.functions)), each.slug) for each in self._labs.values()]
        most, other = max(rated)
        return other if most else ""


def _told(lab: str, other: str, number: int, total: int, what: str) -> str:
    """What is wrong with a batch, and what mends it."""
    of = plural(total, "file")
    count = of if number == total else f"{number} of {of}"
    return (
        f"{count}: what is here {what} {other}, not for {lab}. If it is for {other}, say "
        f"--lab {other}; if it is for {lab} for all that, say --yes"
    )


def _defined(find: Find) -> set[str]:
    """The names of the functions that a submission defines at its top."""
    return {each.decode("utf-8", "replace") for each in _DEFINED.findall(_source(find))}


def _source(find: Find) -> bytes:
    return next(iter(find.submission.files.values()), b"")
