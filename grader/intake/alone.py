"""Keeps a course from being collected twice at once, or while its gradebook is replaced."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from grader.errors import UsageError


@contextlib.contextmanager
def alone(root: Path) -> Iterator[None]:
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
