"""Commands that show what a class made of a lab: report, stats."""

from pathlib import Path

import click

from grader.cli import shell
from grader.cli.book import gradebook
from grader.cli.group import Exit
from grader.files.writing import write_with_folders
from grader.report.classroom import class_report
from grader.report.facts import facts_of
from grader.report.pages import class_page, link_in
from grader.report.text import lab_lines, report_lines, summary_lines

_INDEX, _ANONYMOUS = "index.html", "anonymous.html"


@click.command(epilog="Example: shardlab report --to report --anonymous")
@click.argument("slugs", nargs=-1, metavar="[LAB]...", type=shell.lab_name)
@click.option(
    "--to",
    "target",
    type=shell.FOLDER,
    default="report",
    show_default=True,
    metavar="FOLDER",
    help="Where index.html goes, beside the students' feedback.",
)
@click.option("--anonymous", is_flag=True, help="Without names, ids and links: anonymous.html.")
@shell.text_option
@shell.db_option
@shell.json_option
def report(
    slugs: tuple[str, ...],
    target: Path,
    anonymous: bool,
    text: bool,
    db: str | None,
    json_path: Path | None,
) -> None:
    """Make the class page: heat map, hardest items, scores.

    It also shows who fails alike, and what a person must look at.
    """
    course = shell.course()
    labs = shell.labs(course, slugs)
    with gradebook(course, db) as book:
        graded = [(lab, book.grades(lab, course.deadline(lab.slug))) for lab in labs]
    graded = [(lab, grades) for lab, grades in graded if slugs or any(g.attempts for g in grades)]
    if not graded:
        shell.say("Nothing was handed in yet. First: shardlab collect")
        shell.finish(Exit.FALLS_SHORT)
    key = course.key() if anonymous else None
    made = class_report(course.name, graded, link=link_in(target), anonymous=key, zone=course.zone)
    path = target / (_ANONYMOUS if anonymous else _INDEX)
    write_with_folders(path, class_page(made).encode())
    for lab in made.labs if not text else ():
        lines = summary_lines(lab.facts) or ["No rubric item was lost yet."]
        shell.say(*([f"{lab.facts.lab}:"] if len(made.labs) > 1 else []), *lines)
    shell.say(*(report_lines(made) if text else ()), f"Wrote {path}")
    if not anonymous and not all(row.link for lab in made.labs for row in lab.rows):
        shell.say(
            f"Students' pages are linked when they are there: shardlab feedback --to {target}"
        )
    shell.write_json(json_path, made)


@click.command(epilog="Example: shardlab stats tp-sharding")
@shell.lab_argument
@shell.db_option
@shell.json_option
def stats(slug: str, db: str | None, json_path: Path | None) -> None:
    """Show a lab's scores, hardest items, broken invariants and time."""
    course = shell.course()
    lab = course.lab(slug)
    with gradebook(course, db) as book:
        facts = facts_of(lab, book.grades(lab, course.deadline(slug)), course.zone)
    shell.say(*lab_lines(facts))
    shell.write_json(json_path, facts)
