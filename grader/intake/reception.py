"""What was handed in becomes attempts of the gradebook, and each bundle gets its receipt.

May be killed at any moment and run again: what is an attempt already stays that one, and a
receipt, which follows from its attempt, is written again only where it is missing.
"""

import contextlib
import functools
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from grader.course import Course, Lab
from grader.errors import UsageError
from grader.files.writing import write_whole
from grader.gradebook.decisions import AuditEntry
from grader.gradebook.intake import Arrival, digest_of
from grader.gradebook.rows import Attempt, Student
from grader.gradebook.store import Gradebook
from grader.gradebook.tables import storable
from grader.intake.collecting import collect
from grader.intake.found import Found, Refused, refused
from grader.intake.receipts import MAX_RECEIPT_BYTES, Signer
from grader.submissions import Submission, read_regular, read_submissions
from grader.text.shown import escaped

_AT_ONCE = 64  # in one transaction, and in memory
_BYTES_AT_ONCE = 64 << 20
_COLLECT = "collect"
_COPY = "copy"  # in the log: what else an attempt was handed in as
_STRANGER = "not on the roster"
_Known = Mapping[tuple[str, str, str, str], Attempt]


@dataclass(frozen=True)
class Received:
    """One submission, the attempt that it is, and whether it is a new one.

    `problem` says why its receipt could not be written; it is written at the next collect.
    """

    found: Found
    attempt: Attempt
    new: bool
    problem: str = ""


def receive_from(
    course: Course,
    book: Gradebook,
    paths: Iterable[Path],
    *,
    lab: str | None = None,
    known_only: bool = False,
    now: datetime,
) -> Iterator[Received | Refused]:
    """Collects the paths into the gradebook; see `grader.intake.collecting.collect`.

    With `known_only`, those who are not on the roster are refused by name, and the rest is
    received.
    """
    with _alone(course.root):
        students = book.students()
        by_lms = _by_lms(students)
        roster = {each.id for each in students} if known_only else None
        log = book.audit()
        known = _known(book.attempts(), log)
        signer = Signer(course.root, course.name)
        seen = {Path(place): at for place, at in _times(log, _COLLECT)}
        waiting = dict(_times(log, _STRANGER))
        for path in paths:
            place = _place(path, lab)
            last_seen = functools.partial(_last, seen, place)
            everything = collect(
                course, [path], lab=lab, now=now, last_seen=last_seen, students=by_lms
            )
            for some in _chunks(_admitted(book, everything, roster, waiting)):
                yield from _received(book, some, known, signer)
            book.note(_COLLECT, str(place), now.isoformat())


def receive_plain(
    book: Gradebook, lab: Lab, paths: Iterable[Path], *, now: datetime
) -> list[Attempt]:
    """The attempts that plain files and folders hold, each named by its file or folder.

    Everything is one, with its problem in words where it can't be read. It counts as handed in
    when its file was last written, and now at the latest.
    """
    arrivals = [
        Arrival(each, _written(each, now), "plain file") for each in read_submissions(lab, paths)
    ]
    return [attempt for attempt, _ in book.receive_all(lab.slug, arrivals)] if arrivals else []


def _written(submission: Submission, now: datetime) -> datetime:
    if submission.written is None:
        return now
    return min(datetime.fromtimestamp(submission.written, UTC), now)


def _by_lms(students: Iterable[Student]) -> dict[str, str]:
    """Ids by number of the learning-management system; a number that two have is nobody's."""
    students = [each for each in students if each.lms_id]
    count = Counter(each.lms_id for each in students)
    return {each.lms_id: each.id for each in students if count[each.lms_id] == 1}


