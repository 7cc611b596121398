"""Grading a class against the plainest alternative: a fresh pytest process per submission.

Both grade the same 100 submissions of `tp-sharding` (variants and mutants, renamed) with the
same hidden suite, one after the other in one run of this script, on all cores. The alternative
has no sandbox at all: it imports the submission beside the tests and runs ranks as threads.

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


def a_class(count: int) -> list[Submission]:
    """That many submissions: the course's own right and wrong answers, over and over."""
    folder = ROOT / "solutions" / SLUG
    lab = load_course(ROOT).lab(SLUG)
    own = [each for kind in KINDS for each in answers(lab, folder, kind)]
    return [
        Submission(f"s{number:04}", each.files)
        for number, each in zip(range(count), itertools.cycle(own), strict=False)
    ]


def ours(submissions: list[Submission], jobs: int) -> float:
    """Seconds for the class through the engine, start of workers and sandboxes included."""
    started = time.perf_counter()
    lab = load_course(ROOT).lab(SLUG)
    results = grade_all(Settings(lab, probe().level), submissions, jobs)
    taken = time.perf_counter() - started
    assert {each.status for each in results} == {"graded"}, "a worker that dies is fast"
    return taken


def fresh_pytest(submissions: list[Submission], jobs: int) -> float:
    """Seconds for the class with one `python -m pytest` each, nothing isolated."""
    plugin = Path(__file__).parent
    suite = ROOT / "tests" / "hidden" / SLUG

    def one(folder: Path) -> None:
        command = [sys.executable, "-m", "pytest", "-q", "-p", "unisolated", "--rootdir", suite,
                   "-c", "/dev/null", "-p", "no:cacheprovider", "-x", suite]  # fmt: skip
        environment = os.environ | {"PYTHONPATH": f"{plugin}:{folder}"}
        subprocess.run(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, timeout=120, check=False)  # fmt: skip

    with tempfile.TemporaryDirectory() as scratch:
        folders = [Path(scratch) / each.name for each in submissions]
        for folder, each in zip(folders, submissions, strict=True):
            folder.mkdir()
            for name, source in each.files.items():
                (folder / name).write_bytes(source)
        started = time.perf_counter()
        with ThreadPoolExecutor(jobs) as threads:
            list(threads.map(one, folders))
        return time.perf_counter() - started


def main() -> None:
    """Prints the table."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    jobs = int(sys.argv[2]) if len(sys.argv) > 2 else os.cpu_count() or 1
    submissions = a_class(count)
    seconds = {"shardlab": ours(submissions, jobs), "fresh pytest": fresh_pytest(submissions, jobs)}
    print(f"{count} submissions of {SLUG}, {jobs} jobs, isolation {probe().level.word}")
    for name, taken in seconds.items():
        print(f"  {name:<14}{taken:8.1f} s  {count / taken:7.1f} /s")
    print(f"  ratio         {seconds['fresh pytest'] / seconds['shardlab']:8.2f} times as fast")


if __name__ == "__main__":
    main()
