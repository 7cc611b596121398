"""JUnit XML for CI systems.

`testsuites/testsuite/testcase` with `failure`, `error` or `skipped` and nothing else: properties
would break the schema of Jenkins' xunit plugin and of pytest.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple
from xml.etree import ElementTree as ET

from grader.exports.cells import number
from grader.exports.exported import ExportedGrade, Item
from grader.exports.formats import Format, document
from grader.gradebook.points import Points
from grader.results import Verdict

_NOT_XML = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_COUNTED = {"failures": "failure", "errors": "error", "skipped": "skipped"}


class _Case(NamedTuple):
    """A test case; `ended` is the element that says how it ended, empty if it passed."""

    classname: str
    name: str
    ended: str = ""
    kind: str = ""
    text: str = ""


def junit_xml(suite: str, rows: Iterable[tuple[str, str, str, bool]]) -> str:
    """A test case for each row (class name, name, text, passed); a failure has the text."""
    cases = [
        _Case(classname, name, "" if passed else "failure", "failed", text)
        for classname, name, text, passed in rows
    ]
    return _document([_suite(suite, cases)])


def grades_junit(rows: Iterable[ExportedGrade]) -> str:
    """A test suite per student and lab, with a test case per rubric item.

    A lost item is a failure, a withheld score an error in each item. Work that is not handed in,
    not graded or not published is one skipped case.
    """
    return _document([_graded(row) for row in rows])


def _graded(row: ExportedGrade) -> ET.Element:
    counts = row.attempt
    when = counts.attempt.submitted_at if counts else None
    seconds = counts.result.seconds if counts and counts.result else 0.0
    return _suite(f"{row.lab} {row.student}", _cases(row), when, seconds)


def _cases(row: ExportedGrade) -> list[_Case]:
    where = f"{row.lab}.{row.student}"
    if row.score is None:
        ended = "error" if row.status == "withheld" and row.reason != "not published" else "skipped"
        names = [each.item for each in row.items] if ended == "error" else []
        return [_Case(where, name, ended, row.status, row.reason) for name in names or ["score"]]
    if not row.items:
        return [_whole(where, row, row.score)]
    return [_item(where, each) for each in row.items]


def _whole(where: str, row: ExportedGrade, score: Points) -> _Case:
    """The case of a score without items: one that was published, or stands for nothing at all."""
    if score >= row.grade.max_score:
        return _Case(where, "score")
    told = f"{number(score)} of {row.grade.max_score} points"
    why = "\nnothing handed in" if row.filled else ""
    return _Case(where, "score", "failure", row.status, told + why)


def _item(where: str, item: Item) -> _Case:
    if item.full:
        return _Case(where, item.item)
    if item.verdict is Verdict.GRADER_FAULT and item.override is None:
        return _Case(where, item.item, "error", item.verdict, item.message)
    told = f"{number(item.points)} of {item.max_points} points\n{item.message}"
    return _Case(where, item.item, "failure", item.verdict, told)


def _suite(
    name: str, cases: Sequence[_Case], when: datetime | None = None, seconds: float = 0.0
) -> ET.Element:
    count = Counter(case.ended for case in cases)
    counted = {attribute: str(count[ended]) for attribute, ended in _COUNTED.items()}
    attributes = {"name": _clean(name), "tests": str(len(cases)), **counted}
    attributes |= {"time": f"{seconds:.3f}", "hostname": "localhost"}
    if when is not None:
        attributes["timestamp"] = when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    suite = ET.Element("testsuite", attributes)
    for each in cases:
        suite.append(_case(each))
    return suite


def _case(case: _Case) -> ET.Element:
    element = ET.Element(
        "testcase", classname=_clean(case.classname), name=_clean(case.name), time="0"
    )
    if case.ended:
        first = case.text.strip().partition("\n")[0] or "failed"
        ended = ET.SubElement(element, case.ended, type=case.kind, message=_clean(first))
        ended.text = _clean(case.text)
    return element


def _document(suites: Sequence[ET.Element]) -> str:
    root = ET.Element("testsuites")
    root.extend(suites)
    ET.indent(root)
    return ET.tostring(root, "unicode", xml_declaration=True) + "\n"


def _clean(text: str) -> str:
    """The text without the characters that XML 1.0 can't hold."""
    return _NOT_XML.sub("", text)


FORMAT = Format(lambda order: document(grades_junit(order.rows), order))
