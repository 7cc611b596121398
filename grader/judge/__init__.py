"""One warm lab, and what it says of a submission.

Theory of operation
-------------------
A `Judge` owns what costs most before any of a submission's code runs: a sandbox, and pytest's
collection of the lab's suites. Whoever checks, watches, grades, reports or validates has one, and
differs only in what is passed: whose submission, which suite, which seed, and who is told.
`grade`, in `steps`, is the staff's way: the hidden suite, then public cases that explain what was
lost; `scoring` turns cases into points.
"""

from grader.judge.judge import PUBLIC_SEED, TRIES, Judge
from grader.judge.scoring import verdict_of, withheld
from grader.judge.steps import EXPLAIN_SECONDS, grade

__all__ = [
    "EXPLAIN_SECONDS",
    "PUBLIC_SEED",
    "TRIES",
    "Judge",
    "grade",
    "verdict_of",
    "withheld",
]
