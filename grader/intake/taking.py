"""Turns what was handed in into attempts of the gradebook, and gives each bundle its receipt.

It may be killed at any moment and run again: no attempt is made twice, and a receipt, which
follows from its attempt, is written again only if it is missing.
"""

import contextlib
import functools
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from grader.course import Course, Lab
from grader.errors import UsageError
from grader.files.writing import write_whole
from grader.gradebook.attempts import Arrival, digest_of
from grader.gradebook.rows import Attempt, Student
from grader.gradebook.store import Gradebook
from grader.gradebook.tables import storable
from grader.intake.alone import alone as _alone
from grader.intake.archive import BundleError
from grader.intake.bundle import SUFFIX
from grader.intake.downloads import is_download
from grader.intake.finds import Find, Intake, IntakeRefusal, refusal
from grader.intake.members import listed
from grader.intake.receipts import MAX_RECEIPT_BYTES, Signer
from grader.intake.search import find
from grader.intake.unchanged import KnownBundles, status_of
from grader.submissions import Submission, is_folder, read_regular, read_submissions
from grader.text.shown import escaped

_AT_ONCE = 64  # in one transaction, and in memory
_BYTES_AT_ONCE = 64 << 20
_Each = Find | Intake | IntakeRefusal


def take_in(
    course: Course,
    book: Gradebook,
    paths: Iterable[Path],
    *,
    lab: str | None = None,
    known_only: bool = False,
    as_named: bool = False,
    now: datetime,
) -> Iterator[Intake | IntakeRefusal]:
    """Takes in all that was handed in at the paths; yields each attempt or refusal.

    With `lab`, only that lab's submissions. With `known_only`, students who are not on the roster
    are refused. With `as_named`, which needs `lab`, every plain file and folder is an attempt of
    the student it is named after, even if it can't be read: then the attempt has the problem.
    """
    paths = list(paths)
    if lab is not None and lab not in course.slugs:
        course.lab(lab)  # says which there are
    plain = [each for each in paths if as_named and lab and is_plain(course, each)]
    if lab and plain:
        yield from _take_in_plain(book, course.lab(lab), plain, now)
    if others := [each for each in paths if each not in plain]:
        with _alone(course.root):
            intake = _Intake(course, book, lab, known_only, now)
            for path in others:
                yield from intake.at(path)


def is_plain(course: Course, path: Path) -> bool:
    """Whether the path is a `.py` file or a folder of them: no inbox, bundle, zip or download.

    A bundle in one student's folder does not make the whole folder an inbox.
    """
    if not is_folder(path):
        return not path.name.endswith((SUFFIX, ".zip"))
    try:
        bundles = any(name.endswith(SUFFIX) for name in listed(path))
    except BundleError:
        return False  # `find` says why it can't be read
    of_lab = path.resolve().name in course.slugs and any(path.glob(f"*/*{SUFFIX}"))
    inbox = of_lab or any(is_folder(path / slug) for slug in course.slugs)
    return not (bundles or inbox or is_download(path))


def _take_in_plain(
    book: Gradebook, lab: Lab, paths: Iterable[Path], now: datetime
) -> Iterator[Intake]:
    """Takes in plain files; each counts as handed in when it was last written, or now."""
    arrivals = [
        Arrival(each, _written(each, now), "plain file") for each in read_submissions(lab, paths)
    ]
    for attempt, new in book.take_in(lab.slug, arrivals) if arrivals else ():
        yield Intake(attempt.id, lab.slug, attempt.source, new)


def _written(submission: Submission, now: datetime) -> datetime:
    if submission.written is None:
        return now
    return min(datetime.fromtimestamp(submission.written, UTC), now)


