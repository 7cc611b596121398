"""The course's two secrets, made on first use: one for hidden inputs, one that signs receipts.

Another course key changes every hidden input, and with another receipt key no receipt that a
student holds verifies. So whoever keeps the keys' fingerprints is asked before a key is used, and
before one is made: an `Approve` that raises refuses it.
"""

import hashlib
import hmac
import os
import re
import secrets
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from grader.errors import CourseError

KEY_FILE = ".course-key"
KEY_VARIABLE = "SHARDLAB_COURSE_KEY"
RECEIPT_KEY_FILE = ".receipt-key"
RECEIPT_KEY_VARIABLE = "SHARDLAB_RECEIPT_KEY"
MIN_KEY_BYTES = 16  # fewer could be guessed, and would stand in any text by chance
_IGNORED = """\
# Secrets and grades stay out of version control: with the keys anyone knows the hidden inputs,
# and can sign receipts.
.course-key
.receipt-key
*.sqlite3
*.sqlite3-*
"""


class Approve(Protocol):
    """Is asked before a key is used; raises to refuse it."""

    def __call__(self, kind: "KeyKind", fingerprint: str, note: str = "") -> None:
        """The fingerprint is empty where there is no key, and one would be made."""


@dataclass(frozen=True)
class KeyKind:
    """One of the two secrets: its name, where it lies, and what another one would do."""

    name: str
    file: str
    variable: str
    cost: str


COURSE_KEY = KeyKind("course-key", KEY_FILE, KEY_VARIABLE, "every hidden input would change")
RECEIPT_KEY = KeyKind(
    "receipt-key",
    RECEIPT_KEY_FILE,
    RECEIPT_KEY_VARIABLE,
    "receipts that students hold would no longer verify",
)
KINDS = (COURSE_KEY, RECEIPT_KEY)


def course_key(root: Path, approve: Approve | None = None) -> bytes:
    """The key from the environment variable SHARDLAB_COURSE_KEY, else from `.course-key`.

    White space around it does not count, so that the file's content can be copied into the
    variable. A key that is too short to be secret is refused.
    """
    source, key = _secret(root, COURSE_KEY, approve)
    if len(key) < MIN_KEY_BYTES:
        raise CourseError(
            f"{source}: a key of {len(key)} bytes, expected {MIN_KEY_BYTES} or more; "
            "bring the course's own key back (with another one, every hidden input changes)"
        )
    return key


def receipt_seed(root: Path, approve: Approve | None = None) -> bytes:
    """The 32 bytes that receipts are signed with: from SHARDLAB_RECEIPT_KEY or `.receipt-key`.

    With another key, receipts that students hold already no longer verify; so a damaged one is
    refused, never replaced.
    """
    source, key = _secret(root, RECEIPT_KEY, approve)
    if not re.fullmatch(rb"[0-9a-f]{64}", key):
        raise CourseError(
            f"{source}: expected 64 digits of 0-9a-f; bring the course's own receipt key back "
            "(with another one, receipts that students hold no longer verify)"
        )
    return bytes.fromhex(key.decode())


def fingerprint(kind: KeyKind, key: bytes) -> str:
    """What tells this key from any other, and from which it can't be found."""
    return hmac.digest(key, f"shardlab {kind.name}".encode(), hashlib.sha256).hex()[:32]


def present_key(root: Path, kind: KeyKind) -> tuple[str, bytes | None]:
    """Where the key comes from, and the key, or None where there is none; none is made."""
    path = root / kind.file
    if text := os.environ.get(kind.variable):
        return kind.variable, os.fsencode(text).strip()
    try:
        return str(path), path.read_bytes().strip() if path.exists() else None
    except OSError as error:
        raise _unreadable(path, kind, error) from None


def keep_key(root: Path, kind: KeyKind, key: bytes) -> None:
    """Writes a key that was kept elsewhere; never over one that is there."""
    path = root / kind.file
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(key + b"\n")
    except OSError as error:
        raise _unreadable(path, kind, error) from None


def _secret(root: Path, kind: KeyKind, approve: Approve | None) -> tuple[str, bytes]:
    """Where the secret comes from, and the secret; made and approved if there was none."""
    source, key = present_key(root, kind)
    if key is None:
        if approve is not None:
            approve(kind, "")
        try:
            key = _made(root / kind.file).strip()
        except OSError as error:
            raise _unreadable(root / kind.file, kind, error) from None
    if approve is not None:
        approve(kind, fingerprint(kind, key), _note(root, kind, key))
    return source, key


def _note(root: Path, kind: KeyKind, key: bytes) -> str:
    """That the environment's key counts and the file's does not, where both are there."""
    with suppress(OSError):
        if (root / kind.file).read_bytes().strip() != key:
            return f"{kind.variable} counts; {root / kind.file} holds another key"
    return ""


def _unreadable(path: Path, kind: KeyKind, error: OSError) -> CourseError:
    return CourseError(
        f"{path}: can't be read or made ({error.strerror}); "
        f"mend that, or give the key in {kind.variable}"
    )


def _made(path: Path) -> bytes:
    """Makes the key and returns it; where another process was first, returns that one's."""
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(32) + "\n")
        os.link(draft, path)  # fails where another process was first: its key counts
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    with suppress(OSError), (path.parent / ".gitignore").open("x") as file:
        file.write(_IGNORED)  # a course that has one already is told by `tracked`
    return path.read_bytes()
