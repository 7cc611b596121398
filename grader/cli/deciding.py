"""What the commands share by which a person decides something: who it is, and why."""

import click

from grader.gradebook.rows import Grade

as_option = click.option(
    "--as", "author", default="", metavar="NAME", help="Who decides this, if it is not you."
)
reason_option = click.option(
    "--reason", required=True, help="Why; it stands in the record, and the student reads it."
)


def score_words(grade: Grade) -> str:
    """`85/100`, or why there is no score."""
    return grade.status if grade.score is None else f"{grade.score}/{grade.max_score}"
