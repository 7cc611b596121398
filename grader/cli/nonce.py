"""The command that makes students' challenges: nonce."""

import click

from grader.cli import shell
from grader.evidence import nonce_of


@click.command(epilog="Example: shardlab nonce two-way-tp s041 s042")
@shell.lab_argument
@click.argument("students", nargs=-1, required=True, metavar="STUDENT...")
def nonce(slug: str, students: tuple[str, ...]) -> None:
    """Print students' nonces, to hand out.

    A student starts the lab with theirs: 'shardlab start LAB --nonce NONCE'.
    """
    course = shell.course()
    lab, key = course.lab(slug), course.key()
    for student in students:
        shell.say(f"{student}  {nonce_of(key, lab.slug, student)}")
