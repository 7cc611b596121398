"""A bias is checked by its length only, so one of shape (N, 1) passes."""  # loses: errors


def _check_bias(width: int, **biases: np.ndarray | None) -> None:
    for name, bias in biases.items():
        if bias is not None and len(bias) != width:
            raise ValueError(f"{name} must have {width} entries, got shape {bias.shape}")
