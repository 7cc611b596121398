"""The command that makes a trace: capture."""

from pathlib import Path

import click

from grader.cli import shell
from grader.cli.group import Exit
from grader.errors import UsageError
from grader.sandbox import check_installed
from grader.student.workspace import find_workspace
from grader.suite.evidence import Evidence


@click.command(epilog="Example: shardlab capture two-way-tp")
@shell.own_lab_argument
@click.option("--cpu", is_flag=True, help="On the CPU, even where there is a GPU.")
def capture(slug: str | None, cpu: bool) -> None:
    """Run your file on real ranks, and write the trace.

    The ranks are GPUs of this machine where the lab has a use for them, else processes on its
    CPU. Your file runs without isolation. The trace lies beside it, and is submitted with it.
    """
    here = find_workspace(Path.cwd(), slug)
    evidence = Evidence.of(here.lab, here.nonce, None)
    if evidence is None:
        raise UsageError(f"{here.lab.slug} has no trace; 'shardlab check' is all it takes")
    check_installed(here.lab.assignment.preload)
    kind = evidence.kind
    way = kind.way(cpu=cpu)
    shell.say(*shell.folded(f"Running on {way.meaning}", rest="  "))
    if here.nonce_is_practice:
        shell.say("Practice challenge: for points, start with your own nonce (ask for it).")
    captured = kind.capture(here.file, evidence.challenge, way, lambda text: shell.say(f"  {text}"))
    if captured.problem:
        shell.say(f"No trace: {captured.problem}")
        shell.finish(Exit.FALLS_SHORT)
    here.trace.write_bytes(captured.raw)
    shell.say(f"Wrote {here.trace.name}, {len(captured.raw) / 1000:.0f} kB.")
    evidence.raw = captured.raw
    open_checks = [check for check in kind.CHECKS if not _say_flaws(evidence, check)]
    shell.say(*evidence.picture())
    shell.say("Trace consistent where it says PASS." if open_checks else "Trace consistent.")
    shell.say("It goes with your submission by itself. Next: shardlab check")


def _say_flaws(evidence: Evidence, check: str) -> bool:
    """Prints what of one check is open, and returns whether nothing is."""
    texts = evidence.flaws(check)
    shell.say(f"  {shell.good(not texts, no='OPEN', otherwise='yellow')}  {check}")
    for text in texts[:2]:
        shell.say(*shell.folded(text, " " * 8, " " * 8))
    return not texts
