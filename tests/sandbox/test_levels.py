"""Levels: each that this machine reaches grades alike; what is missing is named or refused."""

import os
import stat
import sys
from pathlib import Path

import numpy as np
import pytest

from grader.errors import SandboxError
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
    TimedOut,
    attestation,
    launch,
    probe,
)

from .conftest import call

WORK = b"""
import os
import numpy as np

def double(x):
    print("doubling")
    return x * 2

def spoil(x):
    x += 1

def fail():
    raise ValueError("no")

def odd():
    return object()

def spin():
    while True:
        pass

def leave():
    os._exit(4)

def take():
    return np.ones(8 << 30, "u1")

def ask(echo):
    return echo.ask("op")

def scratch():
    with open("note", "w") as file:
        file.write("mine")
    return open("note").read()
"""


@pytest.mark.parametrize("level", list(Level), ids=lambda level: level.word)
def test_every_level_grades_alike(need, level):
    """The same calls come to the same outcomes, whatever isolates them."""
    need(level)
    limits = Limits(call_time_s=0.5, memory_bytes=256 << 20)
    x = np.arange(3.0)
    service = {"echo": Path(__file__).parent / "echo_service.py"}
    with Sandbox(level, services=service) as sandbox:
        with sandbox.open({"work.py": WORK}, "work", limits) as process:
            doubled = call(process, "double", x)
            assert isinstance(doubled, Returned)
            assert doubled.value.tolist() == [0.0, 2.0, 4.0]
            assert call(process, "spoil", x) == Returned(None, ("0",))
            failed = call(process, "fail")
            assert isinstance(failed, Raised)
            assert (failed.message, failed.line) == ("no", 13)
            assert call(process, "odd") == BadReturn(
                "odd returned an object, which is not plain data"
            )
            assert call(process, "scratch") == Returned("mine")
            assert isinstance(call(process, "ask", ServiceRef("echo")), Raised)
            assert process.printed_since(0) == "doubling\n"
            assert process.idle
        for name, outcomes in {
            "spin": (TimedOut(0.5, 19, "while True:"), TimedOut(0.5, 20, "pass")),
            "leave": (Crashed("the process ended itself with os._exit(4)"),),
            "take": (OutOfMemory(256 << 20),),
        }.items():
            with sandbox.open({"work.py": WORK}, "work", limits) as process:
                assert call(process, name) in outcomes


TRESPASS = b"""
import os, socket

def trespass(path, pid):
    done = []
    def attempt(label, action, *args):
        try:
            action(*args)
        except (OSError, IndexError):
            return
        done.append(label)
    attempt("read", lambda: open(path).read())
    attempt("list", os.listdir, "/")
    attempt("write", lambda: open(path, "a").close())
    attempt("chmod", os.chmod, path, 0o666)
    attempt("utime", os.utime, path, (1, 1))
    attempt("socket", socket.socket, socket.AF_INET)
    attempt("fork", os.fork)
    attempt("proc", lambda: open(f"/proc/{pid}/status").read())
    attempt("signal", os.kill, pid, 0)
    home, own = os.path.split(os.environ["HOME"])
    attempt("scratches", lambda: [name for name in os.listdir(home) if name != own][0])
    return done
"""


@pytest.mark.parametrize("level", [Level.LANDLOCK, Level.SHARED, Level.FULL], ids=lambda v: v.word)
def test_lower_levels_still_refuse(need, level, tmp_path_factory):
    """Files, the network, processes and other submissions' scratch are refused from level 1 on."""
    need(level)
    secret = tmp_path_factory.mktemp("secret") / "test_hidden.py"
    secret.write_text("SECRET = 1\n")
    secret.chmod(0o666)
    for folder in secret.parents:
        if folder.stat().st_uid == os.getuid() and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | stat.S_IXOTH | stat.S_IROTH)
    with Sandbox(level) as sandbox, sandbox.open({"work.py": TRESPASS}, "work") as process:
        assert call(process, "trespass", str(secret), os.getpid()) == Returned([])
        other = sandbox.open({"work.py": TRESPASS}, "work")
        inner = 2 if level is Level.SHARED else process.pid
        assert call(other, "trespass", str(secret), inner) == Returned([])
        other.close()


