"""The class report as facts: students, lost items, groups that fail alike, work for a person.

An anonymous report, to show in class, is made here and not in a template: names, ids, links and
students' own text never get into the struct.
"""

import hashlib
import hmac
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, tzinfo

import msgspec
from msgspec.structs import replace

from grader.course import Lab
from grader.gradebook.points import Points
from grader.gradebook.rows import Grade
from grader.report.facts import LabFacts, Period, facts_of, is_telling, lost_items
from grader.report.verdicts import DECIDED, HOSTILE, NOTHING, letter_of, words_of
from grader.results import WITHHELD, Finding, Result, RubricResult, Verdict
from grader.suite.explain.message import impersonal, words_in
from grader.text.shown import plural

Link = Callable[[str, str], str]
"""From a lab's slug and a student's id to their page, relative to the report; or nothing."""

MOST_GROUPS, MOST_TROUBLES = 20, 50
_ENOUGH = 3  # students who are told the same: then it betrays none of them
_SLOW_TIMES, _SLOW_SECONDS = 5.0, 1.0


class Row(msgspec.Struct, frozen=True):
    """One student in the heat map: a letter for each rubric item."""

    who: str
    cells: str
    score: Points | None
    status: str
    late_days: int = 0
    attempts: int = 0
    link: str = ""
    stale: str = ""


class FailureGroup(msgspec.Struct, frozen=True):
    """Students who lost the same items in the same way, with a typical finding."""

    size: int
    lost: tuple[str, ...]
    cells: str
    students: tuple[str, ...] = ()
    finding: Finding = Finding()


class Trouble(msgspec.Struct, frozen=True):
    """A submission that was slow, or ended as only hostile or broken ones do."""

    who: str
    seconds: float
    what: str
    link: str = ""


class Fault(msgspec.Struct, frozen=True):
    """A score that is withheld until a person has mended the grader."""

    who: str
    note: str
    link: str = ""


class LabReport(msgspec.Struct, frozen=True):
    """One lab of a class report. `left_out` counts the groups that are not shown."""

    facts: LabFacts
    items: tuple[str, ...]
    rows: tuple[Row, ...]
    groups: tuple[FailureGroup, ...]
    left_out: int
    troubles: tuple[Trouble, ...]
    faults: tuple[Fault, ...]


class ClassReport(msgspec.Struct, frozen=True):
    """A class at a glance, lab by lab."""

    course: str
    labs: tuple[LabReport, ...]
    anonymous: bool = False


def class_report(
    course: str,
    graded: Sequence[tuple[Lab, Sequence[Grade]]],
    *,
    link: Link = lambda _lab, _student: "",
    anonymous: bytes | None = None,
    zone: tzinfo = UTC,
) -> ClassReport:
    """The report of these labs, with days of the zone.

    With `anonymous`, a key, students are numbers: in each lab of their own, in an order that
    follows from the key.
    """
    labs = tuple(
        _lab_report(_Naming.of(lab, grades, link, anonymous), zone) for lab, grades in graded
    )
    return ClassReport(course, labs, anonymous is not None)


@dataclass(frozen=True)
class _Naming:
    """The grades of one lab in the order of the report, each with a name and a link."""

    lab: Lab
    grades: Sequence[Grade]
    named: Sequence[tuple[Grade, str, str]]
    anonymous: bool

    @classmethod
    def of(cls, lab: Lab, grades: Sequence[Grade], link: Link, key: bytes | None) -> "_Naming":
        """By name, in the order of the grades; or with a key by number, shuffled."""
        if key is None:
            named = [(each, _name(each), link(lab.slug, each.student.id)) for each in grades]
            return cls(lab, grades, named, anonymous=False)

        def place(grade: Grade) -> bytes:
            label = f"report\0{lab.slug}\0{grade.student.id}"
            return hmac.digest(key, label.encode("utf-8", "surrogateescape"), hashlib.sha256)

        shuffled = sorted(grades, key=place)
        named = [(each, str(number), "") for number, each in enumerate(shuffled, 1)]
        return cls(lab, shuffled, named, anonymous=True)

    def results(self) -> Iterator[tuple[Result, str, str]]:
        """Yields each result with the student's name and the link to their page."""
        for grade, who, link in self.named:
            if grade.counts and grade.counts.result:
                yield grade.counts.result, who, link


def _name(grade: Grade) -> str:
    student = grade.student
    return f"{student.name} ({student.id})" if student.name else student.id


