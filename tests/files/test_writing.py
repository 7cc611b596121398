"""Writing files: whole or not at all, and told where it can't be done."""

import subprocess
import sys

import pytest

from grader.errors import UsageError
from grader.files.writing import write_whole

# Runs one child after another; the N-th is killed before it runs its N-th line of writing.py.
KILLER = """
import itertools, os, signal, sys
from pathlib import Path
from grader.files import writing

def write_and_die_at(number):
    lines = itertools.count(1)
    def trace(frame, event, _):
        if frame.f_code.co_filename != writing.__file__:
            return None
        if event == "line" and next(lines) == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return trace
    sys.settrace(trace)
    writing.write_whole(Path(sys.argv[1]), b"new" * 1000)
    os._exit(0)

for number in itertools.count(1):
    if (pid := os.fork()) == 0:
        write_and_die_at(number)
    ended = os.WIFEXITED(os.waitpid(pid, 0)[1])
    print(Path(sys.argv[1]).read_bytes() in (b"old", b"new" * 1000))
    if ended:
        break
"""


def test_a_writer_killed_at_any_line_leaves_the_old_file_or_the_new(tmp_path):
    """Never a part of it."""
    path = tmp_path / "file"
    path.write_bytes(b"old")
    ended = subprocess.run(
        [sys.executable, "-c", KILLER, path], capture_output=True, timeout=60, check=True, text=True
    )
    whole = ended.stdout.split()
    assert len(whole) > 3
    assert set(whole) == {"True"}
    assert path.read_bytes() == b"new" * 1000


def test_nothing_else_is_left_in_the_folder(tmp_path):
    """Neither by what went well nor by what did not."""
    (tmp_path / "a folder").mkdir()
    write_whole(tmp_path / "file", b"content")
    with pytest.raises(UsageError, match="a folder can't be written: Is a directory"):
        write_whole(tmp_path / "a folder", b"content")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a folder", "file"]


@pytest.mark.parametrize("name", ["nowhere/file", "file/below"])
def test_a_place_that_is_none_is_told(tmp_path, name):
    """A folder that is not there, or that is a file, is named in one line."""
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match=f"{name} can't be written: No(t a| such file or) dir"):
        write_whole(tmp_path / name, b"content")
