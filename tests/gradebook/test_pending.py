"""Grading from the gradebook into it: what is done once is done, and nothing else is."""

import functools
import shutil
import threading
from concurrent.futures import Future
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest

from grader.course import load_course
from grader.gradebook.attempts import Arrival
from grader.gradebook.store import Gradebook
from grader.grading import Local, Settings
from grader.grading.pending import Backlog, grade_pending
from grader.results import GRADED, WITHHELD, Result
from grader.sandbox import Level
from grader.submissions import from_source, read_submission

NOW = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
WRONG = b"def add(x, y):\n    return x\n"


@pytest.fixture
def solution(course):
    lab = course.lab("adding")
    return read_submission(lab, course.solutions(lab) / lab.assignment.file, "x").files["adding.py"]


@pytest.fixture
def hand_in(course, book):
    """Takes in submissions of students s0, s1 …, one for each source; returns the attempts."""

    def take_in(*sources):
        arrivals = [
            Arrival(from_source(course.lab("adding"), f"s{number}", source), NOW)
            for number, source in enumerate(sources)
        ]
        return [attempt for attempt, _ in book.take_in("adding", arrivals)]

    return take_in


@dataclass
class Run:
    """What was pending, and what came of it."""

    total: int
    results: list

    @property
    def elsewhere(self):
        """How many another run has graded."""
        return self.total - len(self.results)


def grade_now(book, course, crew, level, *, slug="adding", only=None, live=False):
    """Grades what is pending as the course is now: its files are read anew."""
    settings = Settings(load_course(course.root).lab(slug), level, live=live)
    backlog = Backlog.of(book, settings, only)
    with crew(settings) as workers:
        return Run(len(backlog.attempts), list(grade_pending(backlog, workers)))


@pytest.fixture
def run(course, book, level):
    """One run over everything pending, with two local workers."""
    return functools.partial(grade_now, book, course, lambda settings: Local(settings, 2), level)


def scores(book, course):
    return {
        grade.student.id: (grade.status, grade.score) for grade in book.grades(course.lab("adding"))
    }


class ByName:
    """Workers that run nothing: the score is the number in the submission's source."""

    slots = 2

    def __init__(self, status=GRADED, on_submit=lambda: None):
        self.status, self.on_submit, self.seen = status, on_submit, []

    def __call__(self, settings):
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def submit(self, submission):
        self.on_submit()
        self.seen.append(submission.name)
        future = Future()
        score = int(submission.files["adding.py"]) if self.status == GRADED else None
        future.set_result(Result(submission.name, self.status, score, 100, 0.0, ()))
        return future


def test_what_is_graded_is_in_the_gradebook(run, hand_in, book, course, solution):
    """Right and wrong answers have their scores; verdicts and messages are kept with them."""
    hand_in(solution, WRONG)
    found = run()
    assert [result.score for _, result in sorted(found.results, key=lambda r: r[0].id)] == [100, 0]
    assert scores(book, course) == {"s0": ("graded", 100), "s1": ("graded", 0)}
    (_, wrong) = book.grades(course.lab("adding"))
    assert wrong.counts.result.rubric[0].finding.got


def test_the_same_key_is_never_graded_twice(run, hand_in, solution):
    """A second run over the same gradebook has nothing to do."""
    hand_in(solution, WRONG)
    assert len(run().results) == 2
    again = run()
    assert (again.total, again.results) == (0, [])


def test_everyone_has_a_turn_before_anyone_has_another(book, course, hand_in, level):
    """Who hands in three times waits for the others, but for the newest."""
    for sources in ((b"1", b"2"), (b"3",), (b"4",)):
        hand_in(*sources)
    crew = ByName()
    grade_now(book, course, crew, level)
    assert crew.seen == ["s1-1", "s0-3", "s0-2", "s0-1"]


def test_a_new_attempt_is_graded_and_nothing_else(run, hand_in, solution, book, course):
    """Handing in anew grades one submission; the best one counts."""
    hand_in(WRONG, WRONG)
    run()
    hand_in(solution)
    assert [attempt.number for attempt, _ in run().results] == [2]
    assert scores(book, course) == {"s0": ("graded", 100), "s1": ("graded", 0)}


def test_a_changed_suite_regrades_everything_of_its_lab(run, hand_in, course, solution):
    """A comment in a hidden test is another suite; back as it was, nothing is to be done."""
    hand_in(solution)
    run()
    path = next(course.lab("adding").hidden_suite.glob("test_*.py"))
    before = path.read_text()
    path.write_text(before + "\n# another suite\n")
    assert len(run().results) == 1
    path.write_text(before)
    assert run().total == 0


