"""A capture for real: two processes, real gloo, the trace verified. With a GPU, on the GPU too."""

import importlib.util
from pathlib import Path

import pytest

from grader.course import load_course
from grader.evidence import Challenge, kind_of, live_trace, nonce_of
from grader.validation.overlay import read_overlay
from grader.validation.statements import Module

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        importlib.util.find_spec("torch") is None, reason="torch is absent (extra: shardlab[torch])"
    ),
]
ROOT = Path(__file__).parents[2]
COURSE = load_course(ROOT)
LAB = COURSE.lab("two-way-tp")
SOLUTION = COURSE.solutions(LAB) / LAB.assignment.file
KIND = kind_of(LAB)
CPU = KIND.way(cpu=True)
CHALLENGE = Challenge("two-way-tp", nonce_of(b"a course key of the tests", "two-way-tp", "ada"))


@pytest.fixture
def whole(tmp_path):
    """A function from a mutant or variant to the whole file that it stands for."""

    def of(name):
        found = read_overlay(Module.read(SOLUTION), SOLUTION.parent / f"{name}.py")
        file = tmp_path / SOLUTION.name
        file.write_bytes(found.content)
        return file

    return of


def flaws_of(way, file=SOLUTION):
    captured = KIND.capture(file, CHALLENGE, way, seconds=120.0)
    assert not captured.problem, captured.problem
    claim = KIND.read(captured.raw, CHALLENGE)
    return claim.trace, claim.flaws()


def test_two_cpu_ranks():
    """Consistent but for memory, which a CPU can't show."""
    trace, flaws = flaws_of(CPU)
    assert trace.header.origin == "captured"
    assert trace.header.run.device == "cpu"
    assert [flaw.check for flaw in flaws] == ["memory"]


def test_a_wrong_file_gives_an_inconsistent_trace(whole):
    """Interleaved columns: shards and partial products are not the model's."""
    _, flaws = flaws_of(CPU, whole("mutants/interleaved"))
    assert {"shards", "reductions"} <= {flaw.check for flaw in flaws}


def test_an_error_is_told_with_its_rank(tmp_path):
    """The last lines of the rank that failed; the other does not wait for ever."""
    file = tmp_path / "two_way_tp.py"
    file.write_text("def shard_state_dict(s, rank, n):\n    raise ValueError('not today')\n")
    captured = KIND.capture(file, CHALLENGE, CPU, seconds=120.0)
    assert not captured.raw
    assert captured.problem.startswith("rank ")
    assert "ValueError: not today" in captured.problem


def test_what_would_spoil_a_right_run_is_not_taken_over(tmp_path, monkeypatch):
    """TF32 for all, or another rounding of the allocator, as some machines set them."""
    monkeypatch.setenv("TORCH_ALLOW_TF32_CUBLAS_OVERRIDE", "1")
    monkeypatch.setenv("PYTORCH_CUDA_ALLOC_CONF", "roundup_power2_divisions:4")
    monkeypatch.setenv("SHARDLAB_OTHER", "kept")
    file = tmp_path / "two_way_tp.py"
    names = ("TORCH_ALLOW_TF32_CUBLAS_OVERRIDE", "PYTORCH_CUDA_ALLOC_CONF", "SHARDLAB_OTHER")
    file.write_text(f"import os\nraise ValueError([os.environ.get(name) for name in {names}])\n")
    problem = KIND.capture(file, CHALLENGE, CPU, seconds=120.0).problem
    assert "ValueError: [None, None, 'kept']" in problem


def test_an_asynchronous_sum_gives_torchs_own_work(whole):
    """A right file may ask it for its future, as it may where the code is graded."""
    file = whole("variants/async_op")
    source = file.read_text("utf-8")
    assert source.count(".wait()") == 1
    file.write_text(source.replace(".wait()", ".get_future().wait()"))
    assert [flaw.check for flaw in flaws_of(CPU, file)[1]] == ["memory"]


def test_a_live_run_makes_a_trace_of_its_own(monkeypatch):
    """As `grade --live` does on a GPU; here on CPU ranks."""
    monkeypatch.setattr(KIND, "way", lambda: CPU)
    raw = live_trace(KIND, SOLUTION.read_bytes(), CHALLENGE)
    assert [flaw.check for flaw in KIND.read(raw, CHALLENGE).flaws()] == ["memory"]
    assert live_trace(KIND, b"x = 1\n", CHALLENGE) is None


@pytest.mark.gpu
def test_live_on_a_gpu():
    """Two GPUs with NCCL, or two ranks on one with gloo: every check holds, memory too."""
    way = KIND.way()
    if not way.on_gpu:
        pytest.skip("no CUDA device on this machine")
    trace, flaws = flaws_of(way)
    assert trace.header.run.device == "cuda"
    assert flaws == []
