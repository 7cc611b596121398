"""What a call comes to: values, failures, limits and the state that is left."""

import contextlib
import marshal
import os
import select
import sys

import numpy as np
import pytest

from grader.errors import UsageError
from grader.sandbox import (
    BadReturn,
    Crashed,
    Level,
    Limits,
    OutOfMemory,
    Raised,
    Returned,
    Sandbox,
    ServiceRef,
    Step,
    TimedOut,
    begin,
    drive,
    loaded,
    procfs,
)
from grader.sandbox.inside.lockdown import SCRATCH
from grader.sandbox.inside.wire import NotPlainError
from grader.text.shown import printable

from .conftest import call

PLAIN = """
def same(*args, **kwargs):
    return args, kwargs

def fail(kind="ValueError", *args):
    raise getattr(__builtins__, kind, None) or __builtins__[kind](*args)
"""


def test_values_cross_in_both_directions(opened):
    """Arguments, keywords and results keep their types."""
    process = opened(PLAIN)
    x = np.arange(6, dtype=np.float32).reshape(2, 3)
    outcome = call(process, "same", 1, (2.5, "x"), None, key={3: x})
    assert isinstance(outcome, Returned)
    args, kwargs = outcome.value
    assert args == (1, (2.5, "x"), None)
    assert kwargs["key"][3].dtype == np.float32
    assert np.array_equal(kwargs["key"][3], x)


def test_a_submission_is_a_real_module(opened):
    """It is in sys.modules under its name, so that the standard library's magic works on it."""
    process = opened(
        """
        from __future__ import annotations
        import dataclasses, inspect, pickle, sys, typing
        import helper

        @dataclasses.dataclass
        class Link:
            latency: float
            name: str = "nvlink"

        def look():
            return [
                __name__, sys.modules[__name__].look is look, dataclasses.asdict(Link(1.0)),
                [t.__name__ for t in typing.get_type_hints(Link).values()],
                inspect.getsource(look)[:8],
                pickle.loads(pickle.dumps(Link(2.0))).latency, helper.VALUE,
            ]
        """.replace("\n        ", "\n"),
        helper=b"VALUE = 42",
    )
    assert call(process, "look") == Returned(
        [
            "work", True, {"latency": 1.0, "name": "nvlink"}, ["float", "str"],
            "def look", 2.0, 42,
        ]
    )  # fmt: skip


@pytest.mark.parametrize("name", ["signal", "json", "types", "socket", "wire", "numpy"])
def test_a_submission_may_be_named_like_a_library(full_sandbox, name):
    """The file is loaded even where a module of that name is imported already."""
    with full_sandbox.open({f"{name}.py": b"def f(): return __name__"}, name) as process:
        assert call(process, "f") == Returned(name)


def test_an_exception_tells_where(opened):
    """Types, message, the deepest line of the submitted file, and its source."""
    process = opened(
        "import helper\n\nclass Odd(ValueError): pass\n\ndef inner():\n"
        "    helper.go()  # here\n\ndef outer():\n    inner()\n",
        helper=b"def go():\n    import work\n    raise work.Odd('no ' + 'good')\n",
    )
    outcome = call(process, "outer")
    assert isinstance(outcome, Raised)
    assert outcome.types == ("Odd", "ValueError", "Exception", "BaseException", "object")
    assert (outcome.message, outcome.line) == ("no good", 6)
    assert outcome.source == "helper.go()  # here"


@pytest.mark.parametrize(
    ("source", "line", "shown"),
    [
        (b"# Ren\xe9\n# coding: latin-1\ndef f():\n    raise ValueError('\xe9')\n", 4, "'é'"),
        (b"# coding: gbk\rdef f():\r    raise ValueError('\xc4\xe3')\r", 3, "'你'"),
        (b"# -*- coding: utf8 -*-\n\x0c\ndef f(): raise ValueError('\xc3\xa9')", 3, "'é'"),
        (b"\xef\xbb\xbfdef f(): raise ValueError('\xc3\xa9\x0c')\n", 1, "'é\\x0c'"),
    ],
    ids=["Latin-1", "GBK and CR ends", "utf8 and a form feed", "a mark"],
)
def test_lines_are_shown_in_their_own_characters(opened, source, line, shown):
    """In the encoding that the file says it is in, and counted as Python counts them."""
    outcome = call(opened(source), "f")
    assert isinstance(outcome, Raised)
    assert outcome.line == line
    assert f"raise ValueError({shown})" in outcome.source


