"""Pages in a real browser: quiet, alone, by keyboard, on a phone, on paper, for everyone.

Skipped, with the reason, where there is no Chromium, no Playwright to drive it, or (for the
accessibility rules) no npm to get axe-core with. Debian: `apt install chromium npm`.
"""

import base64
import hashlib
import io
import shutil
import subprocess
import tarfile

import pytest
from msgspec.structs import replace

from grader.drawing import Amount, Bars, Gantt, Panel, ShardMap, Split
from grader.drawing import Bar as GanttBar
from grader.gradebook.rows import Extension, Override
from grader.report.classroom import class_report
from grader.report.feedback import Illustration, Prediction
from grader.report.from_grade import feedback_of_grade
from grader.report.pages import class_page, feedback_page
from grader.results import Finding
from grader.text.shown import printable

pytestmark = pytest.mark.slow

AXE = "axe-core@4.14.1"
AXE_INTEGRITY = (
    "FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ=="
)
AXE_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
PHONE, DESK, PAPER = (320, 640), (1280, 900), (690, 1000)  # A4 less its margins, in CSS pixels
PAGES = ("feedback", "class", "anonymous")

UNFOLD = "() => document.querySelectorAll('details').forEach(e => e.open = true)"

PAYLOADS = [
    "<script>window.pwned=1</script>",
    "<img src=x onerror=window.pwned=1>",
    '"><svg onload=window.pwned=1>',
    "</pre></style></title><iframe src=javascript:parent.pwned=1>",
    "<style>*{display:none}</style>",
    "javascript:window.pwned=1",
    "' onfocus=window.pwned=1 autofocus tabindex=1 x='",
    "{{ 7*7 }}{% raw %}",
    "<a href=https://evil.example>me</a><base href=https://evil.example>",
    '<meta http-equiv="refresh" content="0;url=https://evil.example">',
    "\u202eexe.py\u2066\x1b[2J\x00",
    "]]><!--<![CDATA[ &lt;script&gt;",
]


@pytest.fixture(scope="session")
def browser():
    """Chromium without a window."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine: apt install chromium")
    with playwright.sync_playwright() as driver:
        launched = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield launched
        launched.close()


class Visit:
    """A page that is open, and what went on while it was."""

    def __init__(self, page):
        self.page = page
        self.console, self.asked = [], []
        page.on("console", lambda message: self.console.append(message.text))
        page.on("pageerror", lambda error: self.console.append(str(error)))
        page.on("dialog", lambda dialog: self.console.append(dialog.message))

    def run(self, script, *values):
        return self.page.evaluate(script, *values)


@pytest.fixture
def visit(browser, tmp_path):
    """Opens a page from a file; whatever it asks for besides is refused and noted."""
    contexts = []

    def open_page(html, size=DESK, scheme="light", media="screen"):
        path = tmp_path / "page.html"
        path.write_text(html, "utf-8")
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]}, color_scheme=scheme
        )
        contexts.append(context)
        visited = Visit(context.new_page())

        def answer(route):
            if route.request.url == path.as_uri():
                return route.continue_()
            visited.asked.append(route.request.url)
            return route.abort()

        context.route("**/*", answer)
        visited.page.emulate_media(media=media, color_scheme=scheme)
        visited.page.goto(path.as_uri())
        return visited

    yield open_page
    for context in contexts:
        context.close()


def drawings(label):
    """Every kind of drawing that labs make, with a label in each."""
    bars = ((GanttBar(0, 1, "F0"), GanttBar(1, 2, "F1")),)
    return [
        ShardMap(
            label, (Split(label, (4, 4), "columns"),), (((2, 2), (0, 2)), ((7, 2), (11, -5))),
            (label,), ((9, 4), (11, -3)), (label, (5, -2)), ((14, 2), (16, -5)), 16,
        ),
        Gantt(label, (Panel("1F1B", bars, 3, ("2 idle of 6",)),)),
        Bars(label, (Amount("2026-11-22", 3),)),
    ]  # fmt: skip


def everything(rows, text="plain words"):
    """Feedback that has every part there is, with `text` wherever a person may write."""
    lost = {"mlp-block": "failed", "floats": "raised", "one-collective": "blocked"}
    result = rows.result(**lost)
    result = rows.result(finding=replace(result.rubric[4].finding, printed=text), **lost)
    grade = rows.grade("ann", rows.result(), replace(result, note=text), name=text)
    due = grade.due
    decided = (Override("floats", 6, text, text, due),)
    broken = replace(grade.attempts[0], attempt=replace(grade.attempts[0].attempt, problem=text))
    feedback = feedback_of_grade(
        rows.lab,
        replace(
            grade,
            attempts=(replace(broken, result=None, raw=None), *grade.attempts),
            overrides=decided,
            extension=Extension(due, text, text, due),
        ),
        course=text,
    )
    drawn = drawings(text[:40])
    lines = tuple(line for each in drawn for line in each.text())
    return replace(
        feedback,
        picture=Illustration(lines, tuple(each.svg() for each in drawn)),
        predictions=(Prediction("How many?", text, "One."),),
    )


def report_with(rows, text="", **options):
    """A class report in which every part there is stands."""
    grades = rows.a_class(30)
    if text:
        telling = rows.result(finding=Finding(printed=text), add="failed", columns="failed")
        grades += [rows.grade(f"{text}{n}", telling, name=text) for n in range(3)]
        fault = replace(rows.result(), status="withheld", score=None, note=text)
        grades.append(rows.grade(f"{text}-", fault, name=text))
    return class_report(text or "A course", [(rows.lab, grades)], **options)


@pytest.fixture(scope="module")
def pages(real_rows):
    """Every kind of page."""
    return {
        "feedback": feedback_page(everything(real_rows)),
        "class": class_page(
            report_with(real_rows, "Ann Other", link=lambda lab, who: f"{lab}/{who[:4]}.html")
        ),
        "anonymous": class_page(report_with(real_rows, anonymous=b"k")),
    }


# -- quiet and alone -----------------------------------------------------------------------


@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_asked_for_and_nothing_complains(visit, pages, name):
    """No request besides the file itself, no error or warning in the console."""
    visited = visit(pages[name])
    assert visited.page.title()
    assert visited.asked == []
    assert visited.console == []


def test_the_style_sheet_is_applied(visit, pages):
    """The policy lets it through by its hash, and the drawings' part of it too."""
    visited = visit(pages["feedback"])
    assert "monospace" in visited.run(
        "() => getComputedStyle(document.querySelector('.finding .code')).fontFamily"
    )
    assert "monospace" in visited.run(
        "() => getComputedStyle(document.querySelector('svg text')).fontFamily"
    )


