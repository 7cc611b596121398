"""Prints for ever, with escape sequences that would clear the screen."""


def shard_columns(w, world_size):
    while True:
        print("\x1b[2J\x1b[31m100/100" * 1000)


def shard_rows(w, world_size):
    raise ValueError("\x1b[2J\x1b]0;owned\x07")
