"""The process that starts once, imports what submissions need, and is forked for each of them.

It takes requests from the host only, one at a time, as lines of JSON on descriptor 3:
`{"fork": limits}` with two descriptors (the child's socket and its output) answers
`{"pid": …}`, and `{"reap": pid}` kills and reaps, and answers `{"status": …}`. It never reads a
byte that a submission wrote, stays single-threaded, and ends when the host closes the line.
"""

import gc
import importlib
import importlib.util
import json
import os
import shutil
import signal
import socket
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec

from . import child, kernel, landlock, lockdown, seccomp, warmup
from .contract import Level, Limits

CONTROL = 3


def _services(paths: dict[str, str]) -> dict[str, ModuleType]:
    services = {}
    for name, path in paths.items():
        spec = importlib.util.spec_from_file_location(f"_shardlab_service_{name}", path)
        assert spec is not None
        assert spec.loader is not None
        services[name] = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = services[name]
        spec.loader.exec_module(services[name])
    return services


def _rules(config: dict[str, Any]) -> dict[str, int]:
    rules = dict.fromkeys(config["libraries"], landlock.LIBRARY)
    rules |= dict.fromkeys(("/dev/null", "/dev/urandom", "/dev/zero"), landlock.DEVICE)
    rules |= dict.fromkeys(("/etc/passwd", "/etc/ld.so.cache"), landlock.READ)
    if config["level"] == Level.FULL:  # the parents of what each child mounts for itself
        rules |= {lockdown.SCRATCH_PARENT: landlock.SCRATCH, lockdown.PROC_PARENT: landlock.READ}
    return {path: rights for path, rights in rules.items() if Path(path).exists()}


def _plan(config: dict[str, Any]) -> lockdown.Plan:
    level = Level(config["level"])
    if not level:
        return lockdown.Plan(level, 0, b"", -1, {}, 0, warmup.address_space(), ())
    rules = _rules(config)
    ruleset = landlock.ruleset(rules) if level is Level.FULL else -1
    abi = landlock.abi()
    scoped = level is Level.FULL or abi >= landlock.SCOPES_SINCE
    program = seccomp.program(alone=level is Level.FULL, signals=scoped)
    last_capability = int(Path("/proc/sys/kernel/cap_last_cap").read_text())
    own = lockdown.own_namespaces() if level is Level.FULL else ()
    sizes = warmup.address_space()
    return lockdown.Plan(level, abi, program, ruleset, rules, last_capability, sizes, own)


class ForkServer:
    """Forks and reaps children at the host's request."""

    def __init__(self, config: dict[str, Any], services: dict[str, ModuleType]) -> None:
        self._control = socket.socket(fileno=CONTROL)
        self._plan = _plan(config)
        self._services = services
        self._scratches: dict[int, str] = {}
        self._root = ""
        if self._plan.level < Level.FULL:
            parent = lockdown.SCRATCH_PARENT if self._plan.level is Level.SHARED else None
            self._root = tempfile.mkdtemp(prefix="shardlab-", dir=parent)
        self._pid_namespace = -1
        if self._plan.level is Level.FULL:
            self._pid_namespace = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)

    def serve(self) -> None:
        """Answer requests until the host is gone; then end every child and leave nothing."""
        self._answer({"ready": True})
        try:
            while request := self._receive():
                message, fds = request
                if "fork" in message:
                    answer = self._fork(msgspec.convert(message["fork"], Limits), fds)
                    for fd in fds:
                        os.close(fd)
                    self._answer(answer)
                else:
                    self._answer({"status": self._reap(message["reap"])})
        finally:
            for pid in list(self._scratches):
                self._reap(pid)
            if self._root:
                shutil.rmtree(self._root, ignore_errors=True)

    def _answer(self, message: dict[str, Any]) -> None:
        self._control.sendall(msgspec.json.encode(message) + b"\n")

    def _receive(self) -> tuple[dict[str, Any], list[int]] | None:
        """The next request and its descriptors. The host sends none before the last is answered."""
        line, fds = b"", list[int]()
        while not line.endswith(b"\n"):
            part, received, _flags, _address = socket.recv_fds(self._control, 1 << 16, 2)
            if not part:
                return None
            line += part
            fds += received
        return msgspec.json.decode(line), fds

    def _fork(self, limits: Limits, fds: list[int]) -> dict[str, Any]:
        scratch = tempfile.mkdtemp(dir=self._root) if self._root else lockdown.SCRATCH
        try:
            pid = self._fork_alone() if self._pid_namespace >= 0 else kernel.fork()
        except OSError as error:
            self._remove(scratch)
            return {"error": f"fork: {error}"}
        if pid == 0:
            self._control.detach()  # its number becomes that of the child's socket
            self._scratches.clear()  # the numbers of others would tell what those did before
            child.run(self._plan, limits, fds, scratch, self._services)
        self._scratches[pid] = scratch
        return {"pid": pid}

    def _fork_alone(self) -> int:
        """Fork a child that is pid 1 of a namespace: its end is the end of all that it starts."""
        kernel.unshare(kernel.CLONE_NEWPID)
        try:
            pid = kernel.fork()
        except OSError:
            kernel.setns(self._pid_namespace, kernel.CLONE_NEWPID)
            raise
        if pid:
            kernel.setns(self._pid_namespace, kernel.CLONE_NEWPID)
        return pid

    def _reap(self, pid: int) -> int:
        """Kill the child and reap it; returns its wait status."""
        scratch = self._scratches.pop(pid)
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        if self._plan.level == 0:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGKILL)
        _pid, status = os.waitpid(pid, 0)
        self._remove(scratch)
        return status

    def _remove(self, scratch: str) -> None:
        if self._root:  # at level 3 it has gone with the child's mounts
            shutil.rmtree(scratch, ignore_errors=True)


def main() -> None:
    config = json.loads(sys.argv[-1])
    for name in config["preload"]:
        importlib.import_module(name)
    services = _services(config["services"])  # before the next line: they may bring libraries
    warmup.touch()
    server = ForkServer(config, services)
    warmup.renew_interpreter(lockdown.SCRATCH if config["level"] == Level.FULL else "")
    warmup.check_single_thread()
    gc.collect()
    gc.freeze()
    server.serve()
