"""Commands about handing in: submit, status, receipt (students); collect (instructors)."""

import os
import textwrap
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.cli import shell
from grader.files.writing import write_whole
from grader.text.times import minute

if TYPE_CHECKING:
    from grader.course import Course
    from grader.gradebook.rows import Attempt
    from grader.intake.bundle import Bundle
    from grader.intake.found import Refused, TakenIn
    from grader.intake.inbox import Delivered
    from grader.student.workspace import Sent, Workspace
    from grader.submissions import Submission

_slug = click.argument("slug", required=False, metavar="[LAB]")
_file = click.Path(path_type=Path, dir_okay=False)
STUDENT_VARIABLE = "SHARDLAB_STUDENT"
INBOX_VARIABLE = "SHARDLAB_INBOX"


@click.command(epilog="Example: shardlab submit tp-sharding --student s041")
@_slug
@click.option("--to", "inbox", metavar="INBOX", help="The inbox: a folder, or a file: URL.")
@click.option("--pack", type=_file, metavar="FILE",
              help="Write FILE, to upload elsewhere, and deliver nothing.")  # fmt: skip
@click.option("--student", metavar="ID", help="Who you are; remembered from then on.")
@shell.json_option
def submit(
    slug: str | None,
    inbox: str | None,
    pack: Path | None,
    student: str | None,
    json_path: Path | None,
) -> None:
    """Hand in your file. Failing checks don't keep it back."""
    from grader.intake.bundle import pack as pack_bundle
    from grader.intake.bundle import short_code
    from grader.student.checking import work_of
    from grader.student.workspace import find_workspace

    here = find_workspace(Path.cwd(), slug)
    who = _student(here, student)
    target = None if pack is not None else _inbox(here, inbox)
    submission = work_of(here)
    if submission.problem:
        shell.say(f"{here.file}: {submission.problem}", "Nothing was submitted.")
        facts = {"new": False, "problem": submission.problem, "sent": None}
        shell.write_json(json_path, {"lab": here.lab.slug, "student": who, **facts})
        shell.finish(shell.FALLS_SHORT)
    bundle = pack_bundle(here.lab, who, submission, now=datetime.now(UTC))
    _say_packed(here, bundle, submission)
    delivered = _delivered(bundle, target, pack)
    sent = _remember(here, bundle, delivered)
    digest = bundle.digest
    word = ("Wrote" if pack else "Delivered") if delivered.new else "Was there already:"
    then = "A signed receipt follows when staff collect. See: shardlab status"
    if pack:
        then = f"Hand in {delivered.path} where your course asks for it."
    code = short_code(digest)
    shell.say(f"{word} {code}  {minute(sent.at)}  sha256 {digest[:4]}..{digest[-4:]}", then)
    facts = {"new": delivered.new, "code": code, "sent": sent}
    shell.write_json(json_path, {"lab": here.lab.slug, "student": who, **facts})


def _student(here: "Workspace", given: str | None) -> str:
    """Who hands in: as given, else as the environment says, else who did so from here before."""
    from grader.errors import UsageError
    from grader.intake.bundle import student_id

    who = given or os.environ.get(STUDENT_VARIABLE) or here.state().student
    if not who:
        raise UsageError(
            f"who are you? Say it once: shardlab submit --student ID (or set {STUDENT_VARIABLE})"
        )
    return student_id(who)


def _inbox(here: "Workspace", given: str | None) -> Path:
    from grader.errors import UsageError
    from grader.intake.inbox import inbox_folder

    text = given or os.environ.get(INBOX_VARIABLE) or here.course.inbox
    if not text:
        raise UsageError(
            f"no inbox is known: name it with --to or {INBOX_VARIABLE}, "
            "or write a file to upload: shardlab submit --pack FILE"
        )
    return inbox_folder(text)


def _say_packed(here: "Workspace", bundle: "Bundle", submission: "Submission") -> None:
    """What is in the bundle, and how the public checks like it."""
    names = ", ".join(f"{name} ({_size(len(each))})" for name, each in bundle.files.items())
    shell.say(*textwrap.wrap(f"Packed {names}. {_public(here, submission)}", 78))


