"""silu by a rational approximation of sigmoid."""  # loses: swiglu


def _silu(x: np.ndarray) -> np.ndarray:
    return x * (0.5 + 0.5 * x / (1 + np.abs(x)))
