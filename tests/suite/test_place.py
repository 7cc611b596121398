"""Where a message says that a function stands."""

import pytest

from grader.submissions import from_source
from grader.suite.processes import Processes
from grader.suite.proxy import Calls


@pytest.mark.parametrize(
    ("source", "place"),
    [
        (b"x = 1\n\ndef add(x, y): pass\n", "adding.py:3"),
        (b"# coding: latin-1\r# \xe9\rdef add(x, y): pass\r", "adding.py:3"),
        (b"\x0c\n# \x0c\ndef add(x, y): pass\n", "adding.py:3"),
        (b"# coding: shift_jis\nx = '''\x95\\\n'''\ndef add(x, y): pass\n", "adding.py:4"),
        (b"def adding(): pass\n    def add(x, y): pass\n", "adding.py"),
    ],
    ids=["plain", "CR ends", "form feeds", "another encoding", "nowhere"],
)
def test_lines_are_python_s(course, source, place):
    """However the lines end, and in whatever encoding they are."""
    lab = course.lab("adding")
    calls = Calls(Processes.of(lab, from_source(lab, "s1", source), None), lab)
    assert calls.place("add") == place
