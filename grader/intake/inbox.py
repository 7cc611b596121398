"""An inbox: a folder that students write to, `<lab>/<student>/<bundle>`, and staff read.

Writers may be killed at any moment, come twice, or come at once; the folder may be on a shared
drive. So a file is written as `.…part`, made durable, and then linked to its name, which never
replaces what is there. Readers see bundles that are whole, or none.
"""

import contextlib
import itertools
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

from grader.course import Course
from grader.errors import UsageError
from grader.files.writing import PART, draft_of
from grader.intake.archive import BundleError
from grader.intake.bundle import MAX_AHEAD, MAX_BUNDLE_BYTES, SUFFIX, Bundle, read_bundle
from grader.submissions import read_regular

INBOX_VARIABLE = "SHARDLAB_INBOX"
_ABANDONED_SECONDS = 3600.0  # after which a part-written file is its client's to clear away


@dataclass(frozen=True)
class Delivery:
    """The path of a bundle in an inbox, and whether this delivery put it there."""

    path: Path
    new: bool


def inbox_folder(text: str, base: Path | None = None) -> Path:
    """The folder that a path or `file:` URL names; a relative one is seen from `base`."""
    if "://" in text or text.startswith("file:"):
        url = urlsplit(text)
        if url.scheme != "file" or url.netloc not in ("", "localhost") or not url.path:
            raise UsageError(f"inbox '{text}': expected a folder or a file: URL of this machine")
        return Path(unquote(url.path))
    return (base or Path()) / Path(text).expanduser()


def course_inbox(course: Course) -> Path:
    """The inbox that the environment names, else the course's own."""
    text = os.environ.get(INBOX_VARIABLE) or course.inbox
    if not text:
        raise UsageError(f"name what to collect, or set {INBOX_VARIABLE}, or inbox in course.toml")
    return inbox_folder(text, course.root)


def absolute_inbox(text: str, base: Path) -> str:
    """The same inbox, whichever folder it is named from; a URL stays as it is."""
    if not text or ":" in text:
        return text
    return str(inbox_folder(text, base).absolute())


def deliver(inbox: Path, bundle: Bundle) -> Delivery:
    """Puts the bundle where `collect` finds it, whole or not at all.

    If the student's newest bundle has the same content, no new file is made. UsageError if the
    inbox is missing or can't be written to.
    """
    if not inbox.is_dir():
        raise UsageError(f"inbox {inbox}: no such folder; is the drive there?")
    folder = inbox / bundle.manifest.lab / bundle.manifest.student
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _clear_abandoned(folder)
        if (there := _newest_is(folder, bundle)) is not None:
            return Delivery(there, new=False)
        return _put(folder, bundle)
    except OSError as error:
        raise UsageError(f"inbox {inbox} can't be written to: {error.strerror or error}") from None


def _bundles_in(folder: Path) -> Iterator[tuple[Path, Bundle]]:
    """Yields the readable bundles of a student's folder with their paths, in order of names."""
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        try:
            yield path, read_bundle(read_regular(path, MAX_BUNDLE_BYTES))
        except (BundleError, OSError):
            continue  # `collect` tells staff of it


def _put(folder: Path, bundle: Bundle) -> Delivery:
    draft = draft_of(folder / f"{bundle.stem}{SUFFIX}")
    try:
        _write_durably(draft, bundle.raw)
        _check_clock(draft, bundle)
        return _named(draft, folder, bundle)
    finally:
        draft.unlink(missing_ok=True)


def _named(draft: Path, folder: Path, bundle: Bundle) -> Delivery:
    """Links the draft to the first free name: `-2` has the same content, handed in again later."""
    for number in itertools.count(1):
        target = folder / f"{bundle.stem}{f'-{number}' if number > 1 else ''}{SUFFIX}"
        try:
            _link(draft, target)
        except FileExistsError:
            if (there := _newest_is(folder, bundle)) is not None:
                return Delivery(there, new=False)  # another client of the same student was first
            continue
        _make_durable(folder)
        return Delivery(target, new=True)
    raise AssertionError  # the count has no end


def _link(draft: Path, target: Path) -> None:
    """Gives the draft its name unless that is taken."""
    try:
        os.link(draft, target, follow_symlinks=False)
    except FileExistsError:
        raise
    except OSError:  # a drive without hard links; there, two clients at once may both win
        if os.path.lexists(target):
            raise FileExistsError(target) from None
        draft.rename(target)


def _newest_is(folder: Path, bundle: Bundle) -> Path | None:
    """The path of the student's newest bundle, if that has this content."""
    bundles = _bundles_in(folder)
    ordered = (
        (each.manifest.created_at, path.stat().st_mtime_ns, path, each.digest)
        for path, each in bundles
    )
    *_, path, digest = max(ordered, default=(None, 0, folder, ""))
    return path if digest == bundle.digest else None


def _check_clock(draft: Path, bundle: Bundle) -> None:
    """Refuses a time ahead of the inbox's own clock, as `collect` would."""
    there = datetime.fromtimestamp(draft.stat().st_mtime, UTC)
    if bundle.manifest.created_at > there + MAX_AHEAD:
        ahead = (bundle.manifest.created_at - there).total_seconds() / 60
        raise UsageError(
            f"this machine's clock is {ahead:.0f} minutes ahead of the inbox's; "
            "set it right, then submit again"
        )


def _write_durably(path: Path, content: bytes) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(path, flags, 0o644), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _make_durable(folder: Path) -> None:
    """Makes the new name survive a power cut, if the system can promise that."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    except OSError:
        pass  # some network drives can't; the file itself is there
    finally:
        os.close(descriptor)


def _clear_abandoned(folder: Path) -> None:
    """Removes drafts of clients that were killed long ago; nobody ever read them."""
    for path in folder.glob(f".*{PART}"):
        with contextlib.suppress(FileNotFoundError):  # another client clears away, too
            if time.time() - path.lstat().st_mtime > _ABANDONED_SECONDS:
                path.unlink()
