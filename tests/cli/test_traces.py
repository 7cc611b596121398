"""start, capture, nonce and grade of the lab with a trace, as people type them."""

import importlib.util
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from grader.cli import main
from grader.course import load_course
from grader.evidence import Challenge, kind_of, nonce_of
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
    return lambda *words: CliRunner().invoke(main, words, catch_exceptions=False)


def test_nonce_prints_what_start_hands_out(shardlab, tmp_path):
    """By hand with --nonce, or with the key and the student's name."""
    nonce = nonce_of(KEY.encode(), "two-way-tp", "ada")
    assert shardlab("nonce", "two-way-tp", "ada").output == f"ada  {nonce}\n"
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
    """In the student's own words, exit code 1, no trace written."""
    shardlab("start", "two-way-tp")
    monkeypatch.chdir(tmp_path / "two-way-tp")
    told = shardlab("capture", "--cpu")
    assert told.exit_code == 1
    assert "NotImplementedError: shard_state_dict" in told.output
    assert not (tmp_path / "two-way-tp" / "two_way_tp.trace").exists()


def test_the_course_has_the_lab():
    """Last in the order in which labs are worked."""
    assert load_course(ROOT).labs()[-1].slug == "two-way-tp"