def test_a_changed_suite_touches_no_other_lab(course, book, level):
    """Two labs, each with a submission: a change of one's suite regrades that one's alone."""
    for kind in ("assignments", "solutions", "tests/hidden"):
        shutil.copytree(course.root / kind / "adding", course.root / kind / "second")
    assignment = course.root / "assignments/second/assignment.toml"
    assignment.write_text(assignment.read_text().replace('"adding"', '"second"'))
    (course.root / "course.toml").write_text('name = "Two"\nlabs = ["adding", "second"]\n')
    both = load_course(course.root)
    for slug in both.slugs:
        submission = from_source(both.lab(slug), "ann", b"50")
        book.take_in(slug, [Arrival(submission, NOW)])
        assert grade_now(book, both, ByName(), level, slug=slug).total == 1
    path = next(both.lab("second").hidden_suite.glob("test_*.py"))
    path.write_text(path.read_text() + "\n# another suite\n")
    assert grade_now(book, both, ByName(), level, slug="adding").total == 0
    assert grade_now(book, both, ByName(), level, slug="second").total == 1


def test_an_override_survives_a_regrade(run, hand_in, course, book):
    """Its points stand beside the new score's."""
    lab = course.lab("adding")
    hand_in(WRONG)
    run()
    book.override("s0", lab, "add", 40, reason="by hand", author="ada")
    path = next(lab.hidden_suite.glob("test_*.py"))
    path.write_text(path.read_text() + "\n# another suite\n")
    run()
    (grade,) = book.grades(lab)
    assert (grade.counts.result.score, grade.score) == (0, 40)
    assert [each.reason for each in grade.overrides] == ["by hand"]


def test_less_isolation_is_another_key(course, book, hand_in):
    """A result that came about at a lower level doesn't stand for one at a higher."""
    hand_in(b"50")
    grade_now(book, course, ByName(), Level.NONE)
    assert grade_now(book, course, ByName(), Level.FULL).total == 1


def test_a_live_run_is_another_key(course, book, hand_in, level):
    """What a GPU here made up for is not what was handed in: neither stands for the other."""
    hand_in(b"50")
    assert grade_now(book, course, ByName(), level).total == 1
    assert grade_now(book, course, ByName(), level, live=True).total == 1
    assert grade_now(book, course, ByName(), level, live=True).total == 0


def test_a_regrade_that_was_asked_for_is_another_key(course, book, hand_in, level):
    """What is asked for again is graded once more, and the others are not."""
    hand_in(b"10", b"20")
    grade_now(book, course, ByName(), level)
    second = book.attempts("adding", "s1")[0]
    book.again([second.id], reason="the machine was busy")
    crew = ByName()
    grade_now(book, course, crew, level)
    assert crew.seen == ["s1-1"]
    assert grade_now(book, course, ByName(), level).total == 0


def test_withheld_is_asked_for_again(course, book, hand_in, level):
    """A fault of ours is no result: the next run grades it, and then it is done."""
    hand_in(b"70")
    grade_now(book, course, ByName(WITHHELD), level)
    assert scores(book, course) == {"s0": (WITHHELD, None)}
    grade_now(book, course, ByName(), level)
    assert scores(book, course) == {"s0": (GRADED, 70)}
    assert grade_now(book, course, ByName(), level).total == 0


def test_two_batches_at_once_share_the_work(course, book, book_url, hand_in, level):
    """Each submission is graded by one of them, none by both."""
    hand_in(*(b"%d" % number for number in range(60)))
    teams = [ByName(), ByName()]
    both = threading.Barrier(2)
    teams[0].on_submit = teams[1].on_submit = functools.partial(_meet_once, both)

    def second():
        with Gradebook.open(book_url) as other:
            grade_now(other, course, teams[1], level)

    thread = threading.Thread(target=second)
    thread.start()
    grade_now(book, course, teams[0], level)
    thread.join(60)
    assert not thread.is_alive()
    assert all(crew.seen for crew in teams)
    assert sorted(teams[0].seen + teams[1].seen) == sorted(f"s{n}-1" for n in range(60))
    assert {grade.score for grade in book.grades(course.lab("adding"))} == set(range(60))


