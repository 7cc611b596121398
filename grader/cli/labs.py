"""The command that shows what there is to do: list."""

import click

from grader.cli import shell


@click.command("list", epilog="Example: shardlab list")
def list_labs() -> None:
    """Show the labs of the course, in the order to work on them."""
    course = shell.course()
    shell.say(course.name)
    for lab in course.labs():
        about = lab.assignment
        shell.say(f"  {about.slug:<18}{about.title:<34}{about.minutes:>4} min  {about.device}")
