"""Scores into nbgrader's gradebook and back, read by nbgrader itself."""

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from grader.errors import CourseError, StoreError, UsageError
from grader.gradebook.rows import Attempt, Grade, GradedAttempt, Override, Student
from grader.notebooks import tables
from grader.notebooks.sync import ManualGrade, pull, push
from grader.results import GRADED, WITHHELD, Finding, Result, RubricResult, Verdict

# nbgrader and what it stands on warn of one another's deprecations, which is not ours to mend
pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.usefixtures("nbgrader_installed")]
AT = datetime(2026, 11, 22, 14, 3, tzinfo=UTC)


def graded_attempt(student, add=40, total=60, number=1):
    """An attempt with a result of those points."""
    rubric = tuple(
        RubricResult(
            item, points, most, Verdict.PASSED if points else Verdict.FAILED, Finding(text="why")
        )
        for item, points, most in (("add", add, 40), ("total", total, 60))
    )
    result = Result(student, GRADED, add + total, 100, 0.1, rubric)
    attempt = Attempt(number, student, "adding", number, "0" * 64, AT, AT)
    return GradedAttempt(attempt, result, add + total)


def grade_of(student, *, counts=None, **fields):
    """A student's grade; with an attempt of full points unless another is given."""
    counts = counts or graded_attempt(student)
    return Grade(Student(student, f"{student.title()}, Ms"), "adding", 100, (counts,), counts,
                 **fields)  # fmt: skip


def withheld_of(student):
    """A grade whose score is withheld."""
    result = Result(student, WITHHELD, None, 100, 0.1, (), "the suite broke")
    attempt = Attempt(1, student, "adding", 1, "0" * 64, AT, AT)
    return grade_of(student, counts=GradedAttempt(attempt, result))


class Room:
    """nbgrader's gradebook of the released lab, with no submissions in it."""

    def __init__(self, url, lab):
        from nbgrader.api import Base

        self.url, self.lab = url, lab
        engine = sa.create_engine(url)
        Base.metadata.create_all(engine)  # as nbgrader does, without its 2 s of asking alembic
        engine.dispose()
        with self.book() as book:
            book.add_assignment("adding")
            book.add_notebook("adding", "adding")
            for item in lab.rubric:
                book.add_grade_cell(
                    item.item, "adding", "adding", max_score=item.points, cell_type="code"
                )
            for name in ("top", *lab.functions):
                book.add_solution_cell(f"solution-{name}", "adding", "adding")

    def book(self):
        from nbgrader.api import Gradebook

        return Gradebook(self.url, "sys101")

    def rows(self):
        """Everything that stands in the tables that we write into."""
        names = ("student", "submitted_assignment", "submitted_notebook", "grade", "comment")
        with self.book() as book:
            return {
                name: sorted(map(str, book.db.execute(sa.text(f"select * from {name}"))))
                for name in names
            }

    def give(self, student, item, points, *, extra=None):
        """Grades by hand, and has looked."""
        with self.book() as book:
            grade = book.find_grade(item, "adding", "adding", student)
            grade.manual_score, grade.extra_credit = points, extra
            grade.needs_manual_grade = False
            book.db.commit()

    def scores(self, student):
        """Automatic score, manual score and whether a person must look, of each cell."""
        with self.book() as book:
            notebook = book.find_submission_notebook("adding", "adding", student)
            return {
                each.name: (each.auto_score, each.manual_score, each.needs_manual_grade)
                for each in notebook.grades
            }


@pytest.fixture(params=["sqlite", "postgresql"])
def room(request, course, tmp_path):
    """nbgrader's gradebook in either database: where it is, and how nbgrader itself sees it."""
    url = f"sqlite:///{tmp_path / 'gradebook.db'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_server").url
    return Room(url, course.lab("adding"))


