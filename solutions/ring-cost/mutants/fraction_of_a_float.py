"""A Fraction made of a float."""  # loses: bytes-per-rank


def ring_bytes_per_rank(nbytes, world_size):
    """Return the mean over ranks of the bytes a rank sends: a chunk of S/n in every step."""
    ranks = _integer("world_size", world_size, at_least=1)
    return Fraction(2 * (ranks - 1) / ranks * _integer("nbytes", nbytes, at_least=0))
