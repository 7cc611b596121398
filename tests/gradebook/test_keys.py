"""A gradebook knows the keys that it was made with, and takes no other, in both databases."""

import pytest

from grader.course import load_course
from grader.course.key import COURSE_KEY, KINDS, RECEIPT_KEY, fingerprint, present_key
from grader.errors import CourseError
from grader.gradebook.approval import approver
from grader.gradebook.journal import undo
from grader.gradebook.store import Gradebook
from grader.grading import Settings, grade_here
from grader.intake.receipts import Signer
from grader.sandbox import Level
from grader.submissions import from_source

KEYS = [b"a key of sixteen bytes and more", b"another key of sixteen bytes and"]


@pytest.fixture(autouse=True)
def _no_keys_in_the_environment(monkeypatch):
    for kind in KINDS:
        monkeypatch.delenv(kind.variable, raising=False)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_the_first_key_is_kept_and_another_refused(book, kind):
    """The same key may come again; for another one, the mend and what it would do are told."""
    first, second = (fingerprint(kind, key) for key in KEYS)
    book.keys.check(kind, "")  # none is known, so one may be made
    book.keys.check(kind, first)
    book.keys.check(kind, first)
    assert book.keys.known() == {kind.name: first}
    for wrong in (second, ""):
        with pytest.raises(CourseError) as refused:
            book.keys.check(kind, wrong)
        for words in (kind.file, kind.variable, kind.cost, f"shardlab keys --accept {kind.name}"):
            assert words in str(refused.value)
    assert [each.what for each in book.audit()] == ["key"]


def test_a_fingerprint_betrays_no_key():
    """Neither the key nor a piece of it stands in it; each kind has its own."""
    found = {fingerprint(kind, key) for kind in KINDS for key in KEYS}
    assert len(found) == 4
    for text in found:
        assert len(text) == 32
        assert not any(key.hex()[:8] in text for key in KEYS)


def test_another_key_may_be_accepted_and_that_taken_back(book):
    """On record with the reason; after the undo the first one is the known one again."""
    first, second = (fingerprint(COURSE_KEY, key) for key in KEYS)
    book.keys.check(COURSE_KEY, first)
    book.keys.accept(COURSE_KEY, second, "the first one was published")
    book.keys.check(COURSE_KEY, second)
    with pytest.raises(CourseError):
        book.keys.check(COURSE_KEY, first)
    entry = book.audit()[-1]
    assert (entry.what, entry.subject) == ("accept key", "course-key")
    assert "the first one was published" in entry.detail
    book._database.write(lambda each: undo(each, entry.id, entry.at, "staff"))
    assert book.keys.known() == {"course-key": first}


def test_two_checkouts_that_share_a_gradebook(book_url, course, tmp_path):
    """The second, with a key of its own, draws no input and signs no receipt."""
    with Gradebook.open(book_url):
        pass  # somebody has made it
    there = tmp_path / "there"
    there.mkdir()
    (there / "course.toml").write_text((course.root / "course.toml").read_text())
    ours, theirs = (
        load_course(each, approver(lambda: book_url, print)) for each in (course.root, there)
    )
    ours.key()
    Signer(ours.root, ours.name, ours.approve)
    (there / COURSE_KEY.file).write_text("another checkout's own course key\n")
    (there / RECEIPT_KEY.file).write_text("5" * 64 + "\n")
    with pytest.raises(CourseError, match="every hidden input would change"):
        theirs.key()
    with pytest.raises(CourseError, match="would no longer verify"):
        Signer(theirs.root, theirs.name, theirs.approve)


def test_no_key_is_made_where_one_is_known(book_url, course, tmp_path):
    """A copy without keys is refused before a file is there that would be taken for the key."""
    with Gradebook.open(book_url):
        pass
    for kind in KINDS:
        (course.root / kind.file).unlink(missing_ok=True)
    first = load_course(course.root, approver(lambda: book_url, print))
    first.key()  # the first use makes and records it
    assert present_key(course.root, COURSE_KEY)[1]
    copy = tmp_path / "copy"
    copy.mkdir()
    (copy / "course.toml").write_text((course.root / "course.toml").read_text())
    with pytest.raises(CourseError, match="none is made"):
        load_course(copy, approver(lambda: book_url, print)).key()
    assert [each.name for each in copy.iterdir()] == ["course.toml"]


def test_a_gradebook_is_not_made_to_ask_it(course, tmp_path):
    """Whoever only wants a nonce gets no empty gradebook."""
    url = str(tmp_path / "none.sqlite3")
    load_course(course.root, approver(lambda: url, print)).key()
    assert not (tmp_path / "none.sqlite3").exists()


def test_a_key_in_the_environment_counts_and_that_is_said(book_url, course, monkeypatch):
    """Once, with both places; the same key in both is nothing to be told."""
    with Gradebook.open(book_url):
        pass
    said = []
    own = (course.root / COURSE_KEY.file).read_text()
    monkeypatch.setenv(COURSE_KEY.variable, own + "\n")
    load_course(course.root, approver(lambda: book_url, said.append)).key()
    assert said == []
    monkeypatch.setenv(COURSE_KEY.variable, "a key that only the environment has")
    with pytest.raises(CourseError):
        load_course(course.root, approver(lambda: book_url, said.append)).key()
    file = course.root / COURSE_KEY.file
    assert said == [f"{COURSE_KEY.variable} counts; {file} holds another key"]


def test_a_worker_makes_no_key(course):
    """One that sees the course without its key grades nothing, says why, and leaves none behind."""
    lab = course.lab("adding")
    settings = Settings(lab, Level.NONE)
    (course.root / COURSE_KEY.file).unlink()
    result = grade_here(settings, from_source(lab, "ann", b"x = 1"))
    assert result.score is None
    assert "the worker sees no .course-key there" in result.note
    assert not (course.root / COURSE_KEY.file).exists()