# Python's own word for it, which changed in 3.11.4
OF_NUL_BYTES = "SyntaxError" if sys.version_info >= (3, 11, 4) else "ValueError"


@pytest.mark.parametrize(
    ("source", "kind", "message", "line"),
    [
        ("x = 1\ndef f(:\n    pass\n", "SyntaxError", "invalid syntax", 2),
        ("if 1:\nx = 2\n", "IndentationError", "expected an indented block", 2),
        ("import numpy\n\nimport no_such_library\n", "ModuleNotFoundError", "no_such_library", 3),
        ("a = 1\n1 / 0\n", "ZeroDivisionError", "division by zero", 2),
        ("import sys\nsys.exit(3)\n", "SystemExit", "3", 2),
        ("raise KeyboardInterrupt\n", "KeyboardInterrupt", "", 1),
        ("x = '\0'\n", OF_NUL_BYTES, "null bytes", None),
    ],
)
def test_a_load_that_fails_is_told(opened, source, kind, message, line):
    """It is the outcome of the load and of every call, with its line."""
    process = opened(source)
    outcome = loaded(process)
    assert isinstance(outcome, Raised)
    assert kind in outcome.types
    assert message in outcome.message
    assert outcome.line == line
    assert call(process, "f") == outcome


def test_what_compiles_to_megabytes_loads(opened):
    """Too large to hand to the next process, which is no fault of the submission's."""
    process = opened("def f(): return len(T)\nT = (" + "lambda: 0," * 25_000 + ")\n")
    assert call(process, "f") == Returned(25_000)
    assert process.conversation.compiled == b""


def test_what_one_process_compiled_another_runs(opened, full_sandbox):
    """The bytes stand for the file: its functions, their source, the lines of what they raise."""
    source = "import inspect\ndef f(): return inspect.getsource(f)\ndef g():\n    return 1 / 0\n"
    first = opened(source)
    assert isinstance(loaded(first), Returned)
    files = {"work.py": source.encode()}
    with full_sandbox.open(files, "work", compiled=first.conversation.compiled) as second:
        assert call(second, "f") == call(first, "f")
        raised = call(second, "g")
        assert isinstance(raised, Raised)
        assert raised.line == 4
        assert second.conversation.compiled == b""


def test_what_was_compiled_elsewhere_is_compiled_anew():
    """Without mounts each process has a folder of its own, and its code must name that."""
    files = {"work.py": b"def f():\n    return f.__code__.co_filename == __file__\n"}
    with Sandbox(Level.NONE) as sandbox, sandbox.open(files, "work") as first:
        assert call(first, "f") == Returned(True)
        with sandbox.open(files, "work", compiled=first.conversation.compiled) as second:
            assert call(second, "f") == Returned(True)
            assert second.conversation.compiled not in {b"", first.conversation.compiled}


_FORGERY = """
import gc, marshal
it = next(each for each in gc.get_objects() if type(each).__name__ == "Runner")
code = compile("def f(): return 'what the first process wants'", it._path, "exec")
it.send(["compiled", it._nonce, marshal.dumps(code)])
def f(): return "the submitted file"
"""


@pytest.mark.parametrize("padding", ["", "T = (" + "lambda: 0," * 24_000 + ")\n"])
def test_what_other_processes_run_is_not_for_a_submission_to_say(full_sandbox, padding):
    """The runner sends it before any of the file runs; what comes after is forged.

    Also where the runner has nothing to send: the file is too large, or was compiled before.
    """
    source = _FORGERY + padding
    files = {"work.py": source.encode()}
    with full_sandbox.open(files, "work") as first:
        assert isinstance(loaded(first), BadReturn)
    code = marshal.dumps(compile(source, f"{SCRATCH}/submission/work.py", "exec"))
    with full_sandbox.open(files, "work", compiled=code) as second:
        assert isinstance(loaded(second), BadReturn)


