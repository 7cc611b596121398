"""What may cross between the host and submitted code, and how. See `inside.wire`."""

from grader.sandbox.inside.frames import PENDING, Reader
from grader.sandbox.inside.tensors import Tensor
from grader.sandbox.inside.wire import (
    HOST_CAPS,
    MAX_HEADER_BYTES,
    MAX_NODES,
    Caps,
    NotPlainError,
    ServiceRef,
    WireError,
    encode,
)

__all__ = [
    "HOST_CAPS",
    "MAX_HEADER_BYTES",
    "MAX_NODES",
    "PENDING",
    "Caps",
    "NotPlainError",
    "Reader",
    "ServiceRef",
    "Tensor",
    "WireError",
    "encode",
]
