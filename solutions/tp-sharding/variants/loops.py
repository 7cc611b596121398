"""Plain loops over entries, tokens and heads; no all-reduce where there is one rank."""


def column_parallel_linear(
    x: np.ndarray,
    w_shard: np.ndarray,
    group: Any,
    bias_shard: np.ndarray | None = None,
    gather_output: bool = False,
) -> np.ndarray:
    """These columns of `x @ w + bias`: finished numbers, so nobody has to be asked."""
    _check_matrices(x=x, w_shard=w_shard)
    _check_bias(w_shard.shape[1], bias_shard=bias_shard)
    y = _matmul(x, w_shard)
    if bias_shard is not None:
        y = y + bias_shard
    return group.all_gather(y) if gather_output else y


def row_parallel_linear(
    x_shard: np.ndarray,
    w_shard: np.ndarray,
    group: Any,
    bias: np.ndarray | None = None,
) -> np.ndarray:
    """All of `x @ w + bias` on every rank: each holds a part of every entry's sum."""
    _check_matrices(x_shard=x_shard, w_shard=w_shard)
    _check_bias(w_shard.shape[1], bias=bias)
    y = _matmul(x_shard, w_shard)
    if group.world_size > 1:
        y = group.all_reduce(y)
    # Added once the sum is complete: before it, every rank would add its own copy.
    return y if bias is None else y + bias


def vocab_parallel_embedding(
    token_ids: np.ndarray, table_shard: np.ndarray, group: Any
) -> np.ndarray:
    """Row `token_ids[t]` of the whole table at t: its owner's row plus zeros of the others."""
    _check_matrices(table_shard=table_shard)
    rows, hidden = table_shard.shape[0], table_shard.shape[1]
    _check_token_ids(token_ids, rows * group.world_size)
    partial = np.zeros((token_ids.size, hidden), table_shard.dtype)
    for place, token in enumerate(token_ids.tolist()):
        owner, row = divmod(token, rows)
        if owner == group.rank:
            partial[place] = table_shard[row]
    return group.all_reduce(partial) if group.world_size > 1 else partial


def _matmul(x, w):
    if x.shape[1] != w.shape[0]:
        raise ValueError(f"{x.shape} does not meet {w.shape}")
    y = np.zeros((x.shape[0], w.shape[1]), x.dtype)
    for m in range(y.shape[0]):
        for n in range(y.shape[1]):
            for k in range(x.shape[1]):
                y[m, n] += x[m, k] * w[k, n]
    return y
