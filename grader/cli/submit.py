"""The command that hands in a student's work: submit."""

from datetime import UTC, datetime
from pathlib import Path

import click

from grader.cli import shell
from grader.cli.group import Exit
from grader.cli.levels import best_level
from grader.errors import CourseError, SandboxError, UsageError
from grader.intake.bundle import Bundle, short_code
from grader.intake.bundle import pack as pack_bundle
from grader.student import hand_in
from grader.student.checking import check_once, open_items, passed_items, work_of
from grader.student.workspace import Workspace, find_workspace
from grader.submissions import Submission
from grader.suite.explain.message import lines_of
from grader.suite.run import SuiteRun
from grader.text.times import minute


@click.command(epilog="Example: shardlab submit tp-sharding --student s041")
@shell.own_lab_argument
@click.option("--to", "inbox", metavar="INBOX", help="The inbox: a folder, or a file: URL.")
@click.option(
    "--pack",
    type=shell.FILE,
    metavar="FILE",
    help="Write FILE, to upload elsewhere, and deliver nothing.",
)
@click.option("--student", metavar="ID", help="Who you are; remembered from then on.")
@shell.json_option
def submit(
    slug: str | None,
    inbox: str | None,
    pack: Path | None,
    student: str | None,
    json_path: Path | None,
) -> None:
    """Hand in your file, whether the checks pass or not."""
    here = find_workspace(Path.cwd(), slug)
    who = hand_in.student_of(here, student)
    target = None if pack is not None else hand_in.inbox_of(here, inbox)
    told = {"lab": here.lab.slug, "student": who}
    submission = work_of(here)
    if submission.problem:
        shell.say(f"{here.file}: {submission.problem}", "Nothing was submitted.")
        unsent = {"new": False, "problem": submission.problem, "sent": None}
        shell.write_json(json_path, {**told, **unsent})
        shell.finish(Exit.FALLS_SHORT)
    bundle = pack_bundle(here.lab, who, submission, now=datetime.now(UTC))
    names = ", ".join(_file(name, len(each), bundle) for name, each in bundle.files.items())
    public, why = _public(here, submission)
    shell.say(*shell.folded(f"Packed {names}. {public}"), *why)
    if target is not None:
        delivered = hand_in.deliver_to(target, bundle)
        word = "Delivered"
        then = "A signed receipt follows when staff collect. See: shardlab status"
    else:
        assert pack is not None, "else there is an inbox"
        delivered = hand_in.pack_to(pack, bundle)
        word, then = "Wrote", f"Hand in {delivered.path} where your course asks for it."
    sent, problem = hand_in.remember(here, bundle, delivered)
    if problem:
        shell.say(f"Note: {problem}; so this submission is not remembered")
    code, files = short_code(bundle.digest), bundle.manifest.files
    word = word if delivered.new else "Was there already:"
    shell.say(f"{word} {code}  {minute(sent.at, here.zone)}", then)
    facts = {"new": delivered.new, "code": code, "files": files, "sent": sent}
    shell.write_json(json_path, {**told, **facts})


def _public(here: Workspace, submission: Submission) -> tuple[str, list[str]]:
    """`Public 9/9.`, and why the file can't be imported, if it can't.

    Where the checks can't be run, that is said instead: it is no reason not to submit.
    """
    try:
        note = " (your own checks)" if here.public_suite_changed else ""
        run = check_once(here, best_level(None), submission=submission, stop_early=False)
    except (CourseError, SandboxError, UsageError) as error:
        return f"Public checks can't be run: {str(error).splitlines()[0]}", []
    unloaded = (lines_of(each.finding) for each in run.results if not each.finding.loads)
    left = open_items(run)
    rest = f", {len(left)} open" if left else ""
    passed = f"Public {passed_items(run)}/{len(here.lab.rubric)}{rest}{note}."
    return passed, next(unloaded, _why_open(here, run))


def _why_open(here: Workspace, run: SuiteRun) -> list[str]:
    """For each item that stays open: its points, and why this machine could not show it."""
    lines = []
    for each in run.results:
        if each.finding.open:
            item, why = here.lab.item(each.item), each.finding.got
            lines += shell.folded(f"Open, {item.points} points: {item.title}")
            lines += shell.folded(why, "  ", "  ")
    return lines


def _file(name: str, count: int, bundle: Bundle) -> str:
    """`add.py (1.9 kB, sha256 4be1..c07a)`: the hash that `sha256sum` says of the file."""
    digest = bundle.manifest.files[name].sha256
    return f"{name} ({_size(count)}, sha256 {digest[:4]}..{digest[-4:]})"


def _size(count: int) -> str:
    return f"{count / 1000:.1f} kB" if count >= 1000 else f"{count} bytes"
