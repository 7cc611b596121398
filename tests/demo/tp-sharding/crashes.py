"""Ends its own process in three ways: quietly, by a signal, through a null pointer."""

import ctypes
import os
import signal


def shard_columns(w, world_size):
    os._exit(0)


def shard_rows(w, world_size):
    os.kill(os.getpid(), signal.SIGABRT)


def exactly_summable(x, w):
    return ctypes.string_at(0)
