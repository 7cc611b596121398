"""What an export format is, and how one is found by its name.

A format is a module with a `FORMAT` that makes an `Export` of an `Order`. Shardlab's own are
named in `OWN`; another package adds one as an entry point of the group `shardlab.exports`, whose
value is `its.module:FORMAT`.
"""

from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import EntryPoint, entry_points
from typing import Literal

import msgspec

from grader.errors import UsageError
from grader.exports.entry import Entry, ExportedLab, entries, without_score
from grader.gradebook.rows import Grade

GROUP = "shardlab.exports"
OWN = {
    name: EntryPoint(name, f"grader.exports.{name}:FORMAT", GROUP)
    for name in ("csv", "canvas", "moodle", "gradescope", "junit", "nbgrader")
}


class Order(msgspec.Struct, frozen=True):
    """What is to be exported, and what the user gave beside it."""

    labs: tuple[ExportedLab, ...]
    rows: tuple[Entry, ...]
    template: bytes | None = None  # a sheet of the other system's, to be filled in
    columns: Mapping[str, str] = {}  # what the other system calls a lab, by slug
    single: bool = False  # one student's grade was asked for


class Export(msgspec.Struct, frozen=True):
    """A text, or the texts of a folder's files; and what a person should know of it.

    `unplaced` are scores of ours that found no place, `notes` are all other remarks.
    """

    content: str | dict[str, str]
    written: int
    unplaced: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class Format(msgspec.Struct, frozen=True):
    """How an export is made, and what it asks of the user.

    `template` says whether a sheet may or must be given; `mend` is told where one is missing.
    """

    make: Callable[[Order], Export]
    one_lab: bool = False
    template: Literal["", "may", "must"] = ""
    columns: bool = False
    mend: str = ""


def document(content: str | dict[str, str], order: Order) -> Export:
    """The export of a content in which every score has its place."""
    written = sum(each.score is not None for each in order.rows)
    return Export(content, written, (), tuple(without_score(order.rows)))


def find(name: str) -> Format | None:
    """The format of that name; None where neither Shardlab nor a package has it."""
    point = OWN.get(name) or next(iter(entry_points(group=GROUP, name=name)), None)
    found: Format | None = point.load() if point is not None else None
    return found


def names() -> list[str]:
    """The names of all formats that are installed."""
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


def rows_of(grades: Sequence[Grade], student: str | None, *, published: bool) -> list[Entry]:
    """What goes out of these grades, or of one student's; says who is not there."""
    wanted = [each for each in grades if student in {None, each.student.id}]
    if student is not None and not wanted:
        raise UsageError(f"no student '{student}' in the gradebook; see 'shardlab roster'")
    return entries(wanted, published=published)


def check(
    name: str, form: Format, labs: list[str], *, template: bytes | None, columns: Mapping[str, str]
) -> None:
    """Refuses what can't be meant, before a gradebook is opened."""
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
