"""A class's results in one lab, in numbers that name nobody, for the class report and `stats`.

The numbers are of the attempts that count. Work that does not load breaks no invariant, and a
withheld result says nothing yet: both are counted apart.
"""

import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta, tzinfo

import msgspec

from grader.course import Lab, RubricItem
from grader.gradebook.judged import stale_words
from grader.gradebook.points import Points
from grader.gradebook.rows import Grade
from grader.report.verdicts import SILENT
from grader.results import GRADED, Result, Verdict
from grader.text.times import in_zone

_DAYS_SHOWN = 30
_ALONE = 2  # students who lose one item only, and could not see why: worth a look


class ItemFacts(msgspec.Struct, frozen=True):
    """One rubric item: how many students lost it and how, and for how many it waits.

    `alone` counts those who lost nothing else. Of them, `unseen` pass every public case: there the
    item's bound may be at fault.
    """

    item: str
    title: str
    points: int
    invariant: str
    lost: int
    waiting: int
    alone: int
    unseen: int
    verdicts: dict[str, int]


class InvariantFacts(msgspec.Struct, frozen=True):
    """For how many students an invariant broke in at least one item."""

    invariant: str
    text: str
    students: int


class Spread(msgspec.Struct, frozen=True):
    """The mean, median and quarters of scores, and how many lie in each tenth of the maximum."""

    count: int
    mean: float
    median: float
    lower: float
    upper: float
    least: Points
    most: Points
    tenths: tuple[int, ...]  # 0-9 %, 10-19 %, … 90-99 %, 100 %


class Seconds(msgspec.Struct, frozen=True):
    """How long grading one submission took."""

    count: int
    median: float
    p95: float
    most: float
    total: float


class Period(msgspec.Struct, frozen=True):
    """A day, or the week that begins then: the attempts, and the median of their scores."""

    start: str
    attempts: int
    median: float | None
    due: bool


class LabFacts(msgspec.Struct, frozen=True):
    """A class and a lab.

    `counts` is of students: by status, `late`, `stale`, `not runnable`, and `not published` where
    the score is another than the student was told. `stale` says in words which results are not as
    they would be now.
    """

    lab: str
    title: str
    max_score: int
    students: int
    counts: dict[str, int]
    spread: Spread | None
    items: tuple[ItemFacts, ...]
    invariants: tuple[InvariantFacts, ...]
    seconds: Seconds | None
    weekly: bool
    periods: tuple[Period, ...]
    zone: str = "UTC"  # whose days the periods are
    stale: str = ""

    @property
    def hardest(self) -> list[ItemFacts]:
        """The items that anybody lost, most lost first."""
        lost = [each for each in self.items if each.lost]
        return sorted(lost, key=lambda each: -each.lost)

    @property
    def warnings(self) -> list[str]:
        """Lines about stale results, and items where the lab may be at fault, not the students."""
        return [
            *filter(None, [self.stale]),
            *(
                f"rubric '{each.item}' fails alone for {each.unseen}: look at the bound."
                for each in self.items
                if each.unseen >= _ALONE
            ),
        ]


def facts_of(lab: Lab, grades: Sequence[Grade], zone: tzinfo = UTC) -> LabFacts:
    """The facts of one lab from its grades, one for each student; days are those of the zone."""
    results = [grade.counts.result for grade in grades if grade.counts and grade.counts.result]
    told = [each for each in results if is_telling(each)]
    scores = [each.score for each in grades if each.status == GRADED and each.score is not None]
    weekly, periods = _periods(grades, zone)
    return LabFacts(
        lab=lab.slug,
        title=lab.assignment.title,
        max_score=max((each.max_score for each in grades), default=100),
        students=len(grades),
        counts=_counts(grades),
        spread=_spread(scores, max((each.max_score for each in grades), default=100)),
        items=tuple(_item(each, told) for each in lab.rubric),
        invariants=tuple(_invariants(lab, told)),
        seconds=_seconds([each.seconds for each in results]),
        weekly=weekly,
        periods=periods,
        zone=f"{zone}",
        stale=stale_words(lab.slug, (e.stale for grade in grades for e in grade.attempts)),
    )


def is_telling(result: Result) -> bool:
    """Whether its items tell of the student's understanding: it was graded, and could run."""
    return result.status == GRADED and not result.note


