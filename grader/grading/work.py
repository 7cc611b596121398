"""What a worker does, wherever it runs: one submission, with a grader that is kept warm."""

import gc
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from grader.course import load_course
from grader.errors import CourseError, SandboxError
from grader.judge import EXPLAIN_SECONDS, GradedLab, Grader, open_sandbox, withheld
from grader.results import GRADED, Result
from grader.sandbox import BACKSTOP, Level
from grader.submissions import Submission

TRIES = 2  # of a sandbox in a worker, and of workers
START_SECONDS = 60.0


@dataclass(frozen=True)
class Settings:
    """What every worker of a batch needs to know; plain data, so that it can be sent.

    `stamp` is that of the lab as the batch sees it: a worker that sees another suite or another
    course key grades nothing. `way` is what is done with each submission: a module's function.
    """

    root: Path
    slug: str
    level: Level
    synthetic: bool = False
    live: bool = False
    stamp: str = ""
    way: Callable[[Grader, Submission], Result] = Grader.grade


def seconds_for(settings: Settings) -> float:
    """How long to wait for a worker's answer: more than a submission takes on a busy machine."""
    limits = load_course(settings.root).lab(settings.slug).assignment.limits
    return START_SECONDS + BACKSTOP * (limits.submission_seconds + EXPLAIN_SECONDS)


def fault_of(settings: Settings, submission: Submission, fault: str) -> Result:
    """The withheld result where a worker couldn't say."""
    return withheld(load_course(settings.root).lab(settings.slug), submission.name, fault)


def lost(settings: Settings, submission: Submission) -> Result:
    """The withheld result where no worker lived to say."""
    return fault_of(
        settings,
        submission,
        f"the grading process came to an end {TRIES} times over this submission; "
        "look at it by hand",
    )


_warm: list[tuple[Settings, Grader]] = []  # this process's grader, and what it is for


def grade_here(settings: Settings, submission: Submission) -> Result:
    """Grades in this process; once more where that came to nothing, if need be in a new sandbox.

    Where the machine was too busy it would be so again: that is the batch's to mend.
    """
    try:
        for _ in range(TRIES):
            grader = _grader(settings)
            result = settings.way(grader, submission)
            if result.starved or (result.status == GRADED and grader.sandbox.alive):
                break
    except Exception as error:  # noqa: BLE001 - whatever it is, it must not end the others' batch
        ours = isinstance(error, (CourseError, SandboxError))
        fault = str(error) if ours else f"{type(error).__name__}: {error}"
        return fault_of(settings, submission, fault)
    return result


def _grader(settings: Settings) -> Grader:
    """The grader for these settings, made anew where its sandbox has ended."""
    if not _warm or _warm[-1][0] != settings or not _warm[-1][1].sandbox.alive:
        for _, old in _warm:
            old.close()
            old.sandbox.close()
        _warm.clear()
        graded = GradedLab.of(
            load_course(settings.root),
            settings.slug,
            synthetic=settings.synthetic,
            live=settings.live,
        )
        if settings.stamp and settings.stamp != graded.stamp:
            raise CourseError(
                f"{settings.root}: the suite or the course key that the worker sees there is not "
                "the batch's; give every worker the same folder"
            )
        _warm.append((settings, Grader(graded, open_sandbox(graded.lab, settings.level))))
        gc.collect()
        gc.freeze()  # what is there now stays: no collection needs to look at it again
    return _warm[-1][1]