def _lab_report(named: _Naming, zone: tzinfo) -> LabReport:
    groups = list(_groups(named))
    facts = facts_of(named.lab, named.grades, zone)
    rows = [_row(named.lab, *each) for each in named.named]
    if named.anonymous:  # who came on which day, how often and how late is known among students
        facts = replace(facts, periods=tuple(map(_blurred, facts.periods)))
        rows = [replace(row, late_days=0, attempts=0) for row in rows]
    return LabReport(
        facts=facts,
        items=tuple(each.item for each in named.lab.rubric),
        rows=tuple(rows),
        groups=tuple(groups[:MOST_GROUPS]),
        left_out=max(0, len(groups) - MOST_GROUPS),
        troubles=tuple(_troubles(named)),
        faults=tuple(
            Fault(who, "" if named.anonymous else result.note, link)
            for result, who, link in named.results()
            if result.status == WITHHELD
        ),
    )


def _blurred(period: Period) -> Period:
    """The period, without the median of so few attempts that it betrays a score."""
    return period if period.attempts >= _ENOUGH else replace(period, median=None)


def _row(lab: Lab, grade: Grade, who: str, link: str) -> Row:
    result = grade.counts.result if grade.counts else None
    cells = _cells(lab, result, frozenset(each.item for each in grade.overrides))
    late = grade.counts.late_days if grade.counts else 0
    facts = (grade.score, grade.status, late, len(grade.attempts), link, grade.stale)
    return Row(who, cells, *facts)


def _cells(lab: Lab, result: Result | None, decided: frozenset[str] = frozenset()) -> str:
    """A letter for each rubric item."""
    if result is None:
        return NOTHING * len(lab.rubric)
    judged = {each.item: letter_of(each.verdict) for each in result.rubric}
    return "".join(
        DECIDED if each.item in decided else judged.get(each.item, NOTHING) for each in lab.rubric
    )


# -- who fails alike -----------------------------------------------------------------------


def _groups(named: _Naming) -> Iterator[FailureGroup]:
    """Yields the groups, the largest first. Work that does not load is one group."""
    alike = defaultdict[tuple[str, ...], list[tuple[Result, str]]](list)
    for result, who, _ in named.results():
        if result.status != WITHHELD and (lost := lost_items(result)):
            way = tuple(f"{item} {words_of(verdict)}" for item, verdict in lost.items())
            alike[way if is_telling(result) else ("not runnable",)].append((result, who))
    for ways, members in sorted(alike.items(), key=lambda pair: (-len(pair[1]), pair[0])):
        results = [result for result, _ in members]
        cells, finding = _cells(named.lab, results[0]), _typical(results, named)
        students = () if named.anonymous else tuple(who for _, who in members)
        yield FailureGroup(len(members), ways, cells, students, finding)


def _typical(results: Sequence[Result], named: _Naming) -> Finding:
    """The finding that most of them got for the first item they lost.

    In an anonymous report only a finding that several students share, without the facts that may
    hold a student's own text, and without anybody's name.
    """
    firsts = Counter(next(_findings(each), Finding()) for each in results)
    if not named.anonymous:
        return firsts.most_common(1)[0][0]
    for finding, count in Counter(map(impersonal, firsts.elements())).most_common(1):
        if count >= _ENOUGH and not _names_anyone(finding, named.grades):
            return finding
    return Finding()


def _findings(result: Result) -> Iterator[Finding]:
    return (each.finding for each in result.rubric if _is_lost(each))


def _is_lost(result: RubricResult) -> bool:
    return result.verdict not in (Verdict.PASSED, Verdict.BLOCKED)


def _names_anyone(finding: Finding, grades: Sequence[Grade]) -> bool:
    flat = words_in(finding).casefold()
    for grade in grades:
        student = grade.student
        for name in (student.id, *student.aliases, *student.name.split(), student.email):
            if len(name) >= 3 and name.casefold() in flat:
                return True
    return False


# -- what needs a person -------------------------------------------------------------------


def _troubles(named: _Naming) -> Iterator[Trouble]:
    """Yields submissions that ended badly, then those that took long, the slowest first."""
    seconds = sorted(result.seconds for result, *_ in named.results())
    usual = seconds[len(seconds) // 2] if seconds else 0.0
    slow = max(_SLOW_SECONDS, _SLOW_TIMES * usual)
    found = []
    for result, who, link in named.results():
        ends = Counter(words_of(e.verdict) for e in result.rubric if e.verdict in HOSTILE)
        parts = [f"{words} ({plural(count, 'item')})" for words, count in ends.items()]
        if result.seconds > slow:
            parts.append("slow")
        if parts:
            found.append(Trouble(who, result.seconds, ", ".join(parts), link))
    found.sort(key=lambda each: (each.what == "slow", -each.seconds))
    yield from found[:MOST_TROUBLES]
