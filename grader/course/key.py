"""The course's two secrets, made on first use: one for hidden inputs, one that signs receipts."""

import os
import re
import secrets
from pathlib import Path

from grader.errors import CourseError

KEY_FILE = ".course-key"
KEY_VARIABLE = "SHARDLAB_COURSE_KEY"
RECEIPT_KEY_FILE = ".receipt-key"
RECEIPT_KEY_VARIABLE = "SHARDLAB_RECEIPT_KEY"
MIN_KEY_BYTES = 16  # fewer could be guessed, and would stand in any text by chance


def course_key(root: Path) -> bytes:
    """The key from the environment variable SHARDLAB_COURSE_KEY, else from `.course-key`.

    White space around it does not count, so that the file's content can be copied into the
    variable. A key that is too short to be secret is refused.
    """
    source, key = _secret(root / KEY_FILE, KEY_VARIABLE)
    if len(key) < MIN_KEY_BYTES:
        raise CourseError(
            f"{source}: a key of {len(key)} bytes, expected {MIN_KEY_BYTES} or more; "
            "bring the course's own key back (with another one, every hidden input changes)"
        )
    return key


def receipt_seed(root: Path) -> bytes:
    """The 32 bytes that receipts are signed with: from SHARDLAB_RECEIPT_KEY or `.receipt-key`.

    With another key, receipts that students hold already no longer verify; so a damaged one is
    refused, never replaced.
    """
    source, key = _secret(root / RECEIPT_KEY_FILE, RECEIPT_KEY_VARIABLE)
    if not re.fullmatch(rb"[0-9a-f]{64}", key):
        raise CourseError(
            f"{source}: expected 64 digits of 0-9a-f; bring the course's own receipt key back "
            "(with another one, receipts that students hold no longer verify)"
        )
    return bytes.fromhex(key.decode())


def _secret(path: Path, variable: str) -> tuple[str, bytes]:
    """Where the secret comes from, and the secret without white space around it."""
    if text := os.environ.get(variable):
        return variable, os.fsencode(text).strip()
    try:
        return str(path), (path.read_bytes() if path.exists() else _made(path)).strip()
    except OSError as error:
        raise CourseError(
            f"{path}: can't be read or made ({error.strerror}); "
            f"mend that, or give the key in {variable}"
        ) from None


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
    return path.read_bytes()
