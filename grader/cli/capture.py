"""The command that makes a trace: capture."""

from pathlib import Path

import click

from grader.cli import shell
from grader.cli.group import Exit
from grader.cli.levels import best_level
from grader.errors import CourseError, SandboxError, UsageError
from grader.evidence import Capture
from grader.files.writing import write_whole
from grader.results import Verdict
from grader.sandbox import check_installed
from grader.student.checking import PublicChecks, work_of
from grader.student.workspace import Workspace, find_workspace
from grader.suite.evidence import Evidence
from grader.suite.explain.message import lines_of
from grader.suite.finding import CaseResult


@click.command(epilog="Example: shardlab capture two-way-tp")
@shell.own_lab_argument
@click.option("--cpu", is_flag=True, help="On the CPU, even where there is a GPU.")
@click.option("--unchecked", is_flag=True, help="Capture, whatever the public checks say.")
@click.option("--replace", is_flag=True, help="Also put a trace in the place of a better one.")
def capture(slug: str | None, cpu: bool, unchecked: bool, replace: bool) -> None:
    """Run your file on real ranks, and write the trace.

    The ranks are GPUs of this machine where the lab has a use for them, else processes on its
    CPU. Your file runs without isolation, once it has passed the public checks. The trace lies
    beside it, and is submitted with it. A better one that lies there stays.
    """
    here = find_workspace(Path.cwd(), slug)
    evidence = Evidence.of(here.lab, here.nonce, None)
    if evidence is None:
        raise UsageError(f"{here.lab.slug} has no trace; 'shardlab check' is all it takes")
    check_installed(here.lab.assignment.preload)
    if not unchecked:
        _check_first(here)
    captured = _captured(here, evidence, cpu=cpu)
    if captured.problem:
        shell.say(f"No trace: {captured.problem}", *_stays(here))
        shell.finish(Exit.FALLS_SHORT)
    evidence.raw = captured.raw
    held = [check for check in evidence.kind.CHECKS if _say_flaws(evidence, check)]
    shell.say(*evidence.picture())
    _keep(here, captured.raw, held, replace=replace)
    whole = len(held) == len(evidence.kind.CHECKS)
    shell.say("Trace consistent." if whole else "Trace consistent where it says PASS.")
    shell.say("It goes with your submission by itself. Next: shardlab check")


def _check_first(here: Workspace) -> None:
    """Ends the command where the file fails a public check of its code."""
    shell.say("Public checks of your code first.")
    work = work_of(here)
    if work.problem:
        shell.say(f"{here.file}: {work.problem}")
        shell.finish(Exit.FALLS_SHORT)
    lost: list[CaseResult] = []

    def note(result: CaseResult) -> None:
        lost.extend([result] if result.verdict not in (Verdict.PASSED, Verdict.BLOCKED) else [])

    try:
        with PublicChecks(here, best_level(None)) as checks:
            checks.run(work, on_result=note, with_trace=False)
    except (CourseError, SandboxError) as error:
        shell.say(f"They can't be run: {str(error).splitlines()[0]}")
        return
    if lost:
        shell.say(f"  {shell.good(passed=False)}  {here.lab.item(lost[0].item).title}")
        shell.say(*lines_of(lost[0].finding))
        shell.say("Nothing was captured.", *_stays(here))
        shell.say("Next: edit, then shardlab check. Or, as it is: shardlab capture --unchecked")
        shell.finish(Exit.FALLS_SHORT)


def _captured(here: Workspace, evidence: Evidence, *, cpu: bool) -> Capture:
    way = evidence.kind.way(cpu=cpu)
    shell.say(*shell.folded(f"Running on {way.meaning}", rest="  "))
    if here.nonce_is_practice:
        shell.say("Practice challenge: for points, start with your own nonce (ask for it).")
    return evidence.kind.capture(
        here.file,
        evidence.challenge,
        way,
        lambda text: shell.say(*shell.folded(text, "  ", "  ", whole=True)),
    )


def _stays(here: Workspace) -> list[str]:
    """That an earlier trace is as it was, where there is one."""
    return [f"{here.trace.name} of before is as it was."] if here.trace.exists() else []


def _keep(here: Workspace, raw: bytes, held: list[str], *, replace: bool) -> None:
    """Writes the trace; ends the command where that would lose what an earlier one shows."""
    lost = [] if replace else [each for each in _held_before(here) if each not in held]
    if lost:
        shell.say(f"{here.trace.name} of before stays: it shows more ({', '.join(lost)}).")
        shell.say("To put this one in its place: shardlab capture --replace")
        shell.finish(Exit.FALLS_SHORT)
    write_whole(here.trace, raw)
    shell.say(f"Wrote {here.trace.name}, {len(raw) / 1000:.0f} kB.")


def _held_before(here: Workspace) -> list[str]:
    """The checks that the trace beside the file holds; none where there is no such trace."""
    try:
        before = Evidence.of(here.lab, here.nonce, here.trace.read_bytes())
    except OSError:
        return []
    return before.held() if before is not None else []


def _say_flaws(evidence: Evidence, check: str) -> bool:
    """Prints what one check says, and returns whether it has no flaw."""
    texts = evidence.flaws(check)
    no, colour = ("OPEN", "yellow") if evidence.is_open(check) else ("FAIL", "red")
    shell.say(f"  {shell.good(not texts, no=no, otherwise=colour)}  {check}")
    for text in texts[:2]:
        shell.say(*shell.folded(text, " " * 8, " " * 8))
    return not texts
