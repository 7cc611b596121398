"""Turns tensors into numpy arrays for the collectives, and what these compute into tensors.

numpy has no bfloat16. Its values are float32 values, so they are summed as such and rounded
once at the end, to nearest, ties to even. For two ranks that is the sum rounded correctly: a
float32 has more than twice as many digits as a bfloat16, so rounding twice does no harm
(S. A. Figueroa, "When is double rounding innocuous?", SIGNUM Newsletter 30(3), 1995).
"""

from typing import Any

import numpy as np

from grader.fabric.collectives import Array
from grader.sandbox import Tensor

__all__ = ["BFLOAT16", "BFLOAT16_BYTES", "Tensor", "narrow", "widen"]

BFLOAT16 = "bfloat16"
BFLOAT16_BYTES = 2
_HALF = 16  # bits that a bfloat16 lacks of a float32


def widen(tensor: Tensor) -> Array:
    """The entries in a dtype of numpy's: bfloat16 as float32, exactly."""
    if tensor.dtype != BFLOAT16:
        return tensor.array
    return (tensor.array.astype(np.uint32) << _HALF).view(np.float32)


def narrow(value: Any, dtype: str) -> Any:
    """The result of a collective as tensors of `dtype`, also in a list; None stays None."""
    if value is None:
        return None
    if isinstance(value, list):
        return [narrow(each, dtype) for each in value]
    if dtype != BFLOAT16:
        return Tensor(value, dtype)
    bits = np.ascontiguousarray(value, np.float32).view(np.uint32)
    odd = (bits >> _HALF) & 1
    rounded = ((bits + np.uint32(0x7FFF) + odd) >> _HALF).astype(np.uint16)
    return Tensor(np.where(np.isnan(value), np.uint16(0x7FC0), rounded), BFLOAT16)
