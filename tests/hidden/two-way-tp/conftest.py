"""Models drawn for each case, runs of the submission over them, and what is right for a run."""

from functools import cached_property

import numpy as np
from evidence.model import Config, shard_of
from evidence.reference import Approx, Reference

from grader.fabric.collectives import all_reduce
from grader.suite import TORCH_GROUP, Fields, PerRank, Tensor

SIZES = {"vocab": 11, "hidden": 8, "ffn": 24, "num_layers": 2, "num_heads": 4}
ENDS = (-1, 0, 1, 0)  # the last id, the first one, and one that comes twice


class Model:
    """A model with weights of its own; everything that a suite compares with.

    Names are in another order if `turned`. Tokens begin with the same ids whoever is graded.
    """

    def __init__(self, rng, dtype="float64", tokens=5, *, turned=False, **sizes):
        self.config, self.dtype = Config(**(SIZES | sizes)), dtype
        shapes = list(self.config.shapes().items())
        shapes = _turned(shapes) if turned else shapes
        self.arrays = {name: self._weight(rng, name, shape) for name, shape in shapes}
        self.tokens = rng.integers(0, self.config.vocab, tokens)
        self.tokens[: len(ENDS)] = np.array(ENDS[:tokens]) % self.config.vocab

    def _weight(self, rng, name, shape):
        if len(shape) == 1:
            return rng.uniform(0.5, 1.5, shape).astype(self.dtype)
        spread = 1.0 if name == "embed.weight" else 2 / np.sqrt(shape[0])
        return rng.uniform(-spread, spread, shape).astype(self.dtype)

    @property
    def state(self):
        return self._tensors(self.arrays)

    @property
    def shapes(self):
        return {name: array.shape for name, array in self.arrays.items()}

    def part(self, rank, world_size):
        """What a rank holds, cut by the grader."""
        return self._tensors(shard_of(self.arrays, rank, world_size))

    def _tensors(self, arrays):
        return {name: Tensor(array, self.dtype) for name, array in arrays.items()}

    def shards(self, world_size):
        return PerRank([self.part(rank, world_size) for rank in range(world_size)])

    @property
    def fields(self):
        return Fields(self.config.as_dict())

    @property
    def ids(self):
        return Tensor(self.tokens)

    def forward(self, ranks, world_size, group=TORCH_GROUP):
        """What the submission's forward pass gave, and what is right for it."""
        shards = self.shards(world_size)
        run = ranks(world_size).forward(self.ids, shards, self.fields, group)
        return Judged(self, world_size, run)


class Judged:
    """A run of a forward pass, judged from what its own all-reduces gave.

    So rounding in one block is no excuse for the next, and the bound stays tight in deep models
    and in float32. A right run is inside by what `Reference` proves, whatever was drawn.
    """

    def __init__(self, model, world_size, run):
        self.model, self.world_size, self.run = model, world_size, run
        self._reference = Reference(model.config, model.dtype)

    @property
    def ops(self):
        return self.run.ops

    @cached_property
    def handed(self):
        """`handed[i][r]` is what rank r handed into all-reduce i; None if it is not that many."""
        shape = (len(self.model.tokens), self.model.config.hidden)
        log, count = self.run.log, 2 * self.model.config.num_layers
        if len(log) != count * self.world_size or not all(_has(each, shape) for each in log):
            return None
        return [
            [log[rank * count + i].payload.reshape(shape) for rank in range(self.world_size)]
            for i in range(count)
        ]

    @cached_property
    def expected(self):
        """Logits and partial products, from the sums that this run had."""
        sums = self.handed and [all_reduce(parts)[0] for parts in self.handed]
        return self._forward(sums)

    @cached_property
    def logits(self):
        """The logits, and how far right ones may be from them."""
        expected, eps = self.expected.logits, np.finfo(self.model.dtype).eps
        alone = self.world_size == 1 and not self.run.log  # need not sum
        if not alone and not self.are_partial:
            # No right run gets here. One whose logits alone are right loses the other item only.
            value = self._forward(None).logits.value
            expected = Approx(value, np.full_like(value, np.sqrt(eps) * np.abs(value).max()))
        shown = np.abs(expected.value) * eps  # what is shown is rounded
        return Tensor(expected.value.astype(self.model.dtype)), expected.error + shown

    @cached_property
    def are_partial(self):
        """Whether ranks handed in their partial products, all of them and nothing else."""
        return self.handed is not None and all(
            (np.abs(got.astype(np.float64) - part.value) <= part.error).all()
            for handed, parts in zip(self.handed, self.expected.partials, strict=True)
            for got, part in zip(handed, parts, strict=True)
        )

    def _forward(self, sums):
        model = self.model
        return self._reference.forward(model.tokens, model.arrays, self.world_size, sums)


def _turned(names):
    """The last layer first, and what is cut at either end."""
    last, *layers, first, embed = names[::-1]
    return [*layers[:3], last, first, embed, *layers[3:]]


def _has(record, shape):
    payload = record.payload if record.op == "all_reduce" else None
    return payload is not None and payload.size == np.prod(shape) and payload.dtype.kind == "f"
