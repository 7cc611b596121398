"""Nothing is graded twice, nothing lost, and what a submission comes to is of its own key."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta

import msgspec
import pytest

from grader.errors import StoreError
from grader.gradebook import liveness
from grader.gradebook.store import Gradebook
from grader.gradebook.work import key_of
from grader.results import Finding


def scores(book, lab):
    """Each student's score."""
    return {each.student.id: each.score for each in book.grades(lab)}


def test_what_has_a_result_is_not_asked_for_again(classroom):
    """Only the other one is left."""
    ann, ben = classroom.hand_in("ann"), classroom.hand_in("ben")
    assert classroom.pending() == [ann, ben]
    assert classroom.grade(ann)
    assert classroom.pending() == [ben]


def test_a_key_takes_one_result(classroom, book, lab):
    """A second one is refused, and the first stays as it was."""
    ann = classroom.hand_in("ann")
    assert classroom.grade(ann, 40, 0)
    assert not classroom.grade(ann, 40, 60)
    assert scores(book, lab) == {"ann": 40}


def test_a_result_comes_back_whole(classroom, book, lab):
    """Points, verdicts in the rubric's order, findings, note, trace, seconds."""
    classroom.grade(classroom.hand_in("ann"), 40, 0)
    (grade,) = book.grades(lab)
    found = grade.counts.result
    assert (found.status, found.score, found.max_score, found.seconds) == ("graded", 40, 100, 0.25)
    assert (found.note, found.trace) == ("a note", "a trace")
    assert [msgspec.structs.astuple(each) for each in found.rubric] == [
        ("add", 40, 40, "passed", Finding(text="why\nso")),
        ("total", 0, 60, "failed", Finding(text="why\nso")),
    ]


def test_the_same_content_is_graded_once(classroom, book, lab):
    """Of A, B and A again two are graded, and the third has the first one's result."""
    first, second, third = (classroom.hand_in("ann", each) for each in "ABA")
    assert classroom.pending() == [first, second]
    classroom.grade(first, 40, 0)
    classroom.grade(second, 0, 0)
    assert classroom.pending() == []
    (grade,) = book.grades(lab)
    assert [each.score for each in grade.attempts] == [40, 0, 40]
    assert grade.attempts[2].attempt == third


@pytest.mark.parametrize(
    "other",
    [
        {"suite_digest": "t"}, {"engine": "f"}, {"seed": b"x"}, {"level_word": "none"},
        {"generation": 1},
    ],
)  # fmt: skip
def test_a_key_depends_on_all_that_a_result_depends_on(classroom, other):
    """Each part makes another key; the attempt's number and times do not."""
    attempt = classroom.hand_in("ann")
    parts = {"suite_digest": "s", "engine": "e", "seed": b"s", "level_word": "full"}
    key = key_of(attempt, **parts)
    assert len(key) == 64
    assert key_of(attempt, **(parts | other)) != key
    assert key_of(msgspec.structs.replace(attempt, digest="0" * 64), **parts) != key
    assert key_of(msgspec.structs.replace(attempt, id=9, number=7), **parts) == key


def test_a_changed_suite_asks_for_everything_again(classroom, book, lab):
    """Until it is graded the old score stands; then the new one."""
    ann, ben = classroom.hand_in("ann"), classroom.hand_in("ben")
    classroom.grade(ann, 40, 60)
    classroom.grade(ben, 40, 0)
    assert classroom.pending("suite 2") == [ann, ben]
    assert scores(book, lab) == {"ann": 100, "ben": 40}
    classroom.grade(ann, 0, 60, suite="suite 2")
    assert scores(book, lab) == {"ann": 60, "ben": 40}
    assert classroom.pending("suite 2") == [ben]


def test_a_suite_that_is_changed_back_brings_its_results_back(classroom, book, lab):
    """With nothing left to grade: the key is the old one."""
    ann = classroom.hand_in("ann")
    classroom.pending()
    classroom.grade(ann, 40, 60)
    classroom.pending("suite 2")
    classroom.grade(ann, 0, 0, suite="suite 2")
    assert scores(book, lab) == {"ann": 0}
    assert classroom.pending() == []
    assert scores(book, lab) == {"ann": 100}


def test_a_fault_is_no_grade_and_is_asked_for_again(classroom, book, lab):
    """The score is withheld, never a zero; a later result takes its place for good."""
    ann = classroom.hand_in("ann")
    assert classroom.fault(ann)
    (grade,) = book.grades(lab)
    assert (grade.status, grade.score) == ("withheld", None)
    assert grade.counts.result.note == "the sandbox broke"
    assert classroom.pending() == [ann]
    assert classroom.grade(ann)
    assert scores(book, lab) == {"ann": 100}
    assert not classroom.fault(ann)
    assert scores(book, lab) == {"ann": 100}


