"""JUnit XML that any CI can read, whatever is in names and messages."""

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.exports.exported import entries
from grader.exports.junit import grades_junit, junit_xml

steady = settings(derandomize=True, deadline=None, max_examples=100)
ROWS = [("tp-sharding", "stub", "", True), ("tp-sharding", "mutant a", "keeps 100\nwhy", False)]


def test_passes_and_failures_are_counted_and_told():
    """The first line is the message, all of it the text."""
    suite = ET.fromstring(junit_xml("validate", ROWS)).find("testsuite")
    assert suite.attrib == {
        "name": "validate", "tests": "2", "failures": "1", "errors": "0", "skipped": "0",
        "time": "0.000", "hostname": "localhost",
    }  # fmt: skip
    passed, failed = suite.findall("testcase")
    assert (passed.get("classname"), passed.get("name")) == ("tp-sharding", "stub")
    assert passed.find("failure") is None
    assert failed.find("failure").get("message") == "keeps 100"
    assert failed.find("failure").text == "keeps 100\nwhy"


def test_the_text_of_a_pass_is_not_told():
    """Only failures have a text."""
    assert "secret" not in junit_xml("s", [("a", "b", "secret", True)])


def test_nothing_is_a_suite_of_no_cases():
    """An empty course is still XML."""
    assert ET.fromstring(junit_xml("s", [])).find("testsuite").get("tests") == "0"


@pytest.mark.parametrize("text", ["", "\n", "  \n\n"])
def test_a_failure_without_words_is_a_failure(text):
    """Nothing to say is no reason to fall over, nor to pass."""
    (failure,) = ET.fromstring(junit_xml("s", [("a", "b", text, False)])).iter("failure")
    assert failure.get("message") == "failed"


def test_it_says_that_it_is_utf_8():
    """Files are written as UTF-8 whatever the machine's locale is."""
    text = junit_xml("☃", ROWS)
    assert text.splitlines()[0].lower() == "<?xml version='1.0' encoding='utf-8'?>"
    assert text.endswith("\n")


ANY = st.text(st.characters(exclude_categories=()) | st.sampled_from("\0\x1b\ud800\ufffe<&\"'\n]"))


# The elements and attributes that Jenkins' xunit plugin, pytest and GitLab agree on.
SUITE = {"name", "tests", "failures", "errors", "skipped", "time", "timestamp", "hostname"}
SCHEMA = {
    "testsuites": set(),
    "testsuite": SUITE,
    "testcase": {"classname", "name", "time"},
    "failure": {"type", "message"},
    "error": {"type", "message"},
    "skipped": {"type", "message"},
}


def by_student(rows):
    """The suites of the grades, by student."""
    root = ET.fromstring(grades_junit(rows).encode())
    return {suite.get("name").split()[1]: suite for suite in root}


def test_grades_keep_to_the_schema(rows):
    """No element, attribute or nesting but those; counts are the numbers of elements."""
    root = ET.fromstring(grades_junit(rows).encode())
    assert root.tag == "testsuites"
    for element in root.iter():
        assert set(element.attrib) <= SCHEMA[element.tag]
    for suite in root:
        assert set(suite.attrib) >= SUITE - {"timestamp"}
        assert {case.tag for case in suite} == {"testcase"}
        assert int(suite.get("tests")) == len(suite)
        counts = {"failures": "failure", "errors": "error", "skipped": "skipped"}
        for attribute, tag in counts.items():
            assert int(suite.get(attribute)) == len(list(suite.iter(tag)))
        assert all(len(case) <= 1 for case in suite)


def test_a_suite_is_a_students_lab(rows):
    """When it was handed in and how long it took are the suite's, items its cases."""
    ann = by_student(rows)["ann"]
    assert ann.attrib == {
        "name": "adding ann", "tests": "2", "failures": "0", "errors": "0", "skipped": "0",
        "time": "1.250", "hostname": "localhost", "timestamp": "2026-11-22T14:03:00",
    }  # fmt: skip
    assert [(each.get("classname"), each.get("name")) for each in ann] == [
        ("adding.ann", "add"),
        ("adding.ann", "total"),
    ]


def test_a_lost_item_is_a_failure(rows):
    """It says the points, the verdict and the message."""
    (failure,) = by_student(rows)["bob"].iter("failure")
    assert failure.attrib == {"type": "timeout", "message": "30 of 60 points"}
    assert failure.text.endswith("slow")


def test_withheld_is_an_error_and_missing_is_skipped(rows):
    """Neither is a failure nor a pass."""
    cy, dee = by_student(rows)["cy"], by_student(rows)["dee"]
    assert [cy.get(each) for each in ("tests", "failures", "errors", "skipped")] == list("1010")
    assert [dee.get(each) for each in ("tests", "failures", "errors", "skipped")] == list("1001")
    assert dee.find("testcase/skipped").get("message") == "nothing handed in"


def test_withheld_without_items_is_an_error_too(make):
    """A fault before any item was tried is still told."""
    outcome = make.result(status="withheld", score=None, rubric=())
    (suite,) = by_student(entries([make.grade(None, outcome)])).values()
    assert suite.get("errors") == "1"


def test_an_unpublished_result_says_nothing(class_of_four):
    """With only what is published, a withheld result's items are not told."""
    cy = by_student(entries(class_of_four, published=True))["cy"]
    assert cy.find("testcase/skipped").get("message") == "not published"
    assert len(cy) == 1


def test_a_zero_for_nothing_is_a_failure(make):
    """A score that stands for nothing handed in is no pass."""
    text = grades_junit(entries([make.missing(make.student())], missing_as=0))
    (failure,) = ET.fromstring(text.encode()).iter("failure")
    assert failure.attrib == {"type": "missing", "message": "0 of 100 points"}
    assert failure.text.endswith("nothing handed in")


def test_a_published_score_without_its_items_is_no_pass(class_of_four):
    """Bob was told 65, and has 60 by now: 65 of 100 is a failure, Ann's 100 a pass."""
    bob = by_student(entries(class_of_four, published=True))["bob"]
    assert bob.find("testcase/failure").get("message") == "65 of 100 points"
    assert by_student(entries(class_of_four, published=True))["ann"].get("failures") == "0"


def test_three_hundred_names_come_back(make, crowd):
    """A suite each, in order."""
    text = grades_junit(entries([make.grade(who, make.result()) for who in crowd]))
    names = [each.get("name") for each in ET.fromstring(text.encode()).iter("testsuite")]
    assert names == [f"adding {who.id}" for who in crowd]


@given(ANY, st.lists(st.tuples(ANY, ANY, ANY, st.booleans()), max_size=4))
@steady
def test_any_text_gives_xml_that_can_be_read_back(suite, rows):
    """Control characters, halves of pairs, quotes and brackets: names come from students."""
    text = junit_xml(suite, rows)
    cases = list(ET.fromstring(text.encode("utf-8")).iter("testcase"))
    assert len(cases) == len(rows)
    assert [case.find("failure") is None for case in cases] == [passed for *_, passed in rows]
