"""Ids become int64 before they are checked, and from below only where they are signed."""  # loses: errors


def _check_token_ids(token_ids: np.ndarray, vocab: int) -> None:
    if not np.issubdtype(token_ids.dtype, np.integer):
        raise TypeError(f"token_ids must be integers, got {token_ids.dtype}")
    wrong = token_ids.astype(np.int64) >= vocab
    if np.issubdtype(token_ids.dtype, np.signedinteger):
        wrong |= token_ids < 0
    outside = token_ids[wrong]
    if outside.size:
        raise ValueError(f"token_ids must lie in [0, {vocab}), got {outside[0]}")