def test_a_process_does_not_see_what_was_forked_before_it(full_sandbox):
    """Nor the pids of those that live: from either it could tell what others of its kind did."""
    source = b"""
import gc, sys
COUNTS = gc.get_count(), gc.get_stats()
def f():
    frame, found = sys._getframe(), []
    while frame := frame.f_back:
        found += [dict(each._scratches) for each in frame.f_locals.values()
                  if type(each).__name__ == "ForkServer"]
    return found, COUNTS
"""
    with contextlib.ExitStack() as stack:
        seen = []
        for number in range(20):
            process = stack.enter_context(full_sandbox.open({"work.py": source}, "work"))
            seen.append(call(process, "f").value)
            if number > 3:
                process.close()
    assert {} in seen[0][0]
    assert seen[0][0] == [{}] * len(seen[0][0])
    assert seen == [seen[0]] * 20


def test_random_numbers_are_the_same_where_a_service_brings_numpy(tmp_path):
    """Also in another sandbox: grading again gives the same."""
    path = tmp_path / "brings.py"
    path.write_text("import numpy\ndef make(upcall, **params): return None\n")
    files = {"work.py": b"import numpy as np\ndef f(): return np.random.rand()\n"}
    drawn = []
    for _ in range(2):
        with Sandbox(Level.NONE, preload=(), services={"brings": path}) as sandbox:
            drawn.append(call(sandbox.open(files, "work"), "f"))
    assert isinstance(drawn[0], Returned)
    assert drawn[0] == drawn[1]


@pytest.mark.slow
def test_torch_s_random_numbers_are_the_same_in_every_sandbox():
    """torch seeds itself by chance when it is imported."""
    pytest.importorskip("torch", reason="torch is absent (extra: shardlab[torch])")
    files = {"work.py": b"import torch\ndef f(): return float(torch.rand(1))\n"}
    drawn = []
    for _ in range(2):
        with Sandbox(Level.NONE, preload=("torch",)) as sandbox:
            drawn.append(call(sandbox.open(files, "work"), "f"))
    assert isinstance(drawn[0], Returned)
    assert drawn[0] == drawn[1]


def test_what_is_not_a_function_is_told(opened):
    """A missing name, and a name of something else."""
    process = opened("shard = 3\n")
    missing = call(process, "shard_rows")
    assert isinstance(missing, Raised)
    assert missing.message == "work.py defines no function shard_rows"
    other = call(process, "shard")
    assert isinstance(other, Raised)
    assert other.message == "shard is of type int, not a function"


def test_mutated_arguments_are_named(opened):
    """By position and keyword, however deep, and only those that changed."""
    process = opened(
        "def f(a, b, c, *, d, e):\n    a += 1\n    c[1]['x'][0] = 9\n    d.sort()\n    b + e\n"
    )
    outcome = call(
        process,
        "f",
        np.ones(2),
        np.ones(2),
        (0, {"x": np.zeros(3)}),
        d=np.array([2, 1]),
        e=np.ones(2),
    )
    assert outcome == Returned(None, ("0", "2", "d"))


@pytest.mark.parametrize("change", ["a.shape = (2, 2)", "a[0] = float('nan')", "a[1] = -0.0"])
def test_subtle_mutations_are_seen(opened, change):
    """A new shape, a NaN and a sign of zero are changes."""
    process = opened(f"def f(a):\n    {change}\n")
    assert call(process, "f", np.zeros(4)) == Returned(None, ("0",))