class _Intake:
    """One run over some places, with all that was known when it began."""

    def __init__(
        self, course: Course, book: Gradebook, lab: str | None, known_only: bool, now: datetime
    ) -> None:
        self.book, self.lab, self.now = book, lab, now
        self.labs = course.labs()
        self.signer = Signer(course.root, course.name, course.approve)
        signed_by = f"{self.signer.public_key} {course.name}"
        self.unchanged = KnownBundles(self.labs, book.seen.unchanged, signed_by)
        students = book.students()
        self.by_lms = _by_lms(students)
        self.roster = {each.id for each in students} if known_only else None
        self.last_collected = book.seen.last_collected()
        self.strangers = book.seen.strangers()

    def at(self, path: Path) -> Iterator[Intake | IntakeRefusal]:
        """Takes in everything at one path, and then notes that it was collected."""
        place = path.resolve() / self.lab if self.lab is not None else path.resolve()
        found = find(
            self.labs,
            [path],
            lab=self.lab,
            now=self.now,
            last_seen=functools.partial(self._last_seen, place),
            students=self.by_lms,
            unchanged=self.unchanged,
        )
        count = Counter[str]()
        for some in _chunks(map(self._admitted, found)):
            for each in self._taken_in(some):
                new = isinstance(each, Intake) and each.new
                count[
                    "refused" if isinstance(each, IntakeRefusal) else "new" if new else "known"
                ] += 1
                yield each
        told = ", ".join(f"{count[what]} {what}" for what in ("new", "known", "refused"))
        self.book.seen.collected(str(place), self.now, told)

    def _last_seen(self, place: Path, bundle: Path) -> datetime | None:
        """When the place, or a folder around it or the bundle, was collected last."""
        around = {
            storable(str(each)) for each in (place, *place.parents, *bundle.resolve().parents)
        }
        seen = self.last_collected
        return max((seen[each] for each in around if each in seen), default=None)

    def _admitted(self, each: _Each) -> _Each:
        """The same; or a refusal if the student is not on the roster, with the time remembered."""
        if not isinstance(each, Find):
            return each
        stranger = each.student, each.lab, digest_of(each.submission)
        at = min(each.submitted_at, self.strangers.get(stranger, each.submitted_at))
        if self.roster is None or each.student in self.roster:
            return replace(each, submitted_at=at)
        if stranger not in self.strangers:
            self.book.seen.keep_out(stranger, at)
        return refusal(each.source, f"{each.student} is not on the roster")

    def _taken_in(self, some: list[_Each]) -> Iterator[Intake | IntakeRefusal]:
        yield from (each for each in some if not isinstance(each, Find))
        found = [each for each in some if isinstance(each, Find)]
        for slug in dict.fromkeys(each.lab for each in found):
            of_lab = [each for each in found if each.lab == slug]
            arrivals = [
                Arrival(each.submission, each.submitted_at, each.source, lasting=True)
                for each in of_lab
            ]
            got = self.book.take_in(slug, arrivals)
            facts = dict[tuple[int, str], str]()
            for each, (attempt, new) in zip(of_lab, got, strict=True):
                problem = self._give_receipt(each, attempt)
                if not problem and each.status:
                    facts[attempt.id, each.source] = self._facts(each)
                yield Intake(attempt.id, slug, each.source, new, problem)
            self.book.seen.keep_facts(facts)

    def _give_receipt(self, found: Find, attempt: Attempt) -> str:
        """Writes the receipt beside its bundle unless it is there; returns why it could not."""
        if found.receipt_to is None or found.manifest is None:
            return ""
        signed = self.signer.sign(
            found.manifest,
            attempt=attempt.number,
            submitted_at=attempt.submitted_at or attempt.received_at,
            received_at=attempt.received_at,
        )
        with contextlib.suppress(OSError):
            if read_regular(found.receipt_to, MAX_RECEIPT_BYTES) == signed.encoded():
                return ""
        try:
            write_whole(found.receipt_to, signed.encoded())
        except UsageError as error:
            return escaped(str(error))
        return ""

    def _facts(self, found: Find) -> str:
        """The facts to keep of a bundle and its receipt; empty if the receipt is gone again."""
        assert found.receipt_to is not None  # only an inbox's bundle has a status
        try:
            receipt = status_of(found.receipt_to.lstat())
        except OSError:
            return ""
        return self.unchanged.facts(found.lab, f"{found.status} {receipt}")


def _by_lms(students: Iterable[Student]) -> dict[str, str]:
    """Students' ids by their number in the other system; a number of two students is left out."""
    students = [each for each in students if each.lms_id]
    count = Counter(each.lms_id for each in students)
    return {each.lms_id: each.id for each in students if count[each.lms_id] == 1}


def _chunks(everything: Iterable[_Each]) -> Iterator[list[_Each]]:
    some, size = list[_Each](), 0
    for each in everything:
        some.append(each)
        size += _bytes_of(each.submission) if isinstance(each, Find) else 0
        if len(some) == _AT_ONCE or size > _BYTES_AT_ONCE:
            yield some
            some, size = [], 0
    if some:
        yield some


def _bytes_of(submission: Submission) -> int:
    return sum(map(len, submission.files.values())) + len(submission.trace or b"")
