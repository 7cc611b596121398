"""Makes feedback from a grade of the gradebook."""

from collections.abc import Sequence
from datetime import UTC, tzinfo

from grader.course import Lab
from grader.drawing import Amount, Bars
from grader.gradebook.late import time_shown, time_words
from grader.gradebook.rows import Grade, GradedAttempt, Override
from grader.report.feedback import (
    MOST_ATTEMPTS,
    AttemptFeedback,
    Feedback,
    Illustration,
    ItemFeedback,
    cut,
    drawn,
    file_digest,
    picture_of,
)
from grader.report.verdicts import status_of
from grader.results import WITHHELD
from grader.suite.run import SuiteRun
from grader.text.shown import plural
from grader.text.times import exact

_STALE = "This result is {}; the score may change once the lab is graded again."
_WITHHELD = "The score is withheld: a fault of the grader's, not yours. A person looks at it."


def feedback_of_grade(
    lab: Lab,
    grade: Grade,
    *,
    course: str = "",
    run: SuiteRun | None = None,
    zone: tzinfo = UTC,
    source: bytes = b"",
) -> Feedback:
    """Feedback on a student's work, above all on the attempt that counts.

    `run` is the public suite's run of that attempt, for its picture; `source` is its file. Times
    are shown in `zone`.
    """
    return Feedback(
        lab=lab.slug,
        title=lab.assignment.title,
        headline=_headline(grade),
        max_score=grade.max_score,
        course=course,
        student=grade.student.name or grade.student.id,
        score=grade.score,
        reasons=tuple(_reasons(grade, zone)),
        note=_note(grade),
        items=_items(lab, grade),
        picture=picture_of(run) if run else Illustration(),
        attempts=tuple(_attempt(each, grade, zone) for each in grade.attempts[-MOST_ATTEMPTS:]),
        left_out=max(0, len(grade.attempts) - MOST_ATTEMPTS),
        progress=_progress(grade, zone),
        digest=file_digest(source),
        draft=_draft(grade),
    )


# -- the score -----------------------------------------------------------------------------


def _headline(grade: Grade) -> str:
    words = {
        "missing": "Nothing was handed in.",
        "ungraded": "Handed in, not yet graded.",
        WITHHELD: "The score is withheld.",
    }
    return words.get(grade.status, f"{grade.score} of {grade.max_score} points")


def _draft(grade: Grade) -> str:
    """That the score is not the one that the student was told, if it is not."""
    if grade.score is None or grade.score == grade.published:
        return ""
    told = "" if grade.published is None else f" The student was last told {grade.published}."
    return f"Not published yet: a draft for staff.{told}"


def _reasons(grade: Grade, zone: tzinfo) -> Sequence[str]:
    """Lines that explain the score, one fact a line."""
    counted, lines = grade.counts, list[str]()
    if counted and counted.raw is not None:
        lines += _costs(counted)
    if grade.stale:
        lines.append(_STALE.format(grade.stale))
    lines += [_decision(each, grade) for each in grade.overrides]
    if grade.extension is None and grade.due:
        lines.append(f"Due {exact(grade.due, zone)}.")
    if given := grade.extension:
        lines.append(f"Extended to {exact(given.due, zone)} by {given.author}: {cut(given.reason)}")
    if counted and grade.due and (words := time_words(counted)):
        lines.append(words)
    if grade.published is not None and grade.score is None:
        lines.append(f"You were last told {grade.published}.")
    return lines


def _costs(counted: GradedAttempt) -> Sequence[str]:
    """The penalty for lateness and the score that it leaves; empty if there is none."""
    if counted.refused:
        return [
            f"Handed in {plural(counted.late_days, 'day')} late, after the last day: it counts 0."
        ]
    if counted.penalty:
        late = f"less {counted.penalty} for {plural(counted.late_days, 'day')} late"
        return [f"Rubric {counted.raw}, {late}: {counted.score}."]
    return []


def _decision(override: Override, grade: Grade) -> str:
    points = plural(override.points, "point")
    told = f"{override.item}: {points} decided by {override.author}: {cut(override.reason)}"
    more = grade.outdone(override)
    return told if more is None else f"{told}; the newest attempt would earn {more} by itself"


def _note(grade: Grade) -> str:
    """Why nothing ran, in words for the student; never a fault of ours in its own words."""
    if grade.counts is None or grade.counts.result is None:
        return grade.counts.attempt.problem if grade.counts else ""
    result = grade.counts.result
    if result.status == WITHHELD:
        return _WITHHELD
    return " ".join(filter(None, (result.note, result.trace)))


# -- rubric items --------------------------------------------------------------------------


def _items(lab: Lab, grade: Grade) -> tuple[ItemFeedback, ...]:
    if grade.counts is None or grade.counts.result is None:
        return ()
    judged = {each.item: each for each in grade.counts.result.rubric}
    decided = {each.item: each for each in grade.overrides}
    withheld = grade.status == WITHHELD
    lines = []
    for number, item in enumerate(lab.rubric, 1):
        if item.item not in judged:
            continue
        result, decision = judged[item.item], decided.get(item.item)
        lines.append(
            ItemFeedback(
                number,
                item.title,
                status_of(result.verdict, result.finding),
                item.points,
                points=None if withheld else (decision or result).points,
                invariant=lab.invariant_text(item),
                finding=result.finding,
                decided=_decision(decision, grade) if decision else "",
            )
        )
    return tuple(lines)


# -- attempts ------------------------------------------------------------------------------


def _attempt(each: GradedAttempt, grade: Grade, zone: tzinfo) -> AttemptFeedback:
    late = ""
    if each.late_days:
        cost = "counts 0" if each.refused else f"less {each.penalty}"
        late = f"{plural(each.late_days, 'day')} late: {cost}"
    counts = grade.counts is not None and each.attempt.id == grade.counts.attempt.id
    number, at = each.attempt.number, each.attempt.submitted_at
    if at is None and grade.due and not late:
        late = "not known"
    return AttemptFeedback(number, at, time_shown(each, zone), _outcome(each, grade), counts, late)


def _outcome(each: GradedAttempt, grade: Grade) -> str:
    if each.score is not None:
        return f"{each.score} of {grade.max_score}"
    if each.result is not None:
        return "score withheld"
    return each.attempt.problem or "not graded"


def _progress(grade: Grade, zone: tzinfo) -> Illustration:
    """A drawing of the scores by attempt, if there are at least two."""
    scored = [each for each in grade.attempts[-MOST_ATTEMPTS:] if each.score is not None]
    if len(scored) < 2:
        return Illustration()
    bars = tuple(
        Amount(f"{each.attempt.number}  {time_shown(each, zone)}", float(each.score or 0))
        for each in scored
    )
    return drawn(Bars("Score by attempt", bars, most=grade.max_score))
