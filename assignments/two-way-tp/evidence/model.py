"""The transformer of this lab: its parameters, and which axis of each is cut."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass

import numpy as np

from grader.evidence.format import Array

COLUMN_PARALLEL = ("attn.q.weight", "attn.k.weight", "attn.v.weight", "mlp.up.weight")
ROW_PARALLEL = ("attn.o.weight", "mlp.down.weight")


@dataclass(frozen=True)
class Config:
    """The sizes of a model: `config` of the lab."""

    vocab: int
    hidden: int
    ffn: int
    num_layers: int
    num_heads: int

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Name to shape of every parameter."""
        return dict(self._shapes())

    def as_dict(self) -> dict[str, int]:
        return asdict(self)

    def _shapes(self) -> Iterator[tuple[str, tuple[int, ...]]]:
        hidden, ffn = self.hidden, self.ffn
        yield "embed.weight", (self.vocab, hidden)
        for i in range(self.num_layers):
            yield f"layers.{i}.norm1.weight", (hidden,)
            for name in "qkvo":
                yield f"layers.{i}.attn.{name}.weight", (hidden, hidden)
            yield f"layers.{i}.norm2.weight", (hidden,)
            yield f"layers.{i}.mlp.up.weight", (hidden, ffn)
            yield f"layers.{i}.mlp.down.weight", (ffn, hidden)
        yield "final_norm.weight", (hidden,)


def cut_axis(name: str) -> int | None:
    """The axis along which ranks share a parameter; None where each holds all of it."""
    part = name.split(".", 2)[2] if name.startswith("layers.") else name
    if part in COLUMN_PARALLEL:
        return 1
    return 0 if part in ROW_PARALLEL else None


def shard_of(weights: Mapping[str, Array], rank: int, world_size: int) -> dict[str, Array]:
    """What a rank holds, as contiguous copies."""
    return {name: _part(name, whole, rank, world_size) for name, whole in weights.items()}


def rank_bytes(config: Config, dtype_bytes: int, world_size: int) -> int:
    """Bytes of parameters that one rank holds."""
    entries = (
        math.prod(shape) // (1 if cut_axis(name) is None else world_size)
        for name, shape in config.shapes().items()
    )
    return sum(entries) * dtype_bytes


def _part(name: str, whole: Array, rank: int, world_size: int) -> Array:
    axis = cut_axis(name)
    if axis is None:
        return whole.copy()
    width, rest = divmod(whole.shape[axis], world_size)
    if rest:
        raise ValueError(f"{name}: {whole.shape[axis]} does not divide by world_size {world_size}")
    part = slice(rank * width, (rank + 1) * width)
    # numpy's own split takes longer than most of a suite's calls
    return np.ascontiguousarray(whole[part] if axis == 0 else whole[:, part])