def test_nbgrader_reads_what_was_pushed(room, classroom):
    """Scores, total, name, time and comment, by nbgrader's own API and formgrader's query."""
    partial = grade_of("bob", counts=graded_attempt("bob", total=0))
    pushed = push(room.url, room.lab, [grade_of("ann"), partial])
    assert (pushed.submissions, pushed.without_score) == (2, ())
    with room.book() as book:
        submission = book.find_submission("adding", "bob")
        assert (submission.score, submission.max_score) == (40, 100)
        assert submission.timestamp == datetime(2026, 11, 22, 14, 3)  # noqa: DTZ001 - nbgrader's
        assert (submission.student.last_name, submission.student.first_name) == ("Bob", "Ms")
        said = book.find_comment("solution-top", "adding", "adding", "bob").comment
        assert said == "40/100 by autograding. Lost: total."
        assert {row["student"]: row["score"] for row in book.submission_dicts("adding")} == {
            "ann": 100,
            "bob": 40,
        }
        assert not any(row["needs_manual_grade"] for row in book.submission_dicts("adding"))


def test_pushing_twice_is_pushing_once(room):
    """Not a row more, and not one that differs."""
    grades = [grade_of("ann"), withheld_of("bob")]
    push(room.url, room.lab, grades)
    first = room.rows()
    push(room.url, room.lab, grades)
    assert room.rows() == first
    assert len(first["grade"]) == 4


def test_rows_are_those_that_nbgrader_makes(room):
    """A submission that we push has the rows that nbgrader's own API would have made."""
    push(room.url, room.lab, [grade_of("ann")])
    with room.book() as book:
        book.add_student("nora")
        book.add_submission("adding", "nora")

        def shape(student):
            notebook = book.find_submission_notebook("adding", "adding", student)
            return (
                sorted(each.name for each in notebook.grades),
                sorted(each.name for each in notebook.comments),
            )

        assert shape("ann") == shape("nora")


def test_nbgrader_takes_over_what_we_pushed(room):
    """Its own API finds the rows again, and writes to them, where we would have others."""
    push(room.url, room.lab, [grade_of("ann")])
    before = room.rows()
    with room.book() as book:
        book.update_or_create_submission("adding", "ann")
    assert room.rows() == before


def test_columns_have_one_writer(room):
    """What people gave in nbgrader stays, and we read it; what we gave changes."""
    push(room.url, room.lab, [grade_of("ann")])
    room.give("ann", "total", 55.5, extra=2.0)
    with room.book() as book:
        book.find_comment("solution-add", "adding", "adding", "ann").manual_comment = "see me"
        book.db.commit()
    push(room.url, room.lab, [grade_of("ann", counts=graded_attempt("ann", add=0))])
    assert room.scores("ann") == {"add": (0, None, False), "total": (60, 55.5, False)}
    assert pull(room.url, room.lab) == [
        ManualGrade("ann", "solution-add", comment="see me"),
        ManualGrade("ann", "total", 55.5, 2.0),
    ]


def test_a_person_looks_where_both_have_changed(room):
    """A new automatic score beside a manual one asks for a look; the same one does not."""
    push(room.url, room.lab, [grade_of("ann")])
    room.give("ann", "total", 50)
    push(room.url, room.lab, [grade_of("ann")])
    assert room.scores("ann")["total"] == (60, 50, False)
    push(room.url, room.lab, [grade_of("ann", counts=graded_attempt("ann", total=0))])
    assert room.scores("ann")["total"] == (0, 50, True)


def test_what_only_people_grade_is_theirs(room):
    """An essay that an instructor added gets its rows, and is never asked for again by us."""
    with room.book() as book:
        book.add_grade_cell("essay", "adding", "adding", max_score=5, cell_type="markdown")
        book.add_solution_cell("essay", "adding", "adding")
        book.add_task_cell("task", "adding", "adding", max_score=3, cell_type="markdown")
    push(room.url, room.lab, [grade_of("ann")])
    assert room.scores("ann")["essay"] == room.scores("ann")["task"] == (None, None, True)
    with room.book() as book:
        book.find_grade("essay", "adding", "adding", "ann").auto_score = 0  # "No response."
        book.db.commit()
    room.give("ann", "essay", 3)
    room.give("ann", "task", 1)
    push(room.url, room.lab, [withheld_of("ann")])
    assert room.scores("ann")["essay"] == (0, 3, False)
    assert room.scores("ann")["task"] == (None, 1, False)