@pytest.mark.parametrize("text", PAYLOADS, ids=range(len(PAYLOADS)))
def test_what_students_write_is_inert(visit, real_rows, text):
    """Names, ids, exceptions, printed lines, file names, reasons: shown, never obeyed."""
    made = [
        feedback_page(everything(real_rows, text)),
        class_page(report_with(real_rows, text, link=lambda _, who: f"x/{len(who)}.html")),
    ]
    for html in made:
        visited = visit(html)
        visited.page.wait_for_timeout(20)
        assert visited.run("() => window.pwned") is None
        assert visited.asked == []
        assert visited.console == []
        tags = "script,img,iframe,base,meta[http-equiv=refresh],[onload],[onerror],[onfocus]"
        assert visited.run("tags => document.querySelectorAll(tags).length", tags) == 0
        assert visited.run("() => document.querySelectorAll('style').length") == 1
        shown = visited.run("() => document.body.textContent")
        assert printable(text, 100) in shown
        assert visited.run("() => document.body.offsetHeight") > 100


# -- for everyone --------------------------------------------------------------------------


@pytest.fixture(scope="session")
def axe(request):
    """The script of axe-core, from its npm package; kept in pytest's cache."""
    folder = request.config.cache.mkdir("axe-core")
    package = folder / f"{AXE.replace('@', '-')}.tgz"
    if not package.is_file():
        npm = shutil.which("npm")
        if npm is None:
            pytest.skip(f"no npm on this machine to get {AXE} with")
        command = [npm, "pack", AXE, "--silent", "--pack-destination", str(folder)]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        if ended.returncode:
            reason = (ended.stderr.strip().splitlines() or ["npm failed"])[-1]
            pytest.skip(f"{AXE} can't be had: {reason}")
    content = package.read_bytes()
    digest = base64.b64encode(hashlib.sha512(content).digest()).decode()
    if digest != AXE_INTEGRITY:
        package.unlink()
        pytest.fail(f"{AXE} is not the package that was pinned: sha512 {digest}")
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        return archive.extractfile("package/axe.min.js").read().decode()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing(visit, pages, axe, name, scheme):
    """No rule of WCAG 2.2 AA is broken in a way that axe-core can see, by day and by night."""
    visited = visit(pages[name], scheme=scheme)
    visited.run(UNFOLD)
    visited.run(axe)
    found = visited.run(
        "rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']})", AXE_RULES
    )
    told = [
        (each["id"], each["impact"], each["nodes"][0]["html"][:90]) for each in found["violations"]
    ]
    assert told == []


