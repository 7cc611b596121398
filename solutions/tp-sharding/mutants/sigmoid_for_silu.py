"""sigmoid where silu belongs."""  # loses: swiglu


def _silu(x: np.ndarray) -> np.ndarray:
    # x / (1 + exp(-x)), with the denominator as a logarithm: exp(-x) alone overflows.
    return np.exp(-np.logaddexp(0, -x))
