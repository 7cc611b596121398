"""A capture for real: two processes, real gloo, the trace verified. With a GPU, on the GPU too."""

import importlib.util
from pathlib import Path

import pytest

from grader.traces import Challenge, nonce_of, read_trace, verify
from grader.traces.capture import CPU, best_way, capture, live_trace

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("torch") is None, reason="torch is absent (extra: shardlab[torch])"
)
SOLUTION = Path(__file__).parents[2] / "solutions" / "two-way-tp" / "two_way_tp.py"
CHALLENGE = Challenge("two-way-tp", nonce_of(b"a course key of the tests", "two-way-tp", "ada"))


def flaws_of(way, file=SOLUTION):
    captured = capture(file, CHALLENGE, way, seconds=120.0)
    assert not captured.problem, captured.problem
    return read_trace(captured.raw), verify(read_trace(captured.raw), CHALLENGE)


def test_two_cpu_ranks():
    """Consistent but for memory, which a CPU can't show."""
    trace, flaws = flaws_of(CPU)
    assert trace.header.origin == "captured"
    assert trace.header.run.device == "cpu"
    assert [flaw.check for flaw in flaws] == ["memory"]


def test_a_wrong_file_gives_an_inconsistent_trace():
    """Interleaved columns: shards and partial products are not the model's."""
    _, flaws = flaws_of(CPU, SOLUTION.parent / "mutants" / "interleaved.py")
    assert {"shards", "reductions"} <= {flaw.check for flaw in flaws}


def test_an_error_is_told_with_its_rank(tmp_path):
    """The last lines of the rank that failed; the other does not wait for ever."""
    file = tmp_path / "two_way_tp.py"
    file.write_text("def shard_state_dict(s, rank, n):\n    raise ValueError('not today')\n")
    captured = capture(file, CHALLENGE, CPU, seconds=120.0)
    assert not captured.raw
    assert captured.problem.startswith("rank ")
    assert "ValueError: not today" in captured.problem


def test_a_live_run_makes_a_trace_of_its_own():
    """As `grade --live` does on a GPU; here on CPU ranks."""
    raw = live_trace(SOLUTION.read_bytes(), CHALLENGE, CPU)
    assert [flaw.check for flaw in verify(read_trace(raw), CHALLENGE)] == ["memory"]
    assert live_trace(b"x = 1\n", CHALLENGE, CPU) is None


@pytest.mark.gpu
def test_live_on_a_gpu():
    """Two GPUs with NCCL, or two ranks on one with gloo: every check holds, memory too."""
    way = best_way()
    if way is CPU:
        pytest.skip("no CUDA device on this machine")
    trace, flaws = flaws_of(way)
    assert trace.header.run.device == "cuda"
    assert flaws == []