@pytest.mark.parametrize("name", PAGES)
def test_the_keyboard_reaches_everything_in_order(visit, pages, name):
    """Every link, fold and scrolling part once, from top to bottom, with a focus to be seen."""
    visited = visit(pages[name])
    visited.run(UNFOLD)
    can = "a[href], summary, [tabindex='0']"
    count = visited.run("can => document.querySelectorAll(can).length", can)
    places = []
    for _ in range(count):
        visited.page.keyboard.press("Tab")
        place, ring = visited.run(
            """can => {
                const now = document.activeElement, style = getComputedStyle(now);
                const all = [...document.querySelectorAll(can)];
                return [all.indexOf(now), style.outlineStyle !== 'none' && style.outlineWidth];
            }""",
            can,
        )
        assert ring == "3px", visited.run("() => document.activeElement.outerHTML.slice(0, 90)")
        places.append(place)
    assert places == list(range(count))


def test_the_first_key_skips_to_the_content(visit, pages):
    """The skip link is seen once it has the focus, and Enter goes on to main."""
    visited = visit(pages["feedback"])
    visited.page.keyboard.press("Tab")
    assert visited.run("() => document.activeElement.getBoundingClientRect().left") >= 0
    visited.page.keyboard.press("Enter")
    assert visited.run("() => document.activeElement.id") == "main"


def test_a_fold_opens_by_keyboard(visit, pages):
    """Enter shows the message of a group, and hides it again."""
    visited = visit(pages["class"])
    visited.run("() => document.querySelector('summary').focus()")
    opened = "() => document.querySelector('details').open"
    visited.page.keyboard.press("Enter")
    assert visited.run(opened) is True
    assert visited.page.locator("details .finding").first.is_visible()
    visited.page.keyboard.press("Enter")
    assert visited.run(opened) is False


@pytest.mark.parametrize("name", PAGES)
def test_a_phone_shows_all_without_scrolling_sideways(visit, pages, name):
    """At 320 pixels the page is as wide as the screen; what is wider scrolls in its own place."""
    visited = visit(pages[name], size=PHONE)
    assert visited.run("() => document.documentElement.scrollWidth") <= PHONE[0]
    cut = visited.run(
        """width => [...document.querySelectorAll('main *, header *, footer *')].filter(e =>
            e.getBoundingClientRect().right > width + 1 &&
            !e.closest('.wide, .drawing, .message, .hidden')).map(e => e.outerHTML.slice(0, 80))""",
        PHONE[0],
    )
    assert cut == []


def test_a_rubric_fits_a_phone(visit, pages):
    """Title, status and points of every item are seen at 320 pixels without scrolling."""
    visited = visit(pages["feedback"], size=PHONE)
    table = "() => document.querySelector('.rubric').getBoundingClientRect().right"
    assert visited.run(table) <= PHONE[0]


@pytest.mark.parametrize("name", PAGES)
def test_paper_cuts_nothing(visit, pages, name):
    """In print no part scrolls or is folded away, all of it within the page's width."""
    visited = visit(pages[name], size=PAPER, media="print")
    assert visited.run("() => getComputedStyle(document.querySelector('.skip')).display") == "none"
    for selector in (".finding", ".drawing svg", "table"):
        rights = visited.run(
            """s => [...document.querySelectorAll(s)].map(e => {
                const box = e.getBoundingClientRect();
                const over = s === '.finding' ? e.scrollWidth - e.clientWidth : 0;
                return [box.right + over, e.checkVisibility() && box.height];
            })""",
            selector,
        )
        assert rights
        assert all(right <= PAPER[0] + 1 for right, _ in rights), selector
        assert all(height > 0 for _, height in rights), selector
    assert visited.page.pdf().startswith(b"%PDF")


def test_night_is_dark_and_paper_is_not(visit, pages):
    """The scheme of the reader's system is followed on screens only."""
    ground = "() => getComputedStyle(document.body).backgroundColor"
    assert visit(pages["feedback"]).run(ground) == "rgb(255, 255, 255)"
    assert visit(pages["feedback"], scheme="dark").run(ground) == "rgb(13, 17, 23)"
    printed = visit(pages["feedback"], scheme="dark", media="print")
    assert printed.run(ground) == "rgb(255, 255, 255)"
