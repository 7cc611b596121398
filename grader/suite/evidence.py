"""The trace of a submission, as the fixture `trace` gives it to a suite."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from grader.course import Lab
from grader.errors import CourseError
from grader.evidence import Challenge, Claim, Flaw, Kind, TraceError, kind_of
from grader.results import Finding, Verdict
from grader.suite.finding import CaseFailure
from grader.text.shown import one_line, shortened

_CAPTURE = "In the lab's folder: shardlab capture. Then submit the .trace beside your file."
_EXPECTED = "a trace consistent with your challenge"
_SHOWN = 3  # flaws of one check that are told


@dataclass
class Evidence:
    """A trace, or none, and the challenge that it has to answer; verified on first use."""

    kind: Kind
    challenge: Challenge
    raw: bytes | None = None
    synthetic: bool = False

    @classmethod
    def of(
        cls, lab: Lab, nonce: str, raw: bytes | None, *, synthetic: bool = False
    ) -> "Evidence | None":
        """The trace as evidence of the lab's kind; None where the lab asks for none."""
        if not lab.assignment.trace:
            return None
        return cls(kind_of(lab), Challenge(lab.slug, nonce), raw, synthetic)

    def holds(self, check: str) -> None:
        """Passes when the trace has no flaw of that check, and none that costs them all."""
        assert check in self.kind.CHECKS, f"no check of traces: {check}"
        if flaws := self._of(check):
            more = f" (and {len(flaws) - _SHOWN} more)" if len(flaws) > _SHOWN else ""
            finding = Finding(
                expected=next((each.expected for each in flaws if each.expected), _EXPECTED),
                got="\n".join(map(_told, flaws[:_SHOWN])) + more,
                nudge=next((each.nudge for each in flaws if each.nudge), ""),
                open=_no_mistake(flaws),
            )
            raise CaseFailure(Verdict.FAILED, finding)

    def flaws(self, check: str) -> list[str]:
        """The flaws of that check, and those that cost all. Without a trace the case ends."""
        return list(map(_told, self._of(check)))

    def held(self) -> list[str]:
        """The checks without a flaw; none where the trace can't be read."""
        try:
            return [check for check in self.kind.CHECKS if not self._of(check)]
        except CaseFailure:
            return []

    def is_open(self, check: str) -> bool:
        """Whether the check has flaws, and none of them is a mistake."""
        return bool(self._of(check)) and _no_mistake(self._of(check))

    def verdict(self) -> str:
        """One line for the result: how consistent the trace is, in the kind's own words."""
        try:
            claim = self._claim
            flaws = {check: self._of(check) for check in self.kind.CHECKS}
        except CaseFailure as failure:
            return failure.finding.error
        wrong = [name for name, of in flaws.items() if not _no_mistake(of)]
        if wrong:
            return f"trace not consistent in: {', '.join(wrong)}"
        try:
            return one_line(shortened(claim.verdict()))
        except Exception as error:
            where = type(claim).__qualname__
            raise CourseError(f"{where}.verdict: {type(error).__name__}: {error}") from error

    def picture(self) -> list[str]:
        """What was captured, in lines of at most 74 characters."""
        return list(map(one_line, self._claim.picture()))

    def _of(self, check: str) -> list[Flaw]:
        return [flaw for flaw in self._flaws if flaw.check in ("", check)]

    @cached_property
    def _flaws(self) -> Sequence[Flaw]:
        return self._claim.flaws()

    @cached_property
    def _claim(self) -> Claim:
        if self.raw is None:
            finding = Finding(error="there is no trace beside the file", nudge=_CAPTURE)
            raise CaseFailure(Verdict.FAILED, finding)
        try:
            return self.kind.read(self.raw, self.challenge, synthetic=self.synthetic)
        except TraceError as error:
            text = f"the trace can't be read. {one_line(shortened(str(error)))}"
            finding = Finding(error=text, nudge=_CAPTURE)
            raise CaseFailure(Verdict.FAILED, finding) from None


def _no_mistake(flaws: Sequence[Flaw]) -> bool:
    return all(each.open for each in flaws)


def _told(flaw: Flaw) -> str:
    return one_line(shortened(flaw.text))
