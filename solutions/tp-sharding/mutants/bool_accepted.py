"""True is taken for world_size 1."""  # loses: errors


def _check_integers(**values: int) -> None:
    for name, value in values.items():
        if not isinstance(value, int | np.integer):
            raise TypeError(f"{name} must be an integer, got {value!r}")
