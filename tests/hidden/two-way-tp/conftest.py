"""Models drawn for each case, and their one-GPU logits with bounds."""

import numpy as np
import pytest

from grader.suite import Fields, PerRank, Tensor
from grader.traces.model import Config, shard_of
from grader.traces.reference import Reference


class Model:
    """A model with weights of its own; everything that a suite compares with."""

    def __init__(self, rng, dtype="float64", tokens=5, **sizes):
        self.config = Config(**({"vocab": 11, "hidden": 8, "ffn": 24, "num_layers": 2,
                                 "num_heads": 4} | sizes))  # fmt: skip
        self.dtype = dtype
        self.arrays = {n: self._weight(rng, n, s) for n, s in self.config.shapes().items()}
        self.tokens = rng.integers(0, self.config.vocab, tokens)

    def _weight(self, rng, name, shape):
        if len(shape) == 1:
            return rng.uniform(0.5, 1.5, shape).astype(self.dtype)
        spread = 1.0 if name == "embed.weight" else 2 / np.sqrt(shape[0])
        return rng.uniform(-spread, spread, shape).astype(self.dtype)

    @property
    def state(self):
        return {name: Tensor(array) for name, array in self.arrays.items()}

    def part(self, rank, world_size):
        """What a rank holds, cut by the grader."""
        return {n: Tensor(a) for n, a in shard_of(self.arrays, rank, world_size).items()}

    def shards(self, world_size):
        return PerRank([self.part(rank, world_size) for rank in range(world_size)])

    @property
    def fields(self):
        return Fields(self.config.as_dict())

    @property
    def ids(self):
        return Tensor(self.tokens)

    def expected(self, world_size=1):
        return Reference(self.config, self.dtype).forward(self.tokens, self.arrays, world_size)


@pytest.fixture
def model(rng):
    """A maker of models: `model(dtype=…, tokens=…, hidden=…)`."""

    def make(dtype="float64", tokens=5, **sizes):
        return Model(rng, dtype, tokens, **sizes)

    return make
