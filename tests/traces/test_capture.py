"""A capture for real: two processes, real gloo, the trace verified. With a GPU, on the GPU too."""

import importlib.util
import os
import signal
import subprocess
import sys
import time
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


ONE_WAITS = """\
import torch, torch.distributed as dist
def shard_state_dict(state_dict, rank, world_size):
    return {}
def forward(token_ids, shard, config, group):
    if dist.get_rank() == 0:
        dist.all_reduce(torch.zeros(3), group=group)
    return torch.zeros(1)
"""


def test_a_rank_that_waits_alone_is_told_at_once(tmp_path):
    """Which rank, in which call, at which line of the file; long before the time is over."""
    file = tmp_path / "two_way_tp.py"
    file.write_text(ONE_WAITS)
    problem = KIND.capture(file, CHALLENGE, CPU, seconds=100_000.0).problem
    assert "rank 0 waits in all_reduce #1 of 3 numbers (two_way_tp.py:6)" in problem
    assert "rank 1 waits in its end" in problem


def test_a_loop_without_an_end_is_told_with_its_line(tmp_path):
    """While it runs, as it may come to an end, and once more when the time is over."""
    file = tmp_path / "two_way_tp.py"
    file.write_text("def shard_state_dict(s, r, n):\n    while True:\n        pass\n")
    told = []
    problem = KIND.capture(file, CHALLENGE, CPU, told.append, seconds=20.0).problem
    where = ("computes (two_way_tp.py:2)", "computes (two_way_tp.py:3)")
    assert any(each in problem for each in where)
    assert problem.startswith("no end within the time: ")
    assert any("no rank has come further for 3 s: rank 0 computes (two_way" in t for t in told)


DIES = """\
import sys
from pathlib import Path
from grader.course import load_course
from grader.evidence import Challenge, kind_of
kind = kind_of(load_course(Path(sys.argv[1])).lab("two-way-tp"))
kind.capture(Path(sys.argv[2]), Challenge("two-way-tp", "00" * 16), kind.way(cpu=True))
"""


@pytest.mark.parametrize("by", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_no_rank_outlives_its_capture(tmp_path, by):
    """However it is ended, and though the file hangs."""
    file = tmp_path / "two_way_tp.py"
    file.write_text(
        "import os, pathlib\n"
        "def shard_state_dict(s, rank, n):\n"
        f"    path = pathlib.Path({str(tmp_path)!r}, f'{{rank}}.pid')\n"
        "    path.with_suffix('.new').write_text(str(os.getpid()))\n"
        "    path.with_suffix('.new').rename(path)\n"
        "    while True:\n        pass\n"
    )
    command = [sys.executable, "-c", DIES, str(ROOT), str(file)]
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, env=environment) as process:
        files = [tmp_path / "0.pid", tmp_path / "1.pid"]
        wait_until(lambda: all(each.exists() for each in files))
        process.send_signal(by)
        process.wait()
    ranks = [int(each.read_text()) for each in files]
    wait_until(lambda: not any(map(is_running, ranks)))


def wait_until(happened):
    """Fails by the test's own time-out where it never does."""
    deadline = time.monotonic() + 120
    while not happened():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.05)


def is_running(pid):
    """Whether the process is there, and no zombie that its new parent has yet to reap."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


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
