"""Feedback and class facts as lines for a terminal, at most 80 columns of them."""

import textwrap
from collections.abc import Iterator

from grader.drawing import Bars
from grader.report.charts import alike, distribution, hardest, over_time
from grader.report.classroom import ClassReport, LabReport
from grader.report.facts import LabFacts
from grader.report.feedback import Feedback, ItemFeedback
from grader.suite.explain.message import WIDTH, lines_of
from grader.text.shown import one_line, plural

_MOST_GROUPS = 5


def feedback_lines(feedback: Feedback) -> list[str]:
    """Everything of a feedback page but its SVG."""
    return [each.rstrip() for each in _feedback(feedback)]


def lab_lines(facts: LabFacts) -> list[str]:
    """The facts of one lab: distribution, hardest items, broken invariants, time."""
    return [each.rstrip() for each in _facts(facts)]


def summary_lines(facts: LabFacts) -> list[str]:
    """`I3 broke for 19 students; I5 for 12.`, and warnings about the lab itself."""
    lines = []
    if facts.invariants:
        first, *others = facts.invariants
        count = f"{plural(first.students, 'student')}"
        parts = [f"{first.invariant} broke for {count}"]
        parts += [f"{each.invariant} for {each.students}" for each in others]
        lines += _wrapped(f"{'; '.join(parts)}.", room=2)
    for warning in facts.warnings:
        lines += _wrapped(f"Warning: {warning}", room=2)
    return lines


def report_lines(report: ClassReport) -> list[str]:
    """The class report for a terminal: each lab's facts, groups and work for a person."""
    lines = []
    for lab in report.labs:
        lines += [*lab_lines(lab.facts), *map(str.rstrip, _people(lab)), ""]
    return lines[:-1]


# -- feedback ------------------------------------------------------------------------------


def _feedback(feedback: Feedback) -> Iterator[str]:
    yield from _wrapped(" · ".join(filter(None, (feedback.student, feedback.course))))
    yield from _wrapped(f"{feedback.title} ({feedback.lab})")
    yield from _wrapped(feedback.draft)
    yield from _wrapped(feedback.headline)
    for reason in (*feedback.reasons, feedback.note):
        yield from _wrapped(reason, "  ")
    for item in feedback.items:
        yield from _item(item, len(feedback.items))
    yield from (f"   {line}" for line in feedback.picture.lines)
    yield from _predictions(feedback)
    yield from _attempts(feedback)


def _item(item: ItemFeedback, count: int) -> Iterator[str]:
    points = f"{item.points}/{item.max_points}" if item.points is not None else ""
    title = one_line(item.title)[:42]
    yield f"{item.number:>2}/{count}  {item.status:<17} {title:<42} {points:>7}"
    if item.decided:
        yield from _wrapped(item.decided, "   ")
    yield from (line[:WIDTH] for line in lines_of(item.finding))


def _predictions(feedback: Feedback) -> Iterator[str]:
    for each in feedback.predictions:
        yield from _wrapped(each.question, "   ")
        yield from _wrapped(f"You said  {each.said}", "   ")
        if each.answer:
            yield from _wrapped(f"Answer    {each.answer}", "   ")


def _attempts(feedback: Feedback) -> Iterator[str]:
    if feedback.attempts:
        yield "Attempts" + (f" ({feedback.left_out} before these)" if feedback.left_out else "")
    for each in feedback.attempts:
        counts = "counts" if each.counts else ""
        parts = (f"{each.number:>3}", each.time, each.outcome, each.late, counts)
        yield from _wrapped("  ".join(filter(None, parts)))


# -- a class -------------------------------------------------------------------------------


def _facts(facts: LabFacts) -> Iterator[str]:
    yield from _wrapped(f"{facts.title} ({facts.lab}): {count_words(facts)}")
    yield from map(_in, _drawings(facts))
    yield from map(_in, summary_lines(facts))
    if facts.seconds:
        took = facts.seconds
        yield _in(
            f"Time a submission: median {took.median:.2f} s, 95 % within {took.p95:.2f} s, "
            f"most {took.most:.2f} s"
        )


def count_words(facts: LabFacts) -> str:
    """`62 students, 57 graded, 1 withheld, 3 late`."""
    known = [f"{count} {what}" for what, count in facts.counts.items() if count]
    return ", ".join([f"{plural(facts.students, 'student')}", *known])


def _drawings(facts: LabFacts) -> Iterator[str]:
    drawings: list[Bars] = []
    if facts.spread:
        spread = facts.spread
        yield (
            f"Score: mean {spread.mean:.1f}, median {spread.median:g}, middle half "
            f"{spread.lower:g} to {spread.upper:g}, of {facts.max_score}"
        )
        drawings.append(distribution(spread, facts.max_score))
    if facts.hardest:
        drawings.append(hardest(facts))
    if facts.periods:
        drawings.append(over_time(facts))
    for each in drawings:
        yield from each.text()


def _people(lab: LabReport) -> Iterator[str]:
    if shown := lab.groups[:_MOST_GROUPS]:
        yield from map(_in, alike(lab.items, shown).text())
        yield _in(f"group 1 ({', '.join(shown[0].lost)[:50]}) typically reads:")
        yield from (line[:WIDTH] for line in lines_of(shown[0].finding))
    for trouble in lab.troubles[:_MOST_GROUPS]:
        yield from _wrapped(f"{trouble.who}: {trouble.what}, {trouble.seconds:.1f} s", "  ")
    for fault in lab.faults:
        yield from _wrapped(f"GRADER FAULT, score withheld: {fault.who}: {fault.note}", "  ")


def _in(line: str) -> str:
    return f"  {line}"


def _wrapped(text: str, indent: str = "", room: int = 0) -> list[str]:
    """The text in lines, with room for so many columns before them."""
    inner, line = f"{indent}  ", one_line(text)
    return textwrap.wrap(
        line, WIDTH - room, initial_indent=indent, subsequent_indent=inner, break_on_hyphens=False
    )
