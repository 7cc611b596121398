"""One sandbox for all tests of a level, and the plain submission that most of them call."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from grader.sandbox import Level, Limits, Outcome, Process, Sandbox, launch, probe
from grader.sandbox import call as call_within

HERE = Path(__file__).parent
SERVICES = {"echo": HERE / "echo_service.py"}


MACHINE = probe()  # before any test makes it look poorer


def call(process: Process, name: str, *args: object, **kwargs: object) -> Outcome:
    """What that call does, within the time of the process's limits."""
    return call_within(process, name, args, kwargs)


def _need(level: Level) -> None:
    """Skip where this machine can't do `level`, with the reasons that were found.

    Where SHARDLAB_TEST_LEVEL names a level, as in CI, less than that is a failure: a layer that
    we broke looks like one that the machine lacks.
    """
    if level <= MACHINE.level:
        return
    reasons = "; ".join(f"{la.name}: {la.reason}" for la in MACHINE.layers if not la.works)
    text = f"isolation level {level.word} is not reached here: {reasons}"
    if level <= Level.from_word(os.environ.get("SHARDLAB_TEST_LEVEL", "none")):
        pytest.fail(text)
    pytest.skip(text)


@pytest.fixture(scope="session")
def need() -> Callable[[Level], None]:
    """Says that a test needs a level."""
    return _need


class Opener:
    """Opens processes in one sandbox and closes them when the test ends."""

    def __init__(self, sandbox: Sandbox, stack: contextlib.ExitStack) -> None:
        self.sandbox = sandbox
        self._stack = stack

    def __call__(
        self, source: str | bytes, *, limits: Limits | None = None, **more: bytes
    ) -> Process:
        content = source if isinstance(source, bytes) else source.encode()
        files = {"work.py": content} | {f"{name}.py": text for name, text in more.items()}
        process = self.sandbox.open(files, "work", limits or Limits())
        return self._stack.enter_context(process)


@pytest.fixture(scope="session")
def full_sandbox() -> Iterator[Sandbox]:
    _need(Level.FULL)
    with Sandbox(Level.FULL, services=SERVICES) as sandbox:
        yield sandbox


@pytest.fixture
def opened(full_sandbox: Sandbox) -> Iterator[Opener]:
    """A process of level 3 for a given source."""
    with contextlib.ExitStack() as stack:
        yield Opener(full_sandbox, stack)


@pytest.fixture
def broken(tmp_path, monkeypatch) -> Callable[[str, str, str], Path]:
    """Lets what runs inside be our own code but for one place in one of its files."""

    def replace(file: str, line: str, instead: str) -> Path:
        inside = tmp_path / "inside"
        inside.mkdir()
        for path in launch.INSIDE.iterdir():
            if path.is_file():
                (inside / path.name).write_bytes(path.read_bytes())
        source = (inside / file).read_text()
        assert source.count(line) == 1
        (inside / file).write_text(source.replace(line, instead))
        for folder in (inside, *inside.parents):
            if folder != Path("/"):
                folder.chmod(folder.stat().st_mode | stat.S_IXOTH | stat.S_IROTH)
        monkeypatch.setattr(launch, "INSIDE", inside)
        return inside

    return replace
