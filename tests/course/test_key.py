"""The course key: one for a course, wherever it is kept, and never a weak one."""

import stat

import pytest

from grader.course.key import KEY_FILE, KEY_VARIABLE, MIN_KEY_BYTES, course_key
from grader.errors import CourseError


@pytest.fixture(autouse=True)
def _no_key_in_the_environment(monkeypatch):
    monkeypatch.delenv(KEY_VARIABLE, raising=False)


def test_a_key_is_made_once_and_for_its_owner_only(tmp_path):
    """The first use makes it, later ones read it, others of the machine can't."""
    key = course_key(tmp_path)
    assert len(key) >= 32
    assert course_key(tmp_path) == key
    assert stat.S_IMODE((tmp_path / KEY_FILE).stat().st_mode) == 0o600
    assert {path.name for path in tmp_path.iterdir()} == {KEY_FILE, ".gitignore"}


def test_two_courses_have_two_keys(tmp_path):
    """Keys are drawn, not derived."""
    for name in "ab":
        (tmp_path / name).mkdir()
    assert course_key(tmp_path / "a") != course_key(tmp_path / "b")


def test_the_environment_comes_first(tmp_path, monkeypatch):
    """A CI has the key as a secret; no file is made there."""
    monkeypatch.setenv(KEY_VARIABLE, "from the environment")
    assert course_key(tmp_path) == b"from the environment"
    assert list(tmp_path.iterdir()) == []


def test_a_key_copied_from_the_file_is_the_same_key(tmp_path, monkeypatch):
    """The file ends in a newline, a variable does not: that must not change every input."""
    key = course_key(tmp_path)
    monkeypatch.setenv(KEY_VARIABLE, (tmp_path / KEY_FILE).read_text("utf-8").removesuffix("\n"))
    assert course_key(tmp_path) == key


@pytest.mark.parametrize("content", ["", "\n", "short", "x" * (MIN_KEY_BYTES - 1)])
def test_a_weak_key_is_refused(tmp_path, content, monkeypatch):
    """An empty file would draw the same "secret" inputs in every course."""
    (tmp_path / KEY_FILE).write_text(content, "utf-8")
    with pytest.raises(CourseError, match=rf"{KEY_FILE}: a key of \d+ bytes"):
        course_key(tmp_path)
    monkeypatch.setenv(KEY_VARIABLE, "weak")
    with pytest.raises(CourseError, match=f"{KEY_VARIABLE}: a key of 4 bytes"):
        course_key(tmp_path)


def test_a_key_that_cannot_be_read_is_told(tmp_path):
    """The text names the file and the way around it."""
    (tmp_path / KEY_FILE).mkdir()
    with pytest.raises(CourseError, match=KEY_VARIABLE):
        course_key(tmp_path)


def test_a_key_that_cannot_be_made_is_told(tmp_path):
    """The same where the course's folder is not there to write into."""
    with pytest.raises(CourseError, match="can't be read or made"):
        course_key(tmp_path / "gone")