@pytest.mark.parametrize(
    ("value", "what"),
    [
        ("object()", "an object"),
        ("lambda: 0", "a function"),
        ("(n for n in range(3))", "a generator"),
        ("[1, {'a': Foo()}]", "a Foo"),
        ("np.array([None])", "an array of dtype object"),
        ("10 ** 5000", "an int of 16610 bits"),
        ("np.zeros(70 << 20, 'u1')", "more than 64 MiB of arrays"),
        ("[0] * 300_000", "more than 200000 objects"),
    ],
)
def test_what_is_not_plain_data_is_a_bad_return(opened, value, what):
    """The outcome names the function and the type, and the process goes on."""
    process = opened(f"import numpy as np\nclass Foo: pass\ndef f(): return {value}\n")
    assert call(process, "f") == BadReturn(f"f returned {what}, which is not plain data")
    assert process.idle


def test_what_is_printed_is_kept_and_escaped(opened):
    """stdout and stderr, in their order, printable."""
    process = opened(
        "import sys\nprint('loading')\ndef f():\n    print('on\\x1b[2Je\\u202e')\n"
        "    print('two', file=sys.stderr)\n"
    )
    call(process, "f")
    assert process.printed_since(0) == "loading\non\\x1b[2Je\\u202e\ntwo\n"


def test_output_is_cut_at_its_limit(opened):
    """The beginning is kept, the rest counted, and the call is not held up."""
    process = opened(
        "def f():\n    for _ in range(100): print('x' * 9999)\n", limits=Limits(output_bytes=1000)
    )
    assert call(process, "f") == Returned(None)
    assert process.printed_since(0) == "x" * 1000
    assert process.printed_bytes == 1000
    assert process.unkept_lines == 100


def test_what_a_case_printed_does_not_fill_the_room_of_the_next(opened):
    """Forgotten, the next output is kept from its own beginning."""
    process = opened(
        "def f(text):\n    for _ in range(9): print(text)\n", limits=Limits(output_bytes=20)
    )
    call(process, "f", "before")
    process.forget_printed()
    call(process, "f", "after")
    assert process.printed_since(0) == "after\nafter\nafter\naf"
    assert process.unkept_lines == 6


def test_a_call_that_does_not_end_is_timed_out(opened):
    """By its limit, with the line that it was at, and the process is gone."""
    process = opened("def f():\n    while True: pass\n", limits=Limits(call_time_s=0.2))
    loaded(process)
    assert call(process, "f") == TimedOut(0.2, 2, "while True: pass")
    assert process.closed
    assert not process.idle
    assert call(process, "f") == TimedOut(0.2, 2, "while True: pass")


@pytest.mark.parametrize("called", [1, 3, 5])
def test_the_last_lines_of_the_file_are_told_of_an_exception(opened, called):
    """At most three of them, each with its function, outermost first; a single one by itself."""
    source = "def f(n):\n    return f(n - 1) if n > 1 else 1 / 0\n"
    outcome = call(opened(source), "f", called)
    line = "return f(n - 1) if n > 1 else 1 / 0"
    assert (outcome.line, outcome.source) == (2, line)
    assert outcome.steps == (Step("f", 2, line),) * min(called, 3) * (called > 1)


def test_no_line_of_another_file_is_told(opened):
    """What numpy calls on the way is none of the student's."""
    source = (
        "import numpy as np\ndef f(x):\n    return np.vectorize(g)(x)\n"
        "def g(n):\n    raise ValueError(n)\n"
    )
    outcome = call(opened(source), "f", [3])
    assert [(each.function, each.line) for each in outcome.steps] == [("f", 3), ("g", 5)]


def test_a_load_that_does_not_end_is_timed_out(opened):
    """By its own limit, and every call then says so, with the line that it was at."""
    process = opened("while True: pass\n", limits=Limits(load_time_s=0.2))
    assert loaded(process) == TimedOut(0.2, 1, "while True: pass")
    assert call(process, "f") == loaded(process)


