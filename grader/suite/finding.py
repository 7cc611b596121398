"""What a case came to: a verdict, and where it is not a pass, the facts that explain it."""

import enum

import msgspec


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


class Finding(msgspec.Struct, frozen=True, omit_defaults=True):
    """The facts of one failed case, each already text that is safe to print.

    Empty facts are not shown. `inputs` are pairs of a name and a small value.
    """

    called: str = ""
    shapes: str = ""
    inputs: tuple[tuple[str, str], ...] = ()
    expected: str = ""
    got: str = ""
    difference: str = ""
    pattern: str = ""
    error: str = ""
    source: str = ""
    where: str = ""
    note: str = ""
    nudge: str = ""
    printed: str = ""


class CaseFailure(Exception):  # noqa: N818 - a finding about the student's work, not an error
    """Ends a case that the student's work did not pass; carries what is known of it."""

    def __init__(self, verdict: Verdict, finding: Finding) -> None:
        super().__init__(finding.error or f"expected {finding.expected}, got {finding.got}")
        self.verdict = verdict
        self.finding = finding


class CaseResult(msgspec.Struct, frozen=True):
    """One case of a suite on one submission."""

    item: str
    case: str
    verdict: Verdict
    finding: Finding = Finding()
    seconds: float = 0.0
