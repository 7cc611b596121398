"""A roster as CSV: read as spreadsheets write it; a wrong line costs only itself."""

import pytest

from grader.errors import UsageError
from grader.gradebook.roster import read_roster
from grader.gradebook.roster_columns import Choice
from grader.gradebook.rows import Student


@pytest.fixture
def read(tmp_path):
    """Reads this text as a roster."""

    def of(text, encoding="utf-8", ignored=(), **columns):
        path = tmp_path / "students.csv"
        path.write_bytes(text.encode(encoding))
        return read_roster(path, Choice(columns, ignored))

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
    """Only the id must be there; an empty column is passed over, and one that is named so."""
    found = read('Name, ID ,,phone\n"Last, First", s1 ,,1\n\n', ignored=("Phone",))
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


# -- told at once --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("heading", "words"),
    [
        ("id,naem", "column 'naem' is unknown; did you mean 'name'"),
        ("id,e-mail", "did you mean 'email'"),
        ("id,LMSID", "did you mean 'lms_id'"),
        ("id,phone", "column 'phone' is unknown; expected: id,name,email,group,lms_id"),
        ("id,Name,name", "two columns are named 'name'"),
        ("ID,id", "two columns are named 'id'"),
        ("student id,name", "if 'student id' is: --column 'id=student id'"),
        ("NetID,name", "if 'NetID' is: --column 'id=NetID'"),
        ("Login-ID;name", "if 'Login-ID' is"),
        ("\x1b[31m id,name", "'id' is none of them"),
    ],
)
def test_a_heading_that_can_not_be_meant_stops_the_whole_file(read, heading, words):
    """Nobody can say what the lines mean; the error names the column, and what may be meant."""
    with pytest.raises(UsageError) as refused:
        read(f"{heading}\ns1,Ann\n")
    assert words in str(refused.value)
    assert str(refused.value).isprintable()


def test_a_column_may_be_named(read):
    """What the file calls a field is the user's to say; the others are known by their names."""
    found = read("NetID,name\ns1,Ann\n", id="netid")
    assert found.students == (Student("s1", "Ann"),)
    assert found.told == ("Roster: id is 'NetID', name is 'name'.",)
    with pytest.raises(UsageError, match="no column 'login'; there are: NetID, name"):
        read("NetID,name\ns1,Ann\n", id="login")


@pytest.mark.parametrize(
    ("second", "words"),
    [
        ("S1,Ben,b@x,2", "'S1' differs by case only from 's1' in line 2"),
        ("s2,Ben,b@x,1", "the lms_id 1 is that of 's1' in line 2, too"),
        ("s2,Ben,A@X,2", "the email A@X is that of 's1' in line 2, too"),
    ],
)
def test_what_only_one_may_have_is_told_with_both_lines(read, second, words):
    """An id but for its case, a number, an address: the second line is left out."""
    found = read(f"id,name,email,lms_id\ns1,Ann,a@x,1\n{second}\ns3,Cy,,\ns4,Di,,\n")
    assert [each.id for each in found.students] == ["s1", "s3", "s4"]
    assert found.problems == (f"line 3: {words}",)


# -- what Canvas and Moodle export ---------------------------------------------------------

CANVAS = "Student,ID,SIS User ID,SIS Login ID,Section,Ring (12),Current Score"
CANVAS_LINES = '''
,,,,,Manual Posting,
    Points Possible,,,,,100,(read only)
"Doe, Jane",4711,D001,jdoe,Section 1,90,90
"=""=Zoë""",4712,D002,zoe,Section 1 and Section 2,,
"Student, Test",4713,,5ca1ab1e,Section 1,,
'''


def test_canvas_gradebook(read):
    """Its `ID` is our lms_id, and the id is what students log in with.

    Columns, the lines of posting and of points, and the quoting of a name that begins with `=` as
    in canvas-lms 0140a2e, lib/gradebook_exporter.rb (`csv_data`, `student_name`); the test student
    (a StudentViewEnrollment) comes last there.
    """
    found = read(CANVAS + CANVAS_LINES)
    assert found.students == (
        Student("jdoe", "Doe, Jane", lms_id="4711"),
        Student("zoe", "=Zoë", lms_id="4712"),
    )
    columns, section, test_student = found.told
    assert columns == "Canvas's gradebook: id is 'SIS Login ID', name is 'Student', lms_id is 'ID'."
    assert "'Section' is no group" in section
    assert test_student == "Line 6 is Canvas's test student, and left out."
    assert found.problems == ()


