"""An all-reduce as its two halves along the columns, padded to equal widths."""


def row_parallel_linear(
    x_shard: np.ndarray,
    w_shard: np.ndarray,
    group: Any,
    bias: np.ndarray | None = None,
) -> np.ndarray:
    """All of `x @ w + bias` on every rank: each holds a part of every entry's sum."""
    _check_matrices(x_shard=x_shard, w_shard=w_shard)
    _check_bias(w_shard.shape[1], bias=bias)
    y = _all_reduce(x_shard @ w_shard, group)
    # Added once the sum is complete: before it, every rank would add its own copy.
    return y if bias is None else y + bias


def vocab_parallel_embedding(
    token_ids: np.ndarray, table_shard: np.ndarray, group: Any
) -> np.ndarray:
    """Row `token_ids[t]` of the whole table at t: its owner's row plus zeros of the others."""
    _check_matrices(table_shard=table_shard)
    rows, hidden = table_shard.shape[0], table_shard.shape[1]
    _check_token_ids(token_ids, rows * group.world_size)
    # int before the subtraction: unsigned ids would wrap round below zero, small ones overflow.
    local_ids = token_ids.astype(int) - group.rank * rows
    mine = (local_ids >= 0) & (local_ids < rows)
    partial = np.zeros((token_ids.size, hidden), table_shard.dtype)
    # Copied, not multiplied by a mask: 0 * inf is not 0.
    partial[mine] = table_shard[local_ids[mine]]
    return _all_reduce(partial, group)


def _all_reduce(x, group):
    padded = np.pad(x, ((0, 0), (0, -x.shape[1] % group.world_size)))
    return group.all_gather(group.reduce_scatter(padded, axis=1))[:, : x.shape[1]]
