"""The run that a student is asked for: weights and tokens that follow from a nonce.

The nonce is HMAC-SHA-256 of lab and student under the course key, cut to 16 bytes: nobody
without the key can tell it before it is handed out. The student's machine has no key, so all
the rest follows from the nonce alone: SHAKE-256 of nonce and parameter name, read as 24-bit
numbers, each scaled by a power of two. So every weight is exact in float32, and the same on
every machine and with every version of every library.
"""

import hashlib
import hmac
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from grader.traces.model import Array, Config

NONCE_BYTES = 16
NUM_TOKENS = 20
DTYPE = "float32"
WORLD_SIZE = 2
# Small enough for a trace of some 300 kB; no size is a round number for the allocator.
CONFIG = Config(vocab=509, hidden=120, ffn=480, num_layers=3, num_heads=4)
PRACTICE = "00" * NONCE_BYTES
"""The nonce of a student who has none yet: good for practice, never for points."""

_BITS = 24  # the digits of a float32


def nonce_of(key: bytes, lab: str, student: str) -> str:
    """The student's nonce for the lab, in hex."""
    text = f"shardlab trace\0{lab}\0{student}".encode()
    return hmac.digest(key, text, hashlib.sha256)[:NONCE_BYTES].hex()


@dataclass(frozen=True)
class Challenge:
    """What one nonce asks for."""

    lab: str
    nonce: str
    config: Config = CONFIG

    @cached_property
    def weights(self) -> dict[str, Array]:
        """Name to parameter, float32: about 1 for norms, else of magnitude 1/√fan-in or less."""
        return {name: self._weight(name, shape) for name, shape in self.config.shapes().items()}

    @cached_property
    def tokens(self) -> Array:
        """(T,) int64 in [0, vocab)."""
        drawn = self._draw("tokens", (NUM_TOKENS,))
        tokens: Array = (drawn % self.config.vocab).astype(np.int64)
        return tokens

    def _weight(self, name: str, shape: tuple[int, ...]) -> Array:
        unit = self._draw(name, shape).astype(np.float64) / 2 ** (_BITS - 1) - 1  # in [-1, 1)
        if len(shape) == 1:
            return np.asarray(1 + np.round(unit * 2**10) / 2**12, np.float32)
        scale = 1.0 if name == "embed.weight" else 2.0 ** -int(np.log2(shape[0]) / 2)
        return np.asarray(unit * scale, np.float32)

    def _draw(self, name: str, shape: tuple[int, ...]) -> Array:
        """Whole numbers of 24 bits."""
        seed = f"shardlab challenge 1\0{self.lab}\0{self.nonce}\0{name}".encode()
        raw = hashlib.shake_256(seed).digest(4 * int(np.prod(shape)))
        return (np.frombuffer(raw, "<u4") >> (32 - _BITS)).reshape(shape)
