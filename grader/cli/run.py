"""The command that runs one of a student's own functions on ranks: run."""

import contextlib
import importlib.util
import inspect
import pdb  # noqa: T100 - what the command is for
import re
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, TextIO

import click
import numpy as np

from grader.cli import shell
from grader.cli.group import Exit
from grader.errors import UsageError
from grader.fabric import Event
from grader.student.ranks import (
    GROUP,
    PerRank,
    RankError,
    RanksRun,
    Shards,
    StuckError,
    ranks,
    takes_group,
)
from grader.text.shown import plural

_NAMED = re.compile(r"([A-Za-z_]\w*)=(?!=)(.*)", re.DOTALL)
_MOST_EVENTS = 40
_WORDS = {"np": np, "Shards": Shards, "PerRank": PerRank, "GROUP": GROUP}


@click.command(
    epilog="Example: shardlab run tp_sharding.py row_parallel_linear --ranks 2 "
    "'Shards(np.ones((2, 4)), axis=1)' 'Shards(np.eye(4), axis=0)' bias=None",
    context_settings={"ignore_unknown_options": True},
)
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path, exists=True))
@click.argument("name", metavar="FUNCTION")
@click.argument("given", metavar="[ARG]...", nargs=-1)
@click.option(
    "--ranks",
    "world_size",
    type=click.IntRange(1, 64),
    help="How many ranks call it; 2 where it takes a group, else 1.",
)
@click.option("--pdb", "debug", is_flag=True, help="Where a rank raises, look round in pdb.")
def run(path: Path, name: str, given: tuple[str, ...], world_size: int | None, debug: bool) -> None:
    """Run one of your functions on ranks, to look on or to debug.

    ARG is Python, or NAME=Python: numbers, np.…, what your file defines, Shards(x, axis=0) for
    each rank's part of x, PerRank([a, b]) for each rank's own. The group is passed by itself.
    breakpoint() in your function stops one rank while the others wait. Nothing is graded, and
    nothing is kept from your own files and network here.
    """
    module = _loaded(path)
    function = _function(module, name)
    size = world_size or (2 if takes_group(function) else 1)
    args, kwargs = _arguments(function, given, vars(module))
    try:
        with _told_by_rank(size):
            done = ranks(size)(function, *args, **kwargs)
    except RankError as error:
        _say_raised(error, path, debug)
        shell.finish(Exit.FALLS_SHORT)
    except StuckError as error:
        shell.say(f"{name} on {plural(size, 'rank')} does not come to an end:", *_indented(error))
        shell.finish(Exit.FALLS_SHORT)
    _say_values(name, done)
    _say_log(done.log)


def _loaded(path: Path) -> ModuleType:
    """The file as a module, with its folder on the path as a script has it."""
    file = path.resolve()
    spec = importlib.util.spec_from_file_location(file.stem, file)
    if spec is None or spec.loader is None or not file.is_file():
        raise UsageError(f"{path} is no Python file; name your .py file")
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(file.parent))
    sys.modules[file.stem] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - it is the student's to see
        shell.say(f"{path} does not load:", *_own_traceback(error, path))
        shell.finish(Exit.FALLS_SHORT)
    return module


def _function(module: ModuleType, name: str) -> Callable[..., Any]:
    found = getattr(module, name, None)
    if callable(found):
        return found  # type: ignore[no-any-return]  # callable() says no more than that
    own = [each for each, value in vars(module).items() if _is_own(value, module)]
    raise UsageError(f"no function '{name}' in {module.__file__}; it has: {', '.join(own)}")


def _is_own(value: object, module: ModuleType) -> bool:
    name = getattr(value, "__name__", "_")
    return callable(value) and not name.startswith("_") and value.__module__ == module.__name__


