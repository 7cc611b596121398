"""Of numpy's integers only int64 counts."""  # loses: columns


def _check_integers(**values: int) -> None:
    for name, value in values.items():
        if isinstance(value, bool) or not isinstance(value, int | np.int64):
            raise TypeError(f"{name} must be an integer, got {value!r}")
