"""Asks for eight gigabytes, and writes to all of them."""

import numpy as np


def shard_columns(w, world_size):
    return np.ones(2**30)


def shard_rows(w, world_size):
    return [np.ones((2**14, 2**16)) for _ in range(world_size)]
