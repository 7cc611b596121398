"""Public checks as a function: what `check`, `watch` and `submit` have in common."""

import pytest

from grader.student.checking import check_once, passed_items, work_of
from grader.student.workspace import start


@pytest.fixture
def workspace(course, tmp_path):
    return start(course.lab("adding"), tmp_path)


def verdicts(run):
    """Item to the verdicts of its cases."""
    found = {}
    for each in run.results:
        found.setdefault(each.item, set()).add(str(each.verdict))
    return found


def test_a_right_file_passes_everything(workspace, course, level):
    """Every item is counted, and every case is told as it is judged."""
    workspace.file.write_bytes((course.solutions(workspace.lab) / "adding.py").read_bytes())
    seen = []
    run = check_once(workspace, level, on_result=seen.append)
    assert passed_items(run) == 2
    assert tuple(seen) == run.results
    assert run.picture


def test_an_item_with_a_lost_case_is_lost(workspace, course, level):
    """With `stop_early` the rest is blocked."""
    source = (course.solutions(workspace.lab) / "adding.py").read_text("utf-8")
    workspace.file.write_text(source.replace("return the_whole_sum", "return x"), "utf-8")
    run = check_once(workspace, level, stop_early=False)
    assert passed_items(run) == 1
    workspace.file.write_text(source.replace("return x + y", "return x"), "utf-8")
    run = check_once(workspace, level)
    assert verdicts(run)["total"] == {"blocked"}
    assert passed_items(run) == 0


def test_a_file_that_can_t_be_read_fails_with_the_reason(workspace, level):
    """The first item says why, the others wait; nothing is run."""
    workspace.file.write_bytes(b"\0")
    seen = []
    run = check_once(workspace, level, on_result=seen.append)
    assert verdicts(run) == {"add": {"failed"}, "total": {"blocked"}}
    assert "NUL bytes" in run.results[0].finding.error
    assert tuple(seen) == run.results
    assert passed_items(run) == 0


def test_what_is_given_is_checked_not_what_lies_there(workspace, course, level):
    """`submit` checks the very bytes that it packs."""
    workspace.file.write_bytes((course.solutions(workspace.lab) / "adding.py").read_bytes())
    submission = work_of(workspace)
    workspace.file.write_text("gone", "utf-8")
    assert passed_items(check_once(workspace, level, submission=submission)) == 2
