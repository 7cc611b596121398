"""Judges submissions to one lab, whose sandbox and suites are kept ready.

Theory of operation
-------------------
A `Judge` owns what takes longest before any of a submission's code runs: a sandbox, and pytest's
collection of the lab's suites. Check, watch, grade, report and validate each have one, and differ
only in what they pass: whose submission, which suite, which seed, and who is told.
`grade`, in `steps`, is the staff's way: the hidden suite, then public cases that explain what was
lost; `scoring` turns cases into points. `examining` shows staff, and nobody else, what the
hidden cases were. `ENGINE` names all that decides about a verdict besides suite and submission.
"""

from grader.engine import ENGINE
from grader.judge.judge import TRIES, Judge
from grader.judge.scoring import verdict_of, withheld
from grader.judge.steps import EXPLAIN_SECONDS, grade

__all__ = ["ENGINE", "EXPLAIN_SECONDS", "TRIES", "Judge", "grade", "verdict_of", "withheld"]
