"""Turns what was handed in into attempts of the gradebook, and gives each bundle its receipt.

It may be killed at any moment and run again: no attempt is made twice, and a receipt, which
follows from its attempt, is written again only if it is missing.
"""

import contextlib
import functools
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from grader.course import Course, Lab
from grader.errors import UsageError
from grader.files.writing import write_whole
from grader.gradebook.attempts import Arrival
from grader.gradebook.rows import Attempt
from grader.gradebook.store import Gradebook
from grader.gradebook.tables import storable
from grader.intake.admission import Admission, KeptAside, Strangers
from grader.intake.alone import alone
from grader.intake.finds import Find, Intake, IntakeNote, IntakeRefusal, refusal
from grader.intake.hand_in_times import newly_told, time_of
from grader.intake.lms import NO_LMS, Lms
from grader.intake.loose import STAFF
from grader.intake.places import is_plain, packed_in, place_of
from grader.intake.receipts import MAX_RECEIPT_BYTES, Signer, has_key
from grader.intake.registry import Registry
from grader.intake.search import find
from grader.intake.unchanged import KnownBundles, status_of
from grader.intake.wrapped import NotebookReader
from grader.intake.wrong_lab import LabCheck, Sure
from grader.submissions import Submission, read_regular, read_submissions
from grader.text.shown import escaped

_AT_ONCE = 256  # in one transaction, and in memory
_BYTES_AT_ONCE = 64 << 20
_PLAIN = "plain file"  # the source of one that is no bundle and from no download
_Found = Find | Intake | IntakeRefusal
_Each = _Found | KeptAside
Outcome = Intake | IntakeRefusal | KeptAside | IntakeNote
_OUTCOMES = ("new", "known", "refused", "aside")


def take_in(
    course: Course,
    book: Gradebook,
    paths: Iterable[Path],
    *,
    lab: str | None = None,
    strangers: Strangers | None = None,
    as_named: bool = False,
    lms: Lms = NO_LMS,
    notebook: NotebookReader | None = None,
    sure: Sure | None = None,
    intake: int | None = None,
    dry: bool = False,
    now: datetime,
) -> Iterator[Outcome]:
    """Takes in all that was handed in at the paths; yields what became of each.

    With `lab`, only that lab's submissions. `strangers` says what becomes of students whom the
    roster doesn't know; see `Admission`. With `as_named`, which needs `lab`, every plain file and
    folder is an attempt of the student it is named after, even if it can't be read: then the
    attempt has the problem. `lms` is what learning-management systems and staff say; `notebook`
    makes a lab's file of a notebook. `sure` is asked where a batch looks like another lab's, which
    is refused without it. `intake` is the number of this collect, which is begun here
    where it is None. When `dry`, nothing is written but to the gradebook.
    """
    paths = list(paths)
    if lab is not None and lab not in course.slugs:
        course.lab(lab)  # says which there are
    if intake is None:
        intake = book.intakes.begin(place_of(paths, lab))
    admission = Admission(course, book, strangers, intake, now)
    check = LabCheck(course.labs(), book.seen.labs_of, sure)
    taking = _Taking(book, admission, check, intake)
    plain = [each for each in paths if as_named and lab and is_plain(course, each)]
    if lab and plain:
        yield from taking.plain(course.lab(lab), plain, lms.received)
    packed = [each for path in plain for each in packed_in(path, course.lab(lab or ""))]
    if others := [each for each in paths if each not in plain] + packed:
        with alone(course.root):
            places = _Places(course, taking, lab, lms, notebook, now, dry=dry)
            for path in others:
                yield from places.at(path)
            yield from map(IntakeNote, places.registry.unused())
    yield from map(IntakeNote, admission.notes())


@dataclass(frozen=True)
class _Taking:
    """One collect: who is let in, what is another lab's, and its number."""

    book: Gradebook
    admission: Admission
    check: LabCheck
    number: int

    def plain(
        self, lab: Lab, paths: Iterable[Path], received: datetime | None
    ) -> Iterator[Intake | IntakeRefusal | KeptAside]:
        """Takes in plain files, handed in when staff say so: their own date is that of a copy."""
        time_from = STAFF if received else ""
        found = [
            Find(
                lab.slug,
                each.student,
                each,
                received,
                _PLAIN,
                time_from=time_from,
                file=f"{each.name}.py",
            )
            for each in read_submissions(lab, paths)
        ]
        if why := self.check.refused(found):
            yield refusal(", ".join(map(str, paths)), why)
            return
        finds = list[Find]()
        for each in map(self.admission.admit, found):
            if isinstance(each, Find):
                finds.append(each)
            else:
                yield each
        for _, attempt, new, time in self.take_in(lab.slug, finds, lasting=False):
            yield Intake(attempt.id, lab.slug, attempt.source, new, time=time)

    def take_in(
        self, slug: str, finds: Sequence[Find], *, lasting: bool = True
    ) -> Iterator[tuple[Find, Attempt, bool, str]]:
        """Yields each with its attempt, whether that is new, and what became of its time."""
        self.admission.remember()
        arrivals = [
            Arrival(
                each.submission,
                each.submitted_at,
                each.source,
                lasting=lasting,
                time_from=each.time_from,
                lms_late=each.lms_late,
                intake=self.number,
                members=each.members,
            )
            for each in finds
        ]
        got = self.book.take_in(slug, arrivals) if arrivals else []
        times = [time_of(each, attempt) for each, (attempt, _) in zip(finds, got, strict=True)]
        told = newly_told(finds, [attempt for attempt, _ in got], times)
        self.book.tell_times(slug, told, self.number)
        for each, (attempt, new), time in zip(finds, got, times, strict=True):
            yield each, attempt, new, time


