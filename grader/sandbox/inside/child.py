"""The life of a child: it is locked down and attested, then it serves the submission."""

import gc
import os
import signal
import socket
import sys
import traceback
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import NoReturn

from . import kernel, lockdown, wire
from .contract import Level, Limits
from .runner import Runner


def run(
    plan: lockdown.Plan,
    limits: Limits,
    fds: list[int],
    scratch: str,
    services: Mapping[str, ModuleType],
) -> NoReturn:
    """Lock this process down and serve a submission; never return into the zygote's code."""
    try:
        os.setsid()
        lockdown.prepare_descriptors(fds[1], fds[0], plan.ruleset)
        caps = wire.Caps(body_bytes=limits.frame_bytes)
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, 0, lockdown.SOCKET)
        runner = Runner(sock, f"{scratch}/submission", services, caps)
        for name, step in _steps(plan, limits, scratch):
            try:
                step()
            except OSError as error:
                runner.send(["broken", name, str(error)])
                os._exit(70)
        gc.collect()  # or the collector's counts would tell how many were forked before
        runner.send(["ready", plan.abi, lockdown.proofs(plan) if plan.level else []])
        runner.serve()
        os._exit(0)
    except BaseException:  # noqa: BLE001  a fork must not go on as a second zygote
        traceback.print_exc()
    os._exit(70)


def _steps(
    plan: lockdown.Plan, limits: Limits, scratch: str
) -> list[tuple[str, Callable[[], None]]]:
    steps: list[tuple[str, Callable[[], None]]] = []
    if plan.level is Level.FULL:
        steps.append(("namespaces", lambda: lockdown.enter_namespaces(limits)))
    steps.append(("limits", lambda: lockdown.limit_resources(plan, limits)))
    steps.append(("scratch", lambda: lockdown.enter_scratch(scratch)))
    if plan.level:
        steps.append(("landlock", lambda: lockdown.confine(plan, scratch)))
        steps.append(("seccomp", lambda: kernel.install_seccomp(plan.program)))
    elif sys.platform == "linux":
        steps.append(
            ("lifetime", lambda: kernel.prctl(kernel.PR_SET_PDEATHSIG, int(signal.SIGKILL)))
        )
    return steps
