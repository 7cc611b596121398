"""Negative ids count from the end, as in numpy."""  # loses: errors


def vocab_parallel_embedding(
    token_ids: np.ndarray, table_shard: np.ndarray, group: Any
) -> np.ndarray:
    """Row `token_ids[t]` of the whole table at t: its owner's row plus zeros of the others."""
    _check_matrices(table_shard=table_shard)
    rows, hidden = table_shard.shape[0], table_shard.shape[1]
    _check_token_ids(token_ids, rows * group.world_size)
    # int before the subtraction: unsigned ids would wrap round below zero, small ones overflow.
    local_ids = token_ids.astype(int) - group.rank * rows
    local_ids = np.where(token_ids < 0, local_ids + rows * group.world_size, local_ids)
    mine = (local_ids >= 0) & (local_ids < rows)
    partial = np.zeros((token_ids.size, hidden), table_shard.dtype)
    # Copied, not multiplied by a mask: 0 * inf is not 0.
    partial[mine] = table_shard[local_ids[mine]]
    return group.all_reduce(partial)


def _check_token_ids(token_ids: np.ndarray, vocab: int) -> None:
    if not np.issubdtype(token_ids.dtype, np.integer):
        raise TypeError(f"token_ids must be integers, got {token_ids.dtype}")
    outside = token_ids[token_ids >= vocab]
    if outside.size:
        raise ValueError(f"token_ids must lie in [0, {vocab}), got {outside[0]}")
