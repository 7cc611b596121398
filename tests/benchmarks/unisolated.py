"""A pytest plugin for `bench_grading.py`: the fixtures of a suite without any isolation.

The submission is imported here, beside the tests; ranks are threads. As in a graded run, a lost
item's other cases, and the items that build on it, are left out, and `EARNED` in the environment
is the file that is told the earned items. This is what the engine is compared with, not a way
to grade.
"""

import importlib
import os
import threading
import tomllib
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from grader.suite import GROUP
from grader.suite.explain.naming import checked, names, words_only
from grader.suite.values import for_rank

MODULE = "tp_sharding"
ASSIGNMENT = Path(__file__).parent.parent.parent / "assignments" / "tp-sharding/assignment.toml"


class Meeting:
    """Where threads of ranks exchange what they hold, each for what all hold.

    A rank that waits for one that is gone has met a deadlock, and gets a RuntimeError.
    """

    def __init__(self, world_size):
        self._changed = threading.Condition()
        self._slots, self._present = [None] * world_size, world_size
        self._arrived, self._last = 0, (0, [])

    def exchange(self, rank, offered):
        """What every rank offered, once all have."""
        with self._changed:
            turn = self._last[0]
            self._slots[rank] = offered
            self._arrived += 1
            if self._arrived == len(self._slots):
                self._arrived, self._last = 0, (turn + 1, list(self._slots))
                self._changed.notify_all()
            gone = lambda: self._present < len(self._slots)  # noqa: E731
            self._changed.wait_for(lambda: self._last[0] > turn or gone())
            if self._last[0] == turn:
                raise RuntimeError("another rank is gone")
            return self._last[1]

    def leave(self):
        """Tells the others that this rank will not come again."""
        with self._changed:
            self._present -= 1
            self._changed.notify_all()


class Group:
    """A process group of threads, which logs what each rank hands in."""

    def __init__(self, rank, world_size, meeting):
        self.rank, self.world_size = rank, world_size
        self.log, self._meeting = [], meeting

    def _exchange(self, op, x, axis=None):
        self.log.append(SimpleNamespace(rank=self.rank, op=op, shape=x.shape))
        offered = self._meeting.exchange(self.rank, (op, axis, x.copy()))
        if len({each[:2] for each in offered}) > 1:
            raise RuntimeError("the ranks are in different collectives")
        return [x for _, _, x in offered]

    def all_reduce(self, x):
        """The sum."""
        return np.sum(self._exchange("all_reduce", x), axis=0, dtype=x.dtype)

    def all_gather(self, x, axis=-1):
        """All, joined."""
        return np.concatenate(self._exchange("all_gather", x, axis), axis)

    def reduce_scatter(self, x, axis=0):
        """This rank's part of the sum."""
        total = np.sum(self._exchange("reduce_scatter", x, axis), axis=0, dtype=x.dtype)
        return np.split(total, self.world_size, axis)[self.rank]


class Calls:
    """Both proxies: `student.f(x)`, and `ranks(n).f(x, GROUP)`."""

    def __init__(self, world_size=None, error=None, naming=()):
        self._world_size, self._error, self._naming = world_size, error, checked(naming)

    def __call__(self, world_size):
        return Calls(world_size)

    def raises(self, error, naming=(), nudge=""):
        """The same, but every call must raise, and name what is wrong."""
        return Calls(self._world_size, error, naming)

    def __getattr__(self, name):
        function = getattr(importlib.import_module(MODULE), name)
        call = function if self._error is None else self._raising(function)
        return call if self._world_size is None else self._spmd(call)

    def _raising(self, call):
        def run(*args, **kwargs):
            with pytest.raises(self._error) as raised:
                call(*args, **kwargs)
            asked = self._naming
            asked = words_only(asked) if issubclass(self._error, TypeError) else asked
            assert all(names(str(raised.value), each) for each in asked)

        return run

    def _spmd(self, function):
        size = self._world_size

        def run(*args, **kwargs):
            meeting = Meeting(size)
            groups = [Group(rank, size, meeting) for rank in range(size)]
            values, errors = [None] * size, []

            def rank(r):
                def mine(v):
                    return groups[r] if v is GROUP else for_rank(v, r, size)

                try:
                    named = {k: mine(v) for k, v in kwargs.items()}
                    values[r] = function(*map(mine, args), **named)
                except BaseException as error:  # a failed assertion of pytest's is no Exception
                    errors.append(error)
                meeting.leave()

            threads = [threading.Thread(target=rank, args=(r,)) for r in range(size)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            for error in errors:
                raise error
            log = [each for group in groups for each in group.log]
            ops = tuple(each.op for each in groups[0].log)
            sent = [0] * size
            return SimpleNamespace(
                values=values, value=values[0], ops=ops, log=log, messages_sent=sent
            )

        return run


class Rubric:
    """Which items are lost, so that what would change nothing is not run."""

    def __init__(self):
        items = tomllib.loads(ASSIGNMENT.read_text("utf-8"))["rubric"]
        self._builds_on = {each["item"]: set(each.get("builds_on", ())) for each in items}
        self._lost = set()

    @staticmethod
    def _item(case):
        return case.get_closest_marker("rubric").args[0]

    def pytest_collection_modifyitems(self, items):
        """In rubric order."""
        order = list(self._builds_on)
        items.sort(key=lambda case: order.index(self._item(case)))

    def pytest_runtest_setup(self, item):
        """Leaves out what is lost already."""
        if self._builds_on[self._item(item)] & self._lost:
            self._lost.add(self._item(item))
        if self._item(item) in self._lost:
            pytest.skip("its item is lost")

    def pytest_runtest_makereport(self, item, call):
        """Takes note of a lost item."""
        if call.excinfo is not None and call.when == "call":
            self._lost.add(self._item(item))

    def pytest_sessionfinish(self):
        """Tells the earned items."""
        earned = [each for each in self._builds_on if each not in self._lost]
        Path(os.environ["EARNED"]).write_text("\n".join(earned), "utf-8")


def pytest_configure(config):
    """Makes the mark known."""
    config.addinivalue_line("markers", "rubric(item): as in a graded run")
    config.pluginmanager.register(Rubric())


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
