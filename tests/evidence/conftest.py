"""A course whose one lab comes with evidence of a kind of its own: a measurement log in JSON.

Students write `total(numbers)`. Their evidence is a log of three runs over numbers that follow
from the challenge: what each run gave, and how long it took.
"""

from pathlib import Path

import pytest

from grader.course import Course, load_course

KEY = "a key for tests of evidence only"

ASSIGNMENT = """\
slug = "timing"
title = "Timing a sum"
order = 1
file = "timing.py"
minutes = 5
device = "CPU only"
goal = "Sum numbers, and log how long it takes."
trace = true

[invariants]
I1 = "a sum has every term"
I2 = "a log tells of a run of one's own"

[[rubric]]
item = "total"
title = "total sums"
points = 60
invariant = "I1"
nudge = "Which term is missing?"

[[rubric]]
item = "log-answers"
title = "log: every run gave the sum"
points = 30
invariant = "I2"
nudge = "Which run gave something else?"

[[rubric]]
item = "log-times"
title = "log: every run took its time"
points = 10
invariant = "I2"
nudge = "Which run took no time?"
"""

HINTS = "".join(
    f'[{item}]\nhints = ["one", "two", "three"]\n' for item in ("total", "log-answers", "log-times")
)

STUB = '''\
"""The stub."""


def total(numbers):
    """The sum of the numbers."""
    raise NotImplementedError("total: the sum of the numbers")
'''

SOLUTION = '''\
"""The solution."""


def total(numbers):
    """The sum of the numbers."""
    the_sum_so_far = 0
    for each in numbers:
        the_sum_so_far += each
    return the_sum_so_far
'''

VARIANT = '''\
"""Python's own sum."""


def total(numbers):
    """The sum of the numbers."""
    return sum(numbers)
'''

MUTANT = '''\
"""The last one is left out."""  # loses: total


def total(numbers):
    """The sum of the numbers."""
    return sum(numbers[:-1])
'''

SUITE = '''\
"""A suite, public and hidden in the same form."""

import pytest
from evidence.log import RUNS

from grader.suite import equal
{helper}

@pytest.mark.rubric("total")
def test_total(student{rng}):
    """As many numbers as a log has runs."""
    numbers = {numbers}
    equal(student.total(numbers), sum(numbers))


@pytest.mark.rubric("log-answers")
def test_answers(trace):
    """Each run gave the sum."""
    trace.holds("answers")


@pytest.mark.rubric("log-times")
def test_times(trace):
    """No run was for nothing."""
    trace.holds("times")
'''

HELPER = '''\
"""Numbers for hidden cases."""


def some(rng, count):
    """As many whole numbers, none of which is 0."""
    return [int(each) for each in rng.integers(1, 100, count)]
'''

KIND = '''\
"""A log of timed runs, as JSON."""

import json
import subprocess
from dataclasses import dataclass

from grader.evidence import Capture, Flaw, TraceError, command_of

from .log import NumbersOf, summed

CHECKS = ("answers", "times")


@dataclass(frozen=True)
class Machine:
    meaning: str = "this machine: the times are its own."
    on_gpu: bool = True


def way(*, cpu=False):
    return Machine(on_gpu=not cpu)


def capture(file, challenge, way, on_stage=lambda _: None, *, seconds=60.0):
    on_stage("three runs")
    order = json.dumps([str(file), challenge.lab, challenge.nonce])
    ended = subprocess.run(
        command_of(__file__, "worker", order), capture_output=True, check=False, timeout=seconds
    )
    if ended.returncode:
        return Capture(problem=ended.stderr.decode().strip().splitlines()[-1])
    return Capture(ended.stdout)


def read(raw, challenge, *, synthetic=False):
    try:
        log = json.loads(raw)
        return Log(log["nonce"], log["runs"], log["made_up"] and not synthetic, challenge)
    except (ValueError, KeyError, TypeError) as error:
        raise TraceError(f"log: {type(error).__name__}") from None


@dataclass(frozen=True)
class Log:
    nonce: str
    runs: list
    void: bool
    challenge: object

    def flaws(self):
        if self.nonce != self.challenge.nonce or self.void:
            return [Flaw("", "it is no log of yours")]
        found = []
        for run, numbers in zip(self.runs, NumbersOf(self.challenge), strict=True):
            if run["gave"] != summed(numbers):
                found.append(Flaw("answers", f"{run['gave']} is not the sum of {numbers}"))
            if run["seconds"] <= 0:
                found.append(Flaw("times", f"{run['seconds']} s is no time"))
        return found

    def verdict(self):
        return f"log of {len(self.runs)} runs"

    def picture(self):
        return [f"run {number}: {run['gave']}" for number, run in enumerate(self.runs)]
'''

LOG = '''\
"""What is summed in the runs of a log."""

RUNS = 3


def NumbersOf(challenge):
    """The numbers of each run."""
    return [[int(each) for each in challenge.draw(f"run {run}", (4,))] for run in range(RUNS)]


def summed(numbers):
    """The right answer."""
    return sum(numbers)
'''

WORKER = '''\
"""Runs the student's file in a process of its own."""

import json
import runpy
import time

from grader.evidence import Challenge

from .log import NumbersOf


def main(text):
    file, lab, nonce = json.loads(text)
    total = runpy.run_path(file)["total"]
    runs = []
    for numbers in NumbersOf(Challenge(lab, nonce)):
        started = time.perf_counter()
        gave = total(numbers)
        runs.append({"gave": gave, "seconds": time.perf_counter() - started})
    print(json.dumps({"nonce": nonce, "made_up": False, "runs": runs}))
'''

SYNTHETIC = '''\
"""A log of runs that never were."""

import json

from evidence.log import NumbersOf, summed


def synthetic_trace(challenge):
    runs = [{"gave": summed(each), "seconds": 1e-3} for each in NumbersOf(challenge)]
    return json.dumps({"nonce": challenge.nonce, "made_up": True, "runs": runs}).encode()
'''

README = "# Timing\n\n```python\nassert 1 + 1 == 2\n```\n"


def write_timing_course(root: Path) -> Path:
    """Writes the course into `root`, which is returned."""
    public = SUITE.format(helper="", rng="", numbers="list(range(1, RUNS + 1))")
    hidden = SUITE.format(
        helper="\nfrom numbers_of import some\n", rng=", rng", numbers="some(rng, RUNS)"
    )
    files = {
        "course.toml": f'name = "Timing"\nlabs = ["timing"]\ninbox = "{root.parent / "inbox"}"\n',
        "assignments/timing/assignment.toml": ASSIGNMENT,
        "assignments/timing/hints.toml": HINTS,
        "assignments/timing/README.md": README,
        "assignments/timing/timing.py": STUB,
        "assignments/timing/test_public.py": public,
        "assignments/timing/evidence/__init__.py": KIND,
        "assignments/timing/evidence/log.py": LOG,
        "assignments/timing/evidence/worker.py": WORKER,
        "tests/hidden/timing/test_timing.py": hidden,
        "tests/hidden/timing/numbers_of.py": HELPER,
        "tests/hidden/timing/synthetic.py": SYNTHETIC,
        "solutions/timing/timing.py": SOLUTION,
        "solutions/timing/variants/builtin.py": VARIANT,
        "solutions/timing/mutants/last_left_out.py": MUTANT,
        ".course-key": KEY,
    }
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    (root.parent / "inbox").mkdir()
    return root


@pytest.fixture
def timing(tmp_path: Path) -> Course:
    """The course in a folder of its own, with an inbox beside it."""
    return load_course(write_timing_course(tmp_path / "course"))
