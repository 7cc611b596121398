"""What was called, with which shapes and inputs: the first lines of every message."""

import math
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

import msgspec
import numpy as np
from msgspec.structs import replace

from grader.fabric import Handle
from grader.results import Finding
from grader.sandbox import Tensor
from grader.suite.text import SMALL_ENTRIES, shape_of, show
from grader.suite.values import PerRank, Shards
from grader.text.shown import plural

_SHORT = 24


class Call(msgspec.Struct, frozen=True):
    """A call as a suite made it, before anything was cut for ranks."""

    function: str
    args: Sequence[Any]
    kwargs: Mapping[str, Any]
    world_size: int | None = None


def with_call(finding: Finding, call: Call, parameters: Sequence[str], where: str) -> Finding:
    """The finding with call, shapes and inputs; `where` only if it has no place yet."""
    arguments = list(named(call, parameters))
    places = _places_of(call)
    ranks = "" if call.world_size is None else f"  on {plural(call.world_size, 'rank')}"
    return replace(
        finding,
        called=f"{call.function}({', '.join(map(_in_call, arguments, places))}){ranks}",
        shapes="  ".join(filter(None, (_shape(*each) for each in arguments))),
        inputs=tuple(
            (_whole_name(name, value), text)
            for name, value in arguments
            if (text := _input(value)) and not _is_short(value)
        ),
        where=finding.where or where,
    )


def named(call: Call, parameters: Sequence[str]) -> Iterator[tuple[str, Any]]:
    """Yields each argument of the call with the name of its parameter."""
    for index, value in enumerate(call.args):
        yield (parameters[index] if index < len(parameters) else f"argument {index + 1}"), value
    yield from call.kwargs.items()


def _places_of(call: Call) -> list[bool]:
    """Whether each argument may stand in the call without its name: before any that has it."""
    shorts = list(map(_is_short, call.args))
    first = shorts.index(True) if True in shorts else len(shorts)
    return [index < first for index in range(len(shorts))] + [False] * len(call.kwargs)


def _in_call(argument: tuple[str, Any], by_place: bool) -> str:
    """An argument so that the call can be copied and run: short ones whole, others by name."""
    name, value = argument
    if not _is_short(value):
        return name if by_place or not name.isidentifier() else f"{name}={name}"
    return f"{name}={_as_python(value)}" if name.isidentifier() else _as_python(value)


def _as_python(value: Any) -> str:
    if isinstance(value, np.integer):  # or nobody sees why a check of types refuses it
        return f"np.{value.dtype.name}({show(value)})"
    if isinstance(value, Fraction) and value.denominator != 1:  # else a float
        return f"Fraction({value.numerator}, {value.denominator})"
    if isinstance(value, float) and not math.isfinite(value):
        return f"float('{show(value)}')"
    return show(value)


def _is_short(value: Any) -> bool:
    """Whether a value is best read within the call itself."""
    if value is None or isinstance(value, (bool, int, float, Fraction, np.generic)):
        return True
    return isinstance(value, (str, list, tuple)) and len(show(value)) <= _SHORT


def _shape(name: str, value: Any) -> str:
    if isinstance(value, (np.ndarray, Tensor)):
        return shape_of(name, value)
    if isinstance(value, Shards):
        return f"{shape_of(_whole_name(name, value), value.whole)} cut along axis {value.axis}"
    if isinstance(value, PerRank) and all(isinstance(v, np.ndarray) for v in value.values):
        # ranks may differ: the smallest set of shapes that is the truth
        shapes = dict.fromkeys(shape_of(name, each) for each in value.values)
        return " or ".join(shapes)
    return ""


def _whole_name(name: str, value: Any) -> str:
    """The name of what is shown: of a shard, that is the whole it is cut from."""
    return name.removesuffix("_shard") if isinstance(value, Shards) else name


def _input(value: Any) -> str:
    if isinstance(value, Handle):
        return value.shown()
    if isinstance(value, Shards):
        value = value.whole
    if tensors := _tensors(value):
        return tensors
    if isinstance(value, PerRank):
        return ", ".join(f"rank {rank}: {show(v)}" for rank, v in enumerate(value.values))
    array = value.array if isinstance(value, Tensor) else value
    if isinstance(array, np.ndarray) and array.size > SMALL_ENTRIES:
        return ""
    return show(value)


def _tensors(value: Any) -> str:
    """A state dict, or each rank's part of one, by number only: names and values fill a screen."""
    first = value.values[0] if isinstance(value, PerRank) and value.values else value
    if not isinstance(first, dict) or not first:
        return ""
    if not all(isinstance(each, Tensor) for each in first.values()):
        return ""
    kind = next(iter(first.values())).dtype
    owner = "" if first is value else "for each rank its part of "
    return f"{owner}{plural(len(first), 'tensor')} of {kind}"