@pytest.mark.parametrize(
    "body",
    [
        "    while True: n = 1\n",
        "    import time; time.sleep(60)\n",
        "    import numpy; [0 for _ in iter(numpy.ones((900, 900)).cumsum, 0)]\n",
        "    while True: print('flood')\n",
        "    while True:\n        try: 1 / 0\n        except BaseException: pass\n",
    ],
)
def test_the_deepest_line_of_the_file_is_told_whatever_it_does(opened, body):
    """Of a loop, a wait, work in C, a flood of output, and what catches every exception."""
    process = opened(f"def spin():\n{body}\n\nspin()\n", limits=Limits(load_time_s=0.2))
    outcome = loaded(process)
    assert outcome.line in range(2, 5)
    assert outcome.source == f"def spin():\n{body}".splitlines()[outcome.line - 1].strip()


def test_what_python_says_of_the_line_is_not_what_the_file_printed(opened):
    """The student's own prints are kept, and the answer to our question is not among them."""
    source = "print('mine', flush=True)\nwhile True: pass\n"
    process = opened(source, limits=Limits(load_time_s=0.2))
    assert loaded(process).line == 2
    assert process.printed_since(0) == "mine\n"
    assert process.channel.unkept_lines == 0


@pytest.mark.parametrize(
    "before",
    [
        "import faulthandler, signal\nfaulthandler.unregister(signal.SIGUSR1)\n",
        "import os\nos.close(2)\n",
        "import signal\nsignal.signal(signal.SIGUSR1, signal.SIG_IGN)\n",
    ],
)
def test_a_file_that_does_not_say_its_line_is_timed_out_without(opened, before):
    """The answer is the submission's to withhold; the outcome is not."""
    process = opened(f"{before}while True: pass\n", limits=Limits(load_time_s=0.2))
    assert loaded(process) == TimedOut(0.2)


@pytest.mark.parametrize(
    ("place", "line"),
    [
        ('work.py", line 0', None),
        ('work.py", line 99', None),
        (f'work.py", line {"1" * 30}', None),
        ('other.py", line 1', None),
        ('work.py", line 1', 1),
    ],
)
def test_a_made_up_answer_names_a_line_of_the_file_or_none(opened, place, line):
    """A submission that lies about its line can point at another of its own, no more."""
    forged = f'  File "/made/up/{place} in f'
    source = (
        "import os, signal\n"
        f"signal.signal(signal.SIGUSR1, lambda *_: os.write(2, {forged.encode()!r}))\n"
        "while True: pass\n"
    )
    outcome = loaded(opened(source, limits=Limits(load_time_s=0.2)))
    assert (outcome.seconds, outcome.line) == (0.2, line)
    assert outcome.source == ("import os, signal" if line else None)


def test_an_answer_that_waited_is_in_time(opened, full_sandbox):
    """A host that looks after the deadline takes what had come before it."""
    process = opened("def f(): return 1\n", limits=Limits(load_time_s=0.3))
    other = opened("import time\ntime.sleep(0.5)\n")
    loaded(other)
    assert call(process, "f") == Returned(1)


@pytest.mark.parametrize(
    "body",
    [
        "np.ones(8 << 30, 'u1')",
        "[bytearray(1 << 20) for _ in range(10_000)]",
        "b'x' * (1 << 34)",
        "mmap.mmap(-1, 1 << 34)",
    ],
)
def test_too_much_memory_at_once_is_out_of_memory(opened, body):
    """By numpy, by many small pieces, by one large one."""
    process = opened(f"import numpy as np, mmap\ndef f(): return {body}\n")
    outcome = call(process, "f")
    if "mmap.mmap" in body:  # the system's own error, as the student would see it elsewhere
        assert isinstance(outcome, Raised)
        assert "Cannot allocate memory" in outcome.message
    else:
        assert outcome == OutOfMemory(512 << 20)
        assert not process.idle


def test_memory_is_watched_while_a_call_runs(opened):
    """Memory within the address space's slack but above the limit ends the call."""
    limit = 64 << 20
    process = opened(
        "import numpy as np, time\ndef f():\n    x = np.ones(120 << 20, 'u1')\n    time.sleep(9)\n",
        limits=Limits(memory_bytes=limit),
    )
    assert call(process, "f") == OutOfMemory(limit)


def taken_bytes(process):
    """Private memory that the process has taken since it was forked."""
    return procfs.private_bytes(procfs.status(process.pid)) - process._baseline


