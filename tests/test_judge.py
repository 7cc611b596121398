"""One submission through all steps: verdicts, scores, messages, faults."""

import pytest

from grader.course import load_course
from grader.judge import Judge, grade
from grader.results import GRADED, WITHHELD, Finding, Verdict
from grader.sandbox import Sandbox, loop, procfs
from grader.submissions import Submission, from_source
from grader.suite.processes import Processes
from grader.suite.run import Suite


@pytest.fixture
def grade_source(judge):
    """Grades a source text as the submission of s1."""
    return lambda source: grade(judge, from_source(judge.lab, "s1", source.encode()))


def solution(course):
    return (course.root / "solutions/adding/adding.py").read_text()


def test_the_solution_earns_everything(course, grade_source):
    """Every item passed, all points, nothing to say."""
    result = grade_source(solution(course))
    assert (result.status, result.score, result.max_score) == (GRADED, 100, 100)
    assert {each.verdict for each in result.rubric} == {Verdict.PASSED}
    assert {each.finding for each in result.rubric} == {Finding()}


def test_an_item_is_lost_by_one_failing_case(course, grade_source):
    """Right at one world size and wrong at another earns nothing for the item."""
    source = solution(course).replace(
        "return the_whole_sum", "return the_whole_sum + (group.world_size == 3)"
    )
    result = grade_source(source)
    assert result.score == 40
    assert result.verdict("total") is Verdict.FAILED


def test_what_builds_on_a_lost_item_is_blocked(grade_source):
    """`total` builds on `add`: without add it is not judged, and says why."""
    result = grade_source("def add(x, y):\n    return x\n")
    assert result.score == 0
    assert result.verdict("total") is Verdict.BLOCKED
    assert result.rubric[1].finding == Finding(text="builds on add")


@pytest.mark.parametrize(
    ("body", "verdict"),
    [
        ("return x", Verdict.FAILED),
        ("raise RuntimeError('no')", Verdict.RAISED),
        ("raise SystemExit(0)", Verdict.RAISED),
        ("return object()", Verdict.BAD_RETURN),
        ("return None", Verdict.BAD_RETURN),
        ("while True: pass", Verdict.TIMEOUT),
        ("import os; os._exit(0)", Verdict.CRASHED),
        ("import numpy; return numpy.ones(2**31)", Verdict.OUT_OF_MEMORY),
        ("x += y; return x", Verdict.FAILED),
    ],
)
def test_every_way_to_fail_has_its_verdict(grade_source, body, verdict):
    """Verdicts fail closed: what is no pass is named and earns nothing."""
    result = grade_source(f"def add(x, y):\n    {body}\n")
    if verdict is Verdict.OUT_OF_MEMORY:
        # which of the two limits is met first (address space or use) is the machine's affair
        assert result.verdict("add") in (verdict, Verdict.RAISED)
    else:
        assert result.verdict("add") is verdict
    assert (result.status, result.score) == (GRADED, 0)


def test_ranks_that_never_meet_are_diagnosed(course, grade_source):
    """A rank that returns while the other waits is named, and no time-out."""
    source = solution(course).replace(
        "the_whole_sum = group", "the_whole_sum = x if group.rank else group"
    )
    result = grade_source(source)
    assert result.verdict("total") is Verdict.COLLECTIVE_MISMATCH
    assert "rank 1 returned" in result.rubric[1].finding.got
    assert "rank 0 waits in all_reduce #1" in result.rubric[1].finding.got


def test_a_message_never_holds_hidden_inputs(course, grade_source):
    """Code that keeps what hidden cases gave it, and raises it later, gets nothing across."""
    source = (
        "import numpy as np\nSEEN = []\n"
        "def add(x, y):\n"
        "    SEEN.append(x.tolist())\n"
        "    raise ValueError(f'canary {SEEN}')\n"
    )
    told = grade_source(source).rubric[0].finding
    # what it has seen is the one public input, and nothing before that
    assert told.error == "ValueError: canary [[1.0]]"


def test_a_finding_that_leaves_the_judge_is_what_is_shown_of_it(grade_source):
    """Eight lines of a flood of prints and their number; no place, which no reader shows."""
    source = (
        "def add(x, y):\n    for n in range(1000):\n        print(n)\n    return x\n"
        "def total(x, group):\n    return x\n"
    )
    told = grade_source(source).rubric[0].finding
    assert told.printed.splitlines() == list("01234567")
    assert (told.unprinted, told.where) == (992, "")
    assert told.got


def test_a_wrong_hidden_case_alone_names_the_invariant_only(course, grade_source):
    """Where no public case fails, the message tells the invariant and nothing of the case."""
    source = solution(course).replace(
        "return x + y", "return x + y + (x.tolist() != [1.0] * x.size)"
    )
    result = grade_source(source)
    assert result.verdict("add") is Verdict.FAILED
    assert result.rubric[0].finding == Finding(
        note="every public case passes; a hidden case ends as 'failed'",
        broken="I1: adding nothing changes nothing",
        nudge="What is 2 + 2?",
        unseen=True,
    )


def test_students_have_inputs_of_their_own(judge):
    """Seeds differ between students and are the same at every call."""
    assert judge.lab.seed("ann") == judge.lab.seed("ann") != judge.lab.seed("bob")