def test_canvas_with_names_in_two_columns(read):
    """`show_student_first_last_name` of the same exporter: LastName and FirstName."""
    text = (CANVAS + CANVAS_LINES).replace("Student,ID", "LastName,FirstName,ID", 1)
    text = text.replace(",,,,,Manual", ",,,,,,Manual").replace("Possible,", "Possible,,")
    text = text.replace('"Doe, Jane"', "Doe,Jane").replace('"=""=Zoë"""', "Zoë,")
    found = read(text.replace('"Student, Test"', "Student,Test"))
    assert [each.name for each in found.students] == ["Doe, Jane", "Zoë"]
    assert (found.problems, found.told[-1][:6]) == ((), "Line 6")


@pytest.mark.parametrize(
    ("heading", "line", "student"),
    [
        # include_sis_id is off: who may not see SIS ids gets the login alone
        ("Student,ID,SIS Login ID,Section", '"Doe, Jane",1,jdoe,S', "jdoe"),
        ("Student,ID,SIS User ID,SIS Login ID,Integration ID,Root Account,Section",
         '"Doe, Jane",1,D1,jdoe,i,c.edu,S', "jdoe"),
        ("Student,ID,SIS User ID,SIS Login ID,Section", '"Doe, Jane",1,D1,,S', "D1"),
    ],
)  # fmt: skip
def test_the_id_is_the_login_and_else_the_sis_id(read, heading, line, student):
    """Whatever of both Canvas shows (canvas-lms 0140a2e, lib/gradebook_exporter.rb)."""
    assert read(f"{heading}\n{line}\n").students == (Student(student, "Doe, Jane", lms_id="1"),)


def test_canvas_without_any_login_is_refused(read):
    """Its own number is no id of ours: the mend is named, and nothing is taken."""
    text = 'Student,ID,SIS User ID,SIS Login ID,Section\n"Doe, Jane",4711,,,S\n'
    with pytest.raises(UsageError, match=r"nothing that can be our id.*--column id=TITLE"):
        read(text)
    assert read(text, id="ID").students == (Student("4711", "Doe, Jane", lms_id="4711"),)


def test_canvas_list_of_users(read):
    """The columns of SIS imports and of reports: canvas-lms c6090fa, doc/api/sis_csv.md."""
    heading = "canvas_user_id,user_id,login_id,full_name,sortable_name,email,status"
    found = read(f'{heading}\n7,D1,jdoe,Jane Doe,"Doe, Jane",j@x,active\n')
    assert found.students == (Student("jdoe", "Doe, Jane", "j@x", lms_id="7"),)


def test_moodle_participants(read):
    """First and last name and the identity fields, here those that show by default.

    moodle 0919a04, user/action_redir.php (`download_participants`); the grades' export has the
    same columns (moodle 0497556, grade/export/txt/grade_export_txt.php).
    """
    heading = "First name,Last name,ID number,Email address,Groups"
    found = read(f"{heading}\nJane,Doe,s041,jane@x,Lab 1\nZoë,,s042,zoe@x,\n")
    assert found.students == (
        Student("s041", "Doe, Jane", "jane@x"),
        Student("s042", "Zoë", "zoe@x"),
    )
    assert "id is 'ID number', name is 'Last name' and 'First name'" in found.told[0]
    assert "'Groups' is no group" in found.told[1]


def test_moodle_without_id_numbers(read):
    """Then the id is what stands before the @, if that is one person's."""
    heading = '"First name",Surname,"ID number","Email address"'
    found = read(f"{heading}\nJane,Doe,,jdoe@x\nZoë,Ü,,zoe@x\nJohn,Doe,,jdoe@y\n")
    assert [each.id for each in found.students] == ["jdoe", "zoe"]
    assert "id is 'Email address' before the @" in found.told[0]
    assert found.problems == ("line 4: 'jdoe' stands twice; the first counts",)


def test_moodle_worksheet(read):
    """Its number of a participant belongs to one assignment, and is nothing of ours.

    moodle 003699d, mod/assign/gradingtable.php: Identifier, Full name, identity fields, Status, …
    """
    heading = "Identifier,Full name,Email address,Status,Grade,Maximum Grade"
    found = read(f"{heading}\nParticipant 5903,<del>Jane Doe</del>,jane@x,No submission,,100\n")
    assert found.students == (Student("jane", "Jane Doe", "jane@x"),)


def test_moodle_that_shows_no_identity_is_refused(read):
    """With the setting that shows one."""
    with pytest.raises(UsageError, match="Show user identity"):
        read("Identifier,Full name,Status\nParticipant 1,Jane Doe,x\n")
    with pytest.raises(UsageError, match="Show user identity"):
        read("First name,Last name\nJane,Doe\n")


def test_a_group_of_another_system_is_taken_if_somebody_says_so(read):
    """A section is no group that hands in together, unless it is."""
    assert read(CANVAS + CANVAS_LINES, group="section").students[0].group == "Section 1"
