"""Pages as text: self-contained, small, escaped, and well ordered."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from grader.gradebook.rows import Override
from grader.report.classroom import class_report
from grader.report.feedback import Picture, Prediction
from grader.report.from_grade import feedback_of_grade
from grader.report.pages import class_page, feedback_page, file_name
from grader.results import Finding


class Outline(HTMLParser):
    """The tags of a page, its headings' levels, and its ids."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.levels, self.ids, self.attributes = [], [], [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        self.ids += [value for name, value in attrs if name == "id"]
        if re.fullmatch("h[1-6]", tag):
            self.levels.append(int(tag[1]))


@pytest.fixture
def pages(real_rows):
    """Every kind of page, by name."""
    grades = real_rows.a_class(40)
    lost = feedback_of_grade(real_rows.lab, grades[3], course="A course")
    return {
        "feedback": feedback_page(lost),
        "withheld": feedback_page(feedback_of_grade(real_rows.lab, grades[-2])),
        "missing": feedback_page(feedback_of_grade(real_rows.lab, grades[-1])),
        "class": class_page(class_report("A course", [(real_rows.lab, grades)])),
        "anonymous": class_page(
            class_report("A course", [(real_rows.lab, grades)], anonymous=b"k")
        ),
    }


NAMES = ("feedback", "withheld", "missing", "class", "anonymous")


@pytest.mark.parametrize("name", NAMES)
def test_a_page_needs_nothing_else(pages, name):
    """No address but that of the SVG's name space, no script, no element that loads anything."""
    page = pages[name]
    outline = Outline(page)
    outside = page.replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?:|//[a-z]|url\((?!#)|@import|javascript:", outside)
    assert not {"script", "img", "link", "iframe", "object", "form", "base"} & set(outline.tags)
    assert not [key for key, _ in outline.attributes if key.startswith("on") or key == "style"]


@pytest.mark.parametrize("name", ["feedback", "withheld", "missing"])
def test_a_graded_page_never_says_that_nothing_is_graded(pages, name):
    """That is what the page of one's own public checks says."""
    assert "Nothing here is graded" not in pages[name]


@pytest.mark.parametrize("name", NAMES)
def test_headings_are_in_order_and_ids_alone(pages, name):
    """One h1, no level is skipped, and no id stands twice."""
    outline = Outline(pages[name])
    assert outline.levels[0] == 1
    assert outline.levels.count(1) == 1
    steps = zip(outline.levels, outline.levels[1:], strict=False)
    assert all(after <= before + 1 for before, after in steps)
    own = [each for each in outline.ids if each != "shardlab-idle"]  # the drawings' own pattern
    assert len(own) == len(set(own))


@pytest.mark.parametrize("name", NAMES)
def test_the_policy_allows_one_style_sheet(pages, name):
    """By its hash: nothing else may be loaded or run, whatever gets into a page."""
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', pages[name])[1]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "script" not in policy
    assert pages[name].count("<style>") == 1


def test_tables_say_what_their_cells_are(pages):
    """Captions, and a scope for every head."""
    for page in pages.values():
        outline = Outline(page)
        assert outline.tags.count("table") == outline.tags.count("caption")
        scopes = [value for key, value in outline.attributes if key == "scope"]
        assert outline.tags.count("th") == len(scopes)


def test_the_worst_feedback_is_below_300_kilobytes(real_rows):
    """Every item lost with a long finding, long reasons, many attempts, big pictures."""
    long = "\n".join(["<&\u202e" * 22] * 8)
    finding = Finding(expected=long, got=long, difference=long, note=long, printed=long)
    lost = {each.item: "failed" for each in real_rows.lab.rubric}
    result = real_rows.result(finding=finding, **lost)
    grade = real_rows.grade("ann", *[result] * 300, name="N" * 5000)
    due = grade.due
    overrides = tuple(
        Override(each.item, 1, "because " * 2000, "prof", due) for each in real_rows.lab.rubric
    )
    feedback = feedback_of_grade(real_rows.lab, replace(grade, overrides=overrides))
    feedback = replace(feedback, picture=Picture(("x",), ("<svg></svg>" * 3000,)))
    assert len(feedback_page(feedback).encode()) <= 300_000


@given(st.text(max_size=80))
def test_any_text_is_shown_and_nothing_else(text):
    """What a student wrote is text of the page: no tag of it, no control or bidi character."""
    from grader.report.feedback import Feedback, ItemFeedback

    finding = Finding(text=text, got=text, inputs=((text, text),), note=text, printed=text)
    item = ItemFeedback(1, text, "failed", 5, finding=finding, decided=text)
    feedback = Feedback(
        lab="x", title="t", headline=text, max_score=100, student=text, note=text,
        reasons=(text,), items=(item,), predictions=(Prediction(text, text, text),),
    )  # fmt: skip
    page = feedback_page(feedback)
    plain = feedback_page(replace(feedback, student="ann"))
    assert {*Outline(page).tags} <= {*Outline(plain).tags, "article", "p", "li", "pre", "dl"}
    assert all(c.isprintable() or c in "\n\t" for c in page)
    page.encode("utf-8")


@given(st.text(max_size=300), st.text(max_size=300))
def test_a_file_name_is_harmless_and_nobody_elses(one, other):
    """Whatever an id is: a name in this folder, short, and another for another id."""
    name = file_name(one)
    assert re.fullmatch(r"[a-z0-9~][a-z0-9._~-]{0,79}", name)
    assert (name == file_name(other)) == (one == other)


@pytest.mark.parametrize(
    ("student", "expected"),
    [("s041", "s041.html"), ("../../etc/passwd", "etc-passwd~"), ("Ann", "ann~"), ("..", "~")],
)
def test_a_plain_id_is_its_own_name(student, expected):
    """Another is told by a digest."""
    assert file_name(student).startswith(expected)
