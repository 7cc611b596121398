"""Makes the drawings of a class report from its facts."""

from collections.abc import Sequence
from itertools import pairwise

from grader.drawing import Amount, Bars, HeatMap
from grader.report.classroom import FailureGroup
from grader.report.facts import LabFacts, Spread
from grader.report.verdicts import kinds


def distribution(spread: Spread, max_score: int) -> Bars:
    """The number of scores in each tenth of the maximum, and of full scores."""
    edges = [max_score * n / 10 for n in range(11)]
    labels = [f"{low:g}-{high - 1:g}" for low, high in pairwise(edges)]
    bars = zip([*labels, f"{max_score}"], spread.tenths, strict=True)
    return Bars("Students by score", tuple(Amount(label, count) for label, count in bars))


def hardest(facts: LabFacts, most: int = 40) -> Bars:
    """The number of students who lost each item, most lost first."""
    bars = tuple(Amount(each.item[:30], each.lost) for each in facts.hardest[:most])
    return Bars("Students who lost it", bars)


def over_time(facts: LabFacts) -> Bars:
    """The attempts of each day or week, with the median of their scores."""
    bars = []
    for each in facts.periods:
        parts = [] if each.median is None else [f"median {each.median:g}"]
        bars.append(Amount(each.start, each.attempts, ", ".join(parts + ["due"] * each.due)))
    return Bars(f"Attempts by {'week' if facts.weekly else 'day'}, {facts.zone}", tuple(bars))


def alike(items: Sequence[str], groups: Sequence[FailureGroup]) -> HeatMap:
    """A row for each group of students who fail alike."""
    rows = []
    for number, group in enumerate(groups, 1):
        rows.append((f"group {number}: {group.size}", group.cells))
    signs = kinds(group.cells for group in groups)
    return HeatMap("Groups that fail alike, by rubric item", tuple(items), tuple(rows), signs)
