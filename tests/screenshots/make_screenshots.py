"""The README's pictures, made from real runs: nothing in them is drawn by hand.

    python tests/screenshots/make_screenshots.py [folder]

A student's `check` in a pseudo-terminal of 80 columns becomes an SVG. A class made of the
course's own right and wrong answers, under made-up names, is graded into a gradebook of its own;
`shardlab feedback` and `shardlab report` make their pages of it, and Chromium takes the pictures.
Needs Chromium and Playwright. Writes to assignments/images/, each file below 150 kB.
"""

import io
import os
import pty
import re
import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from html import escape
from itertools import cycle, islice
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.text import Text

from grader.course import Course, load_course
from grader.gradebook.attempts import Arrival
from grader.gradebook.rows import Student
from grader.gradebook.store import Gradebook
from grader.gradebook.work import key_of
from grader.judge import Judge, grade
from grader.sandbox import probe
from grader.submissions import Submission
from grader.validation.overlay import KINDS, answers
from grader.validation.showing import find_overlay

ROOT = Path(__file__).parent.parent.parent
SHARDLAB = Path(sys.executable).with_name("shardlab")
SLUG = "tp-sharding"
DUE = datetime(2026, 11, 22, 23, 59, tzinfo=UTC)
MISTAKE = "bias_on_every_rank"
SHOWN = "s007"  # whose feedback is shown; theirs is that mistake
STUDENTS = 42
NAMES = ("Ada", "Ben", "Chidi", "Dana", "Emil", "Fatima", "Goro", "Hana", "Ivo", "Jun", "Kofi",
         "Lena", "Mara", "Nils")  # fmt: skip
SURNAMES = ("Abel", "Brandt", "Castro")
LARGEST = 150_000


def main() -> None:
    """Makes every picture, and says how large it is."""
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "assignments" / "images"
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        course = a_course(Path(scratch) / "course")
        write_terminal(course, Path(scratch), target / "check.svg")
        grade_a_class(course)
        pages = Path(scratch) / "report"
        run(course, "feedback", SLUG, "--to", pages)
        run(course, "report", SLUG, "--to", pages)
        shown = pages / SLUG / f"{SHOWN}.html"
        photograph(shown, target / "feedback.png", (900, 760))
        photograph(shown, target / "message.png", (900, 660), "#lost")
        photograph(pages / "index.html", target / "report.png", (1180, 1000))
        photograph(pages / "index.html", target / "heat-map.png", (1180, 620), f"#{SLUG}-students")
    for path in sorted(target.iterdir()):
        size = path.stat().st_size
        print(f"{path}  {size / 1e3:.0f} kB")
        if size > LARGEST:
            raise SystemExit(f"{path} is larger than {LARGEST / 1e3:.0f} kB")


def a_course(root: Path) -> Course:
    """The course with a due date and a gradebook of its own, elsewhere."""
    root.mkdir()
    for name in ("assignments", "solutions", "tests"):
        (root / name).symlink_to(ROOT / name)
    name = load_course(ROOT).name
    (root / "course.toml").write_text(
        f'name = "{name}"\nlabs = ["{SLUG}"]\n[deadlines.{SLUG}]\n'
        f'due = {DUE.isoformat()}\ncounts = "last"\n'
    )
    (root / ".course-key").write_text("a key for pictures only")
    return load_course(root)


def run(course: Course, *arguments: object) -> None:
    """Runs shardlab on that course."""
    command = [str(SHARDLAB), "--course", str(course.root), *map(str, arguments)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=600)


# -- the terminal --------------------------------------------------------------------------


