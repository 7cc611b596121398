"""Biases are not checked, so one number is stretched over all columns."""  # loses: errors


def _check_bias(width: int, **biases: np.ndarray | None) -> None:
    for name, bias in biases.items():
        if bias is not None and bias.size not in {1, width}:
            raise ValueError(f"{name} must have {width} entries, got shape {bias.shape}")
