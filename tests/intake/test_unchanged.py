"""A bundle that was taken in is not read again while it is as it was; whatever changes is seen."""

import os
import shutil
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grader.course import load_course
from grader.gradebook.store import Gradebook
from grader.intake.finds import Intake
from grader.intake.taking import take_in

LATER = datetime(2025, 11, 22, 15, 3, tzinfo=UTC)
OTHER = b"def add(x, y):\n    return x - y\n"


@pytest.fixture
def book(course):
    """The course's gradebook."""
    with Gradebook.open(str(course.root / "book.sqlite3"), clock=lambda: LATER) as opened:
        yield opened


@pytest.fixture
def settled(monkeypatch):
    """Files count as settled at once: in these tests nothing changes within one tick."""
    monkeypatch.setattr("grader.intake.unchanged._GRAIN_S", -3600.0)


@pytest.fixture
def reads(monkeypatch):
    """The names of the bundles that were read."""
    from grader.intake import members

    seen, read = [], members.read_regular

    def watched(path, limit):
        seen.append(path.name)
        return read(path, limit)

    monkeypatch.setattr(members, "read_regular", watched)
    return seen


@pytest.fixture
def collect(course, book, inbox, reads):
    """Collects; gives what came of it, and the bundles that were read for it."""

    def run(*paths, **options):
        reads.clear()
        everything = list(take_in(course, book, paths or [inbox], now=LATER, **options))
        assert all(isinstance(each, Intake) for each in everything), everything
        numbers = {each.id: each.number for each in book.attempts()}
        return [(numbers[each.attempt], each.new) for each in everything], set(reads)

    return run


@pytest.fixture
def path(put, packed):
    """A bundle in the inbox."""
    return put(packed().raw)


def receipt_of(path):
    return path.with_name(path.name.replace(".shardlab.zip", ".receipt.json"))


def test_what_was_taken_in_is_not_read_again(collect, path, put, packed, settled, now):
    """But told as known, with its attempt; and only what is new is read."""
    assert collect() == ([(1, True)], {path.name})
    assert collect() == ([(1, False)], set())
    put(packed(source=OTHER, now=now + timedelta(minutes=1)).raw, name="b.shardlab.zip")
    assert collect() == ([(1, False), (2, True)], {"b.shardlab.zip"})
    assert collect() == ([(1, False), (2, False)], set())


def test_what_was_taken_back_is_read_again(collect, book, path, settled):
    """Else it would be taken for known, and never count again."""
    collect()
    assert collect() == ([(1, False)], set())
    book.intakes.undo(1)
    assert collect() == ([(1, True)], {path.name})
    assert collect() == ([(1, False)], set())


def write_in_place(path, raw):
    with path.open("r+b") as file:
        file.write(raw)


def replace(path, raw):
    draft = path.with_name("draft")
    draft.write_bytes(raw)
    draft.replace(path)


@pytest.mark.parametrize("change", [write_in_place, replace])
def test_a_changed_bundle_is_seen(collect, path, packed, settled, change):
    """As large as it was, and backdated to the nanosecond."""
    collect()
    before, other = path.stat(), packed(source=OTHER).raw
    assert len(other) == before.st_size
    change(path, other)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert collect() == ([(2, True)], {path.name})


def test_a_bundle_that_was_changed_and_changed_back_is_what_it_was(collect, path, packed, settled):
    """It is read, and found to be the attempt that it was."""
    collect()
    raw = path.read_bytes()
    replace(path, packed(source=OTHER).raw)
    collect()
    replace(path, raw)
    assert collect() == ([(1, False)], {path.name})
    assert collect() == ([(1, False)], set())


@pytest.mark.parametrize("content", [None, b"{}"])
def test_a_receipt_that_was_lost_or_forged_comes_back(collect, path, settled, content):
    """For that the bundle is read again."""
    collect()
    receipt = receipt_of(path)
    good = receipt.read_bytes()
    receipt.unlink() if content is None else receipt.write_bytes(content)
    assert collect() == ([(1, False)], {path.name})
    assert receipt.read_bytes() == good
    assert collect() == ([(1, False)], set())


def test_a_forged_receipt_of_the_same_size_and_time_is_seen(collect, path, settled):
    """Its time of change can't be set back."""
    collect()
    receipt = receipt_of(path)
    good, before = receipt.read_bytes(), receipt.stat()
    write_in_place(receipt, good.replace(b'"attempt": 1', b'"attempt": 9'))
    os.utime(receipt, ns=(before.st_atime_ns, before.st_mtime_ns))
    collect()
    assert receipt.read_bytes() == good


