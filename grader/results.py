"""What grading comes to: verdicts, rubric results, and the result of one submission.

Plain data that every part from the suite to the exports speaks of, and nothing else.
"""

import enum

import msgspec

GRADED, WITHHELD = "graded", "withheld"


class Verdict(enum.StrEnum):
    """How a case ended. Only `passed` is a pass; what is not known to have passed, has not."""

    PASSED = "passed"
    FAILED = "failed"
    RAISED = "raised"
    TIMEOUT = "timeout"
    OUT_OF_MEMORY = "out_of_memory"
    CRASHED = "crashed"
    BAD_RETURN = "bad_return"
    COLLECTIVE_MISMATCH = "collective_mismatch"
    BLOCKED = "blocked"
    GRADER_FAULT = "grader_fault"


class RubricResult(msgspec.Struct, frozen=True):
    """One rubric item of one submission. `message` is for the student, and safe to show."""

    item: str
    points: int
    max_points: int
    verdict: Verdict
    message: str = ""


class Result(msgspec.Struct, frozen=True):
    """What one submission came to. The score is None when it is withheld.

    `trace` says how consistent the trace is, for a lab that has one. `note` says why nothing
    could be run, or why the score is withheld; else it is empty. `starved` is whether it is
    withheld because the machine was too busy.
    """

    submission: str
    status: str
    score: int | None
    max_score: int
    seconds: float
    rubric: tuple[RubricResult, ...]
    note: str = ""
    trace: str = ""
    starved: bool = False

    def verdict(self, item: str) -> Verdict:
        return next(each.verdict for each in self.rubric if each.item == item)
