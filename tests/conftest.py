"""A course of one tiny lab, sandboxes at the levels of this machine, a database server."""

import contextlib
import importlib.util
import sys
from concurrent.futures import Future
from pathlib import Path

import pytest

from grader.course import Course, load_course
from grader.fabric import services_for
from grader.grading import local, work
from grader.judge import Judge
from grader.sandbox import Level, Sandbox, probe

ASSIGNMENT = """\
slug = "adding"
title = "Adding up"
order = 1
file = "adding.py"
minutes = 5
device = "CPU only"
goal = "Add numbers, alone and together."

[limits]
call_seconds = 1.0
submission_seconds = 10.0

[invariants]
I1 = "adding nothing changes nothing"
I2 = "every rank has the whole sum"

[[rubric]]
item = "add"
title = "add adds"
points = 40
invariant = "I1"
nudge = "What is 2 + 2?"

[[rubric]]
item = "total"
title = "total adds over ranks"
points = 60
invariant = "I2"
builds_on = ["add"]
nudge = "Which collective sums?"

[[predict]]
question = "How many all-reduces does total need?"
answer = "One."
"""

STUB = '''\
"""The stub."""


def add(x, y):
    """The sum of two arrays."""
    raise NotImplementedError("add: the sum of both")


def total(x, group):
    """The sum of x over all ranks."""
    raise NotImplementedError("total: one collective")
'''

SOLUTION = '''\
"""The solution."""


def add(x, y):
    """The sum of two arrays."""
    if x.shape != y.shape:
        raise ValueError(f"shapes {x.shape} and {y.shape} differ")
    return x + y


def total(x, group):
    """The sum of x over all ranks."""
    the_whole_sum = group.all_reduce(x)
    return the_whole_sum
'''

SUITE = '''\
"""A suite, public and hidden in the same form."""

import numpy as np
import pytest

from grader.suite import GROUP, Shards, equal, require, whole


@pytest.mark.rubric("add")
@pytest.mark.parametrize("size", [1, 4])
def test_add(student, {rng}size):
    """Sums are exact."""
    x, y = {make}
    equal(student.add(x, y), x + y)


@pytest.mark.rubric("add")
def test_add_refuses(student):
    """Shapes must be the same."""
    student.raises(ValueError, naming=("(2,)", "(3,)")).add(np.ones(2), np.ones(3))


@pytest.mark.rubric("total")
@pytest.mark.parametrize("world_size", [1, 2, 3])
def test_total(ranks, {rng}world_size):
    """Every rank has the sum after one all-reduce."""
    x = np.arange(6 * 2, dtype=np.float32).reshape(6, 2)
    run = ranks(world_size).total(Shards(x, axis=0), GROUP)
    equal(run.value, x.reshape(world_size, -1, 2).sum(axis=0))
    require(world_size == 1 or run.ops == ("all_reduce",), "one all_reduce", ", ".join(run.ops))
'''

PICTURE = '''

@pytest.mark.rubric("total")
def test_picture(ranks, picture):
    """Draws the run."""
    run = ranks(2).total(Shards(np.arange(4.0), axis=0), GROUP)
    picture.line(f"all_reduce gives {picture.text(run.value)}")
'''

HINTS = """\
[add]
hints = ["one", "two", "three"]
[total]
hints = ["one", "two", "three"]
"""

README = """\
# Adding up

```python
assert 1 + 1 == 2
```
"""

_ADD = SOLUTION[SOLUTION.index("def add") : SOLUTION.index("\n\ndef total")]
VARIANT = f'"""The other way round."""\n\n\n{_ADD.replace("x + y", "y + x")}'
MUTANT = f'"""Adds one too many."""  # loses: add\n\n\n{_ADD.replace("x + y", "x + y + 1")}'


