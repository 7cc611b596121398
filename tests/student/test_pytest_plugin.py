"""pytest in a lab's folder, as a student types it or an editor's button starts it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from grader.course import load_course
from grader.student.workspace import start

ROOT = Path(__file__).parents[2]
MODULE = "grader.student.pytest_plugin"


@pytest.fixture
def folder(course, tmp_path):
    """A lab's folder with a file in which `add` is right."""
    made = start(load_course(course.root).lab("adding"), tmp_path)
    made.file.write_text((course.root / "solutions/adding/adding.py").read_text())
    return made.folder


def run(folder, *words):
    """pytest as it runs where shardlab is installed, and no other plugin."""
    environment = {name: value for name, value in os.environ.items() if "PYTEST" not in name}
    environment |= {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", MODULE, "-rs", *words],
        cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("words", [(), ("test_public.py",), ("test_public.py::test_total",)])
def test_a_right_file_passes(folder, words):
    """All of it, and by the names that an editor asks for."""
    ended = run(folder, *words)
    assert ended.returncode == 0, ended.stdout
    assert " passed" in ended.stdout


def test_a_failure_reads_as_in_check_and_what_builds_on_it_waits(folder):
    """Call, expected, got and nudge, no traceback; the item above it is skipped, with why."""
    file = folder / "adding.py"
    file.write_text(file.read_text().replace("x + y", "x - y"))
    ended = run(folder)
    assert ended.returncode == 1
    for word in ("Called    add(x, y)", "Expected", "Got", "Nudge     What is 2 + 2?"):
        assert word in ended.stdout
    assert "Traceback" not in ended.stdout
    assert "pytest_plugin" not in ended.stdout
    assert "builds on add" in ended.stdout


def test_what_can_not_be_run_is_told_in_words(folder):
    """A file that is no Python, none at all, and tests that are broken."""
    (folder / "adding.py").write_text("def add(:\n")
    assert "adding.py" in run(folder).stdout
    (folder / "adding.py").unlink()
    ended = run(folder)
    assert "adding.py: " in ended.stdout
    (folder / "test_public.py").write_text("def test_add(:\n")
    ended = run(folder)
    assert ended.returncode == 2
    assert "test_public.py:1" in ended.stdout
    assert "INTERNALERROR" not in ended.stdout + ended.stderr


# An installed plugin is found by itself, and one that is there twice is refused.
_ALONE = {"PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}


def test_cases_have_their_lines(folder):
    """So that an editor can show a mark beside each."""
    code = (
        "import json, pytest\n"
        "class Lines:\n"
        "    def pytest_collection_finish(self, session):\n"
        "        found = [(i.nodeid, i.location[1] + 1) for i in session.items]\n"
        "        print('LINES', json.dumps(found))\n"
        f"pytest.main(['-p', '{MODULE}', '--collect-only', '-q'], plugins=[Lines()])\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env={**os.environ, **_ALONE},
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    (line,) = (each for each in ended.stdout.splitlines() if each.startswith("LINES"))
    text = (folder / "test_public.py").read_text().splitlines()
    found = json.loads(line.removeprefix("LINES"))
    assert found
    for nodeid, number in found:
        name = nodeid.partition("::")[2].partition("[")[0]
        assert text[number - 1].startswith(f"def {name}(")


def test_other_projects_are_left_alone(tmp_path):
    """A test_public.py of somebody else's is pytest's own."""
    (tmp_path / "test_public.py").write_text("def test_mine(tmp_path):\n    assert 1 + 1 == 3\n")
    ended = run(tmp_path)
    assert ended.returncode == 1
    assert "assert (1 + 1) == 3" in ended.stdout


def test_it_imports_nothing_of_ours():
    """Every pytest of the machine imports it."""
    code = f"import sys, {MODULE}; print(*sorted(n for n in sys.modules if 'grader' in n))"
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert ended.stdout.split() == ["grader", "grader.student", MODULE]
