"""Export formats, and how one is found by its name.

A format is a module with a `FORMAT`, which makes an `Export` from an `ExportOrder`. Shardlab's own
formats are named in `OWN`; another package adds one by an entry point of the group
`shardlab.exports` with the value `its.module:FORMAT`.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from importlib.metadata import EntryPoint, entry_points
from typing import Literal

import msgspec

from grader.errors import UsageError
from grader.exports.exported import ExportedGrade, ExportedLab, entries, without_score
from grader.gradebook.points import Points
from grader.gradebook.rows import Grade

GROUP = "shardlab.exports"
OWN = {
    name: EntryPoint(name, f"grader.exports.{name}:FORMAT", GROUP)
    for name in ("csv", "canvas", "moodle", "gradescope", "junit", "nbgrader")
}


class ExportOrder(msgspec.Struct, frozen=True):
    """The grades to export, and the user's options."""

    labs: tuple[ExportedLab, ...]
    rows: tuple[ExportedGrade, ...]
    template: bytes | None = None  # a sheet of the other system's, to be filled in
    columns: Mapping[str, str] = {}  # what the other system calls a lab, by slug
    single: bool = False  # one student's grade was asked for


class Export(msgspec.Struct, frozen=True):
    """A text, or the texts of a folder's files, with remarks for the person who exports.

    `unplaced` are scores that found no place, for which the command ends with 1; `notes` are all
    other remarks. Of the scores written, `zeros` stand for work that was not handed in. `encoding`
    is the codec of the text; a byte order mark is part of the text.
    """

    content: str | dict[str, str]
    written: int
    unplaced: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    encoding: str = "utf-8"
    zeros: int = 0


class Format(msgspec.Struct, frozen=True):
    """The function that makes an export, and the options it takes.

    With `one_lab` it exports one lab at a time; with `columns` it takes --column. `template` says
    whether the user may or must give a sheet; `mend` is the error if it is missing.
    """

    make: Callable[[ExportOrder], Export]
    one_lab: bool = False
    template: Literal["", "may", "must"] = ""
    columns: bool = False
    mend: str = ""


def document(content: str | dict[str, str], order: ExportOrder) -> Export:
    """The export of a text that holds each score of the order; grades without one are noted."""
    written = sum(each.score is not None for each in order.rows)
    zeros = sum(each.filled for each in order.rows)
    return Export(content, written, (), tuple(without_score(order.rows)), zeros=zeros)


def find(name: str) -> Format | None:
    """The format of that name; None if neither Shardlab nor another package has it."""
    point = OWN.get(name) or next(iter(entry_points(group=GROUP, name=name)), None)
    found: Format | None = point.load() if point is not None else None
    return found


def names() -> list[str]:
    """The names of all installed formats."""
    return list(dict.fromkeys([*OWN, *(each.name for each in entry_points(group=GROUP))]))


def columns_of(given: Sequence[str], slugs: Sequence[str]) -> dict[str, str]:
    """What another system calls each lab, from texts `LAB=TITLE`."""
    found = {}
    for each in given:
        slug, equals, title = each.partition("=")
        if not equals or not title.strip() or slug not in slugs:
            raise UsageError(f"--column {each}: expected LAB=TITLE, LAB of {', '.join(slugs)}")
        found[slug] = title.strip()
    return found


def rows_of(
    grades: Sequence[Grade],
    student: str | None,
    *,
    published: bool,
    missing_as: Points | None = None,
    handed_in: Collection[tuple[str, str]] = (),
) -> list[ExportedGrade]:
    """The grades to export, of all or of one student; UsageError for an unknown student."""
    wanted = [each for each in grades if student is None or each.student.is_called({student})]
    if student is not None and not wanted:
        raise UsageError(f"no student '{student}' in the gradebook; see 'shardlab roster'")
    return entries(wanted, published=published, missing_as=missing_as, handed_in=handed_in)


def check(
    name: str, form: Format, labs: list[str], *, template: bytes | None, columns: Mapping[str, str]
) -> None:
    """Refuses options that the format doesn't take, before a gradebook is opened."""
    if form.one_lab and len(labs) > 1:
        slugs = ", ".join(labs)
        raise UsageError(f"--to {name} takes one lab: name it before FILE; there are: {slugs}")
    asked = (("template", template is not None), ("columns", bool(columns)))
    for fact, given in asked:
        if given and not getattr(form, fact):
            some = " and ".join(each for each in names() if getattr(find(each), fact))
            raise UsageError(f"--{fact.removesuffix('s')} is for {some}; leave it out for {name}")
    if form.template == "must" and template is None:
        raise UsageError(form.mend)
