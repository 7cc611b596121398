"""start, capture, nonce and grade of the lab with a trace, as people type them."""

import importlib
import importlib.util
import shutil
import sys
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from grader.cli import capture as capture_command
from grader.cli import main
from grader.course import load_course
from grader.evidence import PRACTICE, Capture, Challenge, importable, kind_of, nonce_of
from grader.evidence.format import write_trace
from grader.sandbox import launch

ROOT = Path(__file__).parents[2]
SOLUTION = ROOT / "solutions" / "two-way-tp" / "two_way_tp.py"
KEY = "a course key of the tests"
needs_torch = pytest.mark.skipif(
    importlib.util.find_spec("torch") is None, reason="torch is absent (extra: shardlab[torch])"
)


@pytest.fixture
def shardlab(tmp_path, monkeypatch):
    monkeypatch.setenv("SHARDLAB_COURSE_KEY", KEY)
    monkeypatch.setenv("SHARDLAB_COURSE", str(ROOT))
    monkeypatch.setenv("SHARDLAB_DB", f"sqlite:///{tmp_path}/grades.sqlite3")
    monkeypatch.chdir(tmp_path)
    return lambda *words, **more: CliRunner().invoke(main, words, catch_exceptions=False, **more)


def test_nonce_prints_what_start_hands_out(shardlab, tmp_path):
    """By hand with --nonce, or with the key and the student's name."""
    nonce = nonce_of(KEY.encode(), "two-way-tp", "ada")
    assert shardlab("nonce", "two-way-tp", "ada").stdout == f"ada  {nonce}\n"
    assert shardlab("start", "two-way-tp", "--student", "ada").exit_code == 0
    kept = tmp_path / "two-way-tp" / ".shardlab" / "nonce"
    assert kept.read_text() == f"{nonce}\n"
    shutil.rmtree(tmp_path / "two-way-tp")
    assert shardlab("start", "two-way-tp", "--nonce", nonce).exit_code == 0
    assert kept.read_text() == f"{nonce}\n"


def test_a_start_without_a_nonce_is_for_practice(shardlab):
    """And says so, with what to do."""
    assert "for practice" in shardlab("start", "two-way-tp").output


def test_a_nonce_that_is_none_is_refused(shardlab, tmp_path):
    """Before a folder is made."""
    told = shardlab("start", "two-way-tp", "--nonce", "../../x")
    assert told.exit_code == 2
    assert not (tmp_path / "two-way-tp").exists()


def test_labs_without_a_trace_have_nothing_to_capture(shardlab, tmp_path, monkeypatch):
    """A usage error that names what to run."""
    shardlab("start", "tp-sharding")
    monkeypatch.chdir(tmp_path / "tp-sharding")
    told = shardlab("capture")
    assert told.exit_code == 2
    assert "shardlab check" in told.output


def test_without_torch_capture_names_the_extra(shardlab, tmp_path, monkeypatch):
    """Nothing is run."""
    shardlab("start", "two-way-tp")
    monkeypatch.chdir(tmp_path / "two-way-tp")
    real = importlib.util.find_spec
    monkeypatch.setattr(
        launch.importlib.util, "find_spec", lambda name: None if name == "torch" else real(name)
    )
    told = shardlab("capture")
    assert told.exit_code == 3
    assert "shardlab[torch]" in told.output


@needs_torch
def test_a_captured_trace_goes_with_the_submission(shardlab, tmp_path, monkeypatch):
    """From start over capture to a grade: all but what a CPU can't show, and the right words."""
    shardlab("start", "two-way-tp", "--student", "ada")
    folder = tmp_path / "two-way-tp"
    shutil.copy(SOLUTION, folder)
    monkeypatch.chdir(folder)
    told = shardlab("capture", "--cpu")
    assert told.exit_code == 0, told.output
    assert "two CPU ranks, gloo" in told.output
    assert "TP 2 rank 1" in told.output
    challenge = Challenge("two-way-tp", nonce_of(KEY.encode(), "two-way-tp", "ada"))
    kind = kind_of(load_course(ROOT).lab("two-way-tp"))
    claim = kind.read((folder / "two_way_tp.trace").read_bytes(), challenge)
    assert claim.trace.header.origin == "captured"
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    for suffix in ("py", "trace"):
        shutil.copy(folder / f"two_way_tp.{suffix}", inbox / f"ada.{suffix}")
    told = shardlab("grade", "two-way-tp", str(inbox), "--jobs", "1", "--isolation", "none")
    assert "94/100" in told.output, told.output