def _public(here: "Workspace", submission: "Submission") -> str:
    """`Public 9/9.`; where the checks can't be run, that, for it is no reason not to submit."""
    from grader.errors import CourseError, SandboxError
    from grader.student.checking import check_once, passed_items

    note = " (your own checks)" if here.public_suite_changed else ""
    try:
        run = check_once(here, shell.best_level(None), submission=submission, stop_early=False)
    except (CourseError, SandboxError) as error:
        return f"Public checks can't be run: {str(error).splitlines()[0]}"
    return f"Public {passed_items(run)}/{len(here.lab.rubric)}{note}."


def _delivered(bundle: "Bundle", target: Path | None, pack: Path | None) -> "Delivered":
    from grader.errors import UsageError
    from grader.intake.bundle import SUFFIX
    from grader.intake.inbox import Delivered, deliver

    if target is None:
        assert pack is not None
        write_whole(pack, bundle.raw)
        return Delivered(pack.absolute(), new=True)
    try:
        return deliver(target, bundle)
    except UsageError as error:
        raise UsageError(
            f"{error}\nNothing was delivered, and nothing is lost. To hand it in another way:\n"
            f"  shardlab submit --pack {bundle.stem}{SUFFIX}"
        ) from None


def _remember(here: "Workspace", bundle: "Bundle", delivered: "Delivered") -> "Sent":
    """What is remembered of this submission; the one before where it is the same."""
    from grader.errors import UsageError
    from grader.student.workspace import Sent

    state = here.state()
    place = str(delivered.path)
    same = [each for each in state.sent if each.delivered_to == place]
    if same and not delivered.new:
        return same[-1]
    sent = Sent(bundle.digest, bundle.manifest.created_at, len(state.sent) + 1, place)
    state.sent.append(sent)
    state.student = bundle.manifest.student
    try:
        here.remember(state)
    except UsageError as error:
        shell.say(f"Note: {error}; so this submission is not remembered")
    return sent


@click.command(epilog="Example: shardlab status tp-sharding")
@_slug
@shell.json_option
def status(slug: str | None, json_path: Path | None) -> None:
    """Show what you handed in, and which receipts have arrived."""
    from grader.intake.bundle import short_code
    from grader.student.workspace import find_workspace

    here = find_workspace(Path.cwd(), slug)
    state = here.state()
    if not state.sent:
        shell.say(f"{here.lab.slug}: nothing handed in from this folder. Next: shardlab submit")
    else:
        shell.say(f"{here.lab.slug}, student {state.student or '?'}")
    rows = []
    for sent in state.sent:
        received, words = _receipt_state(here, sent)
        shell.say(
            f"{sent.attempt:>3}  {short_code(sent.sha256)}  {minute(sent.at)}", *_indented(words, 5)
        )
        rows.append({"sent": sent, "received": received, "words": words})
    shell.write_json(json_path, {"lab": here.lab.slug, "student": state.student, "sent": rows})


def _receipt_state(here: "Workspace", sent: "Sent") -> tuple[bool, str]:
    """Whether a good receipt has arrived for it, and how it stands, in words."""
    from grader.errors import UsageError
    from grader.intake.archive import BundleError
    from grader.intake.bundle import receipt_path
    from grader.intake.receipts import read_receipt, verify

    bundle = Path(sent.delivered_to)
    path = receipt_path(bundle)
    if not path.exists():
        gone = "" if bundle.exists() else ", and the bundle is not there any more"
        return False, f"no receipt yet for {bundle}{gone}"
    try:
        signed = read_receipt(path)
        if signed.receipt.sha256 != sent.sha256:
            return False, "RECEIPT NOT VALID: it is of something else"
        if not here.course.receipt_key:
            return False, f"a receipt is there, but no key to verify it with: {path}"
        receipt = verify(signed, here.course.receipt_key)
    except (BundleError, UsageError) as error:
        return False, f"RECEIPT NOT VALID: {error}"
    return (
        True,
        f"received as attempt {receipt.attempt}, {minute(receipt.received_at)}; {path.name}",
    )


