"""Attacks at level 3: none reaches anything, each costs its own call, the next process works.

The attacks are in `attacks/`. One that tries to reach things returns a list of what it
reached, which must be empty (`NOTHING`); the others may only come to an outcome of a stated
kind. After each, the host's files are as they were and another process answers.
"""

import contextlib
import os
import shutil
import socket
import stat
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path

import pytest

from grader.sandbox import (
    BadReturn,
    Crashed,
    Level,
    Limits,
    OutOfMemory,
    Raised,
    Returned,
    TimedOut,
    begin,
    loaded,
)

from .conftest import call

ATTACKS = Path(__file__).parent / "attacks"
SECRET = "3f9c1e77-hidden-input"
LIMITS = Limits(call_time_s=2.0, memory_bytes=128 << 20)
QUICK = Limits(call_time_s=0.4, memory_bytes=128 << 20)
HONEST = "def f(x): return x + 1\n"

NOTHING = "nothing"  # `Returned([])`
ENDS = (TimedOut, Crashed, OutOfMemory, BadReturn)


@dataclass(frozen=True)
class Attack:
    """One attack: its function, what it is, and what it may come to."""

    where: str
    name: str
    what: str
    ends: object = NOTHING
    limits: Limits = LIMITS


def _attacks() -> list[Attack]:
    return [
        Attack(where, name, what, *more)
        for where, name, what, *more in (
            ("files", "hidden_suite", "reads a world-readable hidden suite, by every way round"),
            ("files", "search", "searches all folders for hidden files"),
            ("files", "repository", "finds the course's repository, or imports the grader"),
            ("files", "shadow", "reads the system's files"),
            ("files", "metadata", "changes mode, time, owner or name of files outside"),
            ("files", "write_outside", "writes, makes folders and links everywhere"),
            ("files", "links", "goes through symbolic links in its scratch"),
            ("files", "devices", "opens or makes devices and pipes"),
            ("files", "fill_disk", "fills its scratch"),
            ("files", "fill_inodes", "makes files without end"),
            ("files", "sparse_file", "makes a file of a terabyte"),
            ("files", "many_descriptors", "opens descriptors without end"),
            ("files", "inherited", "finds descriptors or environment of the host"),
            ("files", "execute_from_scratch", "runs what it has written"),
            ("kernel", "forbidden", "makes each dangerous system call"),
            ("kernel", "new_calls", "makes system calls that are newer than the lists"),
            ("kernel", "clone_namespaces", "makes namespaces or processes by clone"),
            ("kernel", "foreign_abi", "uses int 0x80, past the filter's numbers", (Crashed,)),
            ("kernel", "x32_abi", "uses x32, past the filter's numbers", (Crashed,)),
            ("kernel", "other_processes", "sees, signals or reads other processes"),
            ("kernel", "kill_everyone", "signals all that it can reach"),
            ("kernel", "start_programs", "starts other programs"),
            ("kernel", "pools", "starts Python's own worker processes"),
            ("kernel", "fork_bomb", "forks without end"),
            ("kernel", "thread_bomb", "starts threads without end"),
            ("kernel", "daemon", "leaves a daemon behind"),
            ("kernel", "raise_limits", "raises its limits, or lowers the host's"),
            ("kernel", "privileges", "has a capability, or root"),
            ("kernel", "prctl_games", "undoes what was locked down"),
            ("kernel", "terminal", "types into the grader's terminal"),
            ("kernel", "network", "opens a socket of any family: IP, vsock, packet, netlink, unix"),
            ("kernel", "reuse_own_socket", "connects or binds the one socket that there is"),
            ("kernel", "send_descriptors", "sends the host descriptors or credentials"),
            ("kernel", "stop", "stops itself"),
            ("kernel", "core_dump", "dumps core", (Crashed,)),
            ("runner", "secrets", "looks for the host's secrets in memory and frames"),
            ("runner", "forge_own_reply", "writes its own reply", (Returned,), QUICK),
            ("runner", "forge_next_reply", "answers the next call in advance", ENDS, QUICK),
            ("runner", "answer_twice", "answers twice", (Returned,), QUICK),
            ("runner", "answer_late", "leaves a thread that answers the next call", (Returned,)),
            ("runner", "leftover_bytes", "leaves half a frame for the next call", (Returned,)),
            ("runner", "verdict", "returns what looks like a verdict", (Returned,)),
            ("runner", "forge_verdict", "sends a verdict", (BadReturn,), QUICK),
            (
                "runner",
                "forge_exception_types",
                "sends an exception of odd types",
                (BadReturn,),
                QUICK,
            ),
            ("runner", "forge_line", "sends a line that there is not", (Raised,), QUICK),
            (
                "runner",
                "forge_array_for_a_kind",
                "sends an array for a keyword",
                (BadReturn,),
                QUICK,
            ),
            (
                "runner",
                "forge_array_for_a_nonce",
                "sends an array for the nonce",
                (BadReturn,),
                QUICK,
            ),
            ("runner", "forge_long_labels", "sends long labels with escapes", (Returned,), QUICK),
            ("runner", "forge_upcall", "sends an upcall where no service is", ENDS, QUICK),
            (
                "runner",
                "forge_upcall_of_another_shape",
                "sends a malformed upcall",
                (BadReturn,),
                QUICK,
            ),
            ("runner", "flood_upcalls", "sends upcalls without end", ENDS, QUICK),
            (
                "runner",
                "service_reference",
                "sends the host a service reference",
                (BadReturn,),
                QUICK,
            ),
            ("runner", "garbage", "sends garbage", (BadReturn,), QUICK),
            ("runner", "huge_header", "claims a header of 4 GB", (BadReturn,), QUICK),
            ("runner", "huge_body", "claims a body of 4 EB", (BadReturn,), QUICK),
            ("runner", "many_nodes", "sends millions of objects", (BadReturn,)),
            ("runner", "hash_collisions", "returns keys whose hashes collide", ENDS),
            ("runner", "drip", "sends its reply byte by byte", (TimedOut,), QUICK),
            ("runner", "close_the_line", "closes the socket", (Crashed,)),
            ("runner", "close_everything", "closes all descriptors", (Crashed,)),
            ("runner", "replace_the_line", "puts another socket in its place", ENDS, QUICK),
            ("runner", "eat_requests", "makes the socket non-blocking", (Returned, Crashed), QUICK),
            ("runner", "patch_modules", "replaces every function of the runner", ENDS, QUICK),
            ("runner", "patch_builtins", "replaces built-in functions", None, QUICK),
            ("runner", "empty_modules", "empties sys.modules", None),
            ("runner", "hide_mutation", "silences the watch on mutated arguments", (Returned,)),
            ("runner", "watch_runner", "ends the process when the runner replies", (Crashed,)),
            ("runner", "trace_runner", "traces the runner, and hooks its audits", None),
            ("runner", "scribble", "overwrites the runner in memory", None),
            ("runner", "scribble_types", "overwrites the interpreter's types", None),
            ("runner", "deep_recursion", "recurses until the stack overflows", None),
            ("runner", "native_recursion", "recurses in native code", None),
            ("runner", "exit_hooks", "spins in an exit hook", (Raised,)),
            ("runner", "exit_hooks_in_native_code", "replaces os._exit and exits", (Raised,)),
            ("runner", "replace_streams", "makes flush exit", (Returned,)),
            ("runner", "endless_flush", "makes flush spin", (TimedOut,), QUICK),
            ("runner", "interrupt_runner", "interrupts the runner by signals", None),
            ("runner", "uncollectable", "spins in __del__", (TimedOut,), QUICK),
            ("runner", "interpreter_threads", "holds the interpreter after its reply", None, QUICK),
            (
                "values",
                "lying_array",
                "returns an array that lies about itself",
                (Returned, Raised),
            ),
            ("values", "impostor", "returns what pretends to be an array", (BadReturn,)),
            ("values", "equal_to_all", "returns a number equal to all others", (Returned,)),
            ("values", "lying_metaclass", "returns a thing whose type lies", (Raised, BadReturn)),
            ("values", "foreign_memory", "returns memory that is not its own", (Crashed,)),
            ("values", "changing_list", "returns a list that grows as it is read", (Returned,)),
            ("values", "object_array", "returns an array of objects", (BadReturn,)),
            ("values", "huge_array", "returns an array of 8 TB", None),
            ("values", "huge_integer", "returns an integer of 5 million digits", (BadReturn,)),
            ("values", "evil_fraction", "returns a fraction of no numbers", (Returned,)),
            ("values", "cycle", "returns a value that contains itself", (BadReturn,)),
            ("values", "many", "returns a million lists", (BadReturn,)),
            ("values", "terminal_escapes", "raises and prints terminal escapes", (Raised,)),
            ("values", "long_message", "raises with a message of 100 MB", (Raised, OutOfMemory)),
            ("values", "unprintable", "raises what raises when it is told", (Raised,)),
            ("values", "text_that_is_no_text", "raises with a message that lies", (Raised,)),
            ("values", "exception_that_lies", "raises what raises at every look", None),
            ("values", "chained_without_end", "raises in a ring of causes", (Raised,)),
            ("values", "exception_groups", "raises 50^50 exceptions at once", None),
            ("values", "evil_syntax_error", "raises a syntax error that lies", (Raised,)),
            ("values", "flood_output", "prints without end", (TimedOut,), QUICK),
            ("values", "flood_stderr", "writes to stderr without end", (TimedOut,), QUICK),
            (
                "values",
                "print_forever_after_closing",
                "closes its output and prints",
                (TimedOut,),
                QUICK,
            ),
            ("time_and_memory", "spin", "loops with all signals blocked", (TimedOut,), QUICK),
            ("time_and_memory", "spin_in_c", "loops in native code", (TimedOut,), QUICK),
            ("time_and_memory", "spin_in_a_regular_expression", "backtracks", (TimedOut,), QUICK),
            ("time_and_memory", "spin_in_a_power", "computes a huge power", ENDS, QUICK),
            ("time_and_memory", "spin_in_numpy", "multiplies matrices", ENDS, QUICK),
            ("time_and_memory", "spin_in_threads", "loops in threads", (TimedOut,), QUICK),
            ("time_and_memory", "sleep", "sleeps", (TimedOut,), QUICK),
            ("time_and_memory", "deadlock", "waits for its own lock", (TimedOut,), QUICK),
            ("time_and_memory", "swallow_everything", "swallows interrupts", (TimedOut,), QUICK),
            ("time_and_memory", "take_8_gb", "takes 8 GB", (OutOfMemory,)),
            ("time_and_memory", "take_many_pieces", "takes memory in pieces", (OutOfMemory,)),
            ("time_and_memory", "take_shared_memory", "takes shared memory", (OutOfMemory, Raised)),
            ("time_and_memory", "take_memory_in_threads", "takes memory in threads", None),
            ("time_and_memory", "take_memory_in_c", "takes memory by malloc", None),
            ("time_and_memory", "grow_the_heap", "takes memory by brk", None),
            ("time_and_memory", "memory_error_swallowed", "goes on after MemoryError", ENDS, QUICK),
        )
    ]


