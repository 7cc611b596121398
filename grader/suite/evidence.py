"""The trace that came with a submission, as the fixture `trace` hands it to a suite."""

from dataclasses import dataclass, field

from grader.results import Verdict
from grader.suite.finding import CaseFailure, Finding
from grader.text.shown import one_line, shortened
from grader.traces import CHECKS, Challenge, Flaw, Trace, TraceError, read_trace, verify
from grader.traces.picture import bars, unsplit

_CAPTURE = "In the lab's folder: shardlab capture. Then submit the .trace beside your file."
_ON_A_GPU = "what a GPU's allocator counts"
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
            nudge = self._nudge(check)
            more = f" (and {len(flaws) - _SHOWN} more)" if len(flaws) > _SHOWN else ""
            text = "\n".join(flaws[:_SHOWN]) + more
            expected = (
                _ON_A_GPU if self._open_on(check) else "a trace consistent with your challenge"
            )
            finding = Finding(expected=expected, got=text, nudge=nudge)
            raise CaseFailure(Verdict.FAILED, finding)

    def flaws(self, check: str) -> list[str]:
        """The flaws of that check, and those that cost all. Without a trace the case ends."""
        found = [flaw.text for flaw in self._verified() if flaw.check in ("", check)]
        return [one_line(shortened(text)) for text in found]

    def _nudge(self, check: str) -> str:
        """A question that fits what costs every check; else the item's own is better."""
        if any(not flaw.check for flaw in self._verified()):
            return "Was it captured in your own folder, with your own nonce?"
        if self._open_on(check):
            return "Is there a machine with a GPU on which you can capture again?"
        return ""

    def verdict(self) -> str:
        """One line for the result: how consistent the trace is, and what does not split."""
        try:
            open_checks = [check for check in CHECKS if self.flaws(check)]
        except CaseFailure as failure:
            return failure.finding.error
        if wrong := [check for check in open_checks if not self._open_on(check)]:
            return f"trace not consistent in: {', '.join(wrong)}"
        run = self.trace.header.run
        but = "; a CPU has no memory of a GPU to show" if open_checks else ""
        return f"trace consistent ({run.device}, {run.backend}{but}). {unsplit(self.trace)}"

    def _open_on(self, check: str) -> bool:
        """Whether the check is open for want of a GPU, and not for anything that is wrong."""
        foreign = any(not flaw.check for flaw in self._verified())
        return check == "memory" and not foreign and self.trace.header.run.device == "cpu"

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
            text = f"the trace can't be read. {one_line(shortened(str(error)))}"
            finding = Finding(error=text, nudge=_CAPTURE)
            raise CaseFailure(Verdict.FAILED, finding) from None
