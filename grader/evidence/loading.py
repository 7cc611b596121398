"""The `evidence/` of a lab, imported from the course's own folder.

Two labs may be at work in one process, and one may be edited while a server runs. So a package
is imported under a name of its own, made of its place and its age. While the trusted files of a
lab are imported (`importable`) it also has the plain name `evidence`, so that a suite can say
`from evidence.model import Config`.

A capture runs modules of its package in processes of their own: see `command_of`.
"""

import hashlib
import importlib
import importlib.util
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import cast

from grader.course import Lab, written_files
from grader.errors import CourseError
from grader.evidence.challenge import Challenge
from grader.evidence.kind import NAMES, Kind

PACKAGE = "evidence"
_SYNTHETIC = "synthetic"
# Held while the plain name stands for one lab's package, and while one is imported.
_IMPORTING = threading.RLock()


def kind_of(lab: Lab) -> Kind:
    """The lab's kind of evidence; CourseError where its package is missing or lacks something."""
    folder = lab.folder / PACKAGE
    package = _package(folder)
    if lacking := [name for name in NAMES if not hasattr(package, name)]:
        raise CourseError(f"{folder / '__init__.py'}: defines no {lacking[0]}; see grader.evidence")
    return cast("Kind", package)


def synthetic_trace(folder: Path, hidden: Path, challenge: Challenge) -> bytes:
    """A trace that nothing ran for and that has no flaw, as the author of that lab makes it."""
    path = hidden / f"{_SYNTHETIC}.py"
    if not path.is_file():
        raise CourseError(
            f"{path}: missing; where an assignment says 'trace = true', it defines "
            f"{_SYNTHETIC}_trace(challenge), whose bytes earn the lab's own solutions all points"
        )
    with importable(folder):
        module = _imported(_name_of(path), path)
    return bytes(module.synthetic_trace(challenge))


@contextmanager
def importable(folder: Path, *beside: Path) -> Iterator[None]:
    """Lets `import evidence` mean the package in that lab's folder, where it has one.

    Modules that lie in the folders `beside` can be imported, too.
    """
    helpers = [str(each) for each in beside]
    with _IMPORTING:
        sys.path += helpers
        _forget_plain(saved := _plain())
        try:
            if (folder / PACKAGE).is_dir():
                own = _package(folder / PACKAGE).__name__
                for name in [each for each in sys.modules if _is_in(each, own)]:
                    sys.modules[PACKAGE + name.removeprefix(own)] = sys.modules[name]
            yield
        finally:
            for each in helpers:
                sys.path.remove(each)
            _forget_plain(_plain())
            sys.modules.update(saved)


def command_of(package_file: str, module: str, argument: str) -> list[str]:
    """The command that calls `main(argument)` of a module beside that file, in a new process."""
    folder = str(Path(package_file).parent)
    return [sys.executable, "-m", "grader.evidence", folder, module, argument]


def run_module(folder: Path, module: str, argument: str) -> None:
    """Calls `main(argument)` of a module of the package in that folder."""
    importlib.import_module(f"{_package(folder).__name__}.{module}").main(argument)


def _package(folder: Path) -> ModuleType:
    path = folder / "__init__.py"
    if not path.is_file():
        raise CourseError(
            f"{path}: missing; an assignment that says 'trace = true' has a package {PACKAGE}/. "
            "In a folder of an older version: start the lab anew, and copy your file into it"
        )
    with _IMPORTING:
        return _imported(_name_of(*written_files(folder)), path)


def _imported(name: str, path: Path) -> ModuleType:
    """The module or package at that path, once per name; what its import raises is the author's."""
    if name in sys.modules:
        return sys.modules[name]
    within = [str(path.parent)] if path.name == "__init__.py" else None
    spec = importlib.util.spec_from_file_location(name, path, submodule_search_locations=within)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        for each in [each for each in sys.modules if _is_in(each, name)]:
            del sys.modules[each]
        raise CourseError(f"{path}: {type(error).__name__}: {error}") from error
    return module


def _name_of(*files: Path) -> str:
    """A name for what is in these files as they are now."""
    facts = [
        (str(each.absolute()), (now := each.stat()).st_mtime_ns, now.st_size) for each in files
    ]
    return f"_shardlab_{PACKAGE}_{hashlib.sha256(repr(facts).encode()).hexdigest()[:16]}"


def _plain() -> dict[str, ModuleType]:
    return {name: module for name, module in sys.modules.items() if _is_in(name, PACKAGE)}


def _forget_plain(modules: dict[str, ModuleType]) -> None:
    for name in modules:
        del sys.modules[name]


def _is_in(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")
