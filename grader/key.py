"""The course key: the secret that hidden inputs are drawn from, made on first use."""

import os
import secrets
from pathlib import Path

from grader.errors import CourseError

KEY_FILE = ".course-key"
KEY_VARIABLE = "SHARDLAB_COURSE_KEY"
MIN_KEY_BYTES = 16  # fewer could be guessed, and would stand in any text by chance


def course_key(root: Path) -> bytes:
    """The key from the environment variable SHARDLAB_COURSE_KEY, else from `.course-key`.

    White space around it does not count, so that the file's content can be copied into the
    variable. A key that is too short to be secret is refused.
    """
    text = os.environ.get(KEY_VARIABLE)
    source = KEY_VARIABLE if text else str(root / KEY_FILE)
    key = (os.fsencode(text) if text else _from_file(root / KEY_FILE)).strip()
    if len(key) < MIN_KEY_BYTES:
        raise CourseError(
            f"{source}: a key of {len(key)} bytes, expected {MIN_KEY_BYTES} or more; "
            "bring the course's own key back (with another one, every hidden input changes)"
        )
    return key


def _from_file(path: Path) -> bytes:
    try:
        return path.read_bytes() if path.exists() else _made(path)
    except OSError as error:
        raise CourseError(
            f"{path}: can't be read or made ({error.strerror}); "
            f"mend that, or give the key in {KEY_VARIABLE}"
        ) from None


def _made(path: Path) -> bytes:
    """Writes a fresh key, whole or not at all, and gives the one that is there in the end."""
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
