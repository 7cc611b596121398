"""The command that writes a lab for nbgrader: notebook."""

from pathlib import Path

import click

from grader.cli import shell
from grader.notebooks import check_installed


@click.command(epilog="Example: shardlab notebook tp-sharding --to ../nbgrader-course")
@shell.lab_argument
@click.option(
    "--to",
    "folder",
    required=True,
    type=shell.FOLDER,
    metavar="FOLDER",
    help="nbgrader's course folder; made where there is none.",
)
@click.option(
    "--course-id",
    default="shardlab",
    show_default=True,
    help="nbgrader's name for the course, if a configuration is written.",
)
@click.option("--overwrite", is_flag=True, help="Also over a notebook that was edited there.")
def notebook(slug: str, folder: Path, course_id: str, overwrite: bool) -> None:
    """Write a lab as nbgrader's source notebook.

    The notebook holds the solutions. 'nbgrader generate_assignment' makes the students' version
    of it, and nbgrader_config.py, which is written where there is none, has nbgrader grade in
    our sandbox.
    """
    check_installed()
    from grader.notebooks.config import write_config  # noqa: PLC0415 - these need the extra
    from grader.notebooks.source import write_source  # noqa: PLC0415

    course = shell.course()
    written = write_source(course, course.lab(slug), folder, overwrite=overwrite)
    config = write_config(folder, course.root, course_id)
    for path in (*written, *filter(None, (config,))):
        shell.say(f"Wrote {path}")
    if config is None:
        shell.say(
            "nbgrader_config.py is there and was left alone. It must end with:",
            "  from grader.notebooks.config import configure",
            f"  configure(c, course={str(course.root.resolve())!r})",
        )
    shell.say(
        "It holds solutions: never release source/. Next, in that folder:",
        f"  nbgrader generate_assignment {slug}",
    )
