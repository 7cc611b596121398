"""Which column of a table says what of a student, in our rosters and in what an LMS exports.

Canvas's gradebook has its own number in `ID`; Moodle's worksheet numbers the participants of one
assignment in `Identifier`. Neither is an id of ours: that is what students log in with.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

from grader.errors import UsageError
from grader.text.shown import escaped

FIELDS = ("id", "name", "email", "group", "lms_id")
_LAST, _FIRST = "last name", "first name"  # they make a name together


@dataclass(frozen=True)
class Kind:
    """A kind of table: the columns that it is known by, and which of them says what.

    A field is taken from the first of its columns that is there, and for `id` has a word in it.
    """

    what: str
    known_by: tuple[tuple[str, ...], ...]  # one of each
    fields: Mapping[str, tuple[str, ...]]
    aside: tuple[str, ...] = ()  # columns that look as if they said what we ask, with the reason
    mend: str = ""


OWN = Kind("roster", (("id",),), {name: (name,) for name in FIELDS})
CANVAS = Kind(
    "Canvas's gradebook",
    (("student", "lastname"), ("id",), ("sis login id", "sis user id", "section")),
    {
        "id": ("sis login id", "sis user id"),
        "name": ("student",),
        _LAST: ("lastname",),
        _FIRST: ("firstname",),
        "lms_id": ("id",),
    },
    ("section",),
    "ask who administers Canvas for the SIS ids",
)
CANVAS_USERS = Kind(
    "Canvas's list of users",
    (("login_id",), ("user_id", "canvas_user_id")),
    {
        "id": ("login_id", "user_id"),
        "name": ("sortable_name", "full_name"),
        "email": ("email",),
        "lms_id": ("canvas_user_id",),
    },
)
_MOODLE_IDS = ("id number", "username", "email address")
MOODLE = Kind(
    "Moodle's list of participants",
    (("first name",), ("last name", "surname")),
    {
        "id": _MOODLE_IDS,
        _LAST: ("last name", "surname"),
        _FIRST: ("first name",),
        "email": ("email address",),
    },
    ("group", "groups"),
    "have Moodle show ID number or email address: Site administration, Users, Permissions, "
    "User policies, Show user identity",
)
MOODLE_WORKSHEET = Kind(
    "Moodle's grading worksheet",
    (("identifier",), ("full name",)),
    {"id": _MOODLE_IDS, "name": ("full name",), "email": ("email address",)},
    ("group", "groups"),
    MOODLE.mend,
)
_KINDS = (CANVAS, CANVAS_USERS, OWN, MOODLE_WORKSHEET, MOODLE)


@dataclass(frozen=True)
class Columns:
    """The column of each field, and what there is to say of that."""

    kind: Kind
    places: Mapping[str, int]
    told: tuple[str, ...] = ()
    local_part: bool = False  # the id is what stands before the @

    def student(self, cells: Sequence[str]) -> dict[str, str]:
        """The facts of a line by field."""
        found = {name: cells[place] for name, place in self.places.items()}
        last, first = found.pop(_LAST, ""), found.pop(_FIRST, "")
        if last or first:
            found["name"] = ", ".join(filter(None, (last, first)))
        if self.local_part:
            found["id"] = found["id"].partition("@")[0]
        return found


@dataclass(frozen=True)
class Choice:
    """What a person says of a table's columns: which is which, and which to pass over."""

    columns: Mapping[str, str] = field(default_factory=dict)  # from a field to a heading
    ignored: tuple[str, ...] = ()


def columns_of(heading: Sequence[str], lines: Sequence[Sequence[str]], choice: Choice) -> Columns:
    """Which column is what; UsageError with the mend where that can't be told."""
    names = [" ".join(each.split()).casefold() for each in heading]
    kind = _kind_of(names, heading, choice)
    chosen = {name: _place(names, heading, wanted) for name, wanted in choice.columns.items()}
    ignored = {_place(names, heading, each) for each in choice.ignored}
    if kind is OWN:
        _check_own(names, heading, {*chosen.values(), *ignored})
    _check_twice(names, heading, kind, ignored)
    places = {
        name: place
        for name, wanted in kind.fields.items()
        if name not in chosen and (place := _first(names, wanted, lines, name)) is not None
    } | chosen
    if "name" in chosen:
        places = {name: place for name, place in places.items() if name not in (_LAST, _FIRST)}
    if "id" not in places:
        raise UsageError(_without_id(kind, heading))
    local = "id" not in chosen and names[places["id"]] == "email address"
    told = () if kind is OWN and not chosen else tuple(_told(kind, heading, names, places, local))
    return Columns(kind, places, told, local)


