"""A colon is missing."""


def shard_columns(w, world_size)
    return []
