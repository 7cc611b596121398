"""Only int itself counts as an integer."""  # loses: columns


def _check_integers(**values: int) -> None:
    for name, value in values.items():
        if type(value) is not int:
            raise TypeError(f"{name} must be an integer, got {value!r}")
