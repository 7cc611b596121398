"""The result of one case of a suite, and the exception that ends a case that is lost."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

import msgspec

from grader.results import Finding, Verdict

CompareT = TypeVar("CompareT", bound=Callable[..., None])


class CaseFailure(Exception):  # noqa: N818 - a finding about the student's work, not an error
    """Ends a case that the student's work did not pass; carries what is known of it.

    `compared` is what was got and what was expected, whole, where the case compared two values.
    """

    compared: tuple[Any, Any] | None = None

    def __init__(self, verdict: Verdict, finding: Finding) -> None:
        super().__init__(finding.error or f"expected {finding.expected}, got {finding.got}")
        self.verdict = verdict
        self.finding = finding


def comparing(compare: CompareT) -> CompareT:
    """Has the failure that `compare(got, expected, …)` raises carry both values."""

    @wraps(compare)
    def compared(got: Any, expected: Any, *args: Any, **kwargs: Any) -> None:
        try:
            compare(got, expected, *args, **kwargs)
        except CaseFailure as failure:
            failure.compared = (got, expected)
            raise

    return cast("CompareT", compared)


class CaseResult(msgspec.Struct, frozen=True):
    """One case of a suite on one submission."""

    item: str
    case: str
    verdict: Verdict
    finding: Finding = Finding()
    seconds: float = 0.0
    drawn: bool = False  # whether its inputs are drawn from the student's seed
    printed: tuple[tuple[str, str], ...] = ()  # of a public case alone: by which rank, and the text
