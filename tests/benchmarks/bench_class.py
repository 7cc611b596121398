"""A class of many: collected, graded, exported; and what the gradebook costs.

The same submissions of `tp-sharding` (variants and mutants, renamed) are graded through the
gradebook and without one, in turns of a hundred in one run of this script, so that both meet
the machine at the same speeds.

    python tests/benchmarks/bench_class.py [submissions] [jobs]

Prints submissions per second for both and their ratio, which is what the gradebook costs.
"""

import itertools
import os
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from grader.course import load_course
from grader.exports.csv import grades_csv
from grader.exports.exported import entries, exported
from grader.gradebook.store import Gradebook
from grader.grading import Local, Settings, stream
from grader.grading.pending import Backlog, grade_pending
from grader.intake.taking import take_in
from grader.sandbox import probe
from grader.submissions import read_submissions
from grader.validation.overlay import KINDS, answers

ROOT = Path(__file__).parent.parent.parent
SLUG = "tp-sharding"
TURN = 100


def a_folder(folder: Path, count: int) -> None:
    """So many files, each of the course's own answers over and over, no two alike."""
    lab, solutions = load_course(ROOT).lab(SLUG), ROOT / "solutions" / SLUG
    own = [each for kind in KINDS for each in answers(lab, solutions, kind)]
    for number, answer in zip(range(count), itertools.cycle(own), strict=False):
        (source,) = answer.files.values()
        (folder / f"s{number:04}.py").write_bytes(source + f"# s{number:04}\n".encode())


def main() -> None:
    """Prints the table."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    jobs = int(sys.argv[2]) if len(sys.argv) > 2 else os.cpu_count() or 1
    lab, level = load_course(ROOT).lab(SLUG), probe().level
    settings = Settings(lab, level)
    seconds = {"with gradebook": 0.0, "without": 0.0}
    with tempfile.TemporaryDirectory() as scratch, Local(settings, jobs) as workers:
        folder = Path(scratch, "inbox")
        folder.mkdir()
        a_folder(folder, count)
        with Gradebook.open(str(Path(scratch, "book.sqlite3"))) as book:
            started = time.perf_counter()
            now = datetime.now(UTC)
            taken_in = take_in(load_course(ROOT), book, [folder], lab=SLUG, as_named=True, now=now)
            ids = [each.attempt for each in taken_in]
            collected = time.perf_counter() - started
            submissions = read_submissions(lab, [folder])
            list(stream(workers, submissions[: 2 * jobs]))  # workers are warm
            for first in range(0, count, TURN):
                some = set(ids[first : first + TURN])
                started = time.perf_counter()
                graded = list(grade_pending(Backlog.of(book, settings, some), workers))
                seconds["with gradebook"] += time.perf_counter() - started
                assert len(graded) == len(some)
                started = time.perf_counter()
                assert len(list(stream(workers, submissions[first : first + TURN]))) == len(some)
                seconds["without"] += time.perf_counter() - started
            started = time.perf_counter()
            text = grades_csv([exported(lab)], entries(book.grades(lab)))
            written = time.perf_counter() - started
            assert len(text.splitlines()) == count + 1
    print(f"{count} submissions of {SLUG}, {jobs} jobs, isolation {level.word}")
    print(f"  collected {collected:8.2f} s   exported {written:8.2f} s")
    for name, taken in seconds.items():
        print(f"  {name:<15}{taken:8.1f} s  {count / taken:7.1f} /s")
    print(f"  ratio          {seconds['without'] / seconds['with gradebook']:8.3f}")


if __name__ == "__main__":
    main()
