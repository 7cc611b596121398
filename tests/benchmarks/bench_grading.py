"""Grading a class against the plainest alternative: a fresh pytest process per submission.

Both grade the same 100 submissions of `tp-sharding` (variants and mutants, renamed) with the
same hidden suite, one after the other in one run of this script, on all cores. The alternative
has no sandbox at all: it imports the submission beside the tests and runs ranks as threads. It
leaves out what a lost item makes needless, as the engine does, and the script stops unless both
find the same items earned; but it makes no message for what is lost, which the engine does.

    python tests/benchmarks/bench_grading.py [submissions] [jobs]

Prints submissions per second for both and their ratio.
"""

import itertools
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from grader.course import load_course
from grader.grading import Settings, grade_all
from grader.sandbox import probe
from grader.submissions import Submission
from grader.validation.overlay import KINDS, answers

ROOT = Path(__file__).parent.parent.parent
SLUG = "tp-sharding"

Earned = dict[str, set[str]]  # of each submission, the items


def a_class(count: int) -> list[Submission]:
    """That many submissions: the course's own right and wrong answers, over and over."""
    folder = ROOT / "solutions" / SLUG
    lab = load_course(ROOT).lab(SLUG)
    own = [each for kind in KINDS for each in answers(lab, folder, kind)]
    return [
        Submission(f"s{number:04}", each.files)
        for number, each in zip(range(count), itertools.cycle(own), strict=False)
    ]


def ours(submissions: list[Submission], jobs: int) -> tuple[float, Earned]:
    """Seconds for the class through the engine, start of workers and sandboxes included."""
    started = time.perf_counter()
    lab = load_course(ROOT).lab(SLUG)
    results = grade_all(Settings(lab, probe().level), submissions, jobs)
    taken = time.perf_counter() - started
    assert {each.status for each in results} == {"graded"}, "a worker that dies is fast"
    return taken, {
        each.submission: {item.item for item in each.rubric if item.points} for each in results
    }


def fresh_pytest(submissions: list[Submission], jobs: int) -> tuple[float, Earned]:
    """Seconds for the class with one `python -m pytest` each, nothing isolated."""
    with tempfile.TemporaryDirectory() as scratch:
        folders = [Path(scratch) / each.name for each in submissions]
        for folder, each in zip(folders, submissions, strict=True):
            folder.mkdir()
            for name, source in each.files.items():
                (folder / name).write_bytes(source)
        started = time.perf_counter()
        with ThreadPoolExecutor(jobs) as threads:
            earned = list(threads.map(_one_fresh_pytest, folders))
        taken = time.perf_counter() - started
    return taken, {folder.name: items for folder, items in zip(folders, earned, strict=True)}


def _one_fresh_pytest(folder: Path) -> set[str]:
    suite, earned = ROOT / "tests" / "hidden" / SLUG, folder / "earned"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "unisolated", "--rootdir", str(suite)]
    subprocess.run(
        [*command, "-c", "/dev/null", "-p", "no:cacheprovider", str(suite)],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": f"{Path(__file__).parent}:{folder}", "EARNED": str(earned)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    return set(earned.read_text("utf-8").split())


def main() -> None:
    """Prints the table."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    jobs = int(sys.argv[2]) if len(sys.argv) > 2 else os.cpu_count() or 1
    submissions = a_class(count)
    (engine, judged), (pytests, compared) = ours(submissions, jobs), fresh_pytest(submissions, jobs)
    assert judged == compared, "not the same work"
    seconds = {"shardlab": engine, "fresh pytest": pytests}
    print(f"{count} submissions of {SLUG}, {jobs} jobs, isolation {probe().level.word}")
    for name, taken in seconds.items():
        print(f"  {name:<14}{taken:8.1f} s  {count / taken:7.1f} /s")
    print(f"  ratio         {seconds['fresh pytest'] / seconds['shardlab']:8.2f} times as fast")


if __name__ == "__main__":
    main()