def _arguments(
    function: Callable[..., Any], given: Sequence[str], defined: dict[str, Any]
) -> tuple[list[Any], dict[str, Any]]:
    """The arguments of the call; the group stands where the function takes it."""
    args, kwargs = list[Any](), dict[str, Any]()
    for text in given:
        if named := _NAMED.fullmatch(text):
            kwargs[named[1]] = _value(named[2], defined)
        else:
            args.append(_value(text, defined))
    if takes_group(function) and "group" not in kwargs and GROUP not in _plain(args):
        place = _place_of_group(function)
        if place < len(args):
            args.insert(place, GROUP)
        else:
            kwargs["group"] = GROUP
    return args, kwargs


def _plain(args: Sequence[Any]) -> list[Any]:
    """The arguments that can be compared: an array has no single truth."""
    return [each for each in args if not isinstance(each, np.ndarray)]


def _place_of_group(function: Callable[..., Any]) -> int:
    return list(inspect.signature(function).parameters).index("group")


def _value(text: str, defined: dict[str, Any]) -> Any:
    try:
        return eval(text, _WORDS | defined)  # noqa: S307 - the student's own words on their machine
    except Exception as error:  # noqa: BLE001 - whatever the words come to
        raise UsageError(f"ARG {text!r}: {type(error).__name__}: {error}") from None


# -- what is said --------------------------------------------------------------------------


class _ByRank:
    """Standard output that says at the start of each line which rank printed it."""

    def __init__(self, stream: TextIO) -> None:
        self._stream, self._fresh = stream, True

    def write(self, text: str) -> int:
        label = f"[{threading.current_thread().name}] "
        for line in text.splitlines(keepends=True):
            self._stream.write(f"{label}{line}" if self._fresh else line)
            self._fresh = line.endswith("\n")
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextlib.contextmanager
def _told_by_rank(size: int) -> Iterator[None]:
    """Has prints of several ranks told apart; a debugger gets the terminal as it is."""
    real, hook = sys.stdout, sys.breakpointhook

    def stop(*_: Any, **__: Any) -> None:
        sys.stdout = real
        pdb.Pdb().set_trace(sys._getframe(1))  # noqa: SLF001 - as the built-in hook finds it

    if size > 1:
        sys.stdout = _ByRank(real)
        sys.breakpointhook = stop
    try:
        yield
    finally:
        sys.stdout, sys.breakpointhook = real, hook


def _say_raised(error: RankError, path: Path, debug: bool) -> None:
    cause = error.__cause__
    assert cause is not None
    shell.say(f"rank {error.rank} raised:", *_own_traceback(cause, path))
    if debug:
        pdb.post_mortem(cause.__traceback__)


def _own_traceback(error: BaseException, path: Path) -> list[str]:
    """The traceback from the student's file on, without the frames that led there."""
    frames = traceback.extract_tb(error.__traceback__)
    file = str(path.resolve())
    first = next((i for i, each in enumerate(frames) if each.filename == file), len(frames))
    lines = traceback.format_list(frames[first:])
    lines += traceback.format_exception_only(error)
    return [f"   {line}" for part in lines for line in part.rstrip().splitlines()]


def _indented(text: object) -> list[str]:
    return [f"   {line}" for line in str(text).splitlines()]


def _say_values(name: str, done: RanksRun) -> None:
    shell.say(f"{name} on {plural(len(done.values), 'rank')} returned:")
    before = ""
    for rank, value in enumerate(done.values):
        shown = _shown(value)
        lines = ["the same"] if rank and shown == before else shown.splitlines()
        shell.say(f"rank {rank}  {lines[0]}", *(f"        {line}" for line in lines[1:]))
        before = shown


def _shown(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"array {value.shape} {value.dtype}\n{value}"
    return repr(value) or "''"


def _say_log(log: Sequence[Event]) -> None:
    if log:
        shell.say("The group was asked:")
    for each in log[:_MOST_EVENTS]:
        what = f"{each.shape} {each.dtype}, {each.nbytes} bytes" if each.dtype else ""
        peer = f"  peer {each.peer}" if each.peer is not None else ""
        shell.say(f"rank {each.rank}  #{each.step} {each.op} {what}{peer}".rstrip())
    if len(log) > _MOST_EVENTS:
        shell.say(f"({len(log) - _MOST_EVENTS} more)")
