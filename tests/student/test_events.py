"""Events reach the one who waits, in order, from any thread."""

import os
import signal
import threading
import time

from grader.student.events import Events, Quit, Save

_BOUND_S = 20.0


def taken(events, count):
    """That many events, each waited for."""
    got = []
    while len(got) < count:
        events.wait(_BOUND_S)
        new = list(events.take())
        assert new, "waited for nothing"
        got += new
    return got


def test_order_is_kept():
    """What was put first is taken first, however much it is."""
    events = Events()
    for code in range(100_000):  # more than a pipe holds of wake-up calls
        events.put(Quit(code))
    assert [each.code for each in taken(events, 100_000)] == list(range(100_000))
    events.close()


def test_who_waits_is_woken():
    """An event from another thread ends the wait; so does input, and which it was is told."""
    events = Events()
    near, far = os.pipe()
    thread = threading.Thread(target=events.put, args=(Save(),))
    thread.start()
    assert taken(events, 1) == [Save()]
    thread.join()
    os.write(far, b"q")
    assert events.wait(_BOUND_S, near)
    os.close(near)
    os.close(far)
    events.close()


def test_time_passes():
    """Without anything, the wait ends by itself, and says that there was no input."""
    events = Events()
    assert not events.wait(0.0)
    assert list(events.take()) == []
    events.close()


def test_a_time_that_is_over_is_not_waited_for():
    """What should have been by now is no reason to wait for ever."""
    events = Events()
    thread = threading.Thread(target=events.wait, args=(-1.0,))
    thread.start()
    thread.join(_BOUND_S)
    over = not thread.is_alive()
    events.put(Save())  # or it would wait on
    thread.join()
    events.close()
    assert over


def test_an_event_after_the_end_is_lost_quietly():
    """A thread that still ends its work finds nobody to tell, and that is no error."""
    events = Events()
    events.close()
    events.put(Save())


def test_a_signal_that_another_thread_got_ends_the_wait():
    """Its handler, which only the main thread may run, does so at once."""
    told = []
    before = signal.signal(signal.SIGUSR1, lambda *_: told.append(time.monotonic()))
    events = Events()
    go = threading.Event()

    def hit():
        go.wait(_BOUND_S)
        signal.pthread_kill(threading.get_ident(), signal.SIGUSR1)

    try:
        with events.woken_by_signals():
            thread = threading.Thread(target=hit)
            thread.start()
            end = time.monotonic() + _BOUND_S
            go.set()
            while not told and time.monotonic() < end:
                events.wait(_BOUND_S)
            thread.join()
    finally:
        signal.signal(signal.SIGUSR1, before)
        events.close()
    assert told
    assert told[0] < end