ALL = _attacks()


@dataclass(frozen=True)
class Host:
    """What an attack could do harm to, and how it was before."""

    folder: Path
    env: dict
    before: dict

    def unharmed(self) -> bool:
        return _look(self.folder) == self.before and not list(Path().glob("core*"))


def _look(folder: Path) -> dict:
    found = {}
    for path in sorted(folder.rglob("*")):
        status = path.lstat()
        content = path.read_bytes() if stat.S_ISREG(status.st_mode) else b""
        found[str(path)] = (status.st_mode, status.st_uid, status.st_mtime_ns, content)
    return found


@pytest.fixture(scope="module")
def host():
    """Canaries that everybody may read and write, and listeners that everybody may reach."""
    folder = Path(tempfile.mkdtemp(prefix="canary-"))
    folder.chmod(0o777)
    repository = Path(__file__).parents[2]
    planted = [folder / "test_hidden_canary.py", folder / "solution_canary.py"]
    for path in planted:
        path.write_text(f"SECRET = {SECRET!r}\n")
        path.chmod(0o666)
    with contextlib.ExitStack() as stack:
        tcp = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        abstract = stack.enter_context(socket.socket(socket.AF_UNIX))
        abstract.bind(f"\0shardlab-test-{os.getpid()}")
        abstract.listen()
        named = stack.enter_context(socket.socket(socket.AF_UNIX))
        named.bind(str(folder / "socket"))
        named.listen()
        (folder / "socket").chmod(0o777)
        env = {
            "canaries": [str(path) for path in planted]
            + [str(repository / "pyproject.toml"), str(Path(__file__))],
            "repository": str(repository),
            "secret": SECRET[::-1],
            "port": tcp.getsockname()[1],
            "abstract": abstract.getsockname()[1:].decode(),
            "socket_path": str(folder / "socket"),
            "host_pid": os.getpid(),
            "scratch_bytes": LIMITS.scratch_bytes,
            "tasks": LIMITS.tasks,
        }
        yield Host(folder, env, _look(folder))
    shutil.rmtree(folder)


