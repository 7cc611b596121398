"""What one student is told of one lab, as facts: the source of the page, the text and the JSON."""

from datetime import datetime

import msgspec

from grader.drawing import Drawing
from grader.report.verdicts import words_of
from grader.results import Finding, Verdict
from grader.suite.run import SuiteRun
from grader.text.shown import shortened

MOST_ATTEMPTS = 20
_LONGEST = 1200  # of a text that a person typed


class ItemFeedback(msgspec.Struct, frozen=True):
    """One rubric item: what it came to, and where it was lost the finding that explains it.

    `points` are None where nothing is scored. `decided` says who gave other points, and why.
    """

    number: int
    title: str
    status: str
    max_points: int
    points: int | None = None
    invariant: str = ""
    finding: Finding = Finding()
    decided: str = ""

    @property
    def explained(self) -> bool:
        """Whether there is more to say of it than its status."""
        return self.finding != Finding()

    @property
    def passed(self) -> bool:
        return self.status == words_of(Verdict.PASSED)


class AttemptFeedback(msgspec.Struct, frozen=True):
    """One attempt: when it came, what it earned, and what lateness cost it."""

    number: int
    at: datetime
    outcome: str
    counts: bool = False
    late: str = ""


class Prediction(msgspec.Struct, frozen=True):
    """What a student said before running, beside the answer once it is due."""

    question: str
    said: str
    answer: str = ""


class Picture(msgspec.Struct, frozen=True):
    """The student's own run: in lines of text, and as SVG documents of the same facts."""

    lines: tuple[str, ...] = ()
    drawings: tuple[str, ...] = ()


class Feedback(msgspec.Struct, frozen=True):
    """All that is told of one student's work on one lab.

    `headline` is the outcome in a few words; `reasons` say how the score came about. A public
    check has no score; a grade may have none yet.
    """

    lab: str
    title: str
    headline: str
    max_score: int
    course: str = ""
    student: str = ""
    score: int | None = None
    reasons: tuple[str, ...] = ()
    note: str = ""
    items: tuple[ItemFeedback, ...] = ()
    picture: Picture = Picture()
    predictions: tuple[Prediction, ...] = ()
    attempts: tuple[AttemptFeedback, ...] = ()
    left_out: int = 0  # attempts before these
    progress: Picture = Picture()
    digest: str = ""
    public: bool = False  # made of public checks, where the student works


def picture_of(run: SuiteRun) -> Picture:
    """The picture that a run drew, if all of its cases passed; else none."""
    if any(each.verdict is not Verdict.PASSED for each in run.results):
        return Picture()
    return Picture(run.picture, tuple(each.svg() for each in run.drawings))


def drawn(drawing: Drawing) -> Picture:
    """One drawing in both of its forms."""
    return Picture(tuple(drawing.text()), (drawing.svg(),))


def cut(text: str) -> str:
    """What a person typed, or its beginning where it is long."""
    return shortened(text, _LONGEST)
