"""The work of one worker, wherever it runs: submission after submission, with one warm judge."""

import atexit
import gc
import multiprocessing
from collections.abc import Callable
from dataclasses import dataclass, field

from grader.course import Lab
from grader.course.key import COURSE_KEY, present_key
from grader.errors import CourseError, SandboxError
from grader.judge import EXPLAIN_SECONDS, TRIES, Judge, grade, withheld
from grader.results import GRADED, Result
from grader.sandbox import BACKSTOP, Level
from grader.submissions import Submission

START_SECONDS = 60.0


@dataclass(frozen=True)
class Settings:
    """The facts that every worker of a run needs; plain data, so that they can be sent.

    `stamp` is the lab's stamp where the run began: a worker that sees another suite or another
    course key grades nothing. `way`, a module's function, is called with each submission.
    """

    lab: Lab
    level: Level
    synthetic: bool = False
    live: bool = False
    way: Callable[[Judge, Submission], Result] = grade
    stamp: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "stamp", self.stamp or self.lab.stamp)

    @property
    def seconds(self) -> float:
        """How long to wait for an answer: longer than a submission takes on a busy machine."""
        limits = self.lab.assignment.limits
        return START_SECONDS + BACKSTOP * (limits.submission_seconds + EXPLAIN_SECONDS)

    def fault(self, submission: Submission, fault: str) -> Result:
        """The withheld result of a submission that a worker could not grade."""
        return withheld(submission.name, fault)

    def lost(self, submission: Submission) -> Result:
        """The withheld result of a submission over which every worker died."""
        return self.fault(
            submission,
            f"the grading process came to an end {TRIES} times over this submission; "
            "look at it by hand",
        )


_kept: list[tuple[Settings, Judge]] = []  # this process's judge, and what it is for


def grade_here(settings: Settings, submission: Submission) -> Result:
    """Grades in this process; tries once more after a fault of ours, in a new sandbox if need be.

    Not after a busy machine, which would be as busy again: the run deals with that.
    """
    try:
        judge = _judge(settings)
        for _ in range(TRIES):
            result = settings.way(judge, submission)
            if result.starved or (result.status == GRADED and judge.alive):
                break
    except Exception as error:  # noqa: BLE001 - whatever it is, it must not end the others' run
        ours = isinstance(error, (CourseError, SandboxError))
        told = str(error) if ours else f"{type(error).__name__}: {error}"
        return settings.fault(submission, told)
    return result


def close_kept() -> None:
    """Closes the judge that is kept warm between submissions; runs at exit by itself."""
    while _kept:
        _kept.pop()[1].close()


atexit.register(close_kept)


def _judge(settings: Settings) -> Judge:
    """The judge for these settings; a new one if the last was for other settings."""
    if _kept and _kept[-1][0] == settings:
        return _kept[-1][1]
    close_kept()
    lab = settings.lab
    if lab.root is not None and present_key(lab.root, COURSE_KEY)[1] is None:
        raise CourseError(  # to make one would be no help: it could not be the run's
            f"{lab.root}: the worker sees no {COURSE_KEY.file} there; give every worker the "
            f"same folder, or {COURSE_KEY.variable}"
        )
    if settings.stamp != lab.stamp:
        raise CourseError(
            f"{lab.root}: the suite or the course key that the worker sees there is not "
            "the run's; give every worker the same folder"
        )
    judge = Judge(lab, settings.level, synthetic=settings.synthetic, live=settings.live)
    _kept.append((settings, judge))
    if multiprocessing.parent_process() is not None:  # a worker, which does nothing else
        gc.collect()
        gc.freeze()  # what is there now stays: no collection needs to look at it again
    return judge
