"""Ranks add into a module global, which no other process can see."""  # loses: row-linear

_TOTAL: dict[str, np.ndarray] = {}


def row_parallel_linear(
    x_shard: np.ndarray,
    w_shard: np.ndarray,
    group: Any,
    bias: np.ndarray | None = None,
) -> np.ndarray:
    """All of `x @ w + bias` on every rank: each holds a part of every entry's sum."""
    _check_matrices(x_shard=x_shard, w_shard=w_shard)
    _check_bias(w_shard.shape[1], bias=bias)
    y = _TOTAL["y"] = _TOTAL.get("y", 0) + x_shard @ w_shard
    group.barrier()
    # Added once the sum is complete: before it, every rank would add its own copy.
    return y if bias is None else y + bias
