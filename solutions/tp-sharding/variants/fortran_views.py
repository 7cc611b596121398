"""Shards are views, triples of views, and partial sums in Fortran order."""


def shard_columns(w: np.ndarray, world_size: int) -> list[np.ndarray]:
    """Rank r's columns of `w` are item r; in rank order they are `w` again."""
    _check_matrices(w=w)
    _check_cut(w.shape[1], world_size)
    width = w.shape[1] // world_size
    return tuple(w[:, rank * width : (rank + 1) * width] for rank in range(world_size))


def shard_rows(w: np.ndarray, world_size: int) -> list[np.ndarray]:
    """Rank r's rows of `w` are item r; stacked in rank order they are `w` again."""
    _check_matrices(w=w)
    _check_cut(w.shape[0], world_size)
    return [np.asfortranarray(part) for part in np.split(w, world_size)]


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
    y = (w_shard.T @ x.T).T
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
    y = group.all_reduce(np.asfortranarray(x_shard @ w_shard))
    # Added once the sum is complete: before it, every rank would add its own copy.
    return y if bias is None else y + bias


def shard_gate_up(w_gate_up: np.ndarray, world_size: int) -> list[np.ndarray]:
    """Item r is `[gate_r | up_r]`: each rank gets both factors of its products."""
    _check_matrices(w_gate_up=w_gate_up)
    gate, up = np.hsplit(w_gate_up, 2)  # refuses an odd width
    _check_cut(gate.shape[1], world_size)
    gates, ups = np.hsplit(gate, world_size), np.hsplit(up, world_size)
    return [np.asfortranarray(np.hstack([gates[rank], ups[rank]])) for rank in range(world_size)]


def shard_qkv(
    wq: np.ndarray,
    wk: np.ndarray,
    wv: np.ndarray,
    num_heads: int,
    num_kv_heads: int,
    head_dim: int,
    world_size: int,
) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Item r is `(q_r, k_r, v_r)`: whole query heads with the KV heads that serve them."""
    _check_integers(num_heads=num_heads, num_kv_heads=num_kv_heads, head_dim=head_dim)
    _check_columns(wq.shape[0], num_heads * head_dim, wq=wq)
    _check_columns(wq.shape[0], num_kv_heads * head_dim, wk=wk, wv=wv)
    _check_cut(num_heads, world_size)
    if num_kv_heads % world_size and world_size % num_kv_heads:
        raise ValueError(f"num_kv_heads {num_kv_heads} and world_size {world_size} do not divide")
    # Where there are fewer KV shards than ranks, neighbours share one.
    count = min(num_kv_heads, world_size)
    qs, ks, vs = np.hsplit(wq, world_size), np.hsplit(wk, count), np.hsplit(wv, count)
    shared = world_size // count
    return tuple([qs[rank], ks[rank // shared], vs[rank // shared]] for rank in range(world_size))
