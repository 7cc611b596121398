"""Turns facts into HTML: pure functions from a struct to one self-contained file."""

import base64
import hashlib
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from textwrap import dedent
from typing import Any, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from grader.drawing import STYLE, Drawing
from grader.report import charts
from grader.report.classroom import ClassReport, LabReport
from grader.report.feedback import Feedback, Illustration, drawn
from grader.report.text import count_words
from grader.report.verdicts import kinds
from grader.results import Finding
from grader.suite.explain.message import facts_of
from grader.text.shown import printable

_FOLDER = Path(__file__).parent / "templates"
_LONGEST = 20_000  # of one text on a page
_PROSE = ("Pattern", "Broken", "Note", "Nudge")  # facts in words; the others are set as code
_CHUNK = 50  # rows of students that a browser lays out together


def feedback_page(feedback: Feedback) -> str:
    """The student's page."""
    return _render("feedback.html.j2", feedback=feedback)


def class_page(report: ClassReport) -> str:
    """The class at a glance."""
    return _render("class.html.j2", report=report)


def file_name(student: str) -> str:
    """The file name of a student's page: different for every id, and never in another folder.

    An id of small letters and digits is its own name. Of any other id, those letters and digits
    are kept, with a digest behind `~`, which stands in no plain id.
    """
    if re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,63}", student):
        return f"{student}.html"
    plain = "-".join(re.findall(r"[a-z0-9]+", student.lower()))[:24]
    digest = hashlib.sha256(student.encode("utf-8", "surrogateescape")).hexdigest()[:12]
    return f"{plain}~{digest}.html"


def link_in(folder: Path) -> Callable[[str, str], str]:
    """What gives a student's page in the folder, by lab and id; empty where there is none."""

    def link(lab: str, student: str) -> str:
        relative = f"{lab}/{file_name(student)}"
        return relative if (folder / relative).is_file() else ""

    return link


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        finalize=_visible,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(charts=_charts, kinds=_kinds, facts=_facts, count_words=count_words)
    environment.filters.update(
        inline=_inline,
        cells=_cells,
        chunks=_chunks,
        dedent=dedent,
    )
    return environment


def _render(template: str, **facts: Any) -> str:
    style = _style()
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    page = _environment().get_template(template)
    # a hash allows just this style sheet: what a student might smuggle in has another
    return page.render(style=Markup(style), style_hash=digest, **facts)  # noqa: S704 - our own


@cache
def _style() -> str:
    """The one style sheet of a page, that of its drawings included."""
    own = (_FOLDER / "page.css").read_text("utf-8")
    return own + STYLE.removeprefix("<style>").removesuffix("</style>")


def _visible(value: Any) -> Any:
    """The value of an expression as it is put on a page, with invisible characters escaped."""
    return value if isinstance(value, Markup) else printable(str(value), _LONGEST)


def _inline(svg: str) -> Markup:
    """A drawing as part of a page, without its style sheet, which the page has once."""
    return Markup(svg.replace(STYLE, ""))  # noqa: S704 - drawings escape what is not theirs


def _charts(lab: LabReport) -> dict[str, Illustration]:
    """The drawings of a lab for which there is something to draw."""
    facts = lab.facts
    made: dict[str, Drawing] = {}
    if facts.spread:
        made["distribution"] = charts.distribution(facts.spread, facts.max_score)
    if facts.periods:
        made["over_time"] = charts.over_time(facts)
    if lab.groups:
        made["alike"] = charts.alike(lab.items, lab.groups)
    return {name: drawn(each) for name, each in made.items()}


class _Shown(NamedTuple):
    """A label and the texts of its facts."""

    label: str
    code: bool
    texts: list[str]


def _facts(finding: Finding) -> list[_Shown]:
    """The facts of a finding by label: all inputs share one, and shapes share the call's."""
    shown = list[_Shown]()
    for fact in facts_of(finding):
        if fact.label or not shown:
            shown.append(_Shown(fact.label, fact.label not in _PROSE, []))
        shown[-1].texts.append("\n".join(fact.lines))
    return shown


def _kinds(lab: LabReport) -> list[tuple[str, str]]:
    """The meaning of the heat map's letters: (letter, words)."""
    return [(each.sign, each.name) for each in kinds(row.cells for row in lab.rows)]


@cache
def _cells(cells: str) -> Markup:
    """The cells of a row; a passed one has no class, so that a large page stays small."""
    return Markup("").join(
        Markup("<td>·") if each == "·" else Markup('<td class="v{}">{}').format(_class(each), each)
        for each in cells
    )


def _class(letter: str) -> Markup:
    return escape(re.sub(r"\W", "n", letter))


def _chunks(rows: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    return [rows[first : first + _CHUNK] for first in range(0, len(rows), _CHUNK)]
