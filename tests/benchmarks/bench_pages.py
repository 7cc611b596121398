"""The class page of 1,000 students and all labs: how long to make it, and to open it.

    python tests/benchmarks/bench_pages.py [students]

Results are drawn at random over the labs' real rubrics. The page is opened in a headless
Chromium from a file, five times in a fresh tab; the browser's own performance API says when it
was first painted and when it had loaded. Without Chromium or Playwright only the making is timed.
"""

import importlib.util
import random
import shutil
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from grader.course import load_course
from grader.gradebook.rows import Attempt, Grade, GradedAttempt, Student
from grader.report.classroom import ClassReport, class_report
from grader.report.pages import class_page
from grader.results import GRADED, Finding, Result, RubricResult, Verdict

ROOT = Path(__file__).parent.parent.parent
DUE = datetime(2026, 11, 22, 23, 59, tzinfo=UTC)
VERDICTS = [Verdict.FAILED] * 6 + [Verdict.RAISED] * 3 + [Verdict.TIMEOUT, Verdict.BLOCKED]
FINDING = Finding(inputs=tuple((f"x{n}", "[[19  0] [21 -7]]") for n in range(6)), got="[[21 -7]]")
TIMES = """() => {
    const entry = performance.getEntriesByType('navigation')[0];
    const painted = performance.getEntriesByName('first-contentful-paint')[0];
    return [painted.startTime, entry.loadEventEnd, document.querySelectorAll('*').length];
}"""


def a_grade(lab, number, dice):
    """A student with a few attempts, of which the last counts."""
    rubric = []
    for each in lab.rubric:
        verdict = dice.choice(VERDICTS) if dice.random() < 0.25 else Verdict.PASSED
        points = each.points if verdict is Verdict.PASSED else 0
        finding = Finding() if points else FINDING
        rubric.append(RubricResult(each.item, points, each.points, verdict, finding))
    score = sum(each.points for each in rubric)
    result = Result("s", GRADED, score, 100, dice.expovariate(3), tuple(rubric))
    at = DUE - timedelta(hours=dice.expovariate(1 / 60))
    student = Student(f"s{number:04}", f"Student Number {number}")
    attempts = tuple(
        GradedAttempt(Attempt(n, student.id, lab.slug, n, "0" * 64, at, at), result, score)
        for n in range(1, dice.randint(2, 5))
    )
    return Grade(student, lab.slug, 100, attempts, attempts[-1], due=DUE)


def a_report(students: int) -> ClassReport:
    """A class of that many in all labs of the course."""
    course, dice = load_course(ROOT), random.Random(1)
    graded = [(lab, [a_grade(lab, n, dice) for n in range(students)]) for lab in course.labs()]
    return class_report(course.name, graded, link=lambda lab, who: f"{lab}/{who}.html")


def opened(page: Path) -> list[tuple[float, float, int]]:
    """(ms to the first paint, ms to the load event, elements) of five visits."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        visits = []
        for _ in range(5):
            tab = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
            tab.goto(page.as_uri())
            visits.append(tab.evaluate(TIMES))
            tab.context.close()
        browser.close()
    return visits


def main() -> None:
    """Prints the figures."""
    students = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    started = time.perf_counter()
    report = a_report(students)
    made_rows = time.perf_counter()
    html = class_page(report)
    seconds = time.perf_counter() - made_rows
    print(f"{students} students, {len(report.labs)} labs")
    print(f"  facts from rows {made_rows - started:8.2f} s   (rows made up included)")
    print(f"  page from facts {seconds:8.2f} s   {len(html) / 1e6:.2f} MB")
    if shutil.which("chromium") is None or importlib.util.find_spec("playwright") is None:
        print("  not opened: no Chromium, or no Playwright, on this machine")
        return
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "index.html"
        path.write_text(html, "utf-8")
        visits = opened(path)
    painted, loaded, elements = (sorted(column) for column in zip(*visits, strict=True))
    print(
        f"  first paint     {painted[2] / 1e3:8.2f} s   median of 5, worst {painted[-1] / 1e3:.2f}"
    )
    print(f"  loaded          {loaded[2] / 1e3:8.2f} s   median of 5, worst {loaded[-1] / 1e3:.2f}")
    print(f"  elements        {elements[0]:8}")


if __name__ == "__main__":
    main()
