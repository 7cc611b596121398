"""A pytest plugin for `bench_grading.py`: the fixtures of a suite without any isolation.

The submission is imported here, beside the tests; ranks are threads. This is what the engine is
compared with, not a way to grade.
"""

import importlib
import threading
from types import SimpleNamespace

import numpy as np
import pytest

from grader.suite import GROUP
from grader.suite.values import for_rank

MODULE = "tp_sharding"


class Group:
    """A process group of threads."""

    def __init__(self, rank, world_size, slots, barrier, ops):
        self.rank, self.world_size = rank, world_size
        self._slots, self._barrier, self._ops = slots, barrier, ops

    def _exchange(self, op, x):
        self._slots[self.rank] = x
        if self.rank == 0:
            self._ops.append(op)
        self._barrier.wait(5)
        everyone = list(self._slots)
        self._barrier.wait(5)
        return everyone

    def all_reduce(self, x):
        """The sum."""
        return sum(self._exchange("all_reduce", x)[1:], self._slots[0].copy())

    def all_gather(self, x, axis=-1):
        """All, joined."""
        return np.concatenate(self._exchange("all_gather", x), axis)

    def reduce_scatter(self, x, axis=0):
        """This rank's part of the sum."""
        return np.split(sum(self._exchange("reduce_scatter", x)), self.world_size, axis)[self.rank]


class Calls:
    """Both proxies: `student.f(x)`, and `ranks(n).f(x, GROUP)`."""

    def __init__(self, world_size=None, error=None):
        self._world_size, self._error = world_size, error

    def __call__(self, world_size):
        return Calls(world_size)

    def raises(self, error, naming=()):
        """The same, but every call must raise."""
        return Calls(self._world_size, error)

    def __getattr__(self, name):
        function = getattr(importlib.import_module(MODULE), name)
        call = self._one(function) if self._world_size is None else self._spmd(function)
        return call if self._error is None else self._raising(call)

    def _one(self, function):
        return function

    def _raising(self, call):
        def run(*args, **kwargs):
            with pytest.raises(self._error):
                call(*args, **kwargs)

        return run

    def _spmd(self, function):
        size = self._world_size

        def run(*args, **kwargs):
            slots, barrier, ops = [None] * size, threading.Barrier(size), []
            values, errors = [None] * size, [None] * size

            def rank(r):
                group = Group(r, size, slots, barrier, ops)

                def mine(v):
                    return group if v is GROUP else for_rank(v, r, size)

                try:
                    named = {k: mine(v) for k, v in kwargs.items()}
                    values[r] = function(*map(mine, args), **named)
                except Exception as error:
                    errors[r] = error
                    barrier.abort()

            threads = [threading.Thread(target=rank, args=(r,)) for r in range(size)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(10)
            for error in filter(None, errors):
                raise error
            return SimpleNamespace(values=values, value=values[0], ops=tuple(ops), log=())

        return run


def pytest_configure(config):
    """Makes the mark known."""
    config.addinivalue_line("markers", "rubric(item): as in a graded run")


@pytest.fixture
def student():
    """Direct calls."""
    return Calls()


@pytest.fixture
def ranks():
    """Calls in threads."""
    return Calls()


@pytest.fixture
def rng():
    """Numbers that need not be secret here."""
    return np.random.default_rng(0)
