"""A trace as part of a submission: read beside the file, judged once, told in words."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from grader.course import load_course
from grader.evidence import MAX_TRACE_BYTES, Challenge, importable, kind_of, nonce_of
from grader.evidence.format import write_trace
from grader.submissions import read_submission, read_submissions
from grader.suite.evidence import Evidence
from grader.suite.finding import CaseFailure

ROOT = Path(__file__).parents[2]
COURSE = load_course(ROOT)
LAB = COURSE.lab("two-way-tp")
with importable(LAB.folder, LAB.hidden_suite):
    from evidence.reference import Reference
    from synthetic import synthetic_parts, synthetic_trace

KIND = kind_of(LAB)
CHECKS = KIND.CHECKS
CHALLENGE = Challenge("two-way-tp", nonce_of(b"a course key of the tests", "two-way-tp", "ada"))
GOOD = synthetic_trace(CHALLENGE)


def failure_of(evidence, check="memory"):
    with pytest.raises(CaseFailure) as failed:
        evidence.holds(check)
    return failed.value.finding


@pytest.fixture
def lab():
    return LAB


def test_a_trace_beside_the_file_goes_with_it(lab, tmp_path):
    """`s041.trace` beside `s041.py`; in a workspace the lab's own name."""
    (tmp_path / "s041.py").write_text("x = 1\n")
    (tmp_path / "s041.trace").write_bytes(b"abc")
    (tmp_path / "s042.py").write_text("x = 1\n")
    first, second = read_submissions(lab, [tmp_path])
    assert (first.name, first.trace) == ("s041", b"abc")
    assert (second.name, second.trace) == ("s042", None)


def test_no_more_of_a_trace_is_read_than_one_byte_over_the_limit(lab, tmp_path):
    """A file of 200 MB costs 16 MiB of memory, and is refused by its size."""
    (tmp_path / "s.py").write_text("x = 1\n")
    with (tmp_path / "s.trace").open("wb") as file:
        file.truncate(200 << 20)
    submission = read_submission(lab, tmp_path / "s.py", "s")
    assert len(submission.trace) == MAX_TRACE_BYTES + 1
    assert "larger than 16 MiB" in failure_of(Evidence(KIND, CHALLENGE, submission.trace)).error


def test_a_link_is_not_followed(lab, tmp_path):
    """It counts as no trace."""
    (tmp_path / "s.py").write_text("x = 1\n")
    (tmp_path / "s.trace").symlink_to("/etc/passwd")
    assert read_submission(lab, tmp_path / "s.py", "s").trace is None


def test_other_labs_read_no_trace(tmp_path):
    """Only a lab that says `trace = true` has one."""
    (tmp_path / "s.py").write_text("x = 1\n")
    (tmp_path / "s.trace").write_bytes(b"abc")
    other = COURSE.lab("tp-sharding")
    assert read_submission(other, tmp_path / "s.py", "s").trace is None


def test_every_check_of_an_honest_trace_holds():
    """And the verdict claims consistency, never that a GPU ran; it names what does not split."""
    evidence = Evidence(KIND, CHALLENGE, GOOD, synthetic=True)
    for check in CHECKS:
        evidence.holds(check)
    assert evidence.verdict() == (
        "trace consistent (cuda, nccl). Whole on every rank: embed.weight, norms, 247680 bytes"
    )


def test_without_a_trace_the_finding_says_how_to_make_one():
    """The command, not just the lack."""
    finding = failure_of(Evidence(KIND, CHALLENGE))
    assert "no trace" in finding.error
    assert "shardlab capture" in finding.nudge


def test_another_students_trace_is_told_so_on_every_check():
    """With a question about the nonce instead of the item's own."""
    evidence = Evidence(KIND, replace(CHALLENGE, nonce="00" * 16), GOOD, synthetic=True)
    for check in CHECKS:
        finding = failure_of(evidence, check)
        assert "its nonce is not yours" in finding.got
        assert "nonce" in finding.nudge
    assert evidence.verdict() == f"trace not consistent in: {', '.join(CHECKS)}"


def test_a_cpu_trace_earns_what_a_cpu_can_show():
    """And says which item it can't earn."""
    evidence = Evidence(KIND, CHALLENGE, synthetic_trace(CHALLENGE, "cpu"), synthetic=True)
    for check in ("shards", "reductions", "logits"):
        evidence.holds(check)
    finding = failure_of(evidence)
    assert "GPU only" in finding.got
    assert finding.expected == "what a GPU's allocator counts"
    assert evidence.verdict() == (
        "trace consistent (cpu, gloo; a CPU has no memory of a GPU to show). "
        "Whole on every rank: embed.weight, norms, 247680 bytes"
    )


def test_what_is_wrong_with_a_cpu_trace_is_named_without_its_memory():
    """Nothing is inconsistent about memory that a CPU has not got."""
    header, tensors = synthetic_parts(CHALLENGE, "cpu")
    tensors = {name: array for name, array in tensors.items() if name != "rank0/logits"}
    evidence = Evidence(KIND, CHALLENGE, write_trace(header, tensors), synthetic=True)
    assert evidence.verdict() == "trace not consistent in: logits"


def test_the_picture_has_bars_of_both_ranks():
    """Cut and whole bytes beside TP 1, within 74 columns."""
    lines = Evidence(KIND, CHALLENGE, GOOD, synthetic=True).picture()
    assert [line[:11].strip() for line in lines[:3]] == ["TP 1", "TP 2 rank 0", "TP 2 rank 1"]
    assert "2321280 bytes" in lines[0]
    assert "1284480 bytes" in lines[1]
    assert max(map(len, lines)) <= 74


def test_a_trace_that_holds_costs_one_forward_pass(monkeypatch):
    """The reference is most of the work: what two checks need is computed once, the rest never."""
    passes, forward = [], Reference.forward
    monkeypatch.setattr(Reference, "forward", lambda *args: passes.append(1) or forward(*args))
    evidence = Evidence(KIND, CHALLENGE, GOOD, synthetic=True)
    for check in CHECKS:
        evidence.holds(check)
    assert passes == [1]


@pytest.mark.parametrize("raw", [None, b"no trace"], ids=["none", "unreadable"])
def test_a_kind_without_checks_says_what_is_wrong_with_the_trace(raw):
    """A trace that is missing or can't be read is the student's to mend, and no fault of ours."""
    kind = SimpleNamespace(CHECKS=(), read=KIND.read)
    assert "trace" in Evidence(kind, CHALLENGE, raw).verdict()
