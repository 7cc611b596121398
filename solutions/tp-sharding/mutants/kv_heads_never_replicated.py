"""More ranks than KV heads is refused."""  # loses: qkv


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
    if num_kv_heads % world_size:
        raise ValueError(f"num_kv_heads {num_kv_heads} and world_size {world_size} do not divide")
    # Where there are fewer KV shards than ranks, neighbours share one.
    count = min(num_kv_heads, world_size)
    qs, ks, vs = np.hsplit(wq, world_size), np.hsplit(wk, count), np.hsplit(wv, count)
    shared = world_size // count
    return [(qs[rank], ks[rank // shared], vs[rank // shared]) for rank in range(world_size)]
