"""Remembers which mutants were killed, so that only new ones are run.

A key is of everything that the answer depends on: the mutant's source, suite and course key, and
the code that judges. Survivors are not kept: they are run anew until somebody mends the suite.
"""

import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import msgspec

from grader.course import Lab
from grader.files.writing import write_with_folders

_ENGINE = ("suite", "fabric", "sandbox", "evidence", "judge", "validation/trial.py")


class Cache:
    """The killed mutants of one lab, in a file that version control ignores."""

    def __init__(self, root: Path, lab: Lab) -> None:
        self._path = root / ".shardlab" / "mutants" / f"{lab.slug}.json"
        self._salt = f"{lab.stamp}\0{_engine()}\0".encode()
        self._killed = self._read()

    def key(self, source: bytes) -> str:
        return hashlib.sha256(self._salt + source).hexdigest()

    def __contains__(self, source: bytes) -> bool:
        return self.key(source) in self._killed

    def add(self, source: bytes) -> None:
        self._killed.add(self.key(source))

    def write(self, sources: Iterable[bytes]) -> None:
        """Keeps what is known of these, and forgets all others."""
        known = sorted(self._killed & {self.key(source) for source in sources})
        write_with_folders(self._path, msgspec.json.encode(known))

    def _read(self) -> set[str]:
        try:
            return set(msgspec.json.decode(self._path.read_bytes(), type=list[str]))
        except (OSError, msgspec.DecodeError):  # none yet, or no cache of ours: all are run
            return set()


@cache
def _engine() -> str:
    """A digest of the code that judges."""
    digest = hashlib.sha256()
    root = Path(__file__).parents[2]
    for name in _ENGINE:
        path = root / name
        files = [path] if path.is_file() else sorted(path.rglob("*.py"))
        assert files, f"{path} is gone; the cache would outlive a change of what took its place"
        for file in files:
            digest.update(file.read_bytes())
    return digest.hexdigest()
