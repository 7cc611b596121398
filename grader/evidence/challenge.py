"""The run that a student is asked for: whatever is drawn for it follows from a nonce.

The nonce is HMAC-SHA-256 of lab and student under the course key, cut to 16 bytes: nobody
without the key can tell it before it is handed out. The student's machine has no key, so all
the rest follows from the nonce alone: SHAKE-256 of nonce and name, read as 24-bit numbers. These
are the same on every machine and with every version of every library.
"""

import hashlib
import hmac
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

NONCE_BYTES = 16
PRACTICE = "00" * NONCE_BYTES
"""The nonce of a student who has none yet: good for practice, never for points."""
DRAWN_BITS = 24  # the digits of a float32


def nonce_of(key: bytes, lab: str, student: str) -> str:
    """The student's nonce for the lab, in hex."""
    text = f"shardlab trace\0{lab}\0{student}".encode()
    return hmac.digest(key, text, hashlib.sha256)[:NONCE_BYTES].hex()


@dataclass(frozen=True)
class Challenge:
    """What one nonce asks for. The lab draws from it whatever its run needs."""

    lab: str
    nonce: str

    def draw(self, name: str, shape: tuple[int, ...]) -> npt.NDArray[Any]:
        """Whole numbers of 24 bits, in that shape; others for every name."""
        seed = f"shardlab challenge 1\0{self.lab}\0{self.nonce}\0{name}".encode()
        raw = hashlib.shake_256(seed).digest(4 * math.prod(shape))
        return (np.frombuffer(raw, "<u4") >> (32 - DRAWN_BITS)).reshape(shape)