def test_memory_that_it_came_with_is_not_counted(opened):
    """What the libraries take is shared by all processes, and no submission's use."""
    process = opened("x = 1\n")
    assert isinstance(loaded(process), Returned)
    assert taken_bytes(process) < 8 << 20


def test_memory_within_the_limit_is_granted(opened):
    """90 % of it can be used, and is counted."""
    process = opened(
        "import numpy as np\nkeep = []\ndef f(n):\n    keep.append(np.ones(n, 'u1'))\n",
        limits=Limits(memory_bytes=200 << 20),
    )
    assert call(process, "f", 180 << 20) == Returned(None)
    assert 170 << 20 < taken_bytes(process) < 200 << 20


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ("os._exit(0)", "the process ended itself with os._exit(0)"),
        ("os._exit(7)", "the process ended itself with os._exit(7)"),
        ("ctypes.string_at(0)", "the process was ended by SIGSEGV"),
        ("os.close(3); time.sleep(9)", "the process closed its connection to the grader"),
    ],
)
def test_a_process_that_dies_is_told_in_words(opened, body, detail):
    """How it ended, and nothing else is lost."""
    process = opened(f"import os, ctypes, time\ndef f():\n    print('last words')\n    {body}\n")
    assert call(process, "f") == Crashed(detail)
    assert process.printed_since(0) == "last words\n"
    assert not process.idle
    assert call(process, "f") == Crashed(detail)


@pytest.mark.parametrize("body", ["sys.exit(0)", "raise SystemExit", "raise KeyboardInterrupt"])
def test_an_exit_is_an_exception(opened, body):
    """It ends the call, not the process."""
    process = opened(f"import sys\ndef f():\n    {body}\ndef g(): return 1\n")
    outcome = call(process, "f")
    assert isinstance(outcome, Raised)
    assert "BaseException" in outcome.types
    assert process.idle
    assert call(process, "g") == Returned(1)


def test_state_stays_between_calls_of_one_process(opened):
    """A process is one run of the module; a new process starts afresh."""
    source = "n = 0\ndef f():\n    global n\n    n += 1\n    return n\n"
    one, two = opened(source), opened(source)
    counted = [call(process, "f") for process in (one, one, two)]
    assert counted == [Returned(1), Returned(2), Returned(1)]


def test_a_service_may_import_what_is_not_preloaded(tmp_path):
    """As that of a group does where a lab's submissions need no numpy."""
    path = tmp_path / "double.py"
    path.write_text("import numpy\ndef make(upcall, **params): return numpy.float64(2).item()\n")
    files = {"work.py": b"def f(x): return x + 1\n"}
    with Sandbox(Level.NONE, preload=(), services={"double": path}) as sandbox:
        assert call(sandbox.open(files, "work"), "f", ServiceRef("double")) == Returned(3.0)


def test_random_numbers_are_the_same_in_every_process(opened):
    """So that grading twice gives one result; a set of texts has one order, too."""
    source = (
        "import random\nimport numpy as np\n"
        "def f(): return random.random(), np.random.rand(), list({'a', 'b', 'c', 'd'})\n"
    )
    assert call(opened(source), "f") == call(opened(source), "f")
    drawn = []
    for _ in range(2):
        with Sandbox(Level.NONE) as sandbox:
            drawn.append(call(sandbox.open({"work.py": source.encode()}, "work"), "f"))
    assert isinstance(drawn[0], Returned)
    assert drawn[0] == drawn[1]


@pytest.mark.parametrize("level", [Level.FULL, Level.NONE])
def test_a_submission_finds_an_interpreter_of_its_own(need, level):
    """Nothing of ours in `__main__`, `sys.path` or the modules; one folder to write in."""
    need(level)
    source = b"""
import __main__, os, sys, tempfile
def f():
    here = os.getcwd()
    folders = [os.environ["HOME"], os.environ["TMPDIR"], tempfile.gettempdir()]
    names = [name for name in vars(__main__) if not name.startswith("__")]
    return folders == [here] * 3, names, sys.argv, "/" in sys.path, "rehearsal" in sys.modules
"""
    with Sandbox(level) as sandbox, sandbox.open({"work.py": source}, "work") as process:
        assert call(process, "f") == Returned((True, [], [""], False, False))


