"""Tuples for lists, the bias as one more row of w on rank 0, a table with zeros, Fractions."""

from fractions import Fraction
from numbers import Integral


class ShapeError(ValueError):
    """Arrays that do not fit."""


class NoIntegerError(TypeError):
    """A size that is none."""


def shard_columns(w: np.ndarray, world_size: int) -> tuple[np.ndarray, ...]:
    _check_matrices(w=w)
    _check_cut(w.shape[1], world_size)
    return tuple(np.ascontiguousarray(part) for part in np.split(w, world_size, axis=-1))


def shard_rows(w: np.ndarray, world_size: int) -> tuple[np.ndarray, ...]:
    return tuple(part.T for part in shard_columns(w.T, world_size))


def row_parallel_linear(
    x_shard: np.ndarray,
    w_shard: np.ndarray,
    group: Any,
    bias: np.ndarray | None = None,
) -> np.ndarray:
    _check_matrices(x_shard=x_shard, w_shard=w_shard)
    _check_bias(w_shard.shape[1], bias=bias)
    if bias is not None and group.rank == 0:
        x_shard = np.c_[x_shard, np.ones(len(x_shard), x_shard.dtype)]
        w_shard = np.r_[w_shard, [bias]]
    partial = x_shard @ w_shard
    return group.all_reduce(partial.ravel()).reshape(partial.shape)


def shard_gate_up(w_gate_up: np.ndarray, world_size: int) -> tuple[np.ndarray, ...]:
    _check_matrices(w_gate_up=w_gate_up)
    if w_gate_up.shape[1] & 1:
        raise ShapeError("gate and up must be of one width")
    _check_cut(w_gate_up.shape[1], world_size)
    _check_cut(w_gate_up.shape[1] // 2, world_size)
    rows = w_gate_up.shape[0]
    blocks = w_gate_up.reshape(rows, 2, world_size, -1)
    return tuple(blocks[:, :, rank].reshape(rows, -1) for rank in range(world_size))


def vocab_parallel_embedding(
    token_ids: np.ndarray, table_shard: np.ndarray, group: Any
) -> np.ndarray:
    _check_matrices(table_shard=table_shard)
    rows, hidden = table_shard.shape
    _check_token_ids(token_ids, rows * group.world_size)
    padded = np.concatenate([table_shard, np.zeros((1, hidden), table_shard.dtype)])
    place = {group.rank * rows + row: row for row in range(rows)}
    found = [place.get(token_id, rows) for token_id in token_ids.tolist()]
    return group.all_reduce(padded[np.array(found, int)])


def exactly_summable(x: np.ndarray, w: np.ndarray) -> np.bool_:
    _check_matrices(x=x, w=w)
    if x.shape[1] != w.shape[0]:
        raise ShapeError(f"{x.shape} and {w.shape}")
    largest = []
    for array in (x, w):
        if not np.isfinite(array).all():
            return np.False_
        entries = [abs(Fraction(entry)) for entry in array.ravel().tolist()]
        if any(entry.denominator != 1 for entry in entries):
            return np.False_
        largest.append(max(entries))
    bits = {"float32": 24, "float64": 53}[x.dtype.name]
    return np.bool_(x.shape[1] * largest[0] * largest[1] <= 1 << bits)


def rounding_error_bound(x: np.ndarray, w: np.ndarray) -> np.ndarray:
    _check_matrices(x=x, w=w)
    if x.shape[1] != w.shape[0]:
        raise ShapeError(f"{x.shape} and {w.shape}")
    nu = x.shape[1] * Fraction(1, 2**24 if x.dtype.itemsize == 4 else 2**53)
    return np.array(
        [
            [
                float(
                    2
                    * nu
                    / (1 - nu)
                    * sum(abs(Fraction(a) * Fraction(b)) for a, b in zip(row, column))
                )
                for column in w.T.tolist()
            ]
            for row in x.tolist()
        ]
    )


def _check_integers(**values: int) -> None:
    for name, value in values.items():
        if not isinstance(value, Integral) or isinstance(value, bool):
            raise NoIntegerError(name)