def test_a_fault_of_the_suite_withholds_the_score(course, level):
    """An exception of the suite's own is a grader fault: no score, never a zero."""
    path = course.root / "tests/hidden/adding/test_adding.py"
    path.write_text(path.read_text().replace("equal(student.add(x, y), x + y)", "1 / 0"))
    result = _grade_solution(course, level)
    assert (result.status, result.score) == (WITHHELD, None)
    assert "ZeroDivisionError" in result.note
    assert "ZeroDivisionError" not in repr(result.rubric)  # which students see


def test_a_suite_that_does_not_import_withholds_the_score(course, level):
    """A broken suite is told by file; nothing is graded by half."""
    path = course.root / "tests/hidden/adding/test_adding.py"
    path.write_text("import nothing_of_that_name\n")
    result = _grade_solution(course, level)
    assert result.status == WITHHELD
    assert "nothing_of_that_name" in result.note


@pytest.mark.parametrize("change", ["unmarked", "skipped", "missing item"])
def test_a_case_that_judges_nothing_is_a_fault(course, level, change):
    """Silence is never a pass: unmarked, skipped and missing cases withhold the score."""
    path = course.root / "tests/hidden/adding/test_adding.py"
    text = path.read_text()
    path.write_text(
        {
            "unmarked": text + "\ndef test_more():\n    pass\n",
            "skipped": text.replace('@pytest.mark.rubric("total")',
                                    '@pytest.mark.rubric("total")\n@pytest.mark.skip'),
            "missing item": text.replace('rubric("total")', 'rubric("add")'),
        }[change]
    )  # fmt: skip
    assert _grade_solution(course, level).status == WITHHELD


def test_a_submission_with_a_problem_scores_nothing_and_says_it(judge):
    """A missing file is the student's: graded, zero, and one clear line."""
    result = grade(judge, Submission("s1", problem="no adding.py in it"))
    assert (result.status, result.score) == (GRADED, 0)
    assert {each.finding.text for each in result.rubric} == {"no adding.py in it"}


def test_a_file_that_does_not_load_costs_no_more_than_one_try(grade_source, monkeypatch):
    """An endless import is tried once a run, not once a case."""
    opened, open_process = [], Sandbox.open
    monkeypatch.setattr(Sandbox, "open", lambda *a, **k: opened.append(a) or open_process(*a, **k))
    result = grade_source("while True:\n    pass\n")
    assert result.verdict("add") is Verdict.TIMEOUT
    assert len(opened) == 1
    assert "does not load" in result.rubric[0].finding.error


def test_a_submission_that_sleeps_everywhere_ends_with_its_budget(course, sandbox):
    """A slow import and a hanging call use up the limit, and the next item gets no time."""
    source = "import time\ntime.sleep(0.5)\n" + solution(course).replace(
        "return x + y", "time.sleep(60)"
    )
    toml = course.root / "assignments/adding/assignment.toml"
    toml.write_text(toml.read_text().replace('builds_on = ["add"]\n', ""))
    lab = load_course(course.root).lab("adding")
    submission = from_source(lab, "s1", source.encode())
    with (
        Suite(lab.hidden_suite, lab) as suite,
        Processes.of(lab, submission, sandbox, budget_s=1) as processes,
    ):
        add, total = suite.run(processes, b"seed").results
    assert add.verdict is total.verdict is Verdict.TIMEOUT
    assert "the 1 s that all cases share are used up" in total.finding.error


def _grade_solution(course, level):
    with Judge(course.lab("adding"), level) as judge:
        return grade(judge, from_source(judge.lab, "s1", solution(course).encode()))


def test_cases_of_a_lost_item_leave_nothing_to_other_modules(course, level):
    """A suite of several modules: what is lost in one is not held against the next."""
    hidden = course.root / "tests/hidden/adding"
    both = (hidden / "test_adding.py").read_text()
    start = both.index('@pytest.mark.rubric("total")')
    head = both[: both.index('@pytest.mark.rubric("add")')]
    (hidden / "test_adding.py").write_text(both[:start])
    (hidden / "test_total.py").write_text(head + both[start:])
    toml = course.root / "assignments/adding/assignment.toml"
    toml.write_text(toml.read_text().replace('builds_on = ["add"]\n', ""))
    lab = load_course(course.root).lab("adding")
    source = solution(course).replace("return x + y", "return x - y")
    with Judge(lab, level) as judge:
        results = [grade(judge, from_source(lab, "s1", source.encode())) for _ in range(2)]
    assert [result.score for result in results] == [60, 60]


def test_a_machine_that_is_too_busy_withholds_the_score(grade_source, monkeypatch):
    """Who got no processor is neither right nor wrong: no score, the reason, and one try only."""
    monkeypatch.setattr(procfs, "use", lambda _pid: procfs.Use(0.0, asleep=False))
    monkeypatch.setattr(loop, "BACKSTOP", 0.1)
    result = grade_source("def add(x, y):\n    while True: pass\n")
    assert (result.status, result.score, result.starved) == (WITHHELD, None, True)
    assert "too busy" in result.note
