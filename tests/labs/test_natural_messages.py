"""What students are told of natural mistakes that no mutant of a lab has: golden files.

A hang, an exception three calls deep, a name or head that is not the hand-out's, and each thing
that a sandbox forbids. As in `test_messages`, the files are written anew by

    SHARDLAB_GOLDEN=write pytest tests/labs/test_natural_messages.py
"""

import os
import re
from pathlib import Path

import pytest

from grader.cli.printing import CheckPrinter
from grader.course import load_course
from grader.judge import Judge
from grader.sandbox import Level
from grader.submissions import from_bytes
from grader.suite.explain.message import WIDTH

GOLDEN = Path(__file__).parent / "golden_natural"
WRITE = "SHARDLAB_GOLDEN"
COURSE = load_course(Path(__file__).parents[2])
LAB = COURSE.lab("tp-sharding")
SOLUTION = (COURSE.solutions(LAB) / LAB.assignment.file).read_text("utf-8")
# what shard_columns(w, world_size) consists of; a mistake at import stands before it
BODIES = {
    "hang_in_a_loop": "while True: world_size += 1",
    "hang_in_a_wait": "import threading\nthreading.Event().wait()",
    "sixty_printed_lines": "for n in range(60):\n    print('round', n, w.shape)\nreturn w",
    "reads_a_file": "return open('data.txt').read()",
    "reads_a_test_file": "return open('test_public.py').read()",
    "looks_at_the_disk": "import os\nreturn os.listdir('/')",
    "fills_the_disk": "with open('big', 'wb') as file:\n    file.write(bytes(32 << 20))",
    "starts_a_program": "import subprocess\nreturn subprocess.run(['ls'])",
    "starts_a_process": "import multiprocessing\nmultiprocessing.Process(target=print).start()",
    "starts_many_threads": "import threading\nwait = threading.Event().wait\n"
    "for _ in range(99):\n    threading.Thread(target=wait, daemon=True).start()",
    "opens_a_socket": "import socket\nsocket.create_connection(('192.0.2.1', 80))",
    "asks_for_input": "return input('how many? ')",
    "stops_at_a_breakpoint": "breakpoint()\nreturn w",
    "imports_a_second_file": "import my_helpers\nreturn my_helpers.cut(w)",
    "ends_python": "import os\nos._exit(3)",
}
DEEP = """\
def cut(w):
    return axis_of(w)


def axis_of(w):
    return w.shape[7]


def shard_columns(w, world_size):
    return cut(w)
"""
_FUNCTION = re.compile(r"def shard_columns\(.*?(?=\n\n\n)", re.DOTALL)


def _with(text):
    """The solution, but for this in place of shard_columns."""
    return _FUNCTION.sub(lambda _: text.rstrip(), SOLUTION, count=1)


def _body(text):
    lines = "".join(f"    {line}\n" for line in text.splitlines())
    return _with(f"def shard_columns(w, world_size):\n{lines}")


FILES = {
    **{name: _body(text) for name, text in BODIES.items()},
    "exception_three_calls_deep": _with(DEEP),
    "renamed_function": SOLUTION.replace("def shard_columns(", "def shard_cols("),
    "wrong_signature": _with("def shard_columns(w):\n    return [w]\n"),
    "second_file_at_import": SOLUTION.replace("import numpy", "import my_helpers\nimport numpy", 1),
    "collective_alone_on_one_rank": re.sub(
        r"(def row_parallel_linear\((?:.|\n)*?) = group\.all_reduce\((.*)\)\n",
        r"\1 = group.all_reduce(\2) if group.rank == 0 else \2\n",
        SOLUTION,
        count=1,
    ),
}
INSTEAD = (
    ("shardlab run FILE FUNCTION", ("reads_a_file", "reads_a_test_file", "looks_at_the_disk")),
    ("breakpoint() works there", ("stops_at_a_breakpoint",)),
    ("input() works there", ("asks_for_input",)),
    ("goes into this one", ("imports_a_second_file", "second_file_at_import")),
    ("starts no other process", ("starts_a_program", "starts_a_process")),
    ("uses no network", ("opens_a_socket",)),
    ("at most 32 threads", ("starts_many_threads",)),
    ("may write 16 MB", ("fills_the_disk",)),
)


@pytest.fixture(scope="module")
def judge(level):
    """The warm judge of the lab, at the level whose words these are."""
    if level is not Level.FULL:
        pytest.skip("the messages are those of full isolation, which this machine lacks")
    with Judge(LAB, level) as judge:
        yield judge


def golden_of(name):
    return (GOLDEN / f"{name}.txt").read_text("utf-8")


@pytest.mark.parametrize("name", FILES)
def test_a_mistake_gets_its_message(judge, capsys, name):
    """Word for word what `shardlab check` prints of the first item that fails."""
    assert FILES[name] != SOLUTION
    submission = from_bytes(LAB, name, FILES[name].encode())
    run = judge.judge(submission, LAB.public_suite, stop_early=True)
    capsys.readouterr()
    CheckPrinter(LAB).item(next(case for case in run.results if case.verdict != "passed"))
    message = capsys.readouterr().out
    if os.environ.get(WRITE) == "write":
        assert not os.environ.get("CI"), f"{WRITE}=write is for a person who reads what is written"
        GOLDEN.mkdir(exist_ok=True)
        (GOLDEN / f"{name}.txt").write_text(message, "utf-8")
    assert message == golden_of(name)


def test_no_file_is_left_over():
    """Each golden file is a mistake of the list."""
    assert {path.stem for path in GOLDEN.iterdir()} == set(FILES)


@pytest.mark.parametrize("name", FILES)
def test_a_message_is_the_students(name):
    """At most 80 columns, with no way into the grader, and one question at most."""
    message = golden_of(name)
    assert max(map(len, message.splitlines())) <= WIDTH
    for foreign in ("Traceback", "grader/", "site-packages", "/own/", "/tmp/"):
        assert foreign not in message
    assert "Nudge" in message


@pytest.mark.parametrize(("words", "names"), INSTEAD)
def test_what_is_forbidden_is_told_once_with_what_to_do_instead(words, names):
    """In the words of the note, and nowhere twice."""
    for name in names:
        message = " ".join(golden_of(name).split())
        assert message.count(words) == 1
