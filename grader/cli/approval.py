"""Has the course's keys approved by the gradebook that the running command is about."""

from pathlib import Path

import click

from grader.course.key import Approve
from grader.gradebook.approval import approver
from grader.gradebook.store import url_of


def approver_of(root: Path) -> Approve:
    """What asks the gradebook at `--db`, or the course's own, once a key is needed."""

    def url() -> str:
        context = click.get_current_context(silent=True)
        return url_of(root, context.params.get("db") if context else None)

    return approver(url, lambda note: click.echo(f"Note: {note}", err=True))
