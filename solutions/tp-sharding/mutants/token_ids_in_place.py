"""token_ids -= start writes into the caller's array."""  # loses: embedding


def vocab_parallel_embedding(
    token_ids: np.ndarray, table_shard: np.ndarray, group: Any
) -> np.ndarray:
    """Row `token_ids[t]` of the whole table at t: its owner's row plus zeros of the others."""
    _check_matrices(table_shard=table_shard)
    rows, hidden = table_shard.shape[0], table_shard.shape[1]
    _check_token_ids(token_ids, rows * group.world_size)
    # int before the subtraction: unsigned ids would wrap round below zero, small ones overflow.
    local_ids = token_ids.astype(np.int64, copy=False)
    local_ids -= group.rank * rows
    mine = (local_ids >= 0) & (local_ids < rows)
    partial = np.zeros((token_ids.size, hidden), table_shard.dtype)
    # Copied, not multiplied by a mask: 0 * inf is not 0.
    partial[mine] = table_shard[local_ids[mine]]
    return group.all_reduce(partial)
