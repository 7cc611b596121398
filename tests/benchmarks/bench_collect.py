"""Collecting costs what is new, not what ever was: the ratio of the same command in two inboxes.

    python tests/benchmarks/bench_collect.py [OLD] [RUNS]

Thirty students hand in anew, ten times each, in an inbox that is otherwise empty and in one with
OLD bundles (10,000 without it) that were collected before. What is timed is `shardlab collect`, a
process from its start to its end, in turns, RUNS times (3 without it); the quickest of each counts.
Bundles are as students' own clients write them, ten a student. Ratios are told of both the time on
the clock and that on the processor, which other programs disturb less; that one is to be 1.3 at
most.
"""

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from grader.course import Lab, load_course
from grader.intake.bundle import SUFFIX, pack
from grader.submissions import from_source

ROOT = Path(__file__).parent.parent.parent
SLUG = "tp-sharding"
NEW = 300
EACH = 10
WORST = 1.3


def hand_in(inbox: Path, lab: Lab, start: int, count: int) -> None:
    """So many bundles, ten of each student, each with other content."""
    stub = lab.stub.read_bytes()
    first = datetime.now(UTC) - timedelta(days=30)
    for number in range(start, start + count):
        source, now = stub + b"# %d\n" % number, first + timedelta(seconds=number)
        student = f"s{number // EACH:04}"
        bundle = pack(lab, student, from_source(lab, student, source), now=now)
        folder = inbox / SLUG / student
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{bundle.stem}{SUFFIX}").write_bytes(bundle.raw)


def collect(course: Path, inbox: Path) -> tuple[float, float]:
    """The seconds that the command takes, and those of them on a processor."""
    shardlab = Path(sys.executable).with_name("shardlab")
    command = [shardlab, "--course", course, "collect", inbox]
    started, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    seconds, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def course_in(folder: Path) -> Path:
    """A course of its own, with a gradebook and keys of its own."""
    folder.mkdir()
    (folder / "assignments").symlink_to(ROOT / "assignments")
    (folder / "tests").mkdir()
    (folder / "tests" / "hidden").symlink_to(ROOT / "tests" / "hidden")
    shutil.copyfile(ROOT / "course.toml", folder / "course.toml")
    return folder


def main() -> None:
    """Prints the times and their ratios."""
    old = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    runs = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    lab = load_course(ROOT).lab(SLUG)
    seconds: dict[str, list[tuple[float, float]]] = {"none": [], "old": []}
    with tempfile.TemporaryDirectory() as scratch:
        places = {name: Path(scratch, name) for name in seconds}
        for name, place in places.items():
            course_in(place)
            (place / "inbox" / SLUG).mkdir(parents=True)
            hand_in(place / "inbox", lab, 0, old if name == "old" else 0)
        firsts = [collect(places["old"], places["old"] / "inbox") for _ in range(2)]
        for turn in range(runs):
            for name, place in places.items():
                hand_in(place / "inbox", lab, old + turn * NEW, NEW)
                seconds[name].append(collect(place, place / "inbox"))
    print(f"{old} bundles, the first time and once more: "
          f"{firsts[0][0]:.1f} s and {firsts[1][0]:.1f} s")  # fmt: skip
    best = {name: [min(each) for each in zip(*some, strict=True)] for name, some in seconds.items()}
    for name, (clock, processor) in best.items():
        count = f"{old if name == 'old' else 'none'} old"
        print(f"{NEW} new, {count:>10}: {clock:.3f} s on the clock, {processor:.3f} s on a CPU")
    clock, processor = (best["old"][each] / best["none"][each] for each in (0, 1))
    print(f"ratio {clock:.2f} and {processor:.2f}, to be {WORST} at most; {os.cpu_count()} CPUs")
    if processor > WORST:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
