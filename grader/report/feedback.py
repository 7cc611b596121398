"""Feedback for one student on one lab, as facts from which page, text and JSON are made."""

import hashlib
from datetime import datetime

import msgspec

from grader.drawing import Drawing
from grader.gradebook.points import Points
from grader.report.verdicts import OPEN, SILENT, words_of
from grader.results import Finding, Verdict
from grader.suite.run import SuiteRun
from grader.text.shown import shortened

MOST_ATTEMPTS = 20
_LONGEST = 1200  # of a text that a person typed


class ItemFeedback(msgspec.Struct, frozen=True):
    """One rubric item: its status, and the finding that explains it if it was lost.

    `points` are None if nothing is scored. `decided` says who gave other points, and why.
    """

    number: int
    title: str
    status: str
    max_points: int
    points: Points | None = None
    invariant: str = ""
    finding: Finding = Finding()
    decided: str = ""

    @property
    def explained(self) -> bool:
        """Whether it has a finding, which explains its status."""
        return self.finding != Finding()

    @property
    def passed(self) -> bool:
        return self.status == words_of(Verdict.PASSED)

    @property
    def open(self) -> bool:
        """Whether the student's machine could not show it, which is no mistake."""
        return self.status == OPEN

    @property
    def mark(self) -> str:
        """How a page marks it: `passed`, `lost`, or `waits` for what is no mistake."""
        if self.passed:
            return "passed"
        return "waits" if self.open or self.status in map(words_of, SILENT) else "lost"


class AttemptFeedback(msgspec.Struct, frozen=True):
    """One attempt: its time, if anybody's word says it, its outcome, and its penalty.

    `time` is the time in words, in the course's zone.
    """

    number: int
    at: datetime | None
    time: str
    outcome: str
    counts: bool = False
    late: str = ""


class Prediction(msgspec.Struct, frozen=True):
    """A student's answer before the run, and the right one once it may be told."""

    question: str
    said: str
    answer: str = ""


class Illustration(msgspec.Struct, frozen=True):
    """The student's own run: in lines of text, and as SVG documents of the same facts."""

    lines: tuple[str, ...] = ()
    drawings: tuple[str, ...] = ()


class Feedback(msgspec.Struct, frozen=True):
    """All that a student is told about their work on one lab.

    `headline` is the outcome in a few words; `reasons` explain the score. A public check has no
    score; a grade may have none yet. `draft` says that the score is not published yet: then the
    page is for staff.
    """

    lab: str
    title: str
    headline: str
    max_score: int
    course: str = ""
    student: str = ""
    score: Points | None = None
    reasons: tuple[str, ...] = ()
    note: str = ""
    items: tuple[ItemFeedback, ...] = ()
    picture: Illustration = Illustration()
    predictions: tuple[Prediction, ...] = ()
    attempts: tuple[AttemptFeedback, ...] = ()
    left_out: int = 0  # attempts before these
    progress: Illustration = Illustration()
    digest: str = ""  # the sha256 of the student's file, as `sha256sum` says it
    draft: str = ""
    public: bool = False  # made of public checks, where the student works


def file_digest(source: bytes) -> str:
    """The sha256 of a student's file; empty where there is none."""
    return hashlib.sha256(source).hexdigest() if source else ""


def picture_of(run: SuiteRun) -> Illustration:
    """The picture that the run drew if nothing in it was wrong, or else an empty one."""
    wrong = (e for e in run.results if e.verdict is not Verdict.PASSED and not e.finding.open)
    if any(wrong):
        return Illustration()
    return Illustration(run.picture, tuple(each.svg() for each in run.drawings))


def drawn(drawing: Drawing) -> Illustration:
    """One drawing as text and as SVG."""
    return Illustration(tuple(drawing.text()), (drawing.svg(),))


def cut(text: str) -> str:
    """A text that a person typed, or its beginning if it is long."""
    return shortened(text, _LONGEST)