def write_terminal(course: Course, scratch: Path, target: Path) -> None:
    """What `shardlab check` shows of a typical mistake, as an SVG."""
    run(course, "start", SLUG, "--in", scratch)
    lab = course.lab(SLUG)
    mistake = find_overlay(lab, course.solutions(lab), f"mutants/{MISTAKE}")
    (scratch / SLUG / lab.assignment.file).write_bytes(mistake.content)
    shown = in_terminal([str(SHARDLAB), "check", SLUG], scratch)
    console = Console(record=True, width=80, file=io.StringIO(), force_terminal=True)
    console.print(Text.from_ansi(f"$ shardlab check {SLUG}\n{shown}"))
    # the fonts that rich's format names are on another machine: the reader's own will do
    form = re.sub(r"@font-face \{\{.*?\}\}\s*", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
    svg = console.export_svg(title="shardlab check", code_format=form, unique_id="check")
    words = (
        f"<title>shardlab check {SLUG}</title><desc>{escape(Text.from_ansi(shown).plain)}</desc>"
    )
    target.write_text(re.sub(r"(<svg[^>]*>)", lambda tag: tag[0] + words, svg, count=1), "utf-8")


def in_terminal(command: list[str], folder: Path) -> str:
    """What a command writes to a terminal of 80 columns."""
    ours, theirs = pty.openpty()
    environment = os.environ | {"COLUMNS": "80", "TERM": "xterm-256color"}
    environment.pop("NO_COLOR", None)
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdin=theirs, stdout=theirs, stderr=theirs
    ) as process:
        os.close(theirs)
        written = b"".join(iter(lambda: read(ours), b""))
        process.wait(timeout=60)
    os.close(ours)
    return written.decode().replace("\r\n", "\n")


def read(terminal: int) -> bytes:
    """The next bytes; none once the other side is closed."""
    try:
        return os.read(terminal, 65536)
    except OSError:
        return b""


# -- the pages -----------------------------------------------------------------------------


def grade_a_class(course: Course) -> None:
    """Grades two attempts of every student into the course's gradebook."""
    lab, level = course.lab(SLUG), probe().level
    keys: dict[int, str] = {}
    with (
        Gradebook.open(str(course.root / "gradebook.sqlite3"), who="staff") as book,
        Judge(lab, level) as judge,
    ):
        for number, (student, files, at) in enumerate(a_class(course)):
            if number < STUDENTS:
                full = f"{NAMES[number % len(NAMES)]} {SURNAMES[number // len(NAMES)]}"
                book.add_students([Student(student, full)])
            submission = Submission(student, files)
            attempt, _ = book.take_in(SLUG, [Arrival(submission, at)])[0]
            key = key_of(attempt, lab.suite_digest, "1", lab.seed(student), level.word)
            keys[attempt.id] = key
            book.pending(SLUG, lambda each: keys[each.id])
            result = grade(judge, submission)
            came_by = {"suite": lab.suite_digest, "engine": "1", "isolation": level.word}
            book.record(attempt, key, result, **came_by)


def a_class(course: Course) -> list[tuple[str, dict[str, bytes], datetime]]:
    """(student, files, time) of two attempts by each: first a mistake, then often none."""
    lab = course.lab(SLUG)
    folder = course.solutions(lab)
    right, wrong = (list(answers(lab, folder, kind)) for kind in KINDS)
    shown = next(each for each in wrong if each.name == MISTAKE)
    ids = [f"s{number:03}" for number in range(1, STUDENTS + 1)]
    first = list(islice(cycle(wrong[::2]), STUDENTS))
    last = [
        right[n % len(right)] if n % 5 in (0, 3) else wrong[(5 * n + 1) % len(wrong)]
        for n in range(STUDENTS)
    ]
    last[ids.index(SHOWN)] = shown
    made = []
    for hours, attempts in ((90, first), (14, last)):
        for number, (student, each) in enumerate(zip(ids, attempts, strict=True)):
            at = DUE - timedelta(hours=hours - 5 * (number % 7), minutes=7 * number)
            made.append((student, each.files, at))
    return made


def photograph(page: Path, target: Path, size: tuple[int, int], at: str = "body") -> None:
    """What a browser of that size shows of a page, from one of its elements on."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        tab = browser.new_page(viewport={"width": size[0], "height": size[1]})
        tab.goto(page.as_uri())
        tab.evaluate("at => document.querySelector(at).scrollIntoView()", at)
        tab.screenshot(path=target)
        browser.close()


if __name__ == "__main__":
    main()
