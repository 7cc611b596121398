"""Two-way tensor parallelism: a small transformer, cut over ranks. See README.md.

`y = x @ W`, W is (in, out). A state dict is {name: tensor}, a shard the same with one rank's
parts. `config` has vocab, hidden, ffn, num_layers and num_heads, as keys and as attributes:
`config["hidden"]` and `config.hidden` are the same.
"""

import torch.distributed as dist  # dist.all_reduce(t, group=group) is yours to call
from torch import Tensor


def shard_state_dict(
    state_dict: dict[str, Tensor], rank: int, world_size: int
) -> dict[str, Tensor]:
    """What `rank` of `world_size` holds: every name, each tensor in memory of its own.

    q, k, v and up: its equal part of the columns. o and down: its equal part of the rows.
    Norms and the embedding: all, as copies.

    Raises:
        TypeError: rank or world_size is no integer (bool is none; numpy's are).
        ValueError: rank outside 0 … world_size - 1, a cut dimension that world_size does not
            divide, an unknown or a missing name. The message names it and its value.
    """
    # TODO: which axis does each name have cut, if any?
    # TODO: a part that keeps no byte of the full tensor alive
    raise NotImplementedError("shard_state_dict: one rank's part of every weight")


def forward(
    token_ids: Tensor, shard: dict[str, Tensor], config, group: "dist.ProcessGroup"
) -> Tensor:
    """The logits (T, vocab) of one sequence, in the weights' dtype, the same on every rank.

    token_ids (T,) int64; `shard` is this rank's own; `group` is a torch.distributed process
    group, perhaps of a part of the world. Two all-reduces a layer, each handed this rank's
    partial product only; the residual is added after the sum.

    Raises:
        ValueError: on every rank, for token ids outside [0, vocab), num_heads, hidden or ffn
            that world_size does not divide, unknown or missing names. The message names what
            is wrong and its value.
    """
    # TODO: refuse what does not fit, before any rank waits for another
    # TODO: x += attn(norm1(x)); x += mlp(norm2(x)); a norm; logits = x @ embed.T
    raise NotImplementedError("forward: the logits, from this rank's shard and two sums a layer")


def weight_bytes(state_dict: dict[str, Tensor]) -> int:
    """Bytes of all entries of all tensors."""
    raise NotImplementedError("weight_bytes: entries times the size of one")


def expected_rank_bytes(
    shapes: dict[str, tuple[int, ...]], dtype_bytes: int, world_size: int
) -> int:
    """Bytes that one rank holds of a model with these shapes, before anything is loaded.

    Raises:
        TypeError: dtype_bytes or world_size is no integer (bool is none; numpy's are).
        ValueError: a cut dimension that world_size does not divide, an unknown or a missing name.
            The message names it and its value.
    """
    raise NotImplementedError("expected_rank_bytes: what shrinks, and what does not")
