"""gamma forgets the factor K."""  # loses: bound


def rounding_error_bound(x: np.ndarray, w: np.ndarray) -> np.ndarray:
    """How far two summation orders of `x @ w` may lie apart: 2 gamma_K (|x| @ |w|).

    gamma_n = n u / (1 - n u): N. J. Higham, Accuracy and Stability of Numerical Algorithms,
    2nd ed., SIAM 2002, sections 3.1 and 3.5.
    """
    _check_matrices(x=x, w=w)
    nu = np.finfo(x.dtype).eps / 2
    return 2 * nu / (1 - nu) * np.matmul(np.abs(x), np.abs(w), dtype=np.float64)
