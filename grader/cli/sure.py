"""Asks staff whether to go on where something looks wrong."""

from collections.abc import Callable

import click

from grader.cli import shell

yes_option = click.option(
    "--yes", is_flag=True, help="Take what looks like another lab's, without asking."
)


def asker(*, yes: bool) -> Callable[[str], bool]:
    """Answers a doubt: yes if that was said, else as a person at a terminal does, else no."""

    def sure(doubt: str) -> bool:
        if yes:
            return True
        if not shell.is_interactive():
            return False
        shell.say(*shell.folded(doubt, "", "  ", whole=True))
        return click.confirm("Take it?", default=False)

    return sure