def test_a_bundle_that_changed_just_now_is_read_once_more(collect, path, monkeypatch):
    """A change within the same tick of the clock would not show."""
    monkeypatch.setattr("grader.intake.unchanged._GRAIN_S", 3600.0)
    for _ in range(2):
        assert collect()[1] == {path.name}
    monkeypatch.setattr("grader.intake.unchanged._GRAIN_S", -3600.0)
    assert collect()[1] == {path.name}
    assert collect()[1] == set()


def test_when_what_is_asked_of_bundles_changes_all_are_read(
    collect, course, path, settled, monkeypatch
):
    """Another version of ours, another key for receipts."""
    collect()
    monkeypatch.setattr("grader.intake.unchanged.__version__", "999")
    assert collect() == ([(1, False)], {path.name})
    (course.root / ".receipt-key").unlink()
    before = receipt_of(path).read_bytes()
    assert collect() == ([(1, False)], {path.name})
    assert receipt_of(path).read_bytes() != before
    assert collect() == ([(1, False)], set())


def test_a_lab_that_now_asks_for_another_file_refuses_what_it_took(
    course, book, inbox, path, settled
):
    """As it would refuse it from anyone else."""
    assert len(list(take_in(course, book, [inbox], now=LATER))) == 1
    folder = course.root / "assignments/adding"
    (folder / "adding.py").rename(folder / "summing.py")
    toml = folder / "assignment.toml"
    toml.write_text(toml.read_text("utf-8").replace('"adding.py"', '"summing.py"'), "utf-8")
    (refusal,) = take_in(load_course(course.root), book, [inbox], now=LATER)
    assert "it has no summing.py" in refusal.reason


def test_a_copy_in_another_inbox_is_read(collect, inbox, path, settled, tmp_path):
    """Only the very file that was read is known; then both are."""
    collect()
    second = tmp_path / "second"
    shutil.copytree(inbox, second)
    assert collect(second) == ([(1, False)], {path.name})
    assert collect(second) == ([(1, False)], set())


def test_a_receipt_that_can_t_be_written_is_tried_again(collect, path, settled):
    """A folder lies where it belongs: nothing is remembered before it is there."""
    receipt_of(path).mkdir()
    assert collect()[1] == {path.name}
    receipt_of(path).rmdir()
    assert collect()[1] == {path.name}
    assert receipt_of(path).is_file()
    assert collect()[1] == set()


STUDENTS = st.sampled_from(["s1", "s2"])
NAMES = st.sampled_from(["a.shardlab.zip", "b.shardlab.zip"])
DEEDS = st.one_of(
    st.tuples(st.just("put"), STUDENTS, NAMES, st.sampled_from([b"1\n", b"2\n", b"3\n"])),
    st.tuples(st.sampled_from(["remove", "lose", "forge", "backdate"]), STUDENTS, NAMES),
    st.just(("collect",)),
)


def do(deed, inbox, packed, now):
    """What a student may do in the own folder."""
    what, student, name, *content = deed
    path = inbox / "adding" / student / name
    if what == "put":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(packed(student, content[0], now).raw)
    elif not path.exists():
        return
    elif what == "remove":
        path.unlink()
    elif what == "backdate":
        os.utime(path, (0, 0))
    elif what == "lose":
        receipt_of(path).unlink(missing_ok=True)
    else:
        receipt_of(path).write_bytes(b"{}")


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(deeds=st.lists(DEEDS, min_size=3, max_size=12))
def test_the_gradebook_is_the_same_as_if_all_were_read(
    deeds, course, tmp_path_factory, packed, now, monkeypatch
):
    """Whatever happens in an inbox: same attempts, same receipts, whether facts are kept or not."""
    came_to = []
    for grain in (-3600.0, 3600.0):
        place = tmp_path_factory.mktemp("place")
        inbox = place / "inbox"
        (inbox / "adding").mkdir(parents=True)
        monkeypatch.setattr("grader.intake.unchanged._GRAIN_S", grain)
        told = []
        with Gradebook.open(str(place / "book.sqlite3"), clock=lambda: LATER) as book:
            for minute, deed in enumerate([*deeds, ("collect",), ("collect",)]):
                if deed == ("collect",):
                    found = take_in(course, book, [inbox], now=LATER)
                    told.append(sorted((each.source, each.attempt, each.new) for each in found))
                else:
                    do(deed, inbox, packed, now + timedelta(minutes=minute))
            receipts = {each.name: each.read_bytes() for each in inbox.rglob("*.receipt.json")}
            came_to.append((told, book.attempts(), receipts, book.seen.last_collected().values()))
    assert came_to[0][:3] == came_to[1][:3]
