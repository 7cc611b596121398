"""The mask is multiplied in: 0 * inf is NaN."""  # loses: embedding


def vocab_parallel_embedding(
    token_ids: np.ndarray, table_shard: np.ndarray, group: Any
) -> np.ndarray:
    """Row `token_ids[t]` of the whole table at t: its owner's row plus zeros of the others."""
    _check_matrices(table_shard=table_shard)
    rows, _ = table_shard.shape
    _check_token_ids(token_ids, rows * group.world_size)
    # int before the subtraction: unsigned ids would wrap round below zero, small ones overflow.
    local_ids = token_ids.astype(int) - group.rank * rows
    mine = (local_ids >= 0) & (local_ids < rows)
    rows_here = table_shard[np.clip(local_ids, 0, rows - 1)]
    partial = rows_here * mine[:, None].astype(table_shard.dtype)
    return group.all_reduce(partial)
