"""Ids outside the vocabulary give a row of zeros."""  # loses: errors


def _check_token_ids(token_ids: np.ndarray, vocab: int) -> None:
    if not np.issubdtype(token_ids.dtype, np.integer):
        raise TypeError(f"token_ids must be integers, got {token_ids.dtype}")
