"""u is that of float64, whatever the dtype."""  # loses: bound


def _check_product(left: str, x: np.ndarray, right: str, w: np.ndarray) -> None:
    _check_matrix(left, x)
    _check_matrix(right, w)
    if x.shape[1] != w.shape[0]:
        raise ValueError(f"{left} {x.shape} has other columns than {right} {w.shape} has rows")


def rounding_error_bound(x: np.ndarray, w: np.ndarray) -> np.ndarray:
    """How far two summation orders of `x @ w` may lie apart: 2 gamma_K (|x| @ |w|).

    gamma_n = n u / (1 - n u): N. J. Higham, Accuracy and Stability of Numerical Algorithms,
    2nd ed., SIAM 2002, sections 3.1 and 3.5.
    """
    _check_product("x", x, "w", w)
    nu = x.shape[1] * float(np.finfo(np.float64).eps) / 2
    return 2 * nu / (1 - nu) * (np.abs(x).astype(np.float64) @ np.abs(w).astype(np.float64))
