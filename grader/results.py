"""The results of grading: verdicts, findings, rubric results, and the result of one submission.

Plain data, which every part from the suite to the exports shares.
"""

import enum

import msgspec

GRADED, WITHHELD = "graded", "withheld"


class Verdict(enum.StrEnum):
    """How a case ended. Only `passed` is a pass: whatever is not known to have passed has not."""

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


class Finding(msgspec.Struct, frozen=True, omit_defaults=True):
    """The facts of one failed case, or one sentence where there are none.

    They stay facts until they are shown: only `grader.suite.explain.message` makes lines of them.
    Empty ones are not shown.
    """

    text: str = ""  # one sentence in place of facts, shown as it stands
    called: str = ""
    shapes: str = ""
    inputs: tuple[tuple[str, str], ...] = ()  # pairs of a name and a small value
    expected: str = ""
    got: str = ""
    difference: str = ""
    pattern: str = ""
    error: str = ""
    source: str = ""
    broken: str = ""  # an invariant by number and words
    note: str = ""
    nudge: str = ""
    printed: str = ""
    unprinted: int = 0  # lines that were printed after these, and not kept
    remark: str = ""  # what may be said below all of it, in a notebook
    where: str = ""  # file and line
    loads: bool = True  # False where the file could not be imported: no call was made
    unseen: bool = False  # only hidden cases failed: nothing of them is told
    open: bool = False  # no mistake: the student's machine could not show the thing

    @property
    def texts(self) -> dict[str, str]:
        """Every text in it by the name of its fact, but for the inputs."""
        facts = msgspec.structs.asdict(self)
        return {name: text for name, text in facts.items() if isinstance(text, str)}


class RubricResult(msgspec.Struct, frozen=True):
    """One rubric item of one submission. `finding` is for the student, and safe to show."""

    item: str
    points: int
    max_points: int
    verdict: Verdict
    finding: Finding = Finding()


class Result(msgspec.Struct, frozen=True):
    """The result of one submission. The score is None when it is withheld.

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
