"""When labs are due and what lateness costs, as the gradebook last knew it from `course.toml`.

A change there changes grades, without any command. So whoever opens the gradebook has it compare;
what is another now is kept, and told in the log. Only the newest rows are ever compared.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from grader.course import Deadline
from grader.gradebook.audit import note
from grader.gradebook.database import lock
from grader.gradebook.tables import policies
from grader.text.times import exact, zone_of

_WHOLE_COURSE = ""  # where `lab` is empty, the row has the course's zone
_Policy = Mapping[str, Any]  # empty: none


def changed(
    connection: sa.Connection, timezone: str, deadlines: Mapping[str, Deadline]
) -> dict[str, tuple[_Policy, _Policy]]:
    """The policies that are another now, by lab: the one last known and the present one."""
    query = sa.select(policies.c.lab, policies.c.policy).order_by(policies.c.id)
    known: dict[str, _Policy] = {
        lab: json.loads(policy) for lab, policy in connection.execute(query)
    }
    present: dict[str, _Policy] = {_WHOLE_COURSE: {"timezone": timezone} if timezone else {}}
    present |= {lab: _policy(each) for lab, each in deadlines.items()}
    pairs = {lab: (known.get(lab, {}), present.get(lab, {})) for lab in [*present, *known]}
    return {lab: (old, new) for lab, (old, new) in pairs.items() if old != new}


def keep(
    connection: sa.Connection,
    timezone: str,
    deadlines: Mapping[str, Deadline],
    who: str,
    now: datetime,
) -> None:
    """Keeps the policies that are another now, with a line in the log for each."""
    lock(connection, "policies")
    zone = zone_of(timezone)
    is_first = connection.execute(sa.select(policies.c.id).limit(1)).first() is None
    for lab, (old, new) in changed(connection, timezone, deadlines).items():
        row = {"lab": lab, "policy": json.dumps(new), "author": who, "at": now}
        connection.execute(policies.insert().values(row))
        shown = [{name: _word(name, value, zone) for name, value in each.items()}
                 for each in (old, new)]  # fmt: skip
        if lab == _WHOLE_COURSE:
            names = [each.get("timezone", "UTC") for each in (old, new)]
            told = " -> ".join(names[is_first:])  # at first there is no old one
            note(connection, now, who, "policy", "course", f"timezone {told}")
        else:
            note(connection, now, who, "policy", lab, _words(*shown))


def _policy(deadline: Deadline) -> _Policy:
    """The deadline as it is kept; the zone has a row of its own."""
    due = deadline.due.astimezone(UTC)
    found: dict[str, Any] = msgspec.to_builtins(msgspec.structs.replace(deadline, due=due))
    del found["timezone"]
    return found


def _word(name: str, value: Any, zone: Any) -> str:
    return exact(datetime.fromisoformat(value), zone) if name == "due" else str(value)


def _words(old: Mapping[str, str], new: Mapping[str, str]) -> str:
    """`due A -> B, per_day 10 -> 20`; all of it where one of them is none."""
    if not old:
        return ", ".join(f"{name} {word}" for name, word in new.items())
    if not new:
        return f"due {old['due']} -> no deadline"
    names = [name for name in new if old.get(name) != new[name]]
    return ", ".join(f"{name} {old.get(name, 'none')} -> {new[name]}" for name in names)
