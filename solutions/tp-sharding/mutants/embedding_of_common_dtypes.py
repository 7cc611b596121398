"""Token ids may be int32, int64 or uint8 only."""  # loses: embedding


def _check_token_ids(token_ids: np.ndarray, vocab: int) -> None:
    if token_ids.dtype.name not in ("int32", "int64", "uint8"):
        raise TypeError(f"token_ids must be integers, got {token_ids.dtype}")
    outside = token_ids[(token_ids < 0) | (token_ids >= vocab)]
    if outside.size:
        raise ValueError(f"token_ids must lie in [0, {vocab}), got {outside[0]}")