@pytest.mark.parametrize(
    ("body", "idle"),
    [
        ("pass", True),
        ("threading.Thread(target=time.sleep, args=(60,), daemon=True).start()", False),
        ("os.write(3, b'x')", False),
    ],
    ids=["nothing", "a thread", "unread bytes"],
)
def test_idle_means_fit_for_another_call(opened, body, idle):
    """A thread that goes on, or bytes that nobody asked for, rule it out."""
    process = opened(f"import threading, time, os\ndef f():\n    {body}\n    return 1\n")
    assert not isinstance(call(process, "f"), TimedOut)
    assert process.idle is idle


def test_two_calls_at_once_are_the_callers_error(opened):
    """A process serves one call at a time."""
    process = opened("def f(): return 1\n")
    begin(process, "f")
    with pytest.raises(UsageError, match="f is still being called"):
        begin(process, "f")
    assert drive([process], None, 2.0) == [Returned(1)]


def test_close_is_idempotent_and_ends_calls(opened):
    """A closed process says so."""
    process = opened("def f(): return 1\n")
    process.close()
    process.close()
    assert call(process, "f") == Crashed("the process was closed")


@pytest.mark.parametrize(
    ("files", "entry"),
    [
        ({"other.py": b""}, "work"),
        ({"work.py": b"", "../up.py": b""}, "work"),
        ({"work.py": b"", "/abs.py": b""}, "work"),
        ({"work.py": b"", "": b""}, "work"),
        ({"a b.py": b""}, "a b"),
    ],
)
def test_files_that_cannot_be_meant_are_refused(full_sandbox, files, entry):
    """Paths stay within the submission, and the entry is among them."""
    with pytest.raises(UsageError):
        full_sandbox.open(files, entry)


# ---- services -------------------------------------------------------------------------------

ASKER = """
def ask(echo, *args):
    return echo.name, echo.ask("op", *args)

def catch(echo):
    try:
        echo.ask("op")
    except ValueError as error:
        return f"caught {error}"
"""


class Answering:
    """A service that records what it is asked and answers by a function."""

    def __init__(self, processes, answer, stop_after=10**9):
        self.processes, self.answer = processes, answer
        self.asked, self.ended = [], []
        self.stop_after = stop_after

    def upcall(self, index, op, args):
        self.asked.append((index, op, args))
        self.answer(self.processes[index], index, op, args)

    def finished(self, index, outcome):
        self.ended.append((index, outcome))

    @property
    def stopped(self):
        return len(self.asked) >= self.stop_after


def test_a_service_answers_from_the_host(opened):
    """What is asked and answered crosses like any value; each process has its own reference."""
    processes = [opened(ASKER) for _ in range(2)]
    for i, process in enumerate(processes):
        begin(process, "ask", (ServiceRef("echo", {"name": f"n{i}"}), np.ones(2) * i))
    service = Answering(processes, lambda p, i, op, args: p.answer([op, args[0] + 1]))
    outcomes = drive(processes, service, 5.0)
    assert [o.value[0] for o in outcomes] == ["n0", "n1"]
    assert [o.value[1][1].tolist() for o in outcomes] == [[1.0, 1.0], [2.0, 2.0]]
    assert sorted(index for index, _ in service.ended) == [0, 1]


def test_an_upcall_can_be_refused(opened):
    """The error is raised at the call, by its type, and can be caught there."""
    process = opened(ASKER)
    begin(process, "catch", (ServiceRef("echo"),))
    refuse = Answering([process], lambda p, *_: p.answer_error("ValueError", "no"))
    assert drive([process], refuse, 5.0) == [Returned("caught no")]


def test_an_upcall_that_nobody_answers_raises(opened):
    """Without a service the call sees an error, not a wait without end."""
    outcome = call(opened(ASKER), "ask", ServiceRef("echo"))
    assert isinstance(outcome, Raised)
    assert outcome.message == "nothing answers op here"


