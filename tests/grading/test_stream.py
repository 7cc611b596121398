"""Feeding workers: nothing is taken too early, nothing is lost, whoever grades."""

from concurrent.futures import Future

import pytest

from grader.grading import stream
from grader.results import GRADED, Result
from grader.submissions import Submission


class Hand:
    """Workers that finish when a test says so."""

    def __init__(self, slots, finish=lambda _: None):
        self.slots, self.finish = slots, finish
        self.futures = {}

    def submit(self, submission):
        self.futures[submission.name] = Future()
        self.finish(self)
        return self.futures[submission.name]

    def end(self, name):
        self.futures[name].set_result(Result(name, GRADED, 100, 100, 0.0, ()))


def end_newest(workers):
    """Every submission is graded at once."""
    workers.end(next(reversed(workers.futures)))


@pytest.mark.parametrize("slots", [1, 3])
@pytest.mark.parametrize("count", [0, 1, 7, 40])
def test_every_submission_has_one_result(slots, count):
    """Each number comes once, with the result of the submission that has it."""
    work = [Submission(f"s{number}") for number in range(count)]
    found = dict(stream(Hand(slots, end_newest), work))
    assert {number: result.submission for number, result in found.items()} == {
        number: f"s{number}" for number in range(count)
    }


def test_submissions_are_taken_as_workers_come_free():
    """What is behind the iterator is not read ahead of need: two a worker at most."""
    taken = []

    def source():
        for number in range(100):
            taken.append(number)
            yield Submission(f"s{number}")

    hand = Hand(2)
    results = stream(hand, source())
    hand.finish = lambda workers: len(workers.futures) == 4 and workers.end("s0")
    assert next(results)[0] == 0
    assert taken == [0, 1, 2, 3]


def test_a_consumer_that_stops_leaves_nothing_waiting():
    """An interrupt while results are recorded cancels what has not begun."""
    hand = Hand(1, lambda workers: len(workers.futures) == 2 and workers.end("s0"))
    results = stream(hand, [Submission("s0"), Submission("s1"), Submission("s2")])
    next(results)
    results.close()
    assert hand.futures["s1"].cancelled()


def test_workers_that_leave_take_nothing_with_them():
    """Fewer slots than what is under way: nothing new is handed out until there is room."""
    hand = Hand(3)
    results = stream(hand, [Submission(f"s{number}") for number in range(12)])
    hand.finish = lambda workers: len(workers.futures) == 6 and workers.end("s0")
    next(results)
    hand.slots = 1
    hand.end("s1")
    assert next(results)[1].submission == "s1"
    assert len(hand.futures) == 6
    hand.finish = end_newest
    for name in ("s2", "s3", "s4", "s5"):
        hand.end(name)
    assert len(list(results)) == 10
