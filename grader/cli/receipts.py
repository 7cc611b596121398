"""Commands about receipts: verify, show. They need no network, and no course but its key."""

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.cli import shell
from grader.text.times import minute

if TYPE_CHECKING:
    from grader.intake.receipts import Receipt

_receipt = click.argument("path", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False))


@click.group(epilog="Example: shardlab receipt verify tp-sharding--s041.receipt.json")
def receipt() -> None:
    """Verify or show a receipt of what you handed in."""


@receipt.command(epilog="Example: shardlab receipt verify s041.receipt.json tp_sharding.py")
@_receipt
@click.argument("files", nargs=-1, metavar="[FILE.py]...",
                type=click.Path(path_type=Path, dir_okay=False))  # fmt: skip
@click.option("--key", metavar="HEX", help="The course's receipt key; else the one known here.")
@shell.json_option
@click.pass_context
def verify(
    context: click.Context,
    path: Path,
    files: tuple[Path, ...],
    key: str | None,
    json_path: Path | None,
) -> None:
    """Say whether the course signed this, and whether a file is what was received.

    Without FILE.py, files of these names that lie beside the receipt are compared.
    """
    from grader.intake.archive import BundleError
    from grader.intake.receipts import file_problem, read_receipt
    from grader.intake.receipts import verify as verify_receipt
    from grader.text.shown import escaped

    name, known = escaped(path.name), key or _known_key(context)
    problem, verified = "", None
    try:
        verified = verify_receipt(read_receipt(path), known)
        problem = file_problem(verified, _digests(files))
    except BundleError as error:
        problem = str(error)
    if problem:
        shell.say(f"{shell.word('INVALID', 'red')}  {name}: {problem}")
    else:
        assert verified is not None
        shell.say(f"{shell.word('VALID', 'green')}  {name}: signed by this course.")
        _say_facts(verified)
        _say_compared(verified, path, files)
    shell.write_json(json_path, {"valid": not problem, "problem": problem, "receipt": verified})
    shell.finish(shell.FALLS_SHORT if problem else shell.DONE)


@receipt.command(epilog="Example: shardlab receipt show s041.receipt.json")
@_receipt
@shell.json_option
def show(path: Path, json_path: Path | None) -> None:
    """Show what a receipt says, unverified."""
    from grader.intake.archive import BundleError
    from grader.intake.receipts import read_receipt
    from grader.text.shown import escaped

    name = escaped(path.name)
    try:
        signed = read_receipt(path)
    except BundleError as error:
        shell.say(f"{name}: {error}")
        shell.finish(shell.FALLS_SHORT)
    shell.say(f"{name}, not verified:")
    _say_facts(signed.receipt)
    shell.write_json(json_path, signed)


def _say_facts(said: "Receipt") -> None:
    from grader.intake.bundle import short_code
    from grader.text.shown import escaped

    shell.say(
        f"  {short_code(said.sha256)}  {said.lab}  attempt {said.attempt}",
        f"  student    {said.student}",
        f"  course     {escaped(said.course)[:64]}",
        f"  submitted  {minute(said.submitted_at)}",
        f"  received   {minute(said.received_at)}",
        f"  sha256     {said.sha256}",
    )


def _say_compared(said: "Receipt", path: Path, given: tuple[Path, ...]) -> None:
    """Given files were compared already, and are the same; those beside may have gone on."""
    from grader.intake.receipts import file_problem
    from grader.text.shown import escaped

    names = [name for name in said.files if Path(name).name == name]
    beside = [] if given else [path.parent / name for name in names]
    for each in [*given, *(file for file in beside if file.is_file())]:
        problem = file_problem(said, _digests([each]))
        shell.say(f"  {problem or f'{escaped(each.name)} is what was received'}")


def _digests(files: "tuple[Path, ...] | list[Path]") -> dict[str, str]:
    import hashlib

    from grader.errors import UsageError

    try:
        return {each.name: hashlib.sha256(each.read_bytes()).hexdigest() for each in files}
    except OSError as error:
        raise UsageError(f"{error.filename} can't be read: {error.strerror}") from None


def _known_key(context: click.Context) -> str:
    """The course's public key, as the workspace or the course here knows it."""
    from grader.errors import UsageError
    from grader.intake.receipts import known_key
    from grader.student.workspace import find_workspace

    with contextlib.suppress(UsageError):  # no workspace here: the course may know
        if key := find_workspace(Path.cwd()).course.receipt_key:
            return key
    with contextlib.suppress(UsageError):  # no course either
        if key := known_key(shell.course_of(context)):
            return key
    raise UsageError(
        "the course's receipt key is not known here: run this in the folder that "
        "'shardlab start' made, or give the key: --key HEX"
    )


COMMANDS = (receipt,)
