"""One submission through all steps: sandbox, hidden suite, score, explanation."""

from grader.judge.judge import (
    EXPLAIN_SECONDS,
    PUBLIC_SEED,
    GradedLab,
    Grader,
    limits_of,
    open_sandbox,
    processes_of,
)
from grader.judge.scoring import verdict_of, withheld

__all__ = [
    "EXPLAIN_SECONDS",
    "PUBLIC_SEED",
    "GradedLab",
    "Grader",
    "limits_of",
    "open_sandbox",
    "processes_of",
    "verdict_of",
    "withheld",
]
