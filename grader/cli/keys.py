"""The command about the course's two secrets: keys."""

from pathlib import Path
from typing import Any

import click

from grader.cli import shell
from grader.cli.book import gradebook
from grader.cli.group import Exit
from grader.cli.tracked import say_tracked
from grader.course import Course
from grader.course.key import KINDS, KeyKind, course_key, fingerprint, present_key, receipt_seed

_BY_NAME = {each.name: each for each in KINDS}
_SHOWN = 8  # of a fingerprint's digits
_ANOTHER = "ANOTHER"
_READ = {"course-key": course_key, "receipt-key": receipt_seed}


@click.command(epilog="Example: shardlab keys")
@click.option(
    "--accept",
    type=click.Choice(list(_BY_NAME)),
    help="Have the key that is here count from now on; without one, a new one is made.",
)
@click.option("--reason", default="", help="Why another key is accepted; it stands in the record.")
@shell.db_option
@shell.json_option
def keys(accept: str | None, reason: str, db: str | None, json_path: Path | None) -> None:
    """Show whether the course's keys are those that the gradebook knows.

    The course key draws every hidden input, the receipt key signs receipts. A gradebook refuses
    another key than it was made with, unless you accept it.
    """
    if accept and not reason.strip():
        raise click.UsageError("--accept needs --reason")
    course = shell.course()
    with gradebook(course, db) as book:
        if accept:
            kind = _BY_NAME[accept]
            _READ[accept](course.root)  # refuses a weak or damaged one, and makes one where none is
            _, key = present_key(course.root, kind)
            book.keys.accept(kind, fingerprint(kind, key or b""), reason)
            shell.say(f"The {accept} that is here counts from now on: {kind.cost}.")
        known = book.keys.known()
    rows = [_row(course, kind, known.get(kind.name, "")) for kind in KINDS]
    for row in rows:
        shell.say(f"  {row['kind']:<12} {row['state']:<8} {row['source']}".rstrip())
    say_tracked(course)
    shell.write_json(json_path, rows)
    others = [row["kind"] for row in rows if row["state"] == _ANOTHER]
    for name in others:
        mend = (
            f"another {name} than the gradebook knows is refused: bring the course's own back, or "
            f"have this one count: shardlab keys --accept {name} --reason WHY"
        )
        shell.say_error(mend)
    if others:
        shell.finish(Exit.FALLS_SHORT)


def _row(course: Course, kind: KeyKind, known: str) -> dict[str, Any]:
    """A key in short: where it comes from, and whether it is the known one."""
    source, key = present_key(course.root, kind)
    here = "" if key is None else fingerprint(kind, key)
    state = "absent" if not here else "new" if not known else "ok" if here == known else _ANOTHER
    facts = {"here": here[:_SHOWN], "known": known[:_SHOWN], "source": source if here else ""}
    return {"kind": kind.name, "state": state, **facts}
