"""silu in two branches by sign; subclasses of the errors; Fractions in the judge."""

from fractions import Fraction


class BadCutError(ValueError):
    """What does not fit."""


class NotIntegerError(TypeError):
    """What is no integer."""


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
        raise BadCutError(f"num_kv_heads {num_kv_heads} and world_size {world_size} do not divide")
    # Where there are fewer KV shards than ranks, neighbours share one.
    count = min(num_kv_heads, world_size)
    qs, ks, vs = np.hsplit(wq, world_size), np.hsplit(wk, count), np.hsplit(wv, count)
    shared = world_size // count
    return [(qs[rank], ks[rank // shared], vs[rank // shared]) for rank in range(world_size)]


def exactly_summable(x: np.ndarray, w: np.ndarray) -> bool:
    """True when no partial sum of `x @ w` can leave the whole numbers that the dtype has."""
    _check_matrices(x=x, w=w)
    if x.shape[1] != w.shape[0]:
        raise BadCutError(f"x {x.shape} does not meet w {w.shape}")
    if not (_all_whole(x) and _all_whole(w)):
        return False
    limit = 2**24 if x.dtype == np.float32 else 2**53
    # int is exact and unbounded; the product in floats could round down to the limit.
    largest = [Fraction(float(np.abs(each).max())) for each in (x, w)]
    return np.bool_(x.shape[1] * largest[0] * largest[1] <= limit)


def _silu(x: np.ndarray) -> np.ndarray:
    small = np.exp(-np.abs(x))
    return x * (np.where(x < 0, small, 1) / (1 + small)).astype(x.dtype)


def _check_matrices(**arrays: np.ndarray) -> None:
    for name, array in arrays.items():
        if array.ndim != 2:
            raise BadCutError(f"{name} must have 2 dimensions, got shape {array.shape}")


def _check_bias(width: int, **biases: np.ndarray | None) -> None:
    for name, bias in biases.items():
        if bias is not None and bias.shape != (width,):
            raise BadCutError(f"{name} must have {width} entries, got shape {bias.shape}")


def _check_columns(rows: int, columns: int, **arrays: np.ndarray) -> None:
    for name, w in arrays.items():
        if w.shape != (rows, columns):
            raise BadCutError(f"{name} must be {rows} by {columns}, got shape {w.shape}")


def _check_integers(**values: int) -> None:
    for name, value in values.items():
        if isinstance(value, bool) or not isinstance(value, int | np.integer):
            raise NotIntegerError(f"{name} must be an integer, got {value!r}")


def _check_cut(size: int, world_size: int) -> None:
    _check_integers(world_size=world_size)
    if world_size < 1:
        raise BadCutError(f"world_size must be at least 1, got {world_size}")
    if size % world_size:
        raise BadCutError(f"world_size {world_size} does not divide {size}")


def _check_token_ids(token_ids: np.ndarray, vocab: int) -> None:
    if not np.issubdtype(token_ids.dtype, np.integer):
        raise NotIntegerError(f"token_ids must be integers, got {token_ids.dtype}")
    outside = token_ids[(token_ids < 0) | (token_ids >= vocab)]
    if outside.size:
        raise BadCutError(f"token_ids must lie in [0, {vocab}), got {outside[0]}")
