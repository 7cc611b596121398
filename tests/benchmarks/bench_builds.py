"""Two builds of the grader, side by side: is this checkout at least as fast as another one?

Both grade the same files, made once from this checkout's answers to `tp-sharding`, in turns, so
that both meet the machine at the same speeds. Each turn is one `shardlab grade`, start included,
against the suite of its own checkout. It stops where the two builds give different results.

    python tests/benchmarks/bench_builds.py [OTHER_CHECKOUT] [submissions] [turns] [jobs]

Prints submissions per second and processor seconds per submission of both, and how much faster
this checkout is than the other one: 1.0 is as fast. Without another checkout it is compared with
itself, which shows how far such a ratio can be trusted on this machine.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from bench_grading import ROOT, SLUG, a_class

_GRADE = "from grader.cli import main; main()"
_KEY = "a key for benchmarks"


@dataclass
class Build:
    """A checkout, what its turns took and the results of the last one."""

    root: Path
    seconds: float = 0.0
    processor_seconds: float = 0.0
    results: object = None

    def turn(self, folder: Path, jobs: int) -> None:
        """Grades all files of the folder once."""
        out = folder.with_suffix(".json")
        command = [sys.executable, "-c", _GRADE, "grade", SLUG, str(folder), "--no-record"]
        environment = os.environ | {"PYTHONPATH": str(self.root), "SHARDLAB_COURSE_KEY": _KEY}
        used, started = _processor_seconds(), time.perf_counter()
        subprocess.run(
            [*command, "--jobs", str(jobs), "--json", str(out)],
            cwd=self.root,
            env=environment,
            stdout=subprocess.DEVNULL,
            check=True,
        )
        self.seconds += time.perf_counter() - started
        self.processor_seconds += _processor_seconds() - used
        self.results = _without_times(json.loads(out.read_text("utf-8"))["results"])


def _processor_seconds() -> float:
    """What all processes that this one started and that are gone have used."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _without_times(results: object) -> object:
    """The same without what no two runs have in common, nor two builds: a message has its facts."""
    if isinstance(results, dict):
        kept = results.keys() - {"seconds", "finding"}
        return {key: _without_times(results[key]) for key in kept}
    return [_without_times(each) for each in results] if isinstance(results, list) else results


def main() -> None:
    """Prints the table."""
    this, other = Build(ROOT), Build(Path(*sys.argv[1:2]).resolve() if sys.argv[1:] else ROOT)
    count, turns, jobs = (
        int(sys.argv[place]) if len(sys.argv) > place else otherwise
        for place, otherwise in ((2, 100), (3, 5), (4, os.cpu_count() or 1))
    )
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch, "handed-in")
        folder.mkdir()
        for each in a_class(count):
            (source,) = each.files.values()
            (folder / f"{each.name}.py").write_bytes(source)
        for turn in range(turns):
            for build in (this, other) if turn % 2 else (other, this):
                build.turn(folder, jobs)
            assert this.results == other.results, "the builds give different results"
    print(f"{turns} turns of {count} submissions of {SLUG}, {jobs} jobs, the same results")
    for name, build in (("this", this), ("other", other)):
        rate, each = turns * count / build.seconds, build.processor_seconds / turns / count
        print(f"  {name:<8}{rate:8.2f} /s  {each * 1000:8.1f} ms of processor time each")
    print(f"  ratio   {other.seconds / this.seconds:8.3f}", end="")
    print(f"     {other.processor_seconds / this.processor_seconds:8.3f}")


if __name__ == "__main__":
    main()
