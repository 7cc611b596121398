"""Commands about traces: capture (students), nonce (instructors)."""

from pathlib import Path

import click

from grader.cli import shell


@click.command(epilog="Example: shardlab capture two-way-tp")
@click.argument("slug", required=False, metavar="[LAB]")
@click.option("--cpu", is_flag=True, help="On the CPU, even where there is a GPU.")
def capture(slug: str | None, cpu: bool) -> None:
    """Run your file for real and write the trace beside it.

    On the GPUs of this machine where the lab has a use for them, else on its CPU. Your own file
    runs on your own machine, without isolation.
    """
    import textwrap

    from grader.errors import UsageError
    from grader.sandbox import check_installed
    from grader.student.workspace import find_workspace
    from grader.suite.evidence import Evidence

    here = find_workspace(Path.cwd(), slug)
    evidence = Evidence.of(here.lab, here.nonce, None)
    if evidence is None:
        raise UsageError(f"{here.lab.slug} has no trace; 'shardlab check' is all it takes")
    check_installed(here.lab.assignment.preload)
    kind = evidence.kind
    way = kind.way(cpu=cpu)
    shell.say(*textwrap.wrap(f"Running on {way.meaning}", 78, subsequent_indent="  "))
    if here.nonce_is_practice:
        shell.say("Practice challenge: for points, start with your own nonce (ask for it).")
    captured = kind.capture(here.file, evidence.challenge, way, lambda text: shell.say(f"  {text}"))
    if captured.problem:
        shell.say(f"No trace: {captured.problem}")
        shell.finish(shell.FALLS_SHORT)
    here.trace.write_bytes(captured.raw)
    shell.say(f"Wrote {here.trace.name}, {len(captured.raw) / 1000:.0f} kB.")
    evidence.raw = captured.raw
    flaws = [(check, evidence.flaws(check)) for check in kind.CHECKS]
    for check, texts in flaws:
        status = shell.word("PASS", "green") if not texts else shell.word("OPEN", "yellow")
        shell.say(f"  {status}  {check}")
        for text in texts[:2]:
            shell.say(*textwrap.wrap(text, 78, initial_indent=" " * 8, subsequent_indent=" " * 8))
    shell.say(*evidence.picture())
    consistent = not any(texts for _, texts in flaws)
    shell.say("Trace consistent." if consistent else "Trace consistent where it says PASS.")
    shell.say("It goes with your submission by itself. Next: shardlab check")


@click.command(epilog="Example: shardlab nonce two-way-tp s041 s042")
@click.argument("slug", metavar="LAB")
@click.argument("students", nargs=-1, required=True, metavar="STUDENT...")
@click.pass_context
def nonce(context: click.Context, slug: str, students: tuple[str, ...]) -> None:
    """Print students' nonces, to hand out: 'shardlab start LAB --nonce NONCE'."""
    from grader.evidence import nonce_of

    course = shell.course_of(context)
    lab, key = course.lab(slug), course.key()
    for student in students:
        shell.say(f"{student}  {nonce_of(key, lab.slug, student)}")


COMMANDS = (capture, nonce)
