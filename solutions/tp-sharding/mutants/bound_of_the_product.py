"""The bound uses |x @ w|, where cancellation hides the error."""  # loses: bound


def rounding_error_bound(x: np.ndarray, w: np.ndarray) -> np.ndarray:
    """How far two summation orders of `x @ w` may lie apart: 2 gamma_K (|x| @ |w|).

    gamma_n = n u / (1 - n u): N. J. Higham, Accuracy and Stability of Numerical Algorithms,
    2nd ed., SIAM 2002, sections 3.1 and 3.5.
    """
    _check_matrices(x=x, w=w)
    nu = x.shape[1] * np.finfo(x.dtype).eps / 2
    return 2 * nu / (1 - nu) * np.abs(x.astype(np.float64) @ w.astype(np.float64))
