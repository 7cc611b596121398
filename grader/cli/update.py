"""The command that brings a changed hand-out to a student: update."""

from functools import partial
from pathlib import Path

import click

from grader.cli import shell
from grader.cli.group import Exit
from grader.course import Course, find_course
from grader.errors import UsageError
from grader.student.near import workspaces_near
from grader.student.released import newer_wheel, released_course
from grader.student.update import FileChange, Update, bring_course
from grader.student.update import update as bring_lab
from grader.student.workspace import Workspace
from grader.text.shown import plural


@click.command(epilog="Example: shardlab update ../labs.zip")
@click.argument(
    "source", required=False, metavar="[BUNDLE]", type=click.Path(path_type=Path, exists=True)
)
@shell.own_lab_argument
@shell.json_option
def update(source: Path | None, slug: str | None, json_path: Path | None) -> None:
    """Bring a changed hand-out and tests; your file is not touched.

    BUNDLE is a newer bundle of labs, or the folder that it was unzipped into: the one that you
    are in, if you unzipped it there. Every lab that you started here is brought up to date, or
    just LAB. What you edited is kept beside the new file.
    """
    root = _unpacked_here()
    source = source or root
    if source is None:
        raise UsageError("name the newer bundle of labs: shardlab update NEWER.zip")
    here = [
        each
        for each in workspaces_near(Path.cwd(), root)
        if slug is None or slug in (each.lab.slug, each.folder.name)
    ]
    if not here and (root is None or slug is not None):
        raise UsageError(
            f"no folder of {slug or 'a lab'} here; go to where 'shardlab start' made it"
        )
    with released_course(source) as course:
        staff = (course.root / "tests" / "hidden").is_dir()
        if root is not None and not staff and not root.samefile(course.root):
            _say_course(bring_course(course, root), root)
        if wheel := newer_wheel(course.root):
            shell.say(f"It comes with another Shardlab; install that, too: {wheel.name}")
        done = [each for each in map(partial(_bring, course), here) if each is not None]
    shell.write_json(json_path, {"updated": done})
    if len(done) < len(here):
        shell.finish(Exit.USAGE)


def _bring(course: Course, here: Workspace) -> Update | None:
    """Brings one lab up to date, and says so; or why that can't be, for the others can."""
    try:
        done = bring_lab(here, course.lab(here.lab.slug), course)
    except UsageError as error:
        shell.say_error(f"{here.lab.slug}: {error}; it is left as it is")
        return None
    _say(done, here.file.name)
    return done


def _unpacked_here() -> Path | None:
    """The student's unpacked bundle around this folder; the instructor's course is none."""
    try:
        root = find_course(Path.cwd())
    except UsageError:
        return None
    return None if (root / "tests" / "hidden").is_dir() else root


def _say_course(changes: tuple[FileChange, ...], root: Path) -> None:
    if changes:
        shell.say(f"{root.name}/: {plural(len(changes), 'file')} of the bundle brought up to date.")
    for kept in sorted({each.kept for each in changes if each.kept}):
        shell.say(f"  What they replace is kept in {kept}/.")


def _say(done: Update, own: str) -> None:
    if not (done.files or done.functions or done.stub or done.inside):
        shell.say(f"{done.lab}: nothing new.")
        return
    shell.say(f"{done.lab}: up to date now. {own} is yours, and was not touched.")
    for each in done.files:
        kept = f"; you had edited it, and yours is kept as {each.kept}" if each.kept else ""
        shell.say(*shell.folded(f"{each.name}: {each.how}{kept}", "  ", "    ", whole=True))
    if done.inside and not done.files:
        shell.say("  hints, rubric or what is known of the course: changed")
    for change in done.functions:
        shell.say(f"  the stub's {change.name}: {change.how}{':' if change.text else ''}")
        shell.say(*([f"\n{change.text}\n"] if change.text else []))
    if done.unbegun:
        shell.say(f"  {own} is the old stub still; the new one: shardlab reset {done.lab}")
    elif done.stub:
        shell.say(f"  Take from this what {own} lacks; nothing was written into it.")
