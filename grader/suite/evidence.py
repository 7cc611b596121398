"""The trace that came with a submission, as the fixture `trace` hands it to a suite."""

from dataclasses import dataclass, field

from grader.suite.finding import CaseFailure, Finding, Verdict
from grader.suite.text import shorten
from grader.traces import CHECKS, Challenge, Flaw, Trace, TraceError, read_trace, verify
from grader.traces.picture import bars

_CAPTURE = "In the lab's folder: shardlab capture. Then submit the .trace beside your file."
_SHOWN = 3  # flaws of one check that are told


@dataclass
class Evidence:
    """A trace, or none, and the challenge that it has to answer; verified when first asked."""

    challenge: Challenge
    raw: bytes | None = None
    synthetic: bool = False
    _read: Trace | None = field(default=None, init=False)
    _flaws: list[Flaw] | None = field(default=None, init=False)

    def holds(self, check: str) -> None:
        """Passes when the trace has no flaw of that check, and none that costs them all."""
        assert check in CHECKS, f"no check of traces: {check}"
        if flaws := self.flaws(check):
            more = f" (and {len(flaws) - _SHOWN} more)" if len(flaws) > _SHOWN else ""
            text = "\n".join(shorten(each) for each in flaws[:_SHOWN]) + more
            raise CaseFailure(
                Verdict.FAILED, Finding(expected="a trace consistent with your challenge", got=text)
            )

    def flaws(self, check: str) -> list[str]:
        """The flaws of that check and those of all; without a trace the case ends."""
        return [flaw.text for flaw in self._verified() if flaw.check in ("", check)]

    def picture(self) -> list[str]:
        """What each rank holds, in lines of at most 74 characters."""
        return bars(self.trace)

    @property
    def trace(self) -> Trace:
        """The trace that was read; ask after `holds`."""
        self._verified()
        assert self._read is not None
        return self._read

    def _verified(self) -> list[Flaw]:
        if self._flaws is None:
            self._read = self._decoded()
            self._flaws = verify(self._read, self.challenge, synthetic=self.synthetic)
        return self._flaws

    def _decoded(self) -> Trace:
        if self.raw is None:
            raise CaseFailure(
                Verdict.FAILED, Finding(error="there is no trace beside the file", nudge=_CAPTURE)
            )
        try:
            return read_trace(self.raw)
        except TraceError as error:
            finding = Finding(error=f"the trace can't be read. {error}", nudge=_CAPTURE)
            raise CaseFailure(Verdict.FAILED, finding) from None
