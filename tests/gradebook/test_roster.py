"""A roster as CSV: read as spreadsheets write it; a wrong line costs only itself."""

import pytest

from grader.errors import UsageError
from grader.gradebook.roster import read_roster
from grader.gradebook.rows import Student


@pytest.fixture
def read(tmp_path):
    """Reads this text as a roster."""

    def of(text, encoding="utf-8"):
        path = tmp_path / "students.csv"
        path.write_bytes(text.encode(encoding))
        return read_roster(path)

    return of


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("mark", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_everyone_in_it_is_read(read, mark, end, encoding):
    """As any spreadsheet writes it, with names of any alphabet."""
    rows = ["id,name,email,group,lms_id", "s1,Zoë Ünal,z@x,b,17", "s2,李,,,"]
    found = read(end.join(rows).replace(",", mark) + end, encoding)
    assert found.problems == ()
    assert found.students == (
        Student("s1", "Zoë Ünal", "z@x", "b", "17"),
        Student("s2", "李"),
    )


def test_columns_may_lack_or_stand_anywhere(read):
    """Only the id must be there; columns that nobody asked for are passed over."""
    found = read('Name, ID ,phone\n"Last, First", s1 ,1\n\n')
    assert found.students == (Student("s1", "Last, First"),)


def test_a_wrong_line_costs_only_itself(read):
    """It is told with its number, in one printable line; the others are read."""
    lines = ["id,name", "s1,Ann", ",Nobody", "s2", "s1,Twice", "../up,X", ".git,X",
             "s3,a\x1b[31m", f"s4,{'x' * 201}", "s\u202e5,X", "s6,Last"]  # fmt: skip
    found = read("\n".join(lines))
    assert [each.id for each in found.students] == ["s1", "s6"]
    numbers = [int(each.split()[1].rstrip(":")) for each in found.problems]
    assert numbers == list(range(3, 11))
    assert all(each.isprintable() for each in found.problems)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "'id' is none of them"),
        ("name,email\nAnn,a@x\n", "'id' is none of them"),
        ('id,name\ns1,"Ann\n', "not CSV"),
    ],
)
def test_what_is_no_roster(read, text, words):
    """Nothing of it is taken."""
    with pytest.raises(UsageError, match=words):
        read(text)


def test_what_can_not_be_read(read, tmp_path):
    """Another encoding, a folder, nothing at all."""
    with pytest.raises(UsageError, match="UTF-8"):
        read("id,name\ns1,Zoë\n", "latin-1")
    with pytest.raises(UsageError, match="can't be read"):
        read_roster(tmp_path)
    with pytest.raises(UsageError, match="No such file"):
        read_roster(tmp_path / "none.csv")
