"""np.matmul with out=, ids looked up by np.take, sizes by operator.index, messages by {x=}."""

import operator


def column_parallel_linear(
    x: np.ndarray,
    w_shard: np.ndarray,
    group: Any,
    bias_shard: np.ndarray | None = None,
    gather_output: bool = False,
) -> np.ndarray:
    _check_matrices(x=x, w_shard=w_shard)
    _check_bias(w_shard.shape[1], bias_shard=bias_shard)
    y = np.empty((x.shape[0], w_shard.shape[1]), x.dtype)
    np.matmul(x, w_shard, out=y)
    if bias_shard is not None:
        np.add(y, bias_shard, out=y)
    return group.all_gather(y, axis=1) if gather_output else y


def row_parallel_linear(
    x_shard: np.ndarray,
    w_shard: np.ndarray,
    group: Any,
    bias: np.ndarray | None = None,
) -> np.ndarray:
    _check_matrices(x_shard=x_shard, w_shard=w_shard)
    _check_bias(w_shard.shape[1], bias=bias)
    y = np.zeros((x_shard.shape[0], w_shard.shape[1]), x_shard.dtype)
    np.matmul(x_shard, w_shard, out=y)
    y = group.all_reduce(y)
    if bias is not None:
        y += bias
    return y


def vocab_parallel_embedding(
    token_ids: np.ndarray, table_shard: np.ndarray, group: Any
) -> np.ndarray:
    _check_matrices(table_shard=table_shard)
    rows = table_shard.shape[0]
    _check_token_ids(token_ids, rows * group.world_size)
    owner, place = np.divmod(token_ids.astype(np.int64), rows)
    mine = np.take(table_shard, place, axis=0)
    mine[owner != group.rank] = 0
    return group.all_reduce(mine)


def _check_integers(**values: int) -> None:
    for name, value in values.items():
        if isinstance(value, bool | np.bool_):
            raise TypeError(f"{name} is a bool")
        try:
            operator.index(value)
        except TypeError as error:
            raise TypeError(f"{name}: {error}") from None


def _check_cut(size: int, world_size: int) -> None:
    _check_integers(world_size=world_size)
    if world_size < 1:
        raise ValueError(f"{world_size=} is less than one")
    if size % world_size:
        raise ValueError(f"{size / 1} can not be cut into {world_size / 1} parts")


def _check_token_ids(token_ids: np.ndarray, vocab: int) -> None:
    if token_ids.dtype.kind not in "iu":
        raise TypeError(f"token ids of dtype {token_ids.dtype} are no integers")
    for token_id in token_ids:
        if not 0 <= token_id < vocab:
            raise ValueError(f"{token_id=} is not in the vocabulary")
