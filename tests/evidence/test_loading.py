"""A lab's package of evidence, found by its folder: one lab's is never taken for another's."""

import sys
from dataclasses import replace
from types import ModuleType

import pytest

from grader.course import load_course
from grader.errors import CourseError
from grader.evidence import Challenge, importable, kind_of, nonce_of, synthetic_trace
from grader.suite.evidence import Evidence
from grader.suite.judging import Judging


@pytest.fixture
def lab(timing):
    return timing.lab("timing")


@pytest.fixture
def other(tmp_path, lab):
    """The same lab in another folder, with two runs a log."""
    folder = tmp_path / "other"
    folder.mkdir()
    for path in lab.folder.rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            target = folder / path.relative_to(lab.folder)
            target.parent.mkdir(exist_ok=True)
            target.write_text(path.read_text().replace("RUNS = 3", "RUNS = 2"))
    return folder


def test_the_plain_name_means_the_package_of_one_lab_at_a_time(lab, other, monkeypatch):
    """Within each block its own lab's, with one copy of a module; outside what it was before."""
    before = ModuleType("evidence")
    monkeypatch.setitem(sys.modules, "evidence", before)
    runs = []
    for folder in (lab.folder, other, lab.folder):
        with importable(folder):
            from evidence import log

            runs.append(log)
    assert [each.RUNS for each in runs] == [3, 2, 3]
    assert runs[0] is runs[2] is sys.modules[f"{kind_of(lab).__name__}.log"]
    assert sys.modules["evidence"] is before
    assert "evidence.log" not in sys.modules


def test_a_lab_without_evidence_leaves_the_name_free(course, monkeypatch):
    """Its suite can't import another lab's by mistake."""
    monkeypatch.setitem(sys.modules, "evidence", ModuleType("evidence"))
    with importable(course.lab("adding").folder), pytest.raises(ModuleNotFoundError):
        import evidence  # noqa: F401 - that it is not there is the point


def test_an_edited_package_is_read_anew(lab):
    """A server that runs for days grades with what lies there now."""
    assert kind_of(lab) is kind_of(lab)
    assert kind_of(lab).CHECKS == ("answers", "times")
    file = lab.folder / "evidence" / "__init__.py"
    file.write_text(file.read_text().replace('("answers", "times")', '("answers",)'))
    assert kind_of(lab).CHECKS == ("answers",)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("def read(", "def reads(", r"evidence/__init__\.py: defines no read"),
        ("import json", "import jsonn", r"evidence/__init__\.py: ModuleNotFoundError: .*jsonn"),
        ("import json", "import json)", r"evidence/__init__\.py: SyntaxError: unmatched '\)'"),
    ],
    ids=["lacks-a-name", "import", "syntax"],
)
def test_what_is_wrong_with_a_package_is_told_and_can_be_mended(lab, old, new, told):
    """By file and fault; nothing of the broken one is kept."""
    file = lab.folder / "evidence" / "__init__.py"
    text = file.read_text()
    file.write_text(text.replace(old, new, 1))
    with pytest.raises(CourseError, match=told):
        kind_of(lab)
    file.write_text(text)
    assert kind_of(lab).CHECKS


def test_what_is_missing_is_told_with_its_mend(timing, lab):
    """A package that an assignment speaks of, and the synthetic trace for `validate`."""
    hidden = lab.hidden_suite
    (hidden / "synthetic.py").unlink()
    with pytest.raises(CourseError, match=r"synthetic\.py: missing; .* defines synthetic_trace"):
        synthetic_trace(lab.folder, hidden, Challenge("timing", "00" * 16))
    (lab.folder / "evidence" / "__init__.py").unlink()
    with pytest.raises(CourseError, match=r"__init__\.py: missing; .*start the lab anew"):
        kind_of(lab)


def test_what_verifies_traces_belongs_to_the_digest_of_a_suite(timing, lab):
    """A result with other evidence code is another result; a README is none of it."""

    def digest():
        return load_course(timing.root).lab("timing").suite_digest

    first = digest()
    (lab.folder / "README.md").write_text("# Another text\n")
    assert digest() == first
    seen = {first}
    helper = lab.hidden_suite / "numbers_of.py"
    for file in [*sorted((lab.folder / "evidence").glob("*.py")), helper]:
        file.write_text(f"{file.read_text()}\n# edited\n")
        assert digest() not in seen, file
        seen.add(digest())


def test_a_lab_that_asks_for_no_trace_has_no_evidence(course):
    """Whatever lies beside a file; a suite that asks for one all the same is told so."""
    lab = course.lab("adding")
    assert Evidence.of(lab, "00" * 16, b"a trace") is None
    with pytest.raises(CourseError, match="asks for no trace"):
        _ = Judging(lab, None, b"seed").trace


def test_the_challenge_of_a_student_stays_what_it_was():
    """Nonces were handed out, and traces captured over what was drawn from them."""
    nonce = nonce_of(b"a course key", "a-lab", "ada")
    assert nonce == "73b2f25145905257c95caf23357b7d1d"
    assert Challenge("a-lab", nonce).draw("x", (2, 2)).tolist() == [
        [2394445, 8010476],
        [4367223, 2086907],
    ]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"""A log of timed runs', '1 / 0\n"""A log of timed runs'),
        ("        log = json.loads(raw)", "        log = 1 / 0"),
        ("        found = []", "        found = 1 / 0"),
        ('        return f"log of', '        return 1 / 0, f"log of'),
    ],
    ids=["import", "read", "flaws", "verdict"],
)
def test_a_fault_of_the_evidence_withholds_the_score(timing, lab, level, old, new):
    """It is the course's and named: no student gets a zero for it."""
    from grader.grading import Settings, grade_all
    from grader.submissions import from_source

    kind = lab.folder / "evidence" / "__init__.py"
    assert kind.read_text().count(old) == 1
    challenge = Challenge("timing", nonce_of(timing.key(), "timing", "ada"))
    trace = synthetic_trace(lab.folder, lab.hidden_suite, challenge)
    trace = trace.replace(b'"made_up": true', b'"made_up": false')
    source = (timing.solutions(lab) / "timing.py").read_bytes()
    work = [replace(from_source(lab, "ada", source), trace=trace)]
    kind.write_text(kind.read_text().replace(old, new))
    (result,) = grade_all(Settings(lab, level), work, jobs=1)
    assert result.status == "withheld"
    assert "ZeroDivisionError" in result.note
