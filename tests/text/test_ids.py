"""One rule says what can be a student's id, wherever an id comes from."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.errors import UsageError
from grader.gradebook.roster import read_roster
from grader.text.ids import MAX_ID_BYTES, as_student_id, is_student_id, student_id


@pytest.mark.parametrize(
    "text",
    [
        "s041", "7", "a.b-c_d@school.example", "A" * MAX_ID_BYTES, "José", "o'brien", "李小龍",
        "Jane Doe", "_smith", "ѕ041", "נועה", "Nguyễn",
    ],
)  # fmt: skip
def test_ids_that_can_be(text):
    """What schools use, and what names of files are made of the world over."""
    assert student_id(text) == as_student_id(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "", ".", "..", ".s", "-s", "a/b", "a\\b", "s1\n", " s", "s ", "a\u202eb", "s\x00",
        "a\udc80", "A" * (MAX_ID_BYTES + 1), "李" * (MAX_ID_BYTES // 3 + 1),
    ],
)  # fmt: skip
def test_ids_that_can_t_be(text):
    """Nothing that leads elsewhere, is hidden or turns text round; told in printable words."""
    assert not is_student_id(text)
    assert as_student_id(text) is None
    with pytest.raises(UsageError, match="student id") as caught:
        student_id(text)
    assert str(caught.value).isprintable()


def test_one_student_has_one_id_however_it_is_composed():
    """Some systems write an accent as a character of its own in the names of files."""
    apart = unicodedata.normalize("NFD", "José")
    assert student_id(apart) == "José"
    assert not is_student_id(apart)


@given(st.text())
def test_an_id_names_one_folder_and_stays_an_id(text):
    """Made into an id again it is the same, and as a path it has one part, which is not hidden."""
    if (found := as_student_id(text)) is not None:
        assert as_student_id(found) == found
        assert is_student_id(found)
        assert re.fullmatch(r"[^./\\-][^/\\]*", found)
        assert found.isprintable()


@pytest.mark.parametrize("text", ["o'brien", "Jane Doe", "a/b", "-s", ".s", "A" * 121])
def test_a_roster_takes_the_same_ids(tmp_path, text):
    """Neither more nor less than the names of files."""
    path = tmp_path / "roster.csv"
    path.write_text(f"id,name\n{text},Somebody\n", "utf-8")
    taken = [each.id for each in read_roster(path).students]
    assert taken == ([text] if is_student_id(text) else [])


def test_a_roster_s_ids_are_composed(tmp_path):
    """Else a file of that name would be another student's."""
    path = tmp_path / "roster.csv"
    path.write_text(f"id\n{unicodedata.normalize('NFD', 'José')}\n", "utf-8")
    assert [each.id for each in read_roster(path).students] == ["José"]
