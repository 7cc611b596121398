"""exactly_summable takes what is nearly whole for whole."""  # loses: exactly-summable


def _all_whole(array: np.ndarray) -> bool:
    return (np.isfinite(array) & np.isclose(array, np.round(array))).all()
