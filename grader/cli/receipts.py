"""Commands about receipts, which need no network, and no course but its key: receipt, status."""

import contextlib
import hashlib
from collections.abc import Sequence
from datetime import UTC, tzinfo
from pathlib import Path

import click

from grader.cli import shell
from grader.cli.group import Exit
from grader.errors import CourseError, UsageError
from grader.intake.archive import BundleError
from grader.intake.bundle import receipt_path, short_code
from grader.intake.receipts import Receipt, file_problem, known_key, read_receipt
from grader.intake.receipts import verify as verify_receipt
from grader.student.hand_in import receipt_of
from grader.student.workspace import find_workspace
from grader.text.shown import escaped
from grader.text.times import minute

_receipt = click.argument("path", metavar="FILE", type=shell.FILE)


@click.command(epilog="Example: shardlab status tp-sharding")
@shell.own_lab_argument
@shell.json_option
def status(slug: str | None, json_path: Path | None) -> None:
    """Show what you handed in, and which receipts have arrived."""
    here = find_workspace(Path.cwd(), slug)
    state, rows = here.state(), []
    if not state.sent:
        shell.say(f"{here.lab.slug}: nothing handed in from this folder. Next: shardlab submit")
    else:
        shell.say(f"{here.lab.slug}, student {state.student or '?'}")
    for sent in state.sent:
        found = receipt_of(here, sent)
        code, path = short_code(sent.sha256), receipt_path(Path(sent.delivered_to))
        words = found if isinstance(found, str) else _received(found, here.zone)
        place = f"receipt: {path}" if path.exists() else f"its receipt, when it comes: {path}"
        shell.say(f"{sent.attempt:>3}  {code}  {minute(sent.at, here.zone)}")
        shell.say(*(line for text in (words, place) for line in _indented(text)))
        facts = {"code": code, "sent": sent, "received": not isinstance(found, str)}
        rows.append({**facts, "words": words, "receipt": str(path)})
    shell.write_json(json_path, {"lab": here.lab.slug, "student": state.student, "sent": rows})


def _received(receipt: Receipt, zone: tzinfo) -> str:
    return f"received as attempt {receipt.attempt}, {minute(receipt.received_at, zone)}"


def _indented(text: str) -> list[str]:
    return shell.folded(text, " " * 5, " " * 5, whole=True)


@click.group(epilog="Example: shardlab receipt verify tp-sharding--s041.receipt.json")
def receipt() -> None:
    """Verify or show a receipt of what you handed in."""


@receipt.command(epilog="Example: shardlab receipt verify s041.receipt.json tp_sharding.py")
@_receipt
@click.argument("files", nargs=-1, metavar="[FILE.py]...", type=shell.FILE)
@click.option("--key", metavar="HEX", help="The course's receipt key; else the one known here.")
@shell.json_option
def verify(path: Path, files: tuple[Path, ...], key: str | None, json_path: Path | None) -> None:
    """Say whether the course signed this, and for which file.

    Each FILE.py is compared with what was taken in; without one, files of these names that lie
    beside the receipt.
    """
    name, known = escaped(path.name), key or _known_key()
    problem, verified = "", None
    try:
        verified = verify_receipt(read_receipt(path), known)
        problem = file_problem(verified, _digests(files))
    except BundleError as error:
        problem = str(error)
    if verified is None or problem:
        shell.say(f"{shell.word('INVALID', 'red')}  {name}: {problem}")
    else:
        shell.say(f"{shell.word('VALID', 'green')}  {name}: signed by this course.")
        _say_facts(verified)
        _say_compared(verified, path, files)
    shell.write_json(json_path, {"valid": not problem, "problem": problem, "receipt": verified})
    shell.finish(Exit.FALLS_SHORT if problem else Exit.DONE)


@receipt.command(epilog="Example: shardlab receipt show s041.receipt.json")
@_receipt
@shell.json_option
def show(path: Path, json_path: Path | None) -> None:
    """Show what a receipt says, unverified."""
    name = escaped(path.name)
    try:
        signed = read_receipt(path)
    except BundleError as error:
        shell.say(f"{name}: {error}")
        shell.finish(Exit.FALLS_SHORT)
    shell.say(f"{name}, not verified:")
    _say_facts(signed.receipt)
    shell.write_json(json_path, signed)


def _say_facts(said: Receipt) -> None:
    zone = _zone_here()
    shell.say(
        f"  {short_code(said.sha256)}  {said.lab}  attempt {said.attempt}",
        f"  student    {said.student}",
        f"  course     {escaped(said.course)[:64]}",
        f"  submitted  {minute(said.submitted_at, zone)}",
        f"  received   {minute(said.received_at, zone)}",
    )
    for name, digest in said.files.items():  # each as `sha256sum` says it
        shell.say(f"  {escaped(name)[:64]}", f"    sha256 {digest}")


def _say_compared(said: Receipt, path: Path, given: tuple[Path, ...]) -> None:
    """Given files were compared already, and are the same; those beside may have gone on."""
    names = [name for name in said.files if Path(name).name == name]
    beside = [] if given else [path.parent / name for name in names]
    for each in [*given, *(file for file in beside if file.is_file())]:
        problem = file_problem(said, _digests([each]))
        shell.say(f"  {problem or f'{escaped(each.name)} is what was taken in'}")


def _digests(files: Sequence[Path]) -> dict[str, str]:
    try:
        return {each.name: hashlib.sha256(each.read_bytes()).hexdigest() for each in files}
    except OSError as error:
        raise UsageError(f"{error.filename} can't be read: {error.strerror}") from None


def _zone_here() -> tzinfo:
    """The zone of the workspace or of the course here; UTC where there is neither."""
    with contextlib.suppress(UsageError):
        return find_workspace(Path.cwd()).zone
    with contextlib.suppress(UsageError, CourseError):  # a receipt can be read without a course
        return shell.course().zone
    return UTC


def _known_key() -> str:
    """The course's public key, as the workspace or the course here knows it."""
    with contextlib.suppress(UsageError):  # no workspace here: the course may know
        if key := find_workspace(Path.cwd()).course.receipt_key:
            return key
    with contextlib.suppress(UsageError):  # no course either
        if key := known_key(shell.course()):
            return key
    raise UsageError(
        "the course's receipt key is not known here: run this in the folder that "
        "'shardlab start' made, or give the key: --key HEX"
    )
