"""What counts as a process's own time, and what becomes of one that gets none."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.errors import StarvedError
from grader.sandbox import Limits, Returned, TimedOut, begin, drive, loaded, own_time, procfs
from grader.sandbox.own_time import OwnTime
from grader.sandbox.procfs import Use

from .conftest import call

SPINS = "def f():\n    while True: pass\n"


@pytest.fixture
def looks(monkeypatch):
    """A clock that is looked at every 10 ms, with what the system says at each look."""

    def own(uses, *, waits=False, every=0.01):
        said = iter(uses)
        monkeypatch.setattr(procfs, "use", lambda _pid: next(said))
        mine = OwnTime(0)
        mine.start(used=0.0)
        return [mine.look(mine._looked + every, waits=waits) for _ in uses][-1]

    return own


def test_processor_time_counts(looks):
    """Whatever the wall says, a process that runs has used what the system says it used."""
    assert looks([Use(0.1, False), Use(0.3, False), Use(0.35, False)]) == pytest.approx(0.35)


def test_waiting_for_a_processor_counts_nothing(looks):
    """A process that would run, and is not let, is not at work."""
    assert looks([Use(0.0, False)] * 500) == 0


def test_sleeping_counts(looks):
    """Whoever sleeps by choice comes to the end of their time all the same."""
    assert looks([Use(0.0, True)] * 100) == pytest.approx(1.0)


def test_waiting_for_us_counts_nothing(looks):
    """Who sleeps until an upcall is answered is not at work."""
    assert looks([Use(0.0, True)] * 100, waits=True) == 0


def test_a_host_that_was_held_up_charges_nobody(looks):
    """One look after a second says little of that second: 20 ms of it are charged."""
    assert looks([Use(0.0, True)], every=1.0) == pytest.approx(0.02)


def test_without_proc_the_wall_has_to_do(looks):
    """Where the system tells nothing, what passed between two looks counts."""
    assert looks([None] * 100) == pytest.approx(1.0)


@given(st.lists(st.tuples(st.floats(0, 0.05), st.booleans(), st.booleans()), max_size=50))
def test_own_time_never_exceeds_wall_and_processor_time(steps):
    """For any history: at least the processor time, at most that and what passed."""
    used, mine, passed = 0.0, OwnTime(0), 0.0
    mine.start(used=0.0)
    with pytest.MonkeyPatch.context() as patch:
        for ran, asleep, waits in steps:
            used += ran
            passed += 0.01
            said = Use(used, asleep)
            patch.setattr(procfs, "use", lambda _pid, said=said: said)
            own = mine.look(mine._looked + 0.01, waits=waits)
            assert used - 1e-9 <= own <= used + passed + 1e-9
    assert mine.total >= used - 1e-9


def test_calls_add_up():
    """The time of earlier calls stays part of the total, and not of the next call's own."""
    mine = OwnTime(0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(procfs, "use", lambda _pid: Use(1.0, False))
        mine.start(used=0.5)
        assert mine.look(mine._looked, waits=False) == 0.5
        mine.start(used=1.0)
        assert mine.look(mine._looked, waits=False) == 0
    assert mine.total == 0.5


def test_threads_that_work_are_work(opened):
    """A process whose first thread waits for others that never end is timed out."""
    source = (
        "import threading\ndef f():\n    def spin():\n        while True: pass\n"
        "    thread = threading.Thread(target=spin)\n    thread.start()\n    thread.join()\n"
    )
    assert call(opened(source, limits=Limits(call_time_s=0.2)), "f").seconds == 0.2


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="only /proc tells threads apart")
def test_a_thread_that_works_is_seen_behind_one_that_sleeps():
    """A process of which any thread would run does not sleep."""
    source = (
        "import threading\ndef spin():\n    print('on', flush=True)\n    while True: pass\n"
        "thread = threading.Thread(target=spin)\nthread.start()\nthread.join()\n"
    )
    with subprocess.Popen([sys.executable, "-c", source], stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout.readline() == b"on\n"
            while (found := procfs.use(process.pid)).cpu_s < 0.1:  # its first thread sleeps by then
                pass
            assert not found.asleep
        finally:
            process.kill()


def test_who_gets_no_time_is_starved(opened, monkeypatch):
    """An error of ours, and no outcome; the process is ended and says why."""
    process = opened(SPINS, limits=Limits(call_time_s=0.05))
    assert loaded(process) == Returned(None)
    monkeypatch.setattr(own_time.procfs, "use", lambda _pid: Use(0.0, False))
    with pytest.raises(StarvedError, match="too busy"):
        call(process, "f")
    assert process.closed
    assert process.starved


def test_time_is_over_for_all_at_once(opened):
    """Of two processes, one that computes and one that sleeps less, both end with the first."""
    spins = opened(SPINS, limits=Limits(call_time_s=0.1))
    rests = opened("import time\ndef f():\n    time.sleep(1e6)\n")
    for process in (spins, rests):
        begin(process, "f")
    ended = drive([spins, rests], None, 0.1)
    assert all(isinstance(each, TimedOut) and each.seconds == 0.1 for each in ended)