def _kind_of(names: Sequence[str], heading: Sequence[str], choice: Choice) -> Kind:
    """The kind of table; ours where it is of no other kind."""
    for kind in _KINDS:
        if all(set(some) & set(names) for some in kind.known_by):
            return kind
    if "id" in choice.columns:
        return OWN
    raise UsageError(
        "the first line names the columns, and 'id' is none of them; "
        f"{_perhaps(names, heading)}expected: {','.join(FIELDS)}"
    )


def _perhaps(names: Sequence[str], heading: Sequence[str]) -> str:
    """The column that is most likely meant for the id, and how to say so; nothing if none is."""
    likely = ("id", "login", "user", "username", "number", "netid", "student")
    for word in likely:
        for place, name in enumerate(names):
            if word in name.replace("_", " ").replace("-", " ").split():
                shown = escaped(heading[place])[:40]
                return f"if '{shown}' is: --column 'id={shown}'; "
    return ""


def _place(names: Sequence[str], heading: Sequence[str], wanted: str) -> int:
    name = " ".join(wanted.split()).casefold()
    if name in names:
        return names.index(name)
    there = ", ".join(escaped(each)[:40] for each in heading if each)
    raise UsageError(f"there is no column '{wanted}'; there are: {there}")


def _check_own(names: Sequence[str], heading: Sequence[str], settled: set[int]) -> None:
    """Refuses a column that is none of ours: it may be one that was mistyped."""
    for place, name in enumerate(names):
        if name in FIELDS or place in settled or not name:
            continue
        near = get_close_matches(name, FIELDS, 1, 0.5)
        shown = escaped(heading[place])[:40]
        mend = f"did you mean '{near[0]}'?" if near else f"expected: {','.join(FIELDS)}."
        raise UsageError(
            f"column '{shown}' is unknown; {mend} Nothing was changed. "
            f"To pass it over: --ignore '{shown}'"
        )


def _check_twice(
    names: Sequence[str], heading: Sequence[str], kind: Kind, ignored: set[int]
) -> None:
    """Refuses two columns of the same name, where that name is asked for."""
    asked = {each for some in kind.fields.values() for each in some}
    for place, name in enumerate(names):
        if name in asked and names.index(name) < place and names.index(name) not in ignored:
            raise UsageError(
                f"two columns are named '{escaped(heading[place])[:40]}'; leave one of them, "
                "nothing was changed"
            )


def _first(
    names: Sequence[str], wanted: Sequence[str], lines: Sequence[Sequence[str]], field_name: str
) -> int | None:
    """The first of the columns that is there; of several for an id, the first with a word in it."""
    places = [names.index(name) for name in wanted if name in names]
    if field_name == "id" and len(wanted) > 1:
        places = [
            each for each in places if any("".join(cells[each : each + 1]) for cells in lines)
        ]
    return places[0] if places else None


def _without_id(kind: Kind, heading: Sequence[str]) -> str:
    asked = " nor ".join(f"'{each}'" for each in kind.fields["id"])
    there = ", ".join(escaped(each)[:40] for each in heading[:12] if each)
    mend = f"; {kind.mend}" if kind.mend else ""
    return (
        f"{kind.what} with nothing that can be our id: neither {asked} has a word in it{mend}; "
        f"or name another column, --column id=TITLE, of: {there}"
    )


def _told(
    kind: Kind,
    heading: Sequence[str],
    names: Sequence[str],
    places: Mapping[str, int],
    local_part: bool,
) -> list[str]:
    """Which columns are taken for what, and which are not."""
    shown = {name: escaped(heading[place])[:40] for name, place in places.items()}
    if _LAST in shown or _FIRST in shown:
        parts = [shown.pop(each) for each in (_LAST, _FIRST) if each in shown]
        shown["name"] = "' and '".join(parts)
    before = " before the @" if local_part else ""
    taken = [
        f"{name} is '{shown[name]}'{before if name == 'id' else ''}"
        for name in FIELDS
        if name in shown
    ]
    lines = [f"{kind.what[:1].upper()}{kind.what[1:]}: {', '.join(taken)}."]
    aside = [heading[names.index(each)] for each in kind.aside if each in names]
    if aside and "group" not in places:
        lines.append(
            f"'{escaped(aside[0])[:40]}' is no group that hands in together; if it is: "
            f"--column 'group={escaped(aside[0])[:40]}'"
        )
    return lines
