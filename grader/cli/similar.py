"""The command that says where to look: similar."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from rich.cells import cell_len, set_cell_size

from grader.cli import shell
from grader.similarity import Line, Match, Pair, Report, Section, facing, told
from grader.similarity.lab import compare_submissions
from grader.submissions import read_submissions
from grader.text.shown import escaped, plural

_COLUMN = 33  # cells of a terminal for each side's text
_MOST_FUNCTIONS = 4
_MOST_LINES = 30  # of one function in the terminal; the page has all of them and more lines


@click.command(epilog="Example: shardlab similar tp-sharding inbox/ --html similar.html")
@shell.lab_argument
@click.argument(
    "paths", nargs=-1, type=click.Path(path_type=Path, exists=True), metavar="[PATH]..."
)
@shell.db_option
@click.option(
    "--top",
    type=click.IntRange(1, 1000),
    default=20,
    show_default=True,
    help="Pairs listed, most alike first.",
)
@click.option(
    "--show",
    type=click.IntRange(0, 100),
    default=1,
    show_default=True,
    help="Pairs shown side by side in the terminal.",
)
@click.option(
    "--html",
    type=shell.FILE,
    metavar="FILE",
    help="Also write all listed pairs side by side as a page.",
)
@shell.json_option
def similar(
    slug: str,
    paths: tuple[Path, ...],
    db: str | None,
    top: int,
    show: int,
    html: Path | None,
    json_path: Path | None,
) -> None:
    """List pairs of submissions that are alike.

    Compared is what is at the PATHs; without one, everyone's newest attempt in the gradebook.
    Names and layout don't matter; starter code, and what many wrote, count little. Alike is a
    reason to look, and proves nothing.
    """
    course = shell.course()
    lab = course.lab(slug)
    if paths:
        submissions = read_submissions(lab, paths)
    else:
        from grader.cli.book import gradebook  # noqa: PLC0415 - heavy, and only where it is asked

        with gradebook(course, db) as book:
            newest = {each.owner: each for each in book.attempts(slug, present=True)}
            submissions = [
                replace(book.submission(each), name=each.called) for each in newest.values()
            ]
    report = compare_submissions(lab, submissions, top=top)
    _say_report(report, show=show)
    if html is not None:
        from grader.similarity.page import similarity_page  # noqa: PLC0415 - the same

        shell.write_text(html, similarity_page(lab.assignment.title, report))
        shell.say(f"Wrote {html}")
    shell.write_json(json_path, {"lab": slug, **_as_data(report)})


def _say_report(report: Report, *, show: int) -> None:
    """The list, what was not compared, and the first pairs side by side."""
    count = plural(report.compared, "submission")
    shell.say(f"{count} compared. Alike is a reason to look, and proves nothing.")
    if not report.pairs:
        shell.say("No pair is alike enough to be listed.")
    for pair in report.pairs:
        names = f"{_fit(pair.left.name, 18)}  {_fit(pair.right.name, 18)}"
        shell.say(_cut(f"  {pair.similarity:.2f}  {names}  {told(pair)}", 80))
    if report.more:
        shell.say(f"  and {report.more} more pairs, less alike than these: --top")
    for each in report.unread:
        shell.say(_cut(f"  not compared: {each.name}: {each.why}", 80))
    if report.plain:
        number = f"{len(report.plain)} with next to nothing of their own"
        shell.say(_cut(f"  nothing to go by: {number}: {', '.join(report.plain)}", 80))
    for pair in report.pairs[:show]:
        _print_pair(pair)


def _print_pair(pair: Pair) -> None:
    """Both submissions' functions that are alike, side by side."""
    shell.say("", _cut(f"{pair.left.name} and {pair.right.name}: {pair.similarity:.2f}", 80))
    if not pair.matches:
        shell.say("  No one function is much like another; what they share is spread out.")
    for match in pair.matches[:_MOST_FUNCTIONS]:
        _print_match(pair, match)
    if len(pair.matches) > _MOST_FUNCTIONS:
        shell.say(f"  … {len(pair.matches) - _MOST_FUNCTIONS} more functions: --html FILE")


def _print_match(pair: Pair, match: Match) -> None:
    names = f"{match.left.name} and {match.right.name}"
    shell.say(_cut(f"  {match.similarity:.2f}  {names}", 80), _cut(f"        {match.why}", 80))
    lines = facing(pair.left, match.left, pair.right, match.right)
    for line in lines[:_MOST_LINES]:
        shell.say(_row(line))
    if len(lines) > _MOST_LINES:
        shell.say(f"  … {len(lines) - _MOST_LINES} more lines: --html FILE")


def _row(line: Line) -> str:
    """Both sides within 80 columns; `=` stands between lines of the same statement."""
    left = _numbered(line.left_number, line.left)
    right = _numbered(line.right_number, line.right)
    return f"{left} {'=' if line.same else ' '} {right}".rstrip()


def _numbered(number: int | None, text: str) -> str:
    return f"{number or '':>4} {_fit(text.expandtabs(4), _COLUMN)}"


def _fit(text: str, width: int) -> str:
    """The text in just so many cells of a terminal."""
    cut = _cut(text, width)
    return set_cell_size(cut, width) if cell_len(cut) != width else cut


def _cut(text: str, width: int) -> str:
    """The text in at most so many cells of a terminal, which it can't steer."""
    flat = escaped(text[: 4 * width])
    return flat if cell_len(flat) <= width else set_cell_size(flat, width - 1).rstrip() + "…"


def _as_data(report: Report) -> dict[str, Any]:
    """The report as `--json` writes it: names, numbers, places; no code."""
    return {
        "compared": report.compared,
        "pairs": [
            {
                "left": pair.left.name,
                "right": pair.right.name,
                "similarity": pair.similarity,
                "functions": [_match_data(each) for each in pair.matches],
            }
            for pair in report.pairs
        ],
        "more": report.more,
        "unread": [{"name": each.name, "why": each.why} for each in report.unread],
        "plain": report.plain,
    }


def _match_data(match: Match) -> dict[str, Any]:
    return {
        "left": _place(match.left),
        "right": _place(match.right),
        "similarity": match.similarity,
        "why": match.why,
    }


def _place(piece: Section) -> dict[str, Any]:
    return {"function": piece.name, "first": piece.first, "last": piece.last}