def _opened(full_sandbox, where, limits):
    files = {
        f"{p.stem}.py": p.read_bytes() for p in (ATTACKS / f"{where}.py", ATTACKS / "reach.py")
    }
    return full_sandbox.open(files, where, limits)


@pytest.mark.parametrize("attack", ALL, ids=lambda a: f"{a.where}-{a.name}")
def test_attack(full_sandbox, host, attack):
    """It reaches nothing, costs its own call at most, and the next process works."""
    with _opened(full_sandbox, attack.where, attack.limits) as process:
        assert loaded(process) == Returned(None)
        pid = process.pid
        outcome = call(process, attack.name, host.env)
        if attack.ends == NOTHING:
            assert outcome == Returned([]), attack.what
        elif attack.ends is not None:
            assert isinstance(outcome, attack.ends), attack.what
        _text_is_clean(outcome, process.printed_since(0))
        assert len(process.printed_since(0)) <= 4 * attack.limits.output_bytes
        if process.idle:  # then it serves another call, honestly or not, in time
            call(process, "no_such_function")
    assert not Path(f"/proc/{pid}").exists() or _is_another(pid)
    assert host.unharmed()
    with full_sandbox.open({"honest.py": HONEST.encode()}, "honest") as other:
        assert call(other, "f", 1) == Returned(2)


