"""Turns what was handed in into attempts of the gradebook, and gives each bundle its receipt.

It may be killed at any moment and run again: no attempt is made twice, and a receipt, which
follows from its attempt, is written again only if it is missing.
"""

import contextlib
import functools
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from grader.course import Course, Lab
from grader.errors import UsageError
from grader.files.writing import write_whole
from grader.gradebook.attempts import Arrival
from grader.gradebook.rows import Attempt, Student
from grader.gradebook.store import Gradebook
from grader.gradebook.tables import storable
from grader.intake.admission import Admission, KeptAside, Strangers
from grader.intake.archive import BundleError
from grader.intake.bundle import SUFFIX
from grader.intake.downloads import is_download
from grader.intake.finds import Find, Intake, IntakeNote, IntakeRefusal
from grader.intake.members import listed
from grader.intake.receipts import MAX_RECEIPT_BYTES, Signer, has_key
from grader.intake.search import find
from grader.intake.unchanged import KnownBundles, status_of
from grader.submissions import Submission, is_folder, read_regular, read_submissions
from grader.text.shown import escaped

_AT_ONCE = 64  # in one transaction, and in memory
_BYTES_AT_ONCE = 64 << 20
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
    intake: int | None = None,
    dry: bool = False,
    now: datetime,
) -> Iterator[Outcome]:
    """Takes in all that was handed in at the paths; yields what became of each.

    With `lab`, only that lab's submissions. `strangers` says what becomes of students whom the
    roster doesn't know; see `Admission`. `intake` is the number of this collect, which is begun
    here where it is None. When `dry`, nothing is written but to the gradebook. With `as_named`,
    which needs `lab`, every plain file and folder is an attempt of the student it is named after,
    even if it can't be read: then the attempt has the problem.
    """
    paths = list(paths)
    if lab is not None and lab not in course.slugs:
        course.lab(lab)  # says which there are
    if intake is None:
        intake = book.intakes.begin(place_of(paths, lab))
    admission = Admission(course, book, strangers, intake, now)
    plain = [each for each in paths if as_named and lab and is_plain(course, each)]
    if lab and plain:
        yield from _take_in_plain(book, course.lab(lab), plain, admission, intake, now)
    if others := [each for each in paths if each not in plain]:
        with _alone(course.root):
            taking = _Intake(course, book, lab, admission, intake, now, dry=dry)
            for path in others:
                yield from taking.at(path)
    yield from (IntakeNote(each) for each in admission.teams.notes)


def place_of(paths: Iterable[Path], lab: str | None) -> str:
    """What is collected, in the words of the log."""
    places = ", ".join(str(each.resolve()) for each in paths)
    return f"{places} ({lab})" if lab else places


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
    book: Gradebook,
    lab: Lab,
    paths: Iterable[Path],
    admission: Admission,
    intake: int,
    now: datetime,
) -> Iterator[Intake | KeptAside]:
    """Takes in plain files; each counts as handed in when it was last written, or now."""
    arrivals = []
    for each in read_submissions(lab, paths):
        found = Find(lab.slug, each.student, each, _written(each, now), "plain file")
        admitted = admission.admit(found)
        if isinstance(admitted, KeptAside):
            yield admitted
        else:
            arrivals.append(_arrival(admitted, intake, lasting=False))
    admission.remember()
    for attempt, new in book.take_in(lab.slug, arrivals) if arrivals else ():
        yield Intake(attempt.id, lab.slug, attempt.source, new)


def _arrival(find: Find, intake: int, *, lasting: bool) -> Arrival:
    return Arrival(
        find.submission,
        find.submitted_at,
        find.source,
        lasting=lasting,
        time_from=find.time_from,
        lms_late=find.lms_late,
        intake=intake,
        members=find.members,
    )


def _written(submission: Submission, now: datetime) -> datetime:
    if submission.written is None:
        return now
    return min(datetime.fromtimestamp(submission.written, UTC), now)


class _Intake:
    """One run over some places, with all that was known when it began."""

    def __init__(
        self,
        course: Course,
        book: Gradebook,
        lab: str | None,
        admission: Admission,
        intake: int,
        now: datetime,
        *,
        dry: bool,
    ) -> None:
        self.book, self.lab, self.now = book, lab, now
        self.admission, self.number, self.dry = admission, intake, dry
        self.labs = course.labs()
        self.signer = None if dry and not has_key(course.root) else Signer(course.root, course.name)
        signed_by = f"{self.signer.public_key if self.signer else ''} {course.name}"
        self.unchanged = KnownBundles(self.labs, book.seen.unchanged, signed_by)
        students = book.students()
        self.by_lms = _by_lms(students)
        self.last_collected = book.seen.last_collected()

    def at(self, path: Path) -> Iterator[Intake | IntakeRefusal | KeptAside]:
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
                count[_outcome(each)] += 1
                yield each
        told = ", ".join(
            f"{count[what]} {what}" for what in _OUTCOMES if count[what] or what != "aside"
        )
        self.book.seen.collected(str(place), self.now, told, self.number)

    def _last_seen(self, place: Path, bundle: Path) -> datetime | None:
        """When the place, or a folder around it or the bundle, was collected last."""
        around = {
            storable(str(each)) for each in (place, *place.parents, *bundle.resolve().parents)
        }
        seen = self.last_collected
        return max((seen[each] for each in around if each in seen), default=None)

    def _admitted(self, each: _Found) -> _Each:
        return self.admission.admit(each) if isinstance(each, Find) else each

    def _taken_in(self, some: list[_Each]) -> Iterator[Intake | IntakeRefusal | KeptAside]:
        self.admission.remember()
        yield from (each for each in some if not isinstance(each, Find))
        found = [each for each in some if isinstance(each, Find)]
        for slug in dict.fromkeys(each.lab for each in found):
            of_lab = [each for each in found if each.lab == slug]
            arrivals = [_arrival(each, self.number, lasting=True) for each in of_lab]
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


@contextlib.contextmanager
def _alone(root: Path) -> Iterator[None]:
    """Keeps other collects of the course out while the block runs: two would take in the same."""
    try:
        import fcntl  # noqa: PLC0415 - some systems have no such locks
    except ImportError:
        yield
        return
    with (root / "course.toml").open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise UsageError(
                "this course is being collected already; wait until that ends"
            ) from None
        yield
