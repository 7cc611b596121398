"""JUnit XML that any CI can read, whatever is in names and messages."""

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.exports.junit import junit_xml

steady = settings(derandomize=True, deadline=None, max_examples=100)
ROWS = [("tp-sharding", "stub", "", True), ("tp-sharding", "mutant a", "keeps 100\nwhy", False)]


def test_passes_and_failures_are_counted_and_told():
    """The first line is the message, all of it the text."""
    suite = ET.fromstring(junit_xml("validate", ROWS)).find("testsuite")
    assert suite.attrib == {
        "name": "validate", "tests": "2", "failures": "1", "errors": "0", "skipped": "0",
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


@given(ANY, st.lists(st.tuples(ANY, ANY, ANY, st.booleans()), max_size=4))
@steady
def test_any_text_gives_xml_that_can_be_read_back(suite, rows):
    """Control characters, halves of pairs, quotes and brackets: names come from students."""
    text = junit_xml(suite, rows)
    cases = list(ET.fromstring(text.encode("utf-8")).iter("testcase"))
    assert len(cases) == len(rows)
    assert [case.find("failure") is None for case in cases] == [passed for *_, passed in rows]