@needs_torch
def test_a_capture_of_the_stub_says_what_is_missing(shardlab, tmp_path, monkeypatch):
    """The first public check that fails; as it is only if asked for; no trace written."""
    shardlab("start", "two-way-tp")
    monkeypatch.chdir(tmp_path / "two-way-tp")
    told = shardlab("capture", "--cpu")
    assert told.exit_code == 1
    assert "Public checks of your code first." in told.output
    assert "FAIL  the shards glue back to the weights" in told.output
    assert "shard_state_dict" in told.output
    assert "Running on" not in told.output
    told = shardlab("capture", "--cpu", "--unchecked")
    assert told.exit_code == 1
    assert "NotImplementedError: shard_state_dict" in told.output
    assert not (tmp_path / "two-way-tp" / "two_way_tp.trace").exists()


@pytest.fixture
def finished(shardlab, tmp_path, monkeypatch):
    """A folder with a right file, and a right trace of CPU ranks that nothing ran for."""
    shardlab("start", "two-way-tp")
    folder = tmp_path / "two-way-tp"
    shutil.copy(SOLUTION, folder)
    monkeypatch.chdir(folder)
    (folder / "two_way_tp.trace").write_bytes(trace_of("cpu"))
    return folder


def trace_of(device):
    """The bytes of a trace that answers the practice challenge, and says that it was captured."""
    path = ROOT / "tests/hidden/two-way-tp"
    with importable(ROOT / "assignments/two-way-tp", path):
        synthetic = importlib.import_module("synthetic")
        header, tensors = synthetic.synthetic_parts(Challenge("two-way-tp", PRACTICE), device)
        del sys.modules["synthetic"]
    return write_trace(msgspec.structs.replace(header, origin="captured"), tensors)


@needs_torch
def test_the_lab_can_be_finished_without_a_gpu(shardlab, finished):
    """11 of 12 with an open item is done: the picture, the answers, exit code 0."""
    shardlab("predict", input="half\n\n\n")
    told = shardlab("check")
    assert told.exit_code == 0, told.output
    assert "12/12  OPEN  trace: memory on a GPU, to the byte" in told.output
    assert "FAIL" not in told.output
    assert "Broken" not in told.output
    assert "TP 2 rank 1" in told.output
    assert "You said  half" in told.output
    assert "Public checks passed, 11/12; 6 points stay open here." in told.output
    assert "last check 11 of 12, 1 open" in shardlab("list").output
    told = shardlab("submit", "--student", "ada", "--pack", "mine.zip")
    assert "Public 11/12, 1 open." in " ".join(told.output.split())
    assert "Open, 6 points: trace: memory on a GPU, to the byte\n  device: cpu." in told.output
    assert shardlab("check", "--all").exit_code == 0


@needs_torch
def test_what_is_wrong_is_never_called_open(shardlab, finished):
    """A trace of another challenge fails in all its items, that on memory too."""
    path = finished / "two_way_tp.trace"
    path.write_bytes(path.read_bytes().replace(PRACTICE.encode(), b"1" * 32))
    told = shardlab("check", "--all")
    assert told.exit_code == 1
    assert "OPEN" not in told.output
    assert told.output.count("FAIL  trace: ") == 4


@needs_torch
def test_a_better_trace_stays(shardlab, finished, monkeypatch):
    """One of a GPU shows what a CPU can't; it gives way only if asked for."""
    path = finished / "two_way_tp.trace"
    worse, better = path.read_bytes(), trace_of("cuda")
    path.write_bytes(better)
    monkeypatch.setattr(capture_command, "_captured", lambda *_, **__: Capture(worse))
    told = shardlab("capture", "--cpu", "--unchecked")
    assert told.exit_code == 1
    assert "two_way_tp.trace of before stays: it shows more (memory)." in told.output
    assert path.read_bytes() == better
    assert shardlab("capture", "--cpu", "--unchecked", "--replace").exit_code == 0
    assert path.read_bytes() == worse
    path.write_bytes(b"no trace")
    assert shardlab("capture", "--cpu", "--unchecked").exit_code == 0
    assert path.read_bytes() == worse


def test_a_wrong_trace_is_told_as_wrong_when_it_is_captured(shardlab, finished, monkeypatch):
    """FAIL, where OPEN would send a student to look for another machine."""
    wrong = trace_of("cpu").replace(PRACTICE.encode(), b"1" * 32)
    monkeypatch.setattr(capture_command, "_captured", lambda *_, **__: Capture(wrong))
    (finished / "two_way_tp.trace").unlink()
    told = shardlab("capture", "--cpu", "--unchecked")
    assert told.output.count("FAIL  ") == 4
    assert "OPEN" not in told.output


def test_the_course_has_the_lab():
    """Last in the order in which labs are worked."""
    assert load_course(ROOT).labs()[-1].slug == "two-way-tp"
