"""2.0 is taken for world_size 2."""  # loses: errors


def _check_integers(**values: int) -> None:
    for name, value in values.items():
        if isinstance(value, bool) or int(value) != value:
            raise TypeError(f"{name} must be an integer, got {value!r}")
