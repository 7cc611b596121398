"""The message says that something does not divide, not what."""  # loses: errors


def _check_divides(name, length, world_size):
    if length % world_size:
        raise ValueError("something does not split")