def _meet_once(barrier):
    """Both runs are under way before either goes on."""
    if barrier.n_waiting == 0 and barrier.broken:
        return
    try:
        barrier.wait(20)
    except threading.BrokenBarrierError:
        return
    barrier.abort()


def test_only_what_was_asked_for(course, book, hand_in, level):
    """With `only`, other pending submissions wait."""
    first, second = hand_in(b"10", b"20")
    grade_now(book, course, ByName(), level, only={second.id})
    assert scores(book, course) == {"s0": ("ungraded", None), "s1": (GRADED, 20)}
    assert first.student == "s0"


def test_what_was_asked_for_may_be_the_same_as_something_older(course, book, hand_in, level):
    """Of two attempts with one content the older is graded, whichever of them was asked for."""
    for source in (b"10", b"20", b"10"):
        (newest,) = hand_in(source)
    found = grade_now(book, course, ByName(), level, only={newest.id})
    assert [attempt.number for attempt, _ in found.results] == [1]
    (grade,) = book.grades(course.lab("adding"))
    assert [each.score for each in grade.attempts] == [10, None, 10]


def test_a_batch_keeps_its_claims_for_as_long_as_it_lives(course, book_url, level, monkeypatch):
    """However long a submission takes: the run's heart-beat keeps another from taking it."""

    class Clock:
        time = NOW

    beaten = threading.Event()
    monkeypatch.setattr("grader.grading.pending._BEAT_S", 0.01)
    with (
        Gradebook.open(book_url, clock=lambda: Clock.time) as book,
        Gradebook.open(book_url, clock=lambda: Clock.time) as other,
    ):
        beat = book.runs.beat

        def heard(run):
            at = Clock.time
            beat(run)
            if at > NOW:
                beaten.set()

        def takes_long():
            Clock.time = NOW + timedelta(seconds=25)
            assert beaten.wait(20), "its heart does not beat"
            Clock.time = NOW + timedelta(seconds=50)
            assert grade_now(other, course, rival, level).elsewhere == 1

        rival = ByName()
        monkeypatch.setattr(book.runs, "beat", heard)
        book.take_in("adding", [Arrival(from_source(course.lab("adding"), "s0", b"50"), NOW)])
        found = grade_now(book, course, ByName(on_submit=takes_long), level)
    assert [result.score for _, result in found.results] == [50]
    assert rival.seen == []


def test_a_batch_ends_after_its_last_beat(course, book, hand_in, level, monkeypatch):
    """What still beats would use the gradebook after whoever opened it has closed it."""
    order, begun, graded = [], threading.Event(), threading.Event()

    def beat(_):
        begun.set()
        assert graded.wait(20)
        threading.Event().wait(0.05)  # so that an end that doesn't wait is seen to come first
        order.append("beat")

    monkeypatch.setattr("grader.grading.pending._BEAT_S", 0.01)
    monkeypatch.setattr(book.runs, "beat", beat)
    monkeypatch.setattr(book.runs, "end", lambda _: order.append("end"))
    hand_in(b"50")
    settings = Settings(course.lab("adding"), level)
    workers = ByName(on_submit=lambda: begun.wait(20))
    for _ in grade_pending(Backlog.of(book, settings), workers):
        graded.set()
    assert order == ["beat", "end"]


def test_an_interrupt_keeps_what_was_recorded(course, book, hand_in, level):
    """Ctrl-C between two results: the next run does exactly the rest."""
    everything = {f"{attempt.student}-1" for attempt in hand_in(*[b"7"] * 10)}
    backlog = Backlog.of(book, Settings(course.lab("adding"), level))
    with closing(grade_pending(backlog, ByName())) as graded:
        recorded = {f"{attempt.student}-1" for attempt, _ in islice(graded, 4)}
    rest = ByName()
    grade_now(book, course, rest, level)
    assert set(rest.seen) == everything - recorded
    assert len(rest.seen) == 6


def test_an_error_of_the_reader_gives_back_what_was_claimed(course, book, book_url, hand_in, level):
    """Whatever ends the loop over results, another run can take the rest at once."""
    hand_in(*[b"7", b"8", b"9"])
    backlog = Backlog.of(book, Settings(course.lab("adding"), level))
    with Gradebook.open(book_url) as other:
        with closing(grade_pending(backlog, ByName())) as graded, suppress(KeyboardInterrupt):
            next(graded)
            raise KeyboardInterrupt
        again = grade_now(other, course, ByName(), level)
    assert (len(again.results), again.elsewhere) == (2, 0)
