"""A process's stdin, stdout and stderr are what they are in a pipeline, at every level."""

import json
import subprocess
import sys

import pytest

from grader.sandbox import Level, Returned, Sandbox, loaded

from .conftest import call

# What a student's file may do to its streams while it is imported, and what is then printed.
AT_IMPORT = {
    "sys.stdout.reconfigure(encoding='utf-8')": "é\n",
    "sys.stderr.reconfigure(encoding='utf-8'); print('e', file=sys.stderr)": "e\né\n",
    "sys.stdin.reconfigure(encoding='utf-8'); print(repr(sys.stdin.read()))": "''\né\n",
    "sys.stdout.reconfigure(line_buffering=False, write_through=True)": "é\n",
    "sys.stdout.reconfigure(encoding='latin-1', errors='replace'); print('→', 1)": "? 1\n\ufffd\n",
    "sys.stdout.reconfigure(newline='\\r\\n'); print(1)": "1\\r\né\\r\n",
    "sys.stdout = io.TextIOWrapper(sys.stdout.buffer, encoding='utf-8')": "é\n",
    "sys.stdout = io.TextIOWrapper(sys.stdout.detach(), 'utf-8', line_buffering=True)": "é\n",
    "sys.stdout = codecs.getwriter('utf-8')(sys.stdout.buffer)": "é\n",
    "sys.stdout = open(1, 'w', encoding='utf-8', closefd=False)": "é\n",
    "sys.stdout = os.fdopen(os.dup(1), 'w')": "é\n",
    "sys.stdout.buffer.write(b'raw'); sys.stdout.buffer.flush()": "rawé\n",
    "os.write(1, b'one'); os.write(2, b'two')": "onetwoé\n",
    "print('now', end='', flush=True)": "nowé\n",
    "sys.stderr.write('line\\n'); sys.stdout.writelines(['a', 'b'])": "line\nabé\n",
    "print('half of a pair \\udcff')": "half of a pair \\udcff\né\n",
    "logging.basicConfig(); logging.warning('w')": "WARNING:root:w\né\n",
    "import contextlib; contextlib.redirect_stdout(sys.stderr).__enter__()": "é\n",
    "print(input.__name__); sys.stdin.close()": "input\né\n",
    "import faulthandler; faulthandler.enable()": "é\n",
}
SOURCE = "import codecs, io, logging, os, sys\n{}\ndef f():\n    print('é')\n"


@pytest.mark.parametrize("line", AT_IMPORT)
def test_a_file_may_set_its_streams_up(opened, line):
    """Nothing fails, and what is printed arrives."""
    process = opened(SOURCE.format(line))
    assert loaded(process) == Returned(None)
    assert call(process, "f") == Returned(None)
    assert process.printed_since(0) == AT_IMPORT[line]


ASKED = """
import io, os, select, stat, sys

def attempt(action, *args):
    try:
        return action(*args)
    except Exception as error:
        return type(error).__name__

def f():
    said = {}
    for name in ("stdin", "stdout", "stderr"):
        stream = getattr(sys, name)
        said[name] = [
            stream is getattr(sys, f"__{name}__"), stream.name, stream.mode, stream.fileno(),
            stream.isatty(), stream.seekable(), stream.readable(), stream.writable(),
            stream.encoding.lower(), stream.closed, type(stream).__name__,
            type(stream.buffer).__name__, type(stream.buffer.raw).__name__,
            stream.buffer.seekable(), stream.buffer.raw.seekable(), stream.buffer.raw.mode,
            stream.buffer.name, stat.S_ISFIFO(os.fstat(stream.fileno()).st_mode),
            attempt(stream.tell), attempt(stream.seek, 0), attempt(stream.truncate),
            attempt(stream.buffer.seek, 0), attempt(os.lseek, stream.fileno(), 0, 0),
            attempt(os.ttyname, stream.fileno()), attempt(os.get_terminal_size, stream.fileno()),
        ]
    said["end"] = [attempt(input), sys.stdin.read(), sys.stdin.readline(), list(sys.stdin),
                   sys.stdin.buffer.read(), attempt(os.read, 0, 1) in (b"", ""),
                   bool(select.select([0], [], [], 0)[0]), attempt(os.write, 0, b"x"),
                   attempt(sys.stdin.write, "x"), attempt(sys.stdout.read)]
    return said
"""


@pytest.fixture(scope="module")
def piped():
    """What plain Python answers whose three streams are pipes, stdin's at its end."""
    script = f"{ASKED}\nimport json\nprint(json.dumps(f(), default=repr))"
    command = [sys.executable, "-E", "-X", "utf8", "-c", script]  # -E: it may be told to be odd
    ended = subprocess.run(command, input=b"", capture_output=True, timeout=60, check=True)
    return json.loads(ended.stdout)


@pytest.mark.parametrize("level", list(Level), ids=lambda level: level.word)
def test_streams_are_those_of_a_pipeline(need, level, piped):
    """Whatever is asked of them, the answer is plain Python's over three pipes."""
    need(level)
    with Sandbox(level) as sandbox, sandbox.open({"work.py": ASKED.encode()}, "work") as process:
        outcome = call(process, "f")
    assert isinstance(outcome, Returned)
    assert json.loads(json.dumps(outcome.value, default=repr)) == piped


def test_what_one_process_does_to_its_streams_no_other_sees(opened):
    """Each has a pipe of its own to read from, which nobody can write into for another."""
    source = """
import os, sys
def leave():
    try:
        with open("/proc/self/fd/0", "wb", buffering=0) as stdin:
            stdin.write(b"a word")
    except OSError:
        pass
    sys.stdout.reconfigure(encoding="utf-16")
def look():
    return sys.stdin.read(), sys.stdout.encoding
"""
    first, second = opened(source), opened(source)
    assert call(first, "leave") == Returned(None)
    assert call(second, "look") == Returned(("", "utf-8"))
    assert call(opened(source), "look") == Returned(("", "utf-8"))