def write_course(root: Path) -> Path:
    """Writes the course into `root`, which is returned."""
    hidden = SUITE.format(rng="rng, ", make="whole(rng, (size,)), whole(rng, (size,))")
    public = SUITE.format(rng="", make="np.ones(size), np.full(size, 2.0)")
    files = {
        "course.toml": 'name = "A tiny course"\nlabs = ["adding"]\n',
        "assignments/adding/assignment.toml": ASSIGNMENT,
        "assignments/adding/hints.toml": HINTS,
        "assignments/adding/README.md": README,
        "assignments/adding/adding.py": STUB,
        "assignments/adding/test_public.py": public + PICTURE,
        "tests/hidden/adding/test_adding.py": hidden,
        "solutions/adding/adding.py": SOLUTION,
        "solutions/adding/variants/the_other_way_round.py": VARIANT,
        "solutions/adding/mutants/one_too_many.py": MUTANT,
        ".course-key": "a key for tests only",
    }
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return root


def pytest_collection_modifyitems(items):
    """Begins with the files that hold slow tests, so that no worker is left alone with one."""
    slow = {each.path for each in items if each.get_closest_marker("slow")}
    items.sort(key=lambda each: each.path not in slow)


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """The tiny course in a folder of its own."""
    return load_course(write_course(tmp_path / "course"))


@pytest.fixture(scope="session")
def tiny_course(tmp_path_factory) -> Course:
    """The tiny course once for all tests that share what they do with it."""
    return load_course(write_course(tmp_path_factory.mktemp("course")))


@pytest.fixture(scope="session")
def level() -> Level:
    """The best level of isolation of this machine."""
    return probe().level


@pytest.fixture(scope="session")
def _sandbox(level):
    with Sandbox(level, services=services_for(())) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(_sandbox, level):
    """A warm sandbox, shared by all tests that don't break it."""
    if not _sandbox.alive:
        pytest.fail("a test before this one ended the shared sandbox")
    return _sandbox


@pytest.fixture(scope="session")
def judge(tiny_course, level):
    """A warm judge of the tiny course, shared by all tests that change neither."""
    with Judge(tiny_course.lab("adding"), level) as judge:
        yield judge


@pytest.fixture(scope="session")
def repository() -> Path:
    """The folder that holds the project."""
    return Path(__file__).parent.parent


class Calls:
    """How many functions, of Python and of C, this thread calls within a `with` block."""

    def __enter__(self):
        self.count = 0
        sys.setprofile(self._note)
        return self

    def __exit__(self, *_):
        sys.setprofile(None)

    def _note(self, _frame, event, _argument):
        self.count += event in ("call", "c_call")


@pytest.fixture
def one_process(monkeypatch):
    """Grades in this process, for tests of what is made of results: starting workers costs most."""

    def submit(worker, submission):
        future = Future()
        future.set_result(work.grade_here(worker._settings, submission))
        return future

    monkeypatch.setattr(local._Worker, "submit", submit)
    monkeypatch.setattr(local, "_cores_for", lambda *_: [None])  # one at a time, then
    yield
    work.close_kept()


@pytest.fixture
def counted():
    """Counts what is done, where how long it takes would be the machine's affair."""
    return Calls()


def _module_beside(name):
    """The module of that name in this folder, which is no package."""
    spec = importlib.util.spec_from_file_location(
        f"tests_{name}", Path(__file__).with_name(f"{name}.py")
    )
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def lms():
    """Writes what Canvas and Moodle hand out; see `lms.py` beside this file."""
    return _module_beside("lms")


@pytest.fixture(scope="session")
def _postgres():
    pytest.importorskip("psycopg", reason="psycopg is absent (extra: shardlab[postgresql])")
    postgres = _module_beside("postgres")
    binaries = postgres.binaries()
    if binaries is None:
        pytest.skip("PostgreSQL is not installed: no initdb on PATH or in /usr/lib/postgresql")
    server = postgres.PostgresServer(binaries)
    yield server
    server.close()


@pytest.fixture
def postgres_server(_postgres):
    """A running PostgreSQL: `url` makes a database, `stop` and `start` may be called at will."""
    yield _postgres
    if not _postgres.running:
        _postgres.start()


@pytest.fixture
def descendants():
    """A function from a process to those below it, at any depth."""
    return _descendants


def _descendants(root: int) -> set[int]:
    parents = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            # after the name, which may hold anything: state, parent and the rest
            parents[int(path.parent.name)] = int(path.read_text().rpartition(")")[2].split()[1])
    family, grown = {root}, True
    while grown:
        more = {pid for pid, parent in parents.items() if parent in family} - family
        family, grown = family | more, bool(more)
    return family - {root}
