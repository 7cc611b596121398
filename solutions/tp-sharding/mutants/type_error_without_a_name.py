"""The TypeError does not say which argument it means."""  # loses: errors


def _check_integers(**values: int) -> None:
    for name, value in values.items():
        if isinstance(value, bool) or not isinstance(value, int | np.integer):
            raise TypeError(f"an integer is needed, not {value!r}")
