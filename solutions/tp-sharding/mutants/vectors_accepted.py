"""One-dimensional x is multiplied without a word."""  # loses: errors


def _check_matrices(**arrays: np.ndarray) -> None:
    for name, array in arrays.items():
        if array.ndim > 2:
            raise ValueError(f"{name} must have 2 dimensions, got shape {array.shape}")