def test_probe_finds_what_a_sandbox_reaches():
    """The level that is found can be opened, and every missing layer says why and what mends it."""
    found = probe()
    with Sandbox(found.level) as sandbox, sandbox.open({"a.py": b"def f(): return 1"}, "a") as p:
        assert call(p, "f") == Returned(1)
    assert {layer.name for layer in found.layers} == {
        "landlock", "seccomp", "bubblewrap", "namespaces",
    }  # fmt: skip
    for layer in found.layers:
        assert layer.works is not (layer.reason or layer.mend)
        assert layer.works or (layer.reason and layer.mend)


@pytest.fixture
def fresh_probe():
    """A probe that tries again, before and after the test."""
    probe.cache_clear()
    yield probe
    probe.cache_clear()


def _fake_bwrap(tmp_path: Path, body: str) -> str:
    """A program in bwrap's place."""
    path = tmp_path / "bwrap"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    for folder in path.parents:
        if folder != Path("/"):
            folder.chmod(folder.stat().st_mode | stat.S_IXOTH)
    return str(path)


def _layers(found):
    return {layer.name: layer for layer in found.layers}


def test_a_machine_without_bwrap(need, fresh_probe, monkeypatch):
    """Level 1, with the command that installs it; more is refused by the same name."""
    need(Level.LANDLOCK)
    monkeypatch.setattr(launch, "find_bwrap", lambda: None)
    found = fresh_probe()
    assert found.level is Level.LANDLOCK
    layer = _layers(found)["bubblewrap"]
    assert not layer.works
    assert "not installed" in layer.reason
    assert "apt install bubblewrap" in layer.mend
    with pytest.raises(SandboxError, match="apt install bubblewrap"):
        Sandbox(Level.FULL)


def test_a_machine_that_refuses_user_namespaces(need, fresh_probe, monkeypatch, tmp_path):
    """Level 1: bwrap is there and fails, as in a container; its own words are the reason."""
    need(Level.LANDLOCK)
    says = "bwrap: No permissions to create new namespace"
    fake = _fake_bwrap(tmp_path, f"echo '{says}' >&2; exit 1")
    monkeypatch.setattr(launch, "find_bwrap", lambda: fake)
    found = fresh_probe()
    assert found.level is Level.LANDLOCK
    assert _layers(found)["bubblewrap"].reason == says
    with pytest.raises(SandboxError, match="No permissions to create new namespace"):
        Sandbox(Level.SHARED)


def test_a_machine_that_refuses_nested_namespaces(need, fresh_probe, monkeypatch, tmp_path):
    """Level 2: as where a security module lets bwrap have namespaces, and what it runs none."""
    need(Level.FULL)
    real = launch.find_bwrap()
    script = f"""
for arg in "$@"; do
  case "$arg" in CAP_SYS_ADMIN) echo 'bwrap: no capabilities for you' >&2; exit 1;; esac
done
exec {real} "$@" """
    fake = _fake_bwrap(tmp_path, script)
    monkeypatch.setattr(launch, "find_bwrap", lambda: fake)
    found = fresh_probe()
    assert found.level is Level.SHARED
    layers = _layers(found)
    assert layers["bubblewrap"].works
    assert layers["namespaces"].reason == "bwrap: no capabilities for you"
    assert "apparmor" in layers["namespaces"].mend
    source = {"a.py": b"def f(): return 1"}
    with Sandbox(Level.SHARED) as sandbox, sandbox.open(source, "a") as process:
        assert call(process, "f") == Returned(1)
    with pytest.raises(SandboxError, match="no capabilities for you"):
        Sandbox(Level.FULL)


def test_a_system_that_is_not_linux(fresh_probe, monkeypatch):
    """Level 0, and no trial is made."""
    monkeypatch.setattr(sys, "platform", "darwin")
    found = fresh_probe()
    assert found.level is Level.NONE
    assert all("darwin" in layer.reason for layer in found.layers)


def test_a_preload_that_is_not_installed_is_named():
    """With the command that installs it."""
    with pytest.raises(SandboxError, match="pip install no_such_library"):
        Sandbox(Level.NONE, preload=("no_such_library",))


