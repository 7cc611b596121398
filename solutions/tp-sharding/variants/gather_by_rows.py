"""all_gather along axis 0, partial sums transposed, longdouble gates, ids by searchsorted."""

import math


def column_parallel_linear(
    x: np.ndarray,
    w_shard: np.ndarray,
    group: Any,
    bias_shard: np.ndarray | None = None,
    gather_output: bool = False,
) -> np.ndarray:
    _check_matrices(x=x, w_shard=w_shard)
    _check_bias(w_shard.shape[1], bias_shard=bias_shard)
    y = (w_shard.T @ x.T).T
    if bias_shard is not None:
        y = bias_shard[None] + y
    return group.all_gather(y.T, axis=0).T if gather_output else y


def row_parallel_linear(
    x_shard: np.ndarray,
    w_shard: np.ndarray,
    group: Any,
    bias: np.ndarray | None = None,
) -> np.ndarray:
    _check_matrices(x_shard=x_shard, w_shard=w_shard)
    _check_bias(w_shard.shape[1], bias=bias)
    if group.world_size == 1:
        y = x_shard @ w_shard
    else:
        y = _all_reduce(np.tensordot(w_shard, x_shard, axes=(0, 1)), group).T
    return y if bias is None else np.add(y, bias)


def swiglu_block(
    x: np.ndarray, w_gate_up_shard: np.ndarray, w_down_shard: np.ndarray, group: Any
) -> np.ndarray:
    _check_matrices(x=x, w_gate_up_shard=w_gate_up_shard)
    if w_gate_up_shard.shape[1] % 2 == 1:
        raise ValueError("odd width")
    both = (x @ w_gate_up_shard).reshape(len(x), 2, -1)
    gate, up = both[:, 0].astype(np.longdouble), both[:, 1]
    h_shard = (gate / (1 + np.exp(-gate)) * up).astype(x.dtype)
    return row_parallel_linear(h_shard, w_down_shard, group)


def vocab_parallel_embedding(
    token_ids: np.ndarray, table_shard: np.ndarray, group: Any
) -> np.ndarray:
    _check_matrices(table_shard=table_shard)
    rows = table_shard.shape[0]
    _check_token_ids(token_ids, rows * group.world_size)
    starts = np.arange(1, group.world_size) * rows
    mine = np.flatnonzero(np.searchsorted(starts, token_ids, side="right") == group.rank)
    found = np.zeros_like(table_shard, shape=(len(token_ids), table_shard.shape[1]))
    found[mine] = table_shard[[int(token_id) - group.rank * rows for token_id in token_ids[mine]]]
    return found if group.world_size == 1 else _all_reduce(found, group)


def exactly_summable(x: np.ndarray, w: np.ndarray) -> bool:
    _check_matrices(x=x, w=w)
    if x.shape[1] != w.shape[0]:
        raise ValueError("shapes do not fit")
    if not all(entry.is_integer() for array in (x, w) for entry in array.ravel().tolist()):
        return False
    largest = [max(abs(int(entry)) for entry in array.flat) for array in (x, w)]
    return math.prod([*largest, x.shape[1]]) <= (2**24 if x.dtype == "f4" else 2**53)


def rounding_error_bound(x: np.ndarray, w: np.ndarray) -> np.ndarray:
    _check_matrices(x=x, w=w)
    size = np.einsum("mk,kn->mn", np.abs(x).astype(np.longdouble), np.abs(w).astype(np.longdouble))
    nu = x.shape[1] * np.longdouble(np.spacing(x.dtype.type(1))) / 2
    return (2 * nu / (1 - nu) * size).astype(np.float64)


def _all_reduce(x: np.ndarray, group: Any) -> np.ndarray:
    """The two halves of an all-reduce, with rows of zeros where ranks get no equal part."""
    missing = -len(x) % group.world_size
    padded = np.pad(x, ((0, missing), (0, 0)))
    return group.all_gather(group.reduce_scatter(padded, axis=0), axis=0)[: len(x)]