def _is_another(pid: int) -> bool:
    """Whether the number has gone to a process that is not of a sandbox."""
    return "64077" not in Path(f"/proc/{pid}/status").read_text()


def _text_is_clean(outcome, stdout):
    """No terminal escape and no control character in anything that may be shown."""
    texts = [stdout]
    if isinstance(outcome, Raised):
        texts += [outcome.message, outcome.source or "", *outcome.types]
        assert len(outcome.message) < 30_000
    if isinstance(outcome, BadReturn | Crashed):
        texts.append(outcome.detail)
    for text in texts:
        assert all(c.isprintable() or c in "\n\t" for c in text)


def test_there_are_many_attacks_and_each_is_used():
    """Every attack in the folder is in the table, and described once."""
    described = {(a.where, a.name) for a in ALL}
    written = {
        (path.stem, line.removeprefix("def ").split("(")[0])
        for path in ATTACKS.glob("*.py")
        if path.stem != "reach"
        for line in path.read_text().splitlines()
        if line.startswith("def ") and "(env)" in line
    }
    assert written == described
    assert len({a.what for a in ALL}) == len(ALL) > 100


# ---- what takes more than one call or process -----------------------------------------------


@pytest.mark.parametrize(
    ("name", "later"),
    [
        ("answer_late", (Returned, BadReturn)),
        ("answer_twice", (BadReturn,)),
        ("hide_mutation", (Returned,)),
        ("patch_builtins", None),
        ("interrupt_runner", None),
    ],
)
def test_a_second_call_gets_no_answer_of_the_first(full_sandbox, host, name, later):
    """What a call leaves behind can spoil the next, which shows, but no other process."""
    with _opened(full_sandbox, "runner", QUICK) as process:
        call(process, name, host.env)
        outcome = call(process, "verdict", host.env)
        if later:
            assert isinstance(outcome, later)
    with _opened(full_sandbox, "runner", QUICK) as process:
        assert call(process, "verdict", host.env).value["passed"] is True


def test_a_process_with_a_thread_left_is_not_idle(full_sandbox, host):
    """So that its thread can't answer for a later case: the caller opens another."""
    with _opened(full_sandbox, "runner", LIMITS) as process:
        call(process, "answer_late", host.env)
        assert not process.idle


TRADER = """
import ctypes, glob, mmap, os, socket
SHARED = mmap.mmap(-1, 4096)

def leave(word):
    done = []
    for place in ("/tmp", "/dev/shm", os.environ["HOME"], "/own/write", "/var/tmp", "."):
        try:
            with open(f"{place}/trade", "w") as file:
                file.write(word)
            done.append(place)
        except OSError:
            pass
    try:
        s = socket.socket(socket.AF_UNIX); s.bind("\\0trade"); s.listen(); globals()["s"] = s
        done.append("abstract")
    except OSError:
        pass
    SHARED[:len(word)] = word.encode()
    try:
        ctypes.CDLL(None).shm_open
        fd = ctypes.CDLL(None).shm_open(b"/trade2", 0o102, 0o666)
        done.append("shm") if fd >= 0 else None
    except AttributeError:
        pass
    return done

def look(pid):
    found = []
    for pattern in ("/tmp/*", "/dev/shm/*", "/own/*/*/*", "/var/tmp/*", "./trade*"):
        found += [p for p in glob.glob(pattern) if "trade" in p]
    for n in (pid, 1, 2, 3, 4, 5):
        for place in ("root/tmp", "cwd", "fd"):
            try:
                found += [x for x in os.listdir(f"/proc/{n}/{place}") if "trade" in x]
            except OSError:
                pass
    try:
        c = socket.socket(socket.AF_UNIX); c.connect("\\0trade"); found.append("abstract")
    except OSError:
        pass
    if SHARED[:1] != b"\\0":
        found.append("memory")
    return found
"""