def test_a_preload_that_starts_threads_is_refused(tmp_path, monkeypatch):
    """A process with threads can't be forked safely."""
    (tmp_path / "busy_library.py").write_text(
        "import threading, time\n"
        "threading.Thread(target=time.sleep, args=(99,), daemon=True).start()\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(SandboxError, match="started threads"):
        Sandbox(Level.NONE, preload=("busy_library",))


@pytest.mark.parametrize("level", list(Level))
def test_levels_go_by_words(level):
    """Their names in options and results."""
    assert Level.from_word(level.word) is level
    with pytest.raises(ValueError, match="there are none, landlock, shared, full"):
        Level.from_word("some")


# ---- attestation ----------------------------------------------------------------------------

HELLO = ["ready", 6, ["namespaces", "landlock", "seccomp"]]
_UID = str(launch.SANDBOX_UID if os.geteuid() == 0 else os.geteuid())
STATUS = {
    "Seccomp": "2",
    "NoNewPrivs": "1",
    "Threads": "1",
    "NSpid": "900\t7\t1",
    "Uid": "\t".join([_UID] * 4),
    **dict.fromkeys(("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"), "0" * 16),
}


def test_attestation_accepts_what_is_locked_down():
    """All proofs at hand: nothing is raised."""
    attestation.check(HELLO, STATUS, Level.FULL)


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        ({"Seccomp": "0"}, "seccomp"),
        ({"NoNewPrivs": "0"}, "no new privileges"),
        ({"CapEff": "0000000000200000"}, "an empty CapEff"),
        ({"CapPrm": "000001ffffffffff"}, "an empty CapPrm"),
        ({"CapBnd": "000001ffffffffff"}, "an empty CapBnd"),
        ({"Threads": "2"}, "a single thread"),
        ({"NSpid": "900\t7\t8"}, "a pid namespace of its own"),
        ({"NSpid": "900"}, "a pid namespace"),
        ({"Uid": "0\t0\t0\t0"}, "a user other than root"),
        ({"Uid": f"{_UID}\t0\t{_UID}\t{_UID}"}, "a user other than root"),
    ],
)
def test_attestation_refuses_what_is_not(change, missing):
    """Each missing proof is a refusal that names it."""
    with pytest.raises(SandboxError, match=missing):
        attestation.check(HELLO, STATUS | change, Level.FULL)


@pytest.mark.parametrize(
    "hello",
    [
        ["ready", 0, ["namespaces", "landlock", "seccomp"]],
        ["ready", 6, ["namespaces", "seccomp"]],
        ["ready", 6, ["namespaces", "landlock"]],
        ["ready", 6, ["landlock", "seccomp"]],
        ["broken", "namespaces", "Operation not permitted"],
        ["ready"],
        "ready",
        None,
    ],
)
def test_attestation_refuses_what_was_not_tried(hello):
    """Landlock and the filter must have refused something; anything odd is a refusal."""
    with pytest.raises(SandboxError):
        attestation.check(hello, STATUS, Level.FULL)


def test_attestation_of_a_process_that_is_gone():
    """No status is no proof."""
    with pytest.raises(SandboxError, match="lacks"):
        attestation.check(HELLO, {}, Level.FULL)


BREAKAGE = {
    "no filter": ("child.py", "kernel.install_seccomp(plan.program)", "None", "seccomp"),
    "no Landlock": ("lockdown.py", "    landlock.enter(ruleset)\n", "", "Landlock"),
    "capabilities kept": (
        "lockdown.py", "    kernel.drop_capabilities(plan.last_capability)\n", "",
        "an empty CapEff",
    ),
    "privileges to be had": (
        "lockdown.py", "    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)\n", "",
        "can't be set up",
    ),
    "no own network": (
        "lockdown.py", " | kernel.CLONE_NEWNET", "", "namespaces of its own",
    ),
    "no own users": (
        "lockdown.py", "    kernel.unshare(kernel.CLONE_NEWUSER)\n",
        "    return\n", "namespaces of its own",
    ),
    "no pid namespace": (
        "zygote.py",
        "self._fork_alone() if self._pid_namespace >= 0 else kernel.fork()", "kernel.fork()",
        "a pid namespace of its own",
    ),
    "a thread left": (
        "child.py", "                step()\n",
        """                step()
                import threading, time
                if name == "scratch":
                    threading.Thread(target=time.sleep, args=(9,), daemon=True).start()
""",
        "a single thread",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BREAKAGE)
def test_a_broken_lockdown_is_caught_before_code_is_sent(need, name, broken):
    """With one line taken out of the real lock-down, the host refuses, and names what lacks."""
    need(Level.FULL)
    # bwrap takes new privileges away, too: only where it does not run is it ours alone to do.
    level = Level.LANDLOCK if name == "privileges to be had" else Level.FULL
    *place, missing = BREAKAGE[name]
    broken(*place)
    with Sandbox(level) as sandbox, pytest.raises(SandboxError, match=missing):
        sandbox.open({"a.py": b""}, "a")
