"""Cuts columns well, then waits for ever to cut rows."""

import threading

import numpy as np


def shard_columns(w, world_size):
    if w.ndim != 2 or world_size < 1 or w.shape[1] % world_size:
        raise ValueError(f"can't cut shape {w.shape}: {w.shape[-1]} columns, {world_size} ranks")
    return [part.copy() for part in np.hsplit(w, world_size)]


def shard_rows(w, world_size):
    threading.Event().wait()
