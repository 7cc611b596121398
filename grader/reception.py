"""What was handed in becomes attempts of the gradebook, and each bundle gets its receipt.

May be killed at any moment and run again: what is an attempt already stays that one, and a
receipt, which follows from its attempt, is written again only where it is missing.
"""

import contextlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from grader.course import Course, Lab
from grader.errors import UsageError
from grader.gradebook.intake import Arrival, digest_of
from grader.gradebook.rows import Attempt
from grader.gradebook.store import Gradebook
from grader.handin.collecting import collect
from grader.handin.found import Found, Refused, refused
from grader.handin.receipts import MAX_RECEIPT_BYTES, Signer
from grader.submissions import Submission, read_regular, read_submissions
from grader.writing import write_whole

_AT_ONCE = 64  # in one transaction, and in memory
_BYTES_AT_ONCE = 64 << 20
_COLLECT = "collect"
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
    """Collects the paths into the gradebook; see `grader.handin.collecting.collect`.

    With `known_only`, those who are not on the roster are refused by name, and the rest is
    received.
    """
    with _alone(course.root):
        students = book.students()
        by_lms = {each.lms_id: each.id for each in students if each.lms_id}
        roster = {each.id for each in students} if known_only else None
        known = {
            (each.lab, each.student, each.source, each.digest): each for each in book.attempts()
        }
        signer = Signer(course.root, course.name)
        seen = _seen(book)
        for path in paths:
            place = _place(path, lab)
            everything = collect(
                course, [path], lab=lab, now=now, last_seen=_last(seen, place), students=by_lms
            )
            for some in _chunks(_split(everything, roster)):
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


def _split(
    everything: Iterable[Found | Refused], roster: Collection[str] | None
) -> Iterator[Found | Refused]:
    """The same, where who is not on the roster is refused."""
    for each in everything:
        if isinstance(each, Found) and roster is not None and each.student not in roster:
            yield refused(each.source, f"{each.student} is not on the roster")
        else:
            yield each


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
        before = [known.get((slug, each.student, each.source, digest_of(each.submission)))
                  for each in of_lab]  # fmt: skip
        new = [each for each, attempt in zip(of_lab, before, strict=True) if attempt is None]
        arrivals = [Arrival(each.submission, each.submitted_at, each.source) for each in new]
        got = iter(book.receive_all(slug, arrivals) if arrivals else [])
        for each, attempt in zip(of_lab, before, strict=True):
            received, is_new = (attempt, False) if attempt is not None else next(got)
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
        return str(error)
    return ""


def _seen(book: Gradebook) -> list[tuple[Path, datetime]]:
    """Which places were collected, and when each time began."""
    seen = []
    for entry in book.audit():
        if entry.what == _COLLECT:
            with contextlib.suppress(ValueError):
                seen.append((Path(entry.subject), datetime.fromisoformat(entry.detail)))
    return seen


def _last(seen: Iterable[tuple[Path, datetime]], place: Path) -> datetime | None:
    """When the place, or one that it lies in, was collected last."""
    times = [at for where, at in seen if where == place or where in place.parents]
    return max(times, default=None)


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
