"""Bytes of the reduce-scatter only."""  # loses: bytes-per-rank


def ring_bytes_per_rank(nbytes, world_size):
    """Return the mean over ranks of the bytes a rank sends: a chunk of S/n in every step."""
    ranks = _integer("world_size", world_size, at_least=1)
    return Fraction((ranks - 1) * _integer("nbytes", nbytes, at_least=0), ranks)
