"""Commands that copy a whole gradebook and bring it back: backup, restore."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import click

from grader.cli import shell
from grader.course import Course
from grader.course.key import KINDS, fingerprint, keep_key, present_key
from grader.gradebook.audit import user
from grader.gradebook.backup import MADE_AT, Contents, back_up, look_into
from grader.gradebook.restore import restore as bring_back
from grader.gradebook.store import Gradebook, url_of
from grader.intake.alone import alone
from grader.text.shown import plural
from grader.text.times import minute

_COURSE_FILE = "course.toml"


@click.command(epilog="Example: shardlab backup gradebook-monday.sqlite3")
@click.argument("target", metavar="FILE", type=shell.FILE)
@click.option("--with-keys", is_flag=True, help="Also the course's keys: then FILE is secret, too.")
@shell.db_option
@shell.json_option
def backup(target: Path, with_keys: bool, db: str | None, json_path: Path | None) -> None:
    """Copy the whole gradebook into a new file, while others use it.

    A plain copy of an SQLite gradebook misses what was written last; this doesn't. A gradebook in
    PostgreSQL becomes a file of the same form. Without the course's keys nothing can be graded
    with the same hidden inputs: keep them elsewhere, or take them in with --with-keys.
    """
    course = shell.course()
    facts = {_COURSE_FILE: (course.root / _COURSE_FILE).read_text("utf-8")}
    found = [(each, present_key(course.root, each)[1]) for each in KINDS] if with_keys else []
    keys = {kind.name: key.hex() for kind, key in found if key is not None}
    made = back_up(url_of(course.root, db), target, facts | keys, datetime.now(UTC))
    shell.say(f"Wrote {target}: {_counts(made)}.")
    if keys:
        shell.say(f"It holds the {' and the '.join(keys)}: keep it as secret as they are.")
    else:
        names = " and ".join(each.file for each in KINDS)
        text = f"Not in it: {names}. Keep them elsewhere; or: backup --with-keys"
        shell.say(*shell.folded(text, rest="  "))
    shell.write_json(json_path, {"file": str(target), "counts": made.counts, "keys": list(keys)})


@click.command(epilog="Example: shardlab restore gradebook-monday.sqlite3")
@click.argument("source", metavar="FILE", type=shell.FILE)
@click.option("--dry-run", is_flag=True, help="Only look whether FILE is whole, and what it holds.")
@shell.db_option
@shell.json_option
def restore(source: Path, dry_run: bool, db: str | None, json_path: Path | None) -> None:
    """Put the gradebook of a backup in the place of the present one.

    What is there is kept in a file beside it, which is named: restoring that takes this back.
    Refused while a run or a collect is at work.
    """
    course, now = shell.course(), datetime.now(UTC)
    contents = look_into(source)
    made_at = contents.facts.get(MADE_AT)
    when = f" of {minute(datetime.fromisoformat(made_at), course.zone)}" if made_at else ""
    shell.say(*shell.folded(f"{source}{when}: {_counts(contents)}.", rest="  ", whole=True))
    kept = None
    if not dry_run:
        url = url_of(course.root, db)
        with alone(course.root):
            kept = bring_back(url, source, _kept(course, url, now), who=user(), now=now).kept
        shell.say("Restored.")
        if kept is not None:
            text = f"What was there is kept; to go back: shardlab restore {kept}"
            shell.say(*shell.folded(text, rest="  ", whole=True))
        _keep_keys(course, contents.facts)
        _compare(course, contents, db)
    told = {"counts": contents.counts, "made_at": made_at, "kept": kept and str(kept)}
    shell.write_json(json_path, told)


def _counts(contents: Contents) -> str:
    return ", ".join(plural(count, name) for name, count in contents.counts.items())


def _kept(course: Course, url: str, now: datetime) -> Path:
    """Where what is there now is kept: beside it, or in the course's folder if a server has it."""
    path = course.root / "gradebook" if "://" in url else Path(url)
    return path.with_name(f"{path.stem}.before-restore-{now:%Y%m%dT%H%M%S%fZ}.sqlite3")


def _keep_keys(course: Course, facts: Mapping[str, str]) -> None:
    """Brings the keys of the backup back where there are none; others are left, and told."""
    for kind in KINDS:
        if kind.name not in facts:
            continue
        _, key = present_key(course.root, kind)
        if key is None:
            keep_key(course.root, kind, bytes.fromhex(facts[kind.name]))
            shell.say(f"Wrote {course.root / kind.file} from the backup.")


def _compare(course: Course, contents: Contents, db: str | None) -> None:
    """Tells what grades hang on beside the gradebook and is not as it was at the backup."""
    was = contents.facts.get(_COURSE_FILE)
    if was is not None and was != (course.root / _COURSE_FILE).read_text("utf-8"):
        shell.say_error(f"{_COURSE_FILE} has changed since: due dates and penalties may be others")
    with Gradebook.open(url_of(course.root, db)) as book:
        known = book.keys.known()
    for kind in KINDS:
        _, key = present_key(course.root, kind)
        if kind.name in known and (key is None or fingerprint(kind, key) != known[kind.name]):
            shell.say_error(f"{kind.file} here is not that gradebook's; see: shardlab keys")
