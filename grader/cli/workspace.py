"""Commands for a student's folder that run none of its code: start, predict, hint, reset.

And nonce, by which staff make what `start` takes.
"""

from pathlib import Path

import click

from grader.cli import hints, shell
from grader.course import Course
from grader.errors import UsageError
from grader.evidence import nonce_of
from grader.student import workspace
from grader.student.folders import OWN
from grader.student.mending import start_here
from grader.student.workspace import find_workspace


@click.command(epilog="Example: shardlab start tp-sharding")
@click.argument("slug", required=False, metavar="LAB", type=shell.lab_name)
@click.option(
    "--in",
    "parent",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    default=".",
    help="Make the folder here.",
)
@click.option("--nonce", default="", help="Your challenge, for a lab with a trace: from staff.")
@click.option(
    "--student", metavar="ID", help="For staff: this student's challenge, made with the course key."
)
@click.option("--here", is_flag=True, help="Mend the folder you are in; what is there stays.")
def start(slug: str | None, parent: Path, nonce: str, student: str | None, here: bool) -> None:
    """Make a folder with a lab's hand-out, stub and public tests.

    With --here, the folder that you are in becomes the lab's: so a lost .shardlab, or a file of
    the hand-out, comes back, and your own file stays as it is.
    """
    course = shell.course()
    if slug is None:
        raise UsageError(f"name the lab: {', '.join(each.slug for each in course.labs())}")
    if student is not None:
        nonce = nonce_of(course.key(), slug, student)
    if here:
        _start_here(course, slug, parent, nonce)
        return
    made = workspace.start(course.lab(slug), parent, nonce, course)
    about, count = made.lab.assignment, len(made.lab.functions)
    shell.say(f"Created {slug}/: README.md, {about.file} ({count} functions), test_public.py")
    shell.say(*shell.folded(about.goal, width=80))
    shell.say(
        f"About {about.minutes} min. {about.device}. Works offline.",
        f"Next: read {slug}/README.md, then: cd {slug} && shardlab check",
    )
    if about.trace and made.nonce_is_practice:
        shell.say("No nonce given: captures are for practice. Ask staff for yours, then start anew")


def _start_here(course: Course, slug: str, folder: Path, nonce: str) -> None:
    lab = course.lab(slug)
    known = (folder / OWN / "state.json").is_file()
    brought = start_here(lab, folder.absolute(), nonce, course)
    shell.say(*shell.folded(f"Brought back: {', '.join(brought)}." if brought else "All is there."))
    if lab.assignment.file not in brought:
        shell.say(f"{lab.assignment.file} is as it was.")
    if OWN in brought and not known:
        shell.say("What you handed in from here is not known here any more, nor the hints taken.")
    shell.say("Next: shardlab check")


@click.command(epilog="Example: shardlab predict tp-sharding")
@shell.own_lab_argument
def predict(slug: str | None) -> None:
    """Answer the lab's three questions before you run it.

    Nobody grades the answers, and they stay on this machine.
    """
    here = find_workspace(Path.cwd(), slug)
    state = here.state()
    for number, each in enumerate(here.lab.assignment.predict, 1):
        shell.say(*shell.folded(f"{number}. {each.question}", rest="   "))
        known = state.predictions.get(each.question, "")
        state.predictions[each.question] = click.prompt(
            "   Your prediction", default=known or None, show_default=bool(known)
        )
        here.remember(state)
    shell.say("Kept. Once all public checks pass, 'shardlab check' shows the answers, too.")


@click.command(epilog="Example: shardlab hint tp-sharding")
@shell.own_lab_argument
@click.option("--item", default="", help="A rubric item; else what failed in the last check.")
def hint(slug: str | None, item: str) -> None:
    """Show the next of three hints for what failed last."""
    hints.say_hint(find_workspace(Path.cwd(), slug), item)


@click.command(epilog="Example: shardlab reset tp-sharding")
@shell.own_lab_argument
def reset(slug: str | None) -> None:
    """Bring the stub back, and keep your file beside it."""
    here = find_workspace(Path.cwd(), slug)
    kept = here.reset()
    yours = f" Yours is kept as {kept.name}." if kept else ""
    shell.say(f"{here.file.name} is the stub again.{yours}")


@click.command(epilog="Example: shardlab nonce two-way-tp s041 s042")
@shell.lab_argument
@click.argument("students", nargs=-1, required=True, metavar="STUDENT...")
@shell.db_option
def nonce(slug: str, students: tuple[str, ...], db: str | None) -> None:
    """Print students' nonces, to hand out.

    A student starts the lab with theirs: 'shardlab start LAB --nonce NONCE'. It stays the same
    when a student gets another id.
    """
    from grader.cli.book import permanent_id  # noqa: PLC0415 - a student's commands need none

    course = shell.course()
    lab, key = course.lab(slug), course.key()
    for student in students:
        drawn = permanent_id(course, db, student)
        shell.say(f"{student}  {nonce_of(key, lab.slug, drawn)}")
