"""Integers by operator.index; errors of a class of their own."""

import operator


class ModelError(ValueError):
    """What does not fit the model."""


def _axes(names, num_layers):
    """The axis along which ranks share each parameter; None where each holds all of it.

    The names must be those of a model of that many layers.
    """
    axes = {"embed.weight": None, "final_norm.weight": None}
    for i in range(num_layers):
        axes |= {f"layers.{i}.{part}.weight": axis for part, axis in _CUT_AXIS.items()}
    for name in names:
        if name not in axes:
            raise ModelError(f"unknown parameter {name}")
    for name in axes:
        if name not in names:
            raise ModelError(f"missing parameter {name}")
    return axes


def _check_integer(name, value):
    if isinstance(value, bool):
        raise TypeError(f"{name} is a bool")
    try:
        operator.index(value)
    except TypeError:
        raise TypeError(f"{name} is no integer") from None
