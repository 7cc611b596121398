"""What a case came to: a verdict, and where it is not a pass, the facts that explain it."""

import msgspec

from grader.results import Verdict


class Finding(msgspec.Struct, frozen=True, omit_defaults=True):
    """The facts of one failed case, each already text that is safe to print.

    Empty facts are not shown. `inputs` are pairs of a name and a small value. `loads` is False
    where the file could not be imported: then no call was made, and no invariant broke.
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
    loads: bool = True


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
    drawn: bool = False  # whether its inputs are drawn from the student's seed
