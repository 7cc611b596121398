"""Who lives and dies with whom, and that nothing is left."""

import contextlib
import gc
import os
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest

from grader.errors import SandboxError
from grader.sandbox import (
    Crashed,
    Level,
    Limits,
    Returned,
    Sandbox,
    TimedOut,
    begin,
    launch,
    loaded,
)
from grader.sandbox.inside import kernel
from grader.sandbox.inside.zygote import ForkServer

from .conftest import call

WORK = b"def f(x): return x\ndef spin():\n    while True: pass\n"


def _tree(pid: int) -> list[int]:
    """The processes below `pid`, from /proc."""
    parents = {}
    for path in Path("/proc").iterdir():
        if path.name.isdigit():
            try:
                fields = (path / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            parents[int(path.name)] = int(fields[1])
    found = [pid]
    for known in found:
        found += [child for child, parent in parents.items() if parent == known]
    return found[1:]


def _is_alive(pid: int) -> bool:
    """Whether it runs; a zombie that only waits for the machine's init does not."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
    return "State:\tZ" not in status


def _wait_until_gone(pids: list[int], seconds: float = 10.0) -> list[int]:
    """Those of `pids` that are left once all have had their time to end."""
    poll, fds = select.poll(), {}
    for pid in pids:
        try:
            fds[fd := os.pidfd_open(pid)] = pid
        except ProcessLookupError:
            continue
        poll.register(fd, select.POLLIN)
    deadline = time.monotonic() + seconds
    left = dict(fds)
    while left and time.monotonic() < deadline:
        for fd, _ in poll.poll(100):
            poll.unregister(fd)
            left.pop(fd)
    for fd in fds:
        os.close(fd)
    return list(left.values())


HOST = """
import sys, threading
from grader.sandbox import Level, Limits, Sandbox, begin, loaded
sandbox = Sandbox(Level(int(sys.argv[1])))
work = {"work.py": b"def spin():\\n    while True: pass\\n"}
processes = [sandbox.open(work, "work", Limits(call_time_s=99)) for _ in range(3)]
for process in processes:
    loaded(process)
begin(processes[0], "spin")
print(*(p.pid for p in processes), flush=True)
threading.Event().wait(99)
"""


@pytest.mark.parametrize("level", list(Level), ids=lambda v: v.word)
def test_nothing_outlives_a_host_that_is_killed(need, level, tmp_path):
    """SIGKILL to the host: zygote and children end, a spinning one too; no folder is left."""
    need(level)
    env = os.environ | {"TMPDIR": str(tmp_path)}
    with subprocess.Popen(
        [sys.executable, "-c", HOST, str(int(level))], stdout=subprocess.PIPE, env=env
    ) as host:
        assert host.stdout is not None
        pids = [int(word) for word in host.stdout.readline().split()]
        below = _tree(host.pid)
        assert len(pids) == 3
        assert set(pids) <= set(below)
        host.kill()
    assert _wait_until_gone(below) == []
    assert list(tmp_path.iterdir()) == []


def test_a_zygote_that_hangs_dies_with_its_host(need):
    """It can't see that the line is closed when it is stopped; bwrap still ends it."""
    need(Level.FULL)
    with subprocess.Popen([sys.executable, "-c", HOST, "3"], stdout=subprocess.PIPE) as host:
        assert host.stdout is not None
        pid = int(host.stdout.readline().split()[0])
        below = _tree(host.pid)
        zygote = int(Path(f"/proc/{pid}/status").read_text().split("PPid:")[1].split()[0])
        os.kill(zygote, signal.SIGSTOP)
        host.kill()
    assert _wait_until_gone(below) == []


@pytest.mark.parametrize("level", list(Level), ids=lambda v: v.word)
def test_close_ends_everything(need, level):
    """Processes that are open, busy or dead are gone when close returns; it is idempotent."""
    need(level)
    before = set(_tree(os.getpid()))
    sandbox = Sandbox(level)
    processes = [sandbox.open({"work.py": WORK}, "work") for _ in range(3)]
    begin(processes[0], "spin")
    assert call(processes[1], "f", 1) == Returned(1)
    pids = set(_tree(os.getpid())) - before
    assert {p.pid for p in processes} <= pids
    sandbox.close()
    sandbox.close()
    assert [pid for pid in pids if _is_alive(pid)] == []
    assert not sandbox.alive
    with pytest.raises(SandboxError, match="make a new"):
        sandbox.open({"work.py": WORK}, "work")


@pytest.mark.parametrize("level", [Level.NONE, Level.FULL], ids=lambda v: v.word)
def test_a_zygote_that_is_killed_is_noticed(need, level):
    """Open processes are told as crashed, `open` says what to do, a new sandbox works."""
    need(level)
    with Sandbox(level) as sandbox:
        process = sandbox.open({"work.py": WORK}, "work")
        loaded(process)
        zygote = int(Path(f"/proc/{process.pid}/status").read_text().split("PPid:")[1].split()[0])
        os.kill(zygote, signal.SIGKILL)
        assert _wait_until_gone([zygote, process.pid]) == []
        assert isinstance(call(process, "f", 1), Crashed)
        with pytest.raises(SandboxError, match="make a new"):
            sandbox.open({"work.py": WORK}, "work")
        assert not sandbox.alive
    with Sandbox(level) as again, again.open({"work.py": WORK}, "work") as process:
        assert call(process, "f", 1) == Returned(1)


def test_a_zygote_that_dies_while_a_process_opens(need, monkeypatch):
    """The error is told, and no descriptor of the process that was to be stays open."""
    need(Level.FULL)

    def dies(_sock, _level, _child):
        sandbox._zygote._process.kill()
        sandbox._zygote._process.wait()
        raise SandboxError("not attested")

    with Sandbox(Level.FULL) as sandbox:
        monkeypatch.setattr("grader.sandbox.attestation.attest", dies)
        before = len(list(Path("/proc/self/fd").iterdir()))
        with pytest.raises(SandboxError, match="not attested"):
            sandbox.open({"work.py": WORK}, "work")
        assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_child_that_is_killed_from_outside(opened, sandbox):
    """At full isolation nothing inside can do it, so it is our fault, never the submission's."""
    process = opened(WORK)
    loaded(process)
    os.kill(process.pid, signal.SIGKILL)
    if sandbox.level < Level.FULL:  # what runs beside it may have done it: a submission's own
        assert call(process, "f", 1) == Crashed("the process was ended by SIGKILL")
        return
    with pytest.raises(SandboxError, match="killed from outside"):
        call(process, "f", 1)


def test_a_sandbox_outlives_the_thread_that_made_it(need):
    """bwrap dies with the thread that started it: that must not be a worker of the caller."""
    need(Level.FULL)
    made = []
    thread = threading.Thread(target=lambda: made.append(Sandbox(Level.FULL)))
    thread.start()
    thread.join()
    with made[0] as sandbox:
        for _ in range(20):
            with sandbox.open({"work.py": WORK}, "work") as process:
                assert call(process, "f", 1) == Returned(1)


def test_a_fork_of_the_host_can_have_a_sandbox_of_its_own(need):
    """As in a pool of worker processes: the starting thread is made anew."""
    need(Level.FULL)
    code = """
import os, sys
from grader.sandbox import Level, Returned, Sandbox, call
def works():
    with Sandbox(Level.FULL) as s, s.open({"a.py": b"def f(): return 1"}, "a") as p:
        return call(p, "f") == Returned(1)
assert works()
if (pid := os.fork()) == 0:
    os._exit(0 if works() else 1)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"""
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0


def test_two_threads_can_share_a_sandbox(full_sandbox):
    """Each with processes of its own."""
    failures = []

    def work():
        for n in range(15):
            with full_sandbox.open({"work.py": WORK}, "work") as process:
                if call(process, "f", n) != Returned(n):
                    failures.append(n)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def _names(folder: str) -> set[str]:
    return {path.name for path in Path(folder).iterdir()}


def _held() -> tuple[int, int, int]:
    gc.collect()
    ours = [pid for pid in _tree(os.getpid()) if _comm(pid).startswith(("python", "bwrap"))]
    return len(_names("/proc/self/fd")), threading.active_count(), len(ours)


def _comm(pid: int) -> str:
    """The name of a process: a database server of other tests starts and ends its own at will."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text()
    return ""


def _zygote_of(process) -> int:
    return int(Path(f"/proc/{process.pid}/status").read_text().split("PPid:")[1].split()[0])


def _rss_kb(pid: int) -> int:
    return int(Path(f"/proc/{pid}/status").read_text().split("VmRSS:")[1].split()[0])


@pytest.mark.slow
def test_a_thousand_processes_leave_nothing(full_sandbox, tmp_path, monkeypatch):
    """No descriptor, thread, process or folder, in the host or in the zygote; no growth."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))  # others use the machine's, too
    with full_sandbox.open({"work.py": WORK}, "work") as process:
        assert call(process, "f", 1) == Returned(1)
        zygote = _zygote_of(process)
    before, fds, rss = _held(), len(_names(f"/proc/{zygote}/fd")), _rss_kb(zygote)
    for n in range(1000):
        with full_sandbox.open({"work.py": WORK}, "work", Limits(call_time_s=0.02)) as process:
            if n % 100 == 0:
                assert isinstance(call(process, "spin"), TimedOut)
            elif n % 10 == 0:
                assert loaded(process) == Returned(None)
    assert _held() == before
    assert len(_names(f"/proc/{zygote}/fd")) == fds
    assert _rss_kb(zygote) - rss < 1024
    assert _names(tmp_path) == set()


def test_processes_that_are_forgotten_end_with_the_sandbox(need):
    """Nobody closed them: the sandbox does."""
    need(Level.FULL)
    with Sandbox(Level.FULL) as sandbox:
        pids = [sandbox.open({"work.py": WORK}, "work").pid for _ in range(5)]
        gc.collect()
        assert all(map(_is_alive, pids))
    assert not any(map(_is_alive, pids))


def test_a_failed_start_leaves_nothing():
    """Neither processes nor descriptors, however it failed."""
    before = _held()
    for _ in range(3):
        with pytest.raises(SandboxError):
            Sandbox(Level.NONE, preload=("no_such_library",))
        with pytest.raises(SandboxError):
            Sandbox(Level.NONE, services={"broken": Path(__file__).with_name("no_such_file.py")})
    after = _held()
    assert after[0] == before[0]
    assert after[2] == before[2]


def test_a_process_costs_little_memory(opened):
    """At most 40 MB each (proportional set size), where it can be read."""
    process = opened(WORK)
    call(process, "f", 1)
    try:
        rollup = Path(f"/proc/{process.pid}/smaps_rollup").read_text()
    except PermissionError:
        pytest.skip("only root can read it")
    assert int(rollup.split("Pss:")[1].split()[0]) < 40 << 10


def test_the_zygote_sees_only_libraries():
    """What bwrap binds is our few files and libraries: no repository, no home."""
    layout = launch._Layout(launch.Order(Level.FULL))
    repository = Path(__file__).parents[2]
    for path in layout.bound:
        inner = Path(path)
        if inner.is_relative_to(repository):
            assert inner == launch.INSIDE or "site-packages" in inner.parts


def test_a_fork_that_fails_leaves_no_folder(tmp_path, monkeypatch):
    """Below level 3 each child has a scratch folder, made before it."""

    def refused():
        raise OSError("no more processes")

    zygote = ForkServer.__new__(ForkServer)
    zygote._root, zygote._pid_namespace = str(tmp_path), -1
    monkeypatch.setattr(kernel, "fork", refused)
    assert zygote._fork({}, []) == {"error": "fork: no more processes"}
    assert list(tmp_path.iterdir()) == []
