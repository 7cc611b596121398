"""The command that shows what there is to do, and how far it is done: list."""

from pathlib import Path
from typing import Any

import click

from grader.cli import shell
from grader.course import Lab
from grader.student.near import workspaces_near
from grader.student.workspace import State, Workspace


@click.command("list", epilog="Example: shardlab list")
@shell.json_option
def list_labs(json_path: Path | None) -> None:
    """Show the labs of the course, in the order to work on them.

    Below each stands how far you are with it, where you started it from here.
    """
    course = shell.course()
    near = {each.lab.slug: each for each in reversed(workspaces_near(Path.cwd(), course.root))}
    labs, rows = course.labs(), []
    wide = max((len(lab.assignment.title) for lab in labs), default=0)
    shell.say(course.name)
    for lab in labs:
        about, here = lab.assignment, near.get(lab.slug)
        shell.say(f"  {about.slug:<18}{about.title:<{wide}}{about.minutes:>5} min  {about.device}")
        if here is not None:
            shell.say(f"    {_progress(here.state())}")
        rows.append(_as_data(lab, here))
    if near:
        _say_sum(labs, near)
    shell.write_json(json_path, {"course": course.name, "labs": rows})


def _progress(state: State) -> str:
    checked = "not checked yet"
    if state.checked is not None:
        checked = f"last check {state.checked.passed} of {state.checked.total}"
        checked += f", {state.checked.open} open" if state.checked.open else ""
    sent = "handed in" if state.sent else "not handed in"
    return f"started; {checked}; {sent}"


def _say_sum(labs: list[Lab], near: dict[str, Workspace]) -> None:
    """How many are handed in, and the first that is not, with what to do about it."""
    open_labs = [lab for lab in labs if lab.slug not in near or not near[lab.slug].state().sent]
    then = ""
    if open_labs:
        slug = open_labs[0].slug
        then = f" Next: shardlab {'check' if slug in near else 'start'} {slug}"
    shell.say(f"{len(labs) - len(open_labs)} of {len(labs)} handed in.{then}")


def _as_data(lab: Lab, here: Workspace | None) -> dict[str, Any]:
    about, state = lab.assignment, here.state() if here else State()
    return {
        "lab": lab.slug,
        "title": about.title,
        "minutes": about.minutes,
        "device": about.device,
        "folder": str(here.folder) if here else "",
        "checked": state.checked,
        "handed_in": len(state.sent),
    }
