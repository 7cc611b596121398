"""Finds out what this machine can isolate by trying, in processes that are thrown away.

Versions and configuration say little: the same kernel grants or refuses namespaces by its
security modules, by the container around it, or by a sysctl. So every layer is set up the way
a sandbox sets it up, through the same command.
"""

import contextlib
import functools
import json
import sys
from dataclasses import dataclass

from grader.errors import SandboxError
from grader.sandbox import launch
from grader.sandbox.inside.contract import Level
from grader.text.shown import printable

_TRIAL_S = 20.0

_MENDS = {
    "landlock": "a Linux kernel ≥ 5.13 booted with lsm=landlock,… (see /sys/kernel/security/lsm)",
    "seccomp": "a Linux kernel with CONFIG_SECCOMP_FILTER, on x86_64 or aarch64",
    "bubblewrap": f"{launch.INSTALL_BWRAP}; in Docker add --security-opt seccomp=unconfined "
    "--security-opt apparmor=unconfined",
    "namespaces": "sysctl -w user.max_user_namespaces=10000; on Ubuntu ≥ 23.10 also "
    "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
}


@dataclass(frozen=True)
class Layer:
    """One layer of isolation: whether it works here, and if not why, and what would mend it."""

    name: str
    works: bool
    reason: str = ""
    mend: str = ""


@dataclass(frozen=True)
class Probe:
    """The level that this machine reaches, and each layer of it."""

    level: Level
    layers: tuple[Layer, ...]


@functools.cache
def probe() -> Probe:
    """The layers that work here, and what would mend the others; tried once in a process."""
    if sys.platform != "linux":
        reason, mend = f"there is none on {sys.platform}", "grade on a Linux machine"
        return Probe(Level.NONE, tuple(Layer(name, False, reason, mend) for name in _MENDS))
    found = _found()
    return Probe(_level(found), tuple(_layer(name, found[name]) for name in _MENDS))


def _found() -> dict[str, str]:
    """Each layer's reason for not working; "" where it works."""
    plain = _Trial(Level.LANDLOCK, ["landlock", "seccomp"])
    nested = _Trial(Level.FULL, ["namespaces"])
    outside, inside = plain.result(), nested.result()
    found = {name: outside.get(name, outside.get("", "")) for name in ("landlock", "seccomp")}
    if "namespaces" in inside:
        return found | {"bubblewrap": "", "namespaces": inside["namespaces"]}
    # bwrap may be refused the privilege that children's own namespaces need, and nothing else.
    shared = _Trial(Level.SHARED, []).result()
    return found | {"bubblewrap": shared.get("", ""), "namespaces": inside.get("", "")}


def _level(found: dict[str, str]) -> Level:
    if found["landlock"] or found["seccomp"]:
        return Level.NONE
    if found["bubblewrap"]:
        return Level.LANDLOCK
    return Level.SHARED if found["namespaces"] else Level.FULL


def _layer(name: str, reason: str) -> Layer:
    return Layer(name, not reason, printable(reason, 500), _MENDS[name] if reason else "")


class _Trial:
    """A process that tries layers, at the place where a sandbox of `level` would use them."""

    def __init__(self, level: Level, layers: list[str]) -> None:
        self._failure = ""
        try:
            order = launch.Order(level, main="trial", preload=(), trials=tuple(layers))
            self._process, self._control = launch.start(order)
        except SandboxError as error:
            self._failure = str(error)

    def result(self) -> dict[str, str]:
        """Layer to reason; the reason why nothing could be tried is under ""."""
        if self._failure:
            return {"": self._failure}
        process, control = self._process, self._control
        with process, control:
            control.settimeout(_TRIAL_S)
            answer = b""
            with contextlib.suppress(OSError), control.makefile("rb") as lines:
                answer = lines.readline()
            process.kill()
            said = process.stderr.read(2000).decode(errors="replace") if process.stderr else ""
        if answer.endswith(b"\n"):
            found: dict[str, str] = json.loads(answer)
            return found
        return {"": said.strip() or "it ended without a reason"}