def test_a_fault_under_a_new_suite_withholds_the_old_score(classroom, book, lab):
    """What the old suite gave is not what it comes to now."""
    ann = classroom.hand_in("ann")
    classroom.grade(ann)
    classroom.pending("suite 2")
    classroom.fault(ann, "suite 2")
    assert scores(book, lab) == {"ann": None}
    assert classroom.pending("suite 2") == [ann]


def test_a_regrade_may_be_asked_for(classroom, book, lab):
    """With a reason, on record, for this submission only."""
    ann, ben = classroom.hand_in("ann"), classroom.hand_in("ben")
    classroom.grade(ann, 40, 0)
    classroom.grade(ben)
    book.again([ann.id], reason="the GPU was broken", author="carl")
    assert book.generations("adding") == {ann.id: 1}
    assert classroom.pending() == [ann]
    classroom.grade(ann, 40, 60, generation=1)
    assert classroom.pending() == []
    assert scores(book, lab) == {"ann": 100, "ben": 100}
    entry = next(each for each in book.audit() if each.what == "regrade")
    assert (entry.who, entry.detail) == ("carl", "the GPU was broken")


def test_an_impossible_result_is_refused_whole(classroom, book, lab, raw):
    """A score beyond the maximum leaves nothing behind, and the run is told at once.

    What a student wrote or was told is not repeated in what the terminal or a log shows.
    """
    ann = classroom.hand_in("ann")
    with pytest.raises(StoreError, match="case_verdicts_points") as caught:
        classroom.grade(ann, 41, 0)
    assert "why" not in str(caught.value)
    assert raw("SELECT * FROM results") == []
    assert scores(book, lab) == {"ann": None}
    assert classroom.pending() == [ann]


def test_two_that_record_the_same_key_at_once(book_url, classroom):
    """Exactly one of them is told that it was the first."""
    attempts = [classroom.hand_in(f"s{n}") for n in range(10)]
    with Gradebook.open(book_url) as other:
        both = [classroom, type(classroom)(other)]
        with ThreadPoolExecutor(2) as threads:
            told = list(threads.map(lambda each: [each.grade(one) for one in attempts], both))
    assert [mine + theirs for mine, theirs in zip(*told, strict=True)] == [1] * 10


# -- claims --------------------------------------------------------------------------------


def test_two_batches_share_the_keys(book):
    """What one holds the other doesn't get; asking again for one's own is no harm."""
    one, two = book.runs.begin(), book.runs.begin()
    assert book.runs.claim(one, ["a", "b"]) == {"a", "b"}
    assert book.runs.claim(two, ["b", "c"]) == {"c"}
    assert book.runs.claim(one, ["a", "c"]) == {"a"}
    book.runs.end(one)
    assert book.runs.claim(two, ["a", "b", "c"]) == {"a", "b", "c"}


def test_a_recorded_key_is_claimed_by_nobody(book, classroom):
    """Its claim is given back with its result, and it is not given out again."""
    ann, run = classroom.hand_in("ann"), book.runs.begin()
    key = classroom.key(ann)
    assert book.runs.claim(run, [key]) == {key}
    classroom.grade(ann)
    assert book.runs.claim(run, [key]) == book.runs.claim(book.runs.begin(), [key]) == set()


def test_a_faulty_key_is_given_back(book, classroom):
    """The next run may try it."""
    ann, run = classroom.hand_in("ann"), book.runs.begin()
    key = classroom.key(ann)
    book.runs.claim(run, [key])
    classroom.fault(ann)
    assert book.runs.claim(book.runs.begin(), [key]) == {key}


def test_many_that_claim_at_once_share_without_rest(book_url):
    """Every key goes to exactly one of four runs."""
    keys = [f"{n:02}" for n in range(40)]
    with Gradebook.open(book_url) as book:
        runs = [book.runs.begin() for _ in range(4)]
        with ThreadPoolExecutor(4) as threads:
            got = list(threads.map(lambda run: book.runs.claim(run, keys), runs))
    assert sorted(key for some in got for key in some) == keys


@pytest.fixture
def clocked(book_url, noon):
    """A gradebook whose time stands still until `clocked.time` is set."""

    class Clock:
        time = noon

    with Gradebook.open(book_url, clock=lambda: Clock.time) as book:
        book.time = Clock
        yield book


