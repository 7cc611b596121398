"""JUnit XML, as CI systems read it: `testsuites/testsuite/testcase` with `failure`."""

import re
from collections.abc import Iterable
from xml.etree import ElementTree as ET

_NOT_XML = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit_xml(suite: str, rows: Iterable[tuple[str, str, str, bool]]) -> str:
    """One test case per row (class name, name, text, passed); the text of a failure is told."""
    cases = list(rows)
    failures = sum(not passed for *_, passed in cases)
    root = ET.Element("testsuites")
    element = ET.SubElement(root, "testsuite", name=_clean(suite), tests=str(len(cases)),
                            failures=str(failures), errors="0", skipped="0")  # fmt: skip
    for classname, name, text, passed in cases:
        case = ET.SubElement(element, "testcase", classname=_clean(classname),
                             name=_clean(name), time="0")  # fmt: skip
        if not passed:
            first = text.strip().partition("\n")[0] or "failed"
            failure = ET.SubElement(case, "failure", message=_clean(first))
            failure.text = _clean(text)
    ET.indent(root)
    return ET.tostring(root, "unicode", xml_declaration=True) + "\n"


def _clean(text: str) -> str:
    """The text without what XML 1.0 can't hold."""
    return _NOT_XML.sub("", text)
