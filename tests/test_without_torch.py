"""Labs that need torch, on a machine that has none: one line says which extra to install."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from grader.cli.results import progress
from grader.course import load_course
from grader.errors import SandboxError
from grader.judge import Judge
from grader.sandbox import Level, launch
from grader.validation import validate

ROOT = Path(__file__).parent.parent
MEND = "torch is not installed here: pip install 'shardlab\\[torch\\]'"


@pytest.fixture
def no_torch(monkeypatch):
    real = importlib.util.find_spec
    monkeypatch.setattr(
        launch.importlib.util, "find_spec", lambda name: None if name == "torch" else real(name)
    )


@pytest.mark.usefixtures("no_torch")
def test_the_extra_is_named():
    """Nothing starts, and the error says what to install."""
    lab = load_course(ROOT).lab("two-way-tp")
    with pytest.raises(SandboxError, match=MEND), Judge(lab, Level.NONE):
        pass


@pytest.mark.usefixtures("no_torch")
def test_validate_fails_clearly_for_that_lab():
    """One check that fails, with the same line; no batch is begun."""
    (readme, check) = validate(load_course(ROOT), ["two-way-tp"], Level.NONE, 1, progress)
    assert readme.passed
    assert not check.passed
    assert "shardlab[torch]" in check.detail


def test_grading_never_imports_torch():
    """Grading, capturing's other half and traces are numpy's; torch is for the sandbox."""
    code = (
        "import sys, pathlib, grader.grading, grader.validation, grader.suite.plugin, grader.cli; "
        "from grader.course import load_course; from grader.evidence import kind_of; "
        "kind_of(load_course(pathlib.Path(sys.argv[1])).lab('two-way-tp')).way(cpu=True); "
        "sys.exit('torch' in sys.modules)"
    )
    command = [sys.executable, "-c", code, str(ROOT)]
    assert subprocess.run(command, check=False, timeout=60).returncode == 0


@pytest.mark.parametrize("slug", ["tp-sharding", "ring-cost", "pipeline-bubble"])
@pytest.mark.usefixtures("no_torch")
def test_the_other_labs_work(slug):
    """Their sandbox starts."""
    with Judge(load_course(ROOT).lab(slug), Level.NONE) as judge:
        assert judge.alive
