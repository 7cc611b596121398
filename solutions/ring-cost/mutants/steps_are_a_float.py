"""The number of steps as a float."""  # loses: steps


def ring_steps(world_size):
    """Return 2(n-1): n-1 steps to complete the sums and n-1 to spread them."""
    return 2.0 * (_integer("world_size", world_size, at_least=1) - 1)