def test_a_withheld_score_is_none(room):
    """No 0 is written: the score is empty, a person must look, and it is told by name."""
    push(room.url, room.lab, [grade_of("ann"), grade_of("bob")])
    missing = Grade(Student("cy"), "adding", 100)
    pushed = push(room.url, room.lab, [grade_of("ann"), withheld_of("bob"), missing])
    assert pushed.without_score == (("bob", "withheld"),)
    assert room.scores("bob") == {"add": (None, None, True), "total": (None, None, True)}
    with room.book() as book:
        assert {each.id for each in book.students} == {"ann", "bob"}


def test_overrides_are_not_pushed_as_automatic(room):
    """What a person decided in our gradebook is not passed off as autograding."""
    override = Override("total", 10, "a reason", "staff", AT)
    push(room.url, room.lab, [grade_of("ann", overrides=(override,))])
    assert room.scores("ann")["total"][0] == 60


def test_another_rubric_is_refused_whole(room):
    """Where points differ from the notebook's, nothing at all is written."""
    with room.book() as book:
        book.find_grade_cell("add", "adding", "adding").max_score = 30
        book.db.commit()
    before = room.rows()
    with pytest.raises(CourseError, match="differ at 'add': 30 points there, 40 points here"):
        push(room.url, room.lab, [grade_of("ann")])
    assert room.rows() == before


def test_a_lab_that_is_not_there_is_told(room):
    """The two commands that make it are named."""
    with room.book() as book:
        book.remove_assignment("adding")
    with pytest.raises(UsageError, match="nbgrader has no notebook of adding"):
        pull(room.url, room.lab)


def test_what_is_no_gradebook_is_told(course, tmp_path):
    """A folder without one, a file that is none, an address that is none or of another system."""
    lab = course.lab("adding")
    with pytest.raises(UsageError, match="run 'nbgrader generate_assignment'"):
        push(tmp_path, lab, [])
    (tmp_path / "gradebook.db").write_bytes(b"no database at all, but a file")
    with pytest.raises(StoreError, match="not a database; nothing was changed"):
        pull(tmp_path, lab)
    with pytest.raises(UsageError, match="no database URL"):
        pull("not a url ://", lab)
    with pytest.raises(StoreError, match="MySQLdb is not installed here") as error:
        pull("mysql://ann:secret@localhost/x", lab)
    assert "secret" not in str(error.value)


def test_our_tables_are_nbgraders(room):
    """Every column that we name is there, and none that must be filled is missing from ours."""
    from nbgrader.api import Base

    ours = [each for each in vars(tables).values() if isinstance(each, tables.sa.Table)]
    assert len(ours) == 9
    for table in ours:
        theirs = Base.metadata.tables[table.name]
        assert set(table.columns.keys()) <= set(theirs.columns.keys())
        if table.name in room.rows():
            needed = {each.name for each in theirs.columns if not each.nullable}
            assert needed <= set(table.columns.keys())


def test_a_class_is_written_in_bulk(room):
    """No more statements for 100 students than for 10; nbgrader's API makes some for each."""
    asked = []

    def note(*event):
        asked.append(event[2])

    def statements(grades):
        asked.clear()
        push(room.url, room.lab, grades)
        return len(asked)

    grades = [grade_of(f"s{number:04}") for number in range(110)]
    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        few, many = statements(grades[:10]), statements(grades[10:])
        again = statements(grades)
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)
    assert many <= few
    assert again <= 2 * few
    assert len(room.rows()["grade"]) == 220
