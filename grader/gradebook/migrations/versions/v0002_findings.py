"""Findings in place of rendered messages: the facts of each lost item, as JSON.

A message of step 0001 is read back into facts and laid out again as that version did it. Where
both are not the same to the letter, the message is kept whole, as a text in place of facts. What
its layout lost stays lost: two spaces at the end of a line are one now.
"""

import json
import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_FACTS = {
    "Called": "called", "With": "inputs", "Expected": "expected", "Got": "got",
    "Got-Exp": "difference", "Pattern": "pattern", "Error": "error", "Your line": "source",
    "Broken": "broken", "Note": "note", "Nudge": "nudge", "Printed": "printed",
}  # fmt: skip
_INDENT, _LABEL, _ROOM = "   ", 10, 67
_MOST_PRINTED = 8
_CALL = re.compile(r"\w+\(.*\)( {1,2}on \d+ ranks?)?")
_SHAPE = re.compile(r"[\w ]+\((\d+,)*\d*\)")
_INPUT = re.compile(r"(\w+|argument \d+) = ")
_MORE = re.compile(r"\((\d+) lines more\)")
_UNSEEN = "every public case passes; a hidden case ends as"
_ROWS = 1000  # that are changed by one statement

Facts = Mapping[str, object]


def upgrade() -> None:
    """Turns the column `message` into `finding`, row by row."""
    op.alter_column("case_verdicts", "message", new_column_name="finding")
    _allow_updates()
    table = sa.table("case_verdicts", *map(sa.column, ("result", "item", "finding")))
    own = (table.c.result == sa.bindparam("of"), table.c.item == sa.bindparam("named"))
    changed = sa.update(table).where(*own).values(finding=sa.bindparam("facts"))
    connection = op.get_bind()
    rows = connection.execute(sa.select(table)).all()
    for first in range(0, len(rows), _ROWS):
        values = [
            {"of": row.result, "named": row.item, "facts": _as_json(row.finding)}
            for row in rows[first : first + _ROWS]
        ]
        connection.execute(changed, values)
    _refuse_updates()


def downgrade() -> None:
    """There is no way back: what a message leaves out of a finding is not known from it."""
    raise NotImplementedError("findings are not made messages again")


def _allow_updates() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER case_verdicts_no_update")
    else:
        op.execute("ALTER TABLE case_verdicts DISABLE TRIGGER case_verdicts_no_update")


def _refuse_updates() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE TRIGGER case_verdicts_no_update BEFORE UPDATE ON case_verdicts "
            "BEGIN SELECT RAISE(ABORT, 'case_verdicts are written once'); END"
        )
    else:
        op.execute("ALTER TABLE case_verdicts ENABLE TRIGGER case_verdicts_no_update")


# -- from a message to facts ---------------------------------------------------------------


@lru_cache(maxsize=4096)  # many students are told the same
def _as_json(message: str) -> str:
    return json.dumps(finding_of(message))


def finding_of(message: str) -> Facts:
    """The facts of a message, by the names of step 0002; or the whole message as `text`."""
    groups = _groups(message)
    facts = dict(_facts(groups)) if groups else {}
    if _message_of(facts) != message:
        return {"text": message}
    if "does not load: " in str(facts.get("error", "")) and "broken" not in facts:
        facts["loads"] = False
    if str(facts.get("note", "")).startswith(_UNSEEN):
        facts["unseen"] = True
    return facts


def _groups(message: str) -> list[tuple[str, list[str]]]:
    """Each label with the lines behind it; nothing where a line has another form."""
    groups = list[tuple[str, list[str]]]()
    for line in message.split("\n"):
        label, text = line[3:13].rstrip(), line[13:]
        if not line.startswith(_INDENT) or len(line) < 13:
            return []
        if label in _FACTS:
            groups.append((label, [text]))
        elif groups and not label:
            groups[-1][1].append(text)
        else:
            return []
    return groups


def _facts(groups: Sequence[tuple[str, list[str]]]) -> Iterator[tuple[str, object]]:
    for label, lines in groups:
        if label == "Called":
            end = _end_of_call(lines)
            yield "called", _joined(lines[:end])
            yield "shapes", _joined(lines[end:])
        elif label == "With":
            yield "inputs", _inputs(lines)
        elif label == "Printed":
            more = _MORE.fullmatch(lines[-1]) if len(lines) > _MOST_PRINTED else None
            yield "printed", "\n".join(lines[:_MOST_PRINTED] if more else lines)
            yield "unprinted", int(more[1]) if more else 0
        else:
            yield _FACTS[label], _joined(lines)


def _end_of_call(lines: Sequence[str]) -> int:
    """How many of the lines are the call; those after it are shapes."""
    for end in range(1, len(lines)):
        if _CALL.fullmatch(_joined(lines[:end])) and _SHAPE.match(lines[end]):
            return end
    return len(lines)


def _inputs(lines: Sequence[str]) -> list[list[str]]:
    starts = [n for n, line in enumerate(lines) if n == 0 or _INPUT.match(line)]
    texts = [_joined(lines[a:b]) for a, b in zip(starts, [*starts[1:], None], strict=True)]
    return [list(text.partition(" = ")[::2]) for text in texts]


def _joined(lines: Sequence[str]) -> str:
    """The text that was wrapped into these lines; one that had room for more ended there."""
    text = "".join(lines[:1])
    for before, line in pairwise(lines):
        full = len(before) + 1 + len(line.split(" ")[0]) > _ROOM
        text += (" " if full else "\n") + line
    return text


# -- from facts to a message, as step 0001 had it ------------------------------------------


def _message_of(facts: Facts) -> str:
    return "\n".join(line for label, text in _labelled(facts) for line in _fact(label, text))


def _labelled(facts: Facts) -> Iterator[tuple[str, str]]:
    for label, name in _FACTS.items():
        if label == "With":
            inputs = facts.get(name, [])
            assert isinstance(inputs, list)
            for number, (key, value) in enumerate(inputs):
                yield (label if number == 0 else ""), f"{key} = {value}"
        elif name in facts:
            yield label, str(facts[name])
        if label == "Called":
            yield "", str(facts.get("shapes", ""))
    if more := facts.get("unprinted"):
        yield "", f"({more} lines more)"


def _fact(label: str, text: str) -> Iterator[str]:
    parts = text.split("\n")
    if label != "Printed":
        parts = [p for part in parts for p in textwrap.wrap(part, _ROOM, break_on_hyphens=False)]
    for number, part in enumerate(parts):
        yield f"{_INDENT}{label if number == 0 else '':<{_LABEL}}{part}"