@pytest.mark.parametrize(
    ("seconds", "void"), [(29, False), (31, True), (3600, True), (-9, False), (-11, True)]
)
def test_a_silent_batch_loses_its_claims(clocked, noon, seconds, void):
    """After 30 s, or where its beat lies in the future because the clock was set back."""
    one, two = clocked.runs.begin(), clocked.runs.begin()
    clocked.runs.claim(one, ["a"])
    clocked.time.time = noon + timedelta(seconds=seconds)
    assert clocked.runs.claim(two, ["a"]) == ({"a"} if void else set())


def test_a_beat_keeps_the_claims(clocked, noon):
    """For another 30 s."""
    one, two = clocked.runs.begin(), clocked.runs.begin()
    clocked.runs.claim(one, ["a"])
    clocked.time.time = noon + timedelta(seconds=25)
    clocked.runs.beat(one)
    clocked.time.time = noon + timedelta(seconds=50)
    assert clocked.runs.claim(two, ["a"]) == set()


def test_the_server_s_clock_is_the_one_that_all_go_by(postgres_server, monkeypatch):
    """A machine whose own clock is wrong takes no claims from a run that lives."""

    class Ahead(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.now(tz) + timedelta(hours=1)

    with Gradebook.open(postgres_server.url) as book:
        one, two = book.runs.begin(), book.runs.begin()
        assert book.runs.claim(one, ["a"]) == {"a"}
        monkeypatch.setattr("grader.gradebook.store.datetime", Ahead)
        assert book.runs.claim(two, ["a"]) == set()


def test_an_end_that_could_not_be_written_is_written_later(book, monkeypatch):
    """The next run of this gradebook gives back what the one before had claimed."""
    one = book.runs.begin()
    book.runs.claim(one, ["a"])
    with monkeypatch.context() as patch:
        patch.setattr(book._database, "write", _gone)
        book.runs.end(one)
    assert book.runs.claim(book.runs.begin(), ["a"]) == {"a"}


def _gone(*_, **__):
    raise StoreError("the server is gone")


RUN = """\
import sys
from grader.gradebook.store import Gradebook
book = Gradebook.open(sys.argv[1])
print(sorted(book.runs.claim(book.runs.begin(), ["a", "b"])), flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("how", [os.WEXITED, os.WEXITED | os.WNOWAIT], ids=["gone", "zombie"])
def test_a_killed_batch_loses_its_claims_at_once(book, book_url, how):
    """Its process is gone, whoever has yet to hear of it: nobody waits for its beat to grow old."""
    run = book.runs.begin()
    command = [sys.executable, "-c", RUN, book_url]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "['a', 'b']\n"
        assert book.runs.claim(run, ["a"]) == set()
        process.kill()
        os.waitid(os.P_PID, process.pid, how)
        assert book.runs.claim(run, ["a"]) == {"a"}


def test_a_process_is_known_by_its_start_too(noon):
    """Another process that got the same number later doesn't keep the claims of the first."""
    host, pid, start = liveness.me()
    assert (pid, bool(start)) == (os.getpid(), True)
    assert liveness.lives(host, pid, start, noon, noon)
    assert not liveness.lives(host, pid, start + "0", noon, noon)
    assert liveness.lives("another host", pid, start + "0", noon, noon)


def test_a_clock_that_is_set_back_loses_nothing(clocked, classroom, noon, lab):
    """What is newest is told by numbers: a result recorded "yesterday" still is the newer."""
    ours = type(classroom)(clocked)
    attempt = ours.hand_in("ann")
    ours.grade(attempt, 40, 0)
    clocked.override("ann", lab, "add", 10, reason="first")
    clocked.time.time = noon - timedelta(days=1)
    ours.grade(attempt, 40, 60, suite="suite 2")
    clocked.override("ann", lab, "add", 20, reason="second")
    later = ours.hand_in("ann", "B")
    assert (later.number, later.received_at < attempt.received_at) == (2, True)
    (grade,) = clocked.grades(lab)
    assert [each.raw for each in grade.attempts] == [80, None]
    assert [each.reason for each in grade.overrides] == ["second"]


def test_the_token_tells_a_repeated_call_from_another(book, classroom):
    """A commit whose answer was lost is repeated, and knows the row for its own."""
    from grader.gradebook import work

    attempt = classroom.hand_in("ann")
    kept = []
    real = work.record

    def twice(connection, graded, now):
        kept.append(graded)
        return real(connection, graded, now)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(work, "record", twice)
        assert classroom.grade(attempt)
    again = book._database.write(lambda each: real(each, kept[0], attempt.received_at))
    assert again
    other = replace(kept[0], token="another")
    assert not book._database.write(lambda each: real(each, other, attempt.received_at))
