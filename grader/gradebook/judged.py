"""The result of each attempt: the present one, or the one that stood before it.

The present result is that of the attempt's current key, or a fault under that key, or else the
newest result of the same content. It is stale if the lab as it is now may come to another one.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from grader.course import Lab
from grader.engine import ENGINE
from grader.errors import CourseError
from grader.gradebook.attempts import name_of
from grader.gradebook.database import in_chunks
from grader.gradebook.rows import Attempt
from grader.gradebook.tables import case_verdicts, current_keys, faults, results, submissions
from grader.results import GRADED, WITHHELD, Result, RubricResult, Verdict
from grader.text.shown import plural

OTHER_POINTS, OLDER_SUITE = "of other points", "of an older suite"
OTHER_ENGINE, OTHER_KEY = "of another engine", "of another course key"
OTHER_REGRADE = "of another regrade"
_VERDICT_COLUMNS = ("result", "item", "points", "max_points", "verdict", "finding")
_LIVE = "+"  # what follows it in an engine's name is a way to run, not another engine
_Row = sa.RowMapping
_Rubric = tuple[RubricResult, ...]


@dataclass(frozen=True)
class Judged:
    """A result with its key, and what makes it stale, in words; nothing does if that is empty."""

    result: Result
    key: str = ""
    stale: str = ""


@dataclass(frozen=True)
class Present:
    """What a result depends on beside the submission, as it is now.

    An empty suite is one that is not here, so that nobody can tell.
    """

    suite: str
    points: Mapping[str, int]
    isolation: str
    engine: str = ""

    @classmethod
    def of(cls, lab: Lab, isolation: str, engine: str = "") -> "Present":
        """The lab's, at this level of isolation; by any way to run of the engine, or by this."""
        try:
            suite = lab.suite_digest
        except (CourseError, OSError):
            suite = ""  # a copy without the hidden suite: its grades can be read for all that
        return cls(suite, {each.item: each.points for each in lab.rubric}, isolation, engine)

    def stale(self, row: _Row, rubric: _Rubric) -> str:
        """What of the result is not as it would be now; empty where nothing is."""
        if rubric and {each.item: each.max_points for each in rubric} != self.points:
            return OTHER_POINTS
        if self.suite and row["suite"] != self.suite:
            return OLDER_SUITE
        engine = row["engine"] if self.engine else row["engine"].partition(_LIVE)[0]
        if engine != (self.engine or ENGINE):
            return OTHER_ENGINE
        return "" if row["isolation"] == self.isolation else f"of isolation '{row['isolation']}'"


def stale_words(slug: str, stale: Iterable[str]) -> str:
    """What is stale of a lab's results, and what to do about it; empty where nothing is."""
    counts = Counter(filter(None, stale)).most_common()
    if not counts:
        return ""
    (words, count), *others = counts
    first = f"{plural(count, 'result')} {'is' if count == 1 else 'are'} {words}"
    told = ", ".join([first, *(f"{count} {words}" for words, count in others)])
    return f"{told}; 'shardlab regrade {slug}' grades again and shows whose score changes."


def judged(
    connection: sa.Connection,
    lab: Lab,
    attempts: Iterable[Attempt],
    *,
    before: bool = False,
    present: Present | None = None,
) -> dict[int, Judged]:
    """The present result of each attempt that has one, by the attempt's id.

    With `before`, the newest other result of the same content, where there is one: what stood
    before the present one counted. What is `present` follows from the lab, and from the level of
    isolation of the lab's newest result.
    """
    every = {each.id: each for each in attempts}
    of_lab = sa.select(submissions.c.id).where(submissions.c.lab == lab.slug)
    query = sa.select(current_keys).where(current_keys.c.submission.in_(of_lab))
    keys = {row.submission: row.key for row in connection.execute(query)}
    by_key = _rows(connection, results, of_lab)
    by_content = defaultdict[tuple[str, str], list[_Row]](list)
    for row in by_key.values():
        if row["submission"] in every:  # none that is void
            by_content[_content(every[row["submission"]])].append(row)
    broken = {} if before else _rows(connection, faults, of_lab)
    chosen, found = dict[int, _Row](), dict[int, Judged]()
    for number, attempt in every.items():
        key, same = keys.get(number, ""), by_content.get(_content(attempt), [])
        if key not in by_key and key in broken:
            found[number] = Judged(_withheld(name_of(attempt), broken[key]))
        elif same or key in by_key:
            chosen[number] = _before(same, key) if before and same else by_key.get(key) or same[-1]
    rubrics = _rubrics(connection, {row["id"] for row in chosen.values()})
    newest = max(by_key.values(), key=lambda row: row["id"])["isolation"] if by_key else ""
    present = present or Present.of(lab, newest)
    for number, row in chosen.items():
        rubric = rubrics.get(row["id"], ())
        result = _result(name_of(every[number]), row, rubric)
        found[number] = Judged(result, row["key"], present.stale(row, rubric))
    return found


def _before(same: list[_Row], key: str) -> _Row:
    """The newest result of this content that is not the current one; where it is alone, that."""
    return next((row for row in reversed(same) if row["key"] != key), same[-1])


def _content(attempt: Attempt) -> tuple[str, str]:
    return attempt.student, attempt.digest


def _rows(
    connection: sa.Connection, table: sa.Table, of_lab: sa.Select[tuple[int]]
) -> dict[str, _Row]:
    """The lab's results or faults by key, the newest of each, in the order they were made in."""
    query = sa.select(table).where(table.c.submission.in_(of_lab)).order_by(table.c.id)
    return {row["key"]: row for row in connection.execute(query).mappings()}


def _rubrics(connection: sa.Connection, ids: Iterable[int]) -> dict[int, _Rubric]:
    """The verdicts of each result, in the rubric's order."""
    found = defaultdict[int, list[RubricResult]](list)
    verdicts = {each.value: each for each in Verdict}
    columns = [case_verdicts.c[name] for name in _VERDICT_COLUMNS]
    for some in in_chunks(sorted(ids)):
        query = sa.select(*columns).where(case_verdicts.c.result.in_(some))
        ordered = query.order_by(case_verdicts.c.result, case_verdicts.c.position)
        for result, item, points, most, verdict, finding in connection.execute(ordered):
            found[result].append(RubricResult(item, points, most, verdicts[verdict], finding))
    return {result: tuple(rubric) for result, rubric in found.items()}


def _result(name: str, row: _Row, rubric: _Rubric) -> Result:
    numbers = (row["score"], row["max_score"], row["seconds"])
    return Result(name, GRADED, *numbers, rubric, row["note"], row["trace"])


def _withheld(name: str, row: _Row) -> Result:
    return Result(name, WITHHELD, None, row["max_score"], row["seconds"], (), row["reason"])
