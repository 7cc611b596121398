"""How long after a save `shardlab watch` answers, beside a cold `shardlab check` of the same file.

    env -u PYTHONDONTWRITEBYTECODE python tests/benchmarks/bench_watch.py [saves] [lab]

One watch runs throughout, its output a pipe. Its file is saved over and over, right and wrong in
turns; timed is from the save to the first line of an item, and to the line that ends the check.
A cold check of the same file follows each tenth save, timed from its start to the same lines.
"""

import os
import select
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from grader.course import load_course
from grader.sandbox import probe
from grader.student.workspace import Workspace, start
from grader.validation.showing import find_overlay

ROOT = Path(__file__).parent.parent.parent
WRONG = {
    "tp-sharding": "bias_on_every_rank",
    "ring-cost": "one_phase_only",
    "pipeline-bubble": "bubble_over_m",
    "two-way-tp": "not_causal",
}
BOUND_S = 120.0
_COMMAND = "from grader.cli import main; main(prog_name='shardlab')"
Times = dict[str, list[float]]


class Lines:
    """What a process prints, line by line as it comes."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._rest = b""

    def next_line(self) -> bytes:
        while b"\n" not in self._rest:
            assert select.select([self._fd], [], [], BOUND_S)[0], "no line in time"
            part = os.read(self._fd, 1 << 16)
            assert part, "the process has ended"
            self._rest += part
        line, _, self._rest = self._rest.partition(b"\n")
        return line.strip()

    def note(self, times: Times, name: str, since: float) -> None:
        """Notes when the first item is told, and when the end is."""
        while not self.next_line().startswith(b"1/"):
            pass
        times[f"{name}, first line"].append(time.perf_counter() - since)
        while not self.next_line().startswith((b"Result: ", b"Public checks passed")):
            pass
        times[f"{name}, whole"].append(time.perf_counter() - since)


@contextmanager
def running(command: str, folder: Path) -> Iterator[Lines]:
    """The lines of a command, which ends with the block."""
    arguments = [sys.executable, "-c", _COMMAND, command]
    with subprocess.Popen(
        arguments, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        yield Lines(process.stdout.fileno())
        process.terminate()


def saved(workspace: Workspace, source: bytes) -> float:
    """Saves as most editors do, by renaming; returns when."""
    draft = workspace.folder / ".draft"
    draft.write_bytes(source)
    at = time.perf_counter()
    draft.replace(workspace.file)
    return at


def measure(workspace: Workspace, sources: list[bytes], saves: int) -> Times:
    """The times of watch and check, by name."""
    names = (f"{name}, {part}" for name in ("watch", "check") for part in ("first line", "whole"))
    times: Times = {name: [] for name in names}
    with running("watch", workspace.folder) as watch:
        watch.note({f"watch, {part}": [] for part in ("first line", "whole")}, "watch", 0.0)
        for number in range(saves):
            watch.note(times, "watch", saved(workspace, sources[number % 2]))
            if number % 10 < 2:  # both the wrong and the right one
                begun = time.perf_counter()
                with running("check", workspace.folder) as check:
                    check.note(times, "check", begun)
    return times


def main() -> None:
    """Prints the table."""
    saves = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    slug = sys.argv[2] if len(sys.argv) > 2 else "tp-sharding"
    course = load_course(ROOT)
    lab = course.lab(slug)
    folder = course.solutions(lab)
    sources = [
        find_overlay(lab, folder, f"mutants/{WRONG[slug]}").content,
        (folder / lab.assignment.file).read_bytes(),
    ]
    with tempfile.TemporaryDirectory() as scratch:
        times = measure(start(lab, Path(scratch)), sources, saves)
    print(f"{slug}, {saves} saves, isolation {probe().level.word}; milliseconds")
    print(f"  {'':<20}{'median':>8}{'95th':>8}{'most':>8}")
    for name, taken in times.items():
        last = statistics.quantiles(taken, n=20, method="inclusive")[-1]
        figures = (statistics.median(taken), last, max(taken))
        print(f"  {name:<20}" + "".join(f"{1e3 * each:8.0f}" for each in figures))
    for part in ("first line", "whole"):
        watch, check = (statistics.median(times[f"{name}, {part}"]) for name in ("watch", "check"))
        print(f"  {part}: a cold check takes {check / watch:.1f} times as long")


if __name__ == "__main__":
    main()