def _admitted(
    book: Gradebook,
    everything: Iterable[Found | Refused],
    roster: Collection[str] | None,
    waiting: Mapping[str, datetime],
) -> Iterator[Found | Refused]:
    """The same, where who is not on the roster is refused, and loses no time by that."""
    for each in everything:
        if not isinstance(each, Found):
            yield each
            continue
        key = f"{each.student} {each.lab} {digest_of(each.submission)}"
        at = min(each.submitted_at, waiting.get(key, each.submitted_at))
        if roster is None or each.student in roster:
            yield replace(each, submitted_at=at)
            continue
        if key not in waiting:
            book.note(_STRANGER, key, at.isoformat())
        yield refused(each.source, f"{each.student} is not on the roster")


def _chunks(everything: Iterable[Found | Refused]) -> Iterator[list[Found | Refused]]:
    some, size = list[Found | Refused](), 0
    for each in everything:
        some.append(each)
        size += _bytes_of(each.submission) if isinstance(each, Found) else 0
        if len(some) == _AT_ONCE or size > _BYTES_AT_ONCE:
            yield some
            some, size = [], 0
    if some:
        yield some


def _bytes_of(submission: Submission) -> int:
    return sum(map(len, submission.files.values())) + len(submission.trace or b"")


def _received(
    book: Gradebook, some: list[Found | Refused], known: _Known, signer: Signer
) -> Iterator[Received | Refused]:
    yield from (each for each in some if isinstance(each, Refused))
    found = [each for each in some if isinstance(each, Found)]
    for slug in dict.fromkeys(each.lab for each in found):
        of_lab = [each for each in found if each.lab == slug]
        before = [known.get((slug, each.student, storable(each.source), digest_of(each.submission)))
                  for each in of_lab]  # fmt: skip
        new = [each for each, attempt in zip(of_lab, before, strict=True) if attempt is None]
        arrivals = [Arrival(each.submission, each.submitted_at, each.source) for each in new]
        got = iter(book.receive_all(slug, arrivals) if arrivals else [])
        for each, attempt in zip(of_lab, before, strict=True):
            received, is_new = (attempt, False) if attempt is not None else next(got)
            if attempt is None and not is_new:  # or it would be another one once others follow
                book.note(_COPY, f"{each.student} {slug}", f"{received.id} {each.source}")
            yield Received(each, received, is_new, _give_receipt(each, received, signer))


def _give_receipt(found: Found, attempt: Attempt, signer: Signer) -> str:
    """Writes the receipt beside its bundle unless it is there; what kept it from that."""
    if found.receipt_to is None or found.manifest is None:
        return ""
    signed = signer.sign(
        found.manifest,
        attempt=attempt.number,
        submitted_at=attempt.submitted_at,
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


def _known(attempts: Iterable[Attempt], log: Iterable[AuditEntry]) -> _Known:
    """The attempts by all that they were handed in as."""
    by_id = {str(each.id): each for each in attempts}
    places = [(each, each.source) for each in by_id.values()]
    for entry in log:
        number, _, source = entry.detail.partition(" ")
        if entry.what == _COPY and number in by_id:
            places.append((by_id[number], source))
    return {(each.lab, each.student, source, each.digest): each for each, source in places}


def _times(log: Iterable[AuditEntry], what: str) -> Iterator[tuple[str, datetime]]:
    """What such entries of the log are about, with the time that each tells."""
    for entry in log:
        if entry.what == what:
            with contextlib.suppress(ValueError):
                yield entry.subject, datetime.fromisoformat(entry.detail)


def _last(seen: Mapping[Path, datetime], place: Path, bundle: Path) -> datetime | None:
    """When the place, or one that it or the bundle lies in, was collected last."""
    around = {place, *place.parents, *bundle.resolve().parents}
    return max((seen[each] for each in around if each in seen), default=None)


def _place(path: Path, lab: str | None) -> Path:
    return path.resolve() / lab if lab is not None else path.resolve()


@contextlib.contextmanager
def _alone(root: Path) -> Iterator[None]:
    """Keeps two collects of a course apart: each would take what the other is about to."""
    try:
        import fcntl
    except ImportError:  # where there are no such locks
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