def lost_items(result: Result) -> dict[str, Verdict]:
    """The verdicts of the lost items, without items that wait for another."""
    return {each.item: each.verdict for each in result.rubric if each.verdict not in SILENT}


def _counts(grades: Iterable[Grade]) -> dict[str, int]:
    counts = Counter({"graded": 0, "ungraded": 0, "withheld": 0, "missing": 0})
    for grade in grades:
        counts[grade.status] += 1
        counts["stale"] += bool(grade.stale)
        counts["not published"] += grade.score is not None and grade.score != grade.published
        counts["late"] += bool(grade.counts and grade.counts.late_days)
        result = grade.counts.result if grade.counts else None
        counts["not runnable"] += bool(result and result.status == GRADED and result.note)
    return dict(counts)


def _item(item: RubricItem, told: Iterable[Result]) -> ItemFacts:
    verdicts, waiting, alone, unseen = Counter[str](), 0, 0, 0
    for result in told:
        own = next((each for each in result.rubric if each.item == item.item), None)
        if own is None:
            continue
        waiting += own.verdict is Verdict.BLOCKED
        if own.verdict not in SILENT:
            verdicts[own.verdict.value] += 1
            is_alone = len(lost_items(result)) == 1
            alone += is_alone
            unseen += is_alone and own.finding.unseen
    counts = (sum(verdicts.values()), waiting, alone, unseen, dict(verdicts.most_common()))
    return ItemFacts(item.item, item.title, item.points, item.invariant, *counts)


def _invariants(lab: Lab, told: Iterable[Result]) -> Iterator[InvariantFacts]:
    """Yields the broken invariants, those that broke for most students first."""
    broken = Counter[str]()
    guarded = {each.item: each.invariant for each in lab.rubric}
    for result in told:  # of an older suite perhaps, with items that the rubric has no more
        broken.update({guarded[name] for name in lost_items(result) if name in guarded})
    for name, students in sorted(broken.items(), key=lambda pair: (-pair[1], pair[0])):
        yield InvariantFacts(name, lab.assignment.invariants[name], students)


def _spread(scores: Sequence[Points], most: int) -> Spread | None:
    if not scores:
        return None
    tenths = Counter(int(10 * score // most) if most else 0 for score in scores)
    numbers = [float(each) for each in scores]
    lower, median, upper = _quarters(numbers)
    middle = (statistics.fmean(numbers), median, lower, upper)
    shares = tuple(tenths[n] for n in range(11))
    return Spread(len(scores), *middle, min(scores), max(scores), shares)


def _quarters(values: Sequence[float]) -> tuple[float, float, float]:
    if len(values) == 1:
        return (values[0],) * 3
    lower, median, upper = statistics.quantiles(values, n=4, method="inclusive")
    return lower, median, upper


def _seconds(values: Sequence[float]) -> Seconds | None:
    if not values:
        return None
    p95 = sorted(values)[min(len(values) - 1, len(values) * 95 // 100)]
    return Seconds(len(values), statistics.median(values), p95, max(values), sum(values))


def _periods(grades: Sequence[Grade], zone: tzinfo) -> tuple[bool, tuple[Period, ...]]:
    """Attempts of a known time by day, or by week if days are too many; first whether weekly."""
    attempts = [each for grade in grades for each in grade.attempts]
    timed = [
        (at.astimezone(zone), each.score) for each in attempts if (at := each.attempt.submitted_at)
    ]
    if not timed:
        return False, ()
    dates = {at.date() for at, _ in timed}
    weekly = (max(dates) - min(dates)).days >= _DAYS_SHOWN

    def start(at: datetime) -> str:
        return f"{at.date() - timedelta(days=at.weekday() if weekly else 0)}"

    scores = defaultdict[str, list[Points | None]](list)
    for at, score in timed:
        scores[start(at)].append(score)
    due = {start(in_zone(grade.due, zone)) for grade in grades if grade.due and not grade.extension}
    periods = [
        Period(name, len(found), _median(found), name in due)
        for name, found in sorted(scores.items())
    ]
    return weekly, tuple(periods[-_DAYS_SHOWN:])


def _median(scores: Iterable[Points | None]) -> float | None:
    known = [float(each) for each in scores if each is not None]
    return statistics.median(known) if known else None
