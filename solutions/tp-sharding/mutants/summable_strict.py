"""exactly_summable refuses the limit itself."""  # loses: exactly-summable


def exactly_summable(x: np.ndarray, w: np.ndarray) -> bool:
    """True when no partial sum of `x @ w` can leave the whole numbers that the dtype has."""
    _check_matrices(x=x, w=w)
    if x.shape[1] != w.shape[0]:
        raise ValueError(f"x {x.shape} does not meet w {w.shape}")
    if not (_all_whole(x) and _all_whole(w)):
        return False
    limit = 2**24 if x.dtype == np.float32 else 2**53
    # int is exact and unbounded; the product in floats could round down to the limit.
    return x.shape[1] * int(np.abs(x).max()) * int(np.abs(w).max()) < limit
