"""What a suite calls: mistakes of its author's are told as such."""

import pytest

from grader.errors import CourseError
from grader.submissions import from_source
from grader.suite import GROUP
from grader.suite.processes import Processes
from grader.suite.proxy import Calls, Student


def test_a_group_for_a_single_call_is_an_author_s_mistake(course):
    """Only ranks have one: the mend is in the text, and no process is asked for anything."""
    lab = course.lab("adding")
    calls = Calls(Processes.of(lab, from_source(lab, "s1", b"x = 1\n"), None), lab)
    with pytest.raises(CourseError, match=r"write ranks\(1\)\.total"):
        Student(calls).total(3, group=GROUP)
