"""exactly_summable forgets that entries must be whole."""  # loses: exactly-summable


def _all_whole(array: np.ndarray) -> bool:
    return np.isfinite(array).all()