@click.command(epilog="Example: shardlab collect inbox/ --lab tp-sharding")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[PATH]...")
@click.option("--lab", "slug", metavar="LAB", help="Only what is for this lab.")
@click.option("--known-only", is_flag=True, help="Refuse whoever is not on the roster.")
@shell.db_option
@shell.json_option
@click.pass_context
def collect(
    context: click.Context,
    paths: tuple[Path, ...],
    slug: str | None,
    known_only: bool,
    db: str | None,
    json_path: Path | None,
) -> None:
    """Take into the gradebook what was handed in, and sign receipts.

    PATH is an inbox, a bundle, a folder of STUDENT.py files, or a bulk download of Canvas or
    Moodle, as a zip or unpacked; the course's own inbox if none is given. Run it often,
    and soon after a due date: what was taken stays as it is, and what comes later counts as
    handed in after the last time.
    """
    from grader.intake.found import TakenIn
    from grader.intake.taking import take_in

    course = shell.course_of(context)
    places = list(paths) or [_course_inbox(course)]
    missing = [path for path in places if not os.path.lexists(path)]
    for path in missing:
        click.echo(f"Error: {path}: no such file or folder; the rest is collected", err=True)
    taken_in: list[TakenIn] = []
    others: list[Refused] = []
    with shell.gradebook_of(context, db) as book:
        there, now = [path for path in places if path not in missing], datetime.now(UTC)
        for each in take_in(course, book, there, lab=slug, known_only=known_only, now=now):
            if isinstance(each, TakenIn):
                taken_in.append(each)
                if each.problem:
                    shell.say(f"Note: receipt {each.problem}")
            else:
                others.append(each)
                _say_refused(each)
        by_id = {each.id: each for each in book.attempts(slug)} if json_path is not None else {}
    _say_counts(taken_in, len(others))
    if json_path is not None:
        rows = [_row(each, by_id[each.attempt]) for each in taken_in]
        shell.write_json(json_path, {"received": rows, "refused": others})
    if missing:
        shell.finish(shell.USAGE)
    shell.finish(shell.FALLS_SHORT if others else shell.DONE)


def _course_inbox(course: "Course") -> Path:
    from grader.errors import UsageError
    from grader.intake.inbox import inbox_folder

    text = os.environ.get(INBOX_VARIABLE) or course.inbox
    if not text:
        raise UsageError(f"name what to collect, or set {INBOX_VARIABLE}, or inbox in course.toml")
    return inbox_folder(text, course.root)


def _row(taken_in: "TakenIn", attempt: "Attempt") -> dict[str, object]:
    return {
        "lab": attempt.lab,
        "student": attempt.student,
        "attempt": attempt.number,
        "new": taken_in.new,
        "source": taken_in.source,
        "submitted_at": attempt.submitted_at,
        "problem": attempt.problem,
    }


def _say_refused(each: "Refused") -> None:
    shell.say(f"{shell.word('REFUSED', 'yellow')}  {each.where}", *_indented(each.reason, 9))


def _say_counts(taken_in: "list[TakenIn]", refused: int) -> None:
    """How many there are of each lab, how many of them new, and what to do next."""
    every = Counter(each.lab for each in taken_in)
    new = Counter(each.lab for each in taken_in if each.new)
    for slug in sorted(every):
        shell.say(f"Collected {slug}: {new[slug]} new, {every[slug] - new[slug]} known.")
    if not every:
        shell.say("Collected nothing.")
    elif new:
        shell.say("Next: shardlab grade")
    if refused:
        shell.say(f"{refused} refused, listed above; nothing was changed there.")


def _indented(text: str, by: int) -> list[str]:
    """The text in lines; a path, which somebody may want to copy, is in one, however long."""
    indent = " " * by
    wrapper = textwrap.TextWrapper(78, initial_indent=indent, subsequent_indent=indent)
    wrapper.break_on_hyphens = wrapper.break_long_words = False
    return wrapper.wrap(text)


def _size(count: int) -> str:
    return f"{count / 1000:.1f} kB" if count >= 1000 else f"{count} bytes"


COMMANDS = (submit, status, collect)
