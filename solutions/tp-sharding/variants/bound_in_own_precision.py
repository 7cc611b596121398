"""The bound is evaluated in x's dtype and cast to float64 at the end."""


def rounding_error_bound(x: np.ndarray, w: np.ndarray) -> np.ndarray:
    """How far two summation orders of `x @ w` may lie apart: 2 gamma_K (|x| @ |w|).

    gamma_n = n u / (1 - n u): N. J. Higham, Accuracy and Stability of Numerical Algorithms,
    2nd ed., SIAM 2002, sections 3.1 and 3.5.
    """
    _check_matrices(x=x, w=w)
    if x.shape[1] != w.shape[0]:
        raise ValueError(f"x {x.shape} does not meet w {w.shape}")
    u = np.finfo(x.dtype).eps / 2
    gamma = x.shape[1] * u / (1 - x.shape[1] * u)
    return (2 * gamma * np.abs(x) @ np.abs(w)).astype(np.float64)