def test_a_call_that_waits_is_still_timed(opened):
    """Who never gets an answer is timed out by the run's deadline, as is the rest of the run."""
    processes = [opened(ASKER) for _ in range(3)]
    for process in processes:
        begin(process, "ask", (ServiceRef("echo"),))
    service = Answering(processes, lambda p, i, *_: p.answer(i) if i == 1 else None)
    outcomes = drive(processes, service, 0.3)
    assert outcomes == [TimedOut(0.3), Returned(("echo", 1)), TimedOut(0.3)]
    assert [p.idle for p in processes] == [False, True, False]


def test_a_service_can_stop_the_run(opened):
    """Long before the limit: who has not ended has no outcome, and is closed."""
    processes = [opened(ASKER) for _ in range(3)]
    for process in processes:
        begin(process, "ask", (ServiceRef("echo"),))
    service = Answering(processes, lambda *_: None, stop_after=2)
    assert drive(processes, service, 30.0) == [None, None, None]  # at the limit: TimedOut
    assert all(p.closed for p in processes)


def test_a_faulty_service_leaves_nothing_running(opened):
    """An exception of the host's own code comes through, and ends what ran."""
    process = opened(ASKER)
    begin(process, "ask", (ServiceRef("echo"),))

    def fail(*_):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        drive([process], Answering([process], fail), 5.0)
    assert process.closed


def test_a_value_that_cannot_cross_is_refused_at_the_upcall(opened):
    """As a TypeError where the student's code asks."""
    process = opened("def f(echo):\n    echo.ask('op', object())\n")
    outcome = call(process, "f", ServiceRef("echo"))
    assert isinstance(outcome, Raised)
    assert outcome.types[0] == "TypeError"
    assert outcome.message == "op was given an object, which is not plain data"


def test_large_arrays_cross_both_ways_at_once(opened):
    """Processes that send 32 MB each while they are sent 32 MB don't block one another."""
    processes = [opened(PLAIN) for _ in range(2)]
    x = np.arange(4 << 20, dtype="f8")
    for process in processes:
        begin(process, "same", (x,))
    for outcome in drive(processes, None, 20.0):
        assert np.array_equal(outcome.value[0][0], x)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\tb\n", "a\tb\n"),
        ("\x1b[31m\x00\x7f", "\\x1b[31m\\x00\\x7f"),
        ("\u202e\u200b\ud800\U000e0041", "\\u202e\\u200b\\ud800\\U000e0041"),
        ("é漢🙂", "é漢🙂"),
    ],
)
def test_printable_escapes_what_is_not(text, shown):
    """Controls, directions, surrogates and tags; letters of any script stay."""
    assert printable(text, 100) == shown


SPOILT = Crashed("the process ended itself with os._exit(1)")


def test_who_spoils_the_socket_gets_no_further_call(opened):
    """A socket that does not block any more is the submission's doing, and no fault of ours."""
    process = opened("import os\ndef f():\n    os.set_blocking(3, False)\n")
    ended = select.poll()
    ended.register(os.pidfd_open(process.pid), select.POLLIN)
    assert call(process, "f") == Returned(None)
    assert ended.poll(10_000)
    assert call(process, "f") == SPOILT


def test_who_spoils_the_socket_gets_no_answer(opened):
    """Nor does a call that waits in an upcall."""
    process = opened("import os\ndef f(echo):\n    os.set_blocking(3, False)\n    echo.ask('op')\n")
    begin(process, "f", (ServiceRef("echo"),))
    assert drive([process], Answering([process], lambda *_: None), 5.0) == [SPOILT]


def test_an_argument_that_can_t_cross_leaves_the_process_as_it_was(sandbox):
    """Nothing was sent, so the next call is answered."""
    with sandbox.open({"work.py": b"def f(x):\n    return x\n"}, "work") as process:
        with pytest.raises(NotPlainError):
            call(process, "f", object())
        assert call(process, "f", 3) == Returned(3)