def test_siblings_cannot_trade(opened):
    """What one process leaves in files, shared memory or sockets, another does not find."""
    giver, taker = opened(TRADER), opened(TRADER)
    assert call(giver, "leave", "word").value
    assert call(taker, "look", giver.pid) == Returned([])


def test_a_scratch_is_empty_for_the_next(opened):
    """A later process finds nothing of an earlier one."""
    first = opened(TRADER)
    call(first, "leave", "word")
    first.close()
    assert call(opened(TRADER), "look", 1) == Returned([])


def test_a_submission_may_hold_nasty_files(full_sandbox, host):
    """Names that look like options, modules of the runner or of the library harm nobody."""
    files = {
        "work.py": b"import helper\ndef f(): return helper.__file__.count('/')\n",
        "helper.py": b"",
        "sitecustomize.py": b"raise SystemExit",
        "_shardlab.py": b"raise SystemExit",
        "msgspec.py": b"raise SystemExit",
        "numpy/__init__.py": b"raise SystemExit",
        "-rf *.py": b"",
        "deep/" * 50 + "x.py": b"",
        "\u202e\x1b[2J.py": b"",
    }
    with full_sandbox.open(files, "work") as process:
        assert isinstance(call(process, "f"), Returned)


IMPORTS = {
    "endless": ("while True: pass", (TimedOut,)),
    "exit": ("import os; os._exit(0)", (Crashed,)),
    "sys.exit": ("import sys; sys.exit(0)", (Raised,)),
    "memory": ("x = bytearray(1 << 40)", (OutOfMemory,)),
    "threads": (
        "import threading, time\nthreading.Thread(target=time.sleep, args=(99,)).start()",
        (Returned,),
    ),
    "forged": ("import os; os.write(3, b'x' * 100)", (BadReturn, Returned)),
    "replaces itself": ("import sys; sys.modules[__name__] = 3", (Returned,)),
    "constant folding": ("x = " + "(" * 90 + "1" + ")" * 90, (Returned, Raised)),
    "deep nesting": ("x = " + "-" * 100_000 + "1", None),
    "large power": ("x = 10 ** 10 ** 8", (TimedOut, OutOfMemory)),
    "not utf-8": (b"x = '\xff'", (Raised,)),
    "coding": ("# -*- coding: no-such -*-", (Raised,)),
    "a million lines": ("x = 1\n" * 500_000, None),
}  # fmt: skip


@pytest.mark.parametrize("name", IMPORTS)
def test_attacks_at_import(full_sandbox, name):
    """They cost the load, and nothing else."""
    source, ends = IMPORTS[name]
    raw = source if isinstance(source, bytes) else source.encode()
    limits = Limits(load_time_s=1.0, call_time_s=0.5, memory_bytes=128 << 20)
    with full_sandbox.open({"work.py": raw}, "work", limits) as process:
        outcome = loaded(process)
        if ends:
            assert isinstance(outcome, ends)
        call(process, "f")
    with full_sandbox.open({"honest.py": HONEST.encode()}, "honest") as other:
        assert call(other, "f", 1) == Returned(2)


def test_many_hostile_processes_at_once(full_sandbox, host):
    """Floods, spins and bombs side by side don't keep an honest process from answering."""
    names = [("time_and_memory", "spin"), ("values", "flood_output"), ("kernel", "thread_bomb")] * 2
    limits = Limits(call_time_s=1.0)
    with contextlib.ExitStack() as stack:
        bad = [stack.enter_context(_opened(full_sandbox, where, limits)) for where, _ in names]
        honest = stack.enter_context(
            full_sandbox.open({"honest.py": HONEST.encode()}, "honest", Limits(call_time_s=20.0))
        )
        for process, (_, name) in zip(bad, names, strict=True):
            begin(process, name, (host.env,))
        assert call(honest, "f", 1) == Returned(2)


def test_the_host_stays_single(full_sandbox):
    """No thread of the host is needed to watch over what runs, beyond the one that started it."""
    names = {thread.name for thread in threading.enumerate()}
    assert {n for n in names if "andbox" in n} <= {"sandbox-starter_0"}
    assert full_sandbox.level is Level.FULL