class _Places:
    """The inboxes, downloads and folders of one collect, with all that was known before it."""

    def __init__(
        self,
        course: Course,
        taking: _Taking,
        lab: str | None,
        lms: Lms,
        notebook: NotebookReader | None,
        now: datetime,
        *,
        dry: bool,
    ) -> None:
        self.book, self.taking, self.lab, self.now = taking.book, taking, lab, now
        self.labs, self.dry = course.labs(), dry
        self.signer = None if dry and not has_key(course.root) else Signer(course.root, course.name)
        signed_by = f"{self.signer.public_key if self.signer else ''} {course.name}"
        self.unchanged = KnownBundles(self.labs, self.book.seen.unchanged, signed_by)
        self.received, self.notebook = lms.received, notebook
        people = taking.admission.people
        students = [each for key, each in people.by_key.items() if key not in people.merged]
        self.registry = Registry(students, lms.worksheet, lms.submissions, lms.by_name)
        self.last_collected = self.book.seen.last_collected()

    def at(self, path: Path) -> Iterator[Intake | IntakeRefusal | KeptAside]:
        """Takes in everything at one path, and then notes that it was collected."""
        place = self._place(path.resolve())
        found = find(
            self.labs,
            [path],
            lab=self.lab,
            now=self.now,
            last_seen=functools.partial(self._last_seen, place),
            registry=self.registry,
            unchanged=self.unchanged,
            received=self.received,
            notebook=self.notebook,
        )
        count = Counter[str]()
        for some in _chunks(map(self._admitted, self.taking.check.checked(path, found))):
            for each in self._taken_in(some):
                count[_outcome(each)] += 1
                yield each
        told = ", ".join(f"{count[what]} {what}" for what in _OUTCOMES)
        self.book.seen.collected(str(place), self.now, told, self.taking.number)

    def _place(self, path: Path) -> Path:
        """The place that is collected: of an inbox, the folder of the lab that was asked for."""
        return path if self.lab in (None, path.name) else path / str(self.lab)

    def _last_seen(self, place: Path, bundle: Path) -> datetime | None:
        """When the place, or a folder around it or the bundle, was collected last."""
        around = {
            storable(str(each)) for each in (place, *place.parents, *bundle.resolve().parents)
        }
        seen = self.last_collected
        return max((seen[each] for each in around if each in seen), default=None)

    def _admitted(self, each: _Found) -> _Each:
        return self.taking.admission.admit(each) if isinstance(each, Find) else each

    def _taken_in(self, some: list[_Each]) -> Iterator[Intake | IntakeRefusal | KeptAside]:
        yield from (each for each in some if not isinstance(each, Find))
        found = [each for each in some if isinstance(each, Find)]
        self.taking.admission.remember()
        for slug in dict.fromkeys(each.lab for each in found):
            of_lab = [each for each in found if each.lab == slug]
            facts = dict[tuple[int, str], str]()
            for each, attempt, new, time in self.taking.take_in(slug, of_lab):
                problem = self._give_receipt(each, attempt)
                if not problem and each.status and not self.dry:
                    facts[attempt.id, each.source] = self._facts(each)
                yield Intake(attempt.id, slug, each.source, new, problem, time)
            self.book.seen.keep_facts(facts)

    def _give_receipt(self, found: Find, attempt: Attempt) -> str:
        """Writes the receipt beside its bundle unless it is there; returns why it could not."""
        if self.dry or found.receipt_to is None or found.manifest is None:
            return ""
        assert self.signer is not None  # by being no rehearsal
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


def _outcome(each: Intake | IntakeRefusal | KeptAside) -> str:
    if isinstance(each, Intake):
        return "new" if each.new else "known"
    return "refused" if isinstance(each, IntakeRefusal) else "aside"


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
