"""The model's forward pass in float64, with a bound on what rounding may do to each number.

Every value carries a bound on its error: running error analysis, as in N. J. Higham, *Accuracy
and Stability of Numerical Algorithms*, 2nd ed., section 3.3. With u the unit roundoff of the
student's dtype and γ_n = n·u / (1 − n·u), a sum of n products in any order is off by at most
γ_n times the sum of their magnitudes, and errors of the inputs go through each operation to
first order and beyond: nothing is dropped. So the bound holds for any order of summation, any
cut over ranks and any fused kernel that rounds no more often than the plain one. u has the
reference's own rounding (2^-53) added to it, so that |student − reference| is what is bounded.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from grader.evidence.format import Array

from .model import Config, shard_of

EPSILON = 1e-6  # of RMSNorm
_SLACK = 10  # roundings of sqrt, division and scaling, which libraries do within a few ulp
# torch's fused attention takes exp within 20 ulp (exp_u20 of its vectors), above the line and below
_EXP = 80


@dataclass(frozen=True)
class Approx:
    """A value in float64, and how far a right answer may be from it."""

    value: Array
    error: Array

    @property
    def most(self) -> Array:
        """The largest magnitude that a right answer may have."""
        most: Array = np.abs(self.value) + self.error
        return most


@dataclass(frozen=True)
class Pass:
    """One forward pass: `partials[i][r]` is what rank r hands into all-reduce i."""

    logits: Approx
    partials: tuple[tuple[Approx, ...], ...]


class Reference:
    """Forward passes over weights that are exact in the student's dtype."""

    def __init__(self, config: Config, dtype: str) -> None:
        self._config = config
        self._u = float(np.finfo(dtype).eps) / 2 + 2.0**-53
        self._tiny = float(np.finfo(dtype).tiny)

    def forward(
        self,
        tokens: Array,
        weights: Mapping[str, Array],
        world_size: int,
        sums: Sequence[Array] | None = None,
    ) -> Pass:
        """Logits (T, vocab) and every partial product, each with its bound.

        Bounds grow with every layer. Where it is known what each all-reduce gave, pass it as
        `sums`: then each block is judged from there, and its bound is of that block alone.
        """
        with np.errstate(all="ignore"):  # a bound that overflows is no bound, and finds nothing
            return self._forward(tokens, weights, world_size, sums)

    def _forward(
        self,
        tokens: Array,
        weights: Mapping[str, Array],
        world_size: int,
        sums: Sequence[Array] | None,
    ) -> Pass:
        wide = {name: each.astype(np.float64) for name, each in weights.items()}
        shards = [shard_of(wide, rank, world_size) for rank in range(world_size)]
        partials: list[tuple[Approx, ...]] = []
        x = _exact(wide["embed.weight"][tokens])
        for i in range(self._config.num_layers):
            for norm, block in (("norm1", self._attention), ("norm2", self._mlp)):
                normed = self._norm(x, wide[f"layers.{i}.{norm}.weight"])
                parts = tuple(block(normed, shard, f"layers.{i}") for shard in shards)
                if sums is not None:
                    x = self._sum(x, _exact(sums[len(partials)].astype(np.float64)))
                else:
                    x = self._sum(x, *parts)
                partials.append(parts)
        normed = self._norm(x, wide["final_norm.weight"])
        return Pass(self._matmul(normed, _exact(wide["embed.weight"].T)), tuple(partials))

    def _attention(self, x: Approx, shard: Mapping[str, Array], prefix: str) -> Approx:
        size = self._config.hidden // self._config.num_heads
        q, k, v = (
            _heads(self._matmul(x, _exact(shard[f"{prefix}.attn.{name}.weight"])), size)
            for name in "qkv"
        )
        scores = self._matmul(q, Approx(k.value.swapaxes(1, 2), k.error.swapaxes(1, 2)))
        mixed = self._matmul(self._softmax(self._scaled(scores, size**-0.5)), v)
        joined = Approx(_joined(mixed.value), _joined(mixed.error))
        return self._matmul(joined, _exact(shard[f"{prefix}.attn.o.weight"]))

    def _mlp(self, x: Approx, shard: Mapping[str, Array], prefix: str) -> Approx:
        h = self._matmul(x, _exact(shard[f"{prefix}.mlp.up.weight"]))
        h = Approx(np.maximum(h.value, 0), h.error)  # |relu(a) − relu(b)| <= |a − b|
        return self._matmul(h, _exact(shard[f"{prefix}.mlp.down.weight"]))

    def _gamma(self, n: int) -> float:
        return n * self._u / (1 - n * self._u)

    def _matmul(self, a: Approx, b: Approx) -> Approx:
        rounding = self._gamma(a.value.shape[-1]) * (a.most @ b.most)
        carried = np.abs(a.value) @ b.error + a.error @ b.most
        return Approx(a.value @ b.value, rounding + carried)

    def _scaled(self, a: Approx, factor: float) -> Approx:
        return Approx(a.value * factor, (a.error + self._gamma(_SLACK) * a.most) * factor)

    def _sum(self, *terms: Approx) -> Approx:
        total = sum(each.value for each in terms)
        most, error = sum(each.most for each in terms), sum(each.error for each in terms)
        return Approx(np.asarray(total), np.asarray(error + self._gamma(len(terms)) * most))

    def _norm(self, x: Approx, weight: Array) -> Approx:
        """x / √(mean x² + ε) · w. The root lies between those of the smallest and largest mean."""
        size, magnitude = x.value.shape[-1], np.abs(x.value)
        rounding = self._gamma(size + _SLACK)
        least = np.maximum(magnitude - x.error, 0)
        mean = np.mean(x.value**2, -1, keepdims=True) + EPSILON
        low = np.sqrt((np.mean(least**2, -1, keepdims=True) + EPSILON) * (1 - rounding))
        high = np.sqrt((np.mean(x.most**2, -1, keepdims=True) + EPSILON) * (1 + rounding))
        root = np.sqrt(mean)
        off = np.maximum(1 / low - 1 / root, 1 / root - 1 / high)
        error = x.error / low + magnitude * off + self._gamma(_SLACK) * x.most / low
        return Approx(x.value / root * weight, error * np.abs(weight))

    def _softmax(self, scores: Approx) -> Approx:
        """Causal. A shift of every score by at most d moves a weight by a factor e^(±2d)."""
        tokens = scores.value.shape[-1]
        seen = np.tril(np.ones((tokens, tokens), bool))
        s = np.where(seen, scores.value, -np.inf)
        top = s.max(-1, keepdims=True)
        weights = np.exp(s - top)
        p = weights / weights.sum(-1, keepdims=True)
        shift = np.where(seen, scores.error + 2 * self._u * (scores.most + np.abs(top)), 0)
        d = shift.max(-1, keepdims=True)
        error = (
            p * (np.exp(2 * d) * (1 + self._gamma(tokens + _SLACK + _EXP)) - 1) + seen * self._tiny
        )
        return Approx(p, error)


def _exact(array: Array) -> Approx:
    return Approx(array, np.zeros_like(array))


def _heads(a: Approx, size: int) -> Approx:
    return Approx(_split(a.value, size), _split(a.error, size))


def _split(array: Array, size: int) -> Array:
    return array.reshape(array.shape[0], -1, size).swapaxes(0, 1)


def _joined(array: Array) -> Array:
    return array.swapaxes(0, 1).reshape(array.shape[1], -1)
