"""The run that this lab asks for: weights and tokens that follow from a student's challenge.

Each number that is drawn is scaled by a power of two, so every weight is exact in float32.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from grader.evidence.challenge import DRAWN_BITS, Challenge
from grader.evidence.format import Array

from .model import Config

NUM_TOKENS = 20
DTYPE = "float32"
WORLD_SIZE = 2
# Small enough for a trace of some 300 kB; no size is a round number for the allocator.
CONFIG = Config(vocab=509, hidden=120, ffn=480, num_layers=3, num_heads=4)


@dataclass(frozen=True)
class Task:
    """One forward pass of the model, over what the challenge draws for it."""

    challenge: Challenge
    config: Config = CONFIG

    @cached_property
    def weights(self) -> dict[str, Array]:
        """Name to parameter, float32: about 1 for norms, else of magnitude 1/√fan-in or less."""
        return {name: self._weight(name, shape) for name, shape in self.config.shapes().items()}

    @cached_property
    def tokens(self) -> Array:
        """(T,) int64 in [0, vocab)."""
        drawn = self.challenge.draw("tokens", (NUM_TOKENS,))
        tokens: Array = (drawn % self.config.vocab).astype(np.int64)
        return tokens

    def _weight(self, name: str, shape: tuple[int, ...]) -> Array:
        drawn = self.challenge.draw(name, shape)
        unit = drawn.astype(np.float64) / 2 ** (DRAWN_BITS - 1) - 1  # in [-1, 1)
        if len(shape) == 1:
            return np.asarray(1 + np.round(unit * 2**10) / 2**12, np.float32)
        scale = 1.0 if name == "embed.weight" else 2.0 ** -int(np.log2(shape[0]) / 2)
        return np.asarray(unit * scale, np.float32)
