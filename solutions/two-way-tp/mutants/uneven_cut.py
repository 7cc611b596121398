"""A dimension that does not divide is cut short."""  # loses: errors


def _check_divides(name, length, world_size):
    if length < world_size:
        raise ValueError(f"{name}: {length} does not split evenly over the ranks")
