"""The commands notebook and sync nbgrader, with nbgrader and without."""

import json
import shutil
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner

from grader.cli import main
from grader.gradebook.attempts import Arrival
from grader.gradebook.rows import Student
from grader.gradebook.store import Gradebook
from grader.submissions import from_source

# nbgrader and what it stands on warn of one another's deprecations, which is not ours to mend
pytestmark = pytest.mark.filterwarnings("ignore")
AT = datetime(2026, 11, 22, 14, 3, tzinfo=UTC)


@pytest.fixture
def shardlab():
    """Runs a command, and gives its result."""

    def run(course, *arguments):
        words = ["--course", course.root, *arguments]
        return CliRunner().invoke(main, [str(each) for each in words])

    return run


def test_without_the_extra_one_line_says_what_to_install(course, shardlab, tmp_path, monkeypatch):
    """Exit code 3, the name of the extra, and nothing written."""
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    result = shardlab(course, "notebook", "adding", "--to", tmp_path / "nb")
    assert result.exit_code == 3
    assert result.output == (
        "Error: nbgrader is not installed here: pip install 'shardlab[nbgrader]'\n"
    )
    assert not (tmp_path / "nb").exists()


def test_sync_must_know_where(course, shardlab):
    """Without a folder or an address, usage is told."""
    result = shardlab(course, "sync", "nbgrader", "adding")
    assert result.exit_code == 2
    assert "--course-dir" in result.output


@pytest.mark.usefixtures("nbgrader_installed")
def test_notebook_writes_what_nbgrader_needs(course, shardlab, tmp_path):
    """The source notebook and a configuration; one that is there is left, and told."""
    folder = tmp_path / "nb"
    first = shardlab(course, "notebook", "adding", "--to", folder)
    assert first.exit_code == 0, first.output
    assert (folder / "source/adding/adding.ipynb").is_file()
    config = (folder / "nbgrader_config.py").read_text()
    assert "configure(c, course=" in config
    assert "never release source/" in first.output
    second = shardlab(course, "notebook", "adding", "--to", folder)
    assert second.exit_code == 0
    assert "was left alone" in second.output
    assert (folder / "nbgrader_config.py").read_text() == config


@pytest.fixture
def course_dir(classroom, tmp_path):
    """nbgrader's folder of the classroom, with no submissions in its gradebook."""
    from nbgrader.api import Gradebook as Theirs

    folder = tmp_path / "nbgrader"
    folder.mkdir()
    shutil.copy(classroom.folder / "gradebook.db", folder / "gradebook.db")
    with Theirs(f"sqlite:///{folder / 'gradebook.db'}", "sys101") as book:
        for submission in book.assignment_submissions("adding"):
            book.remove_submission("adding", submission.student.id)
    return folder


@pytest.fixture
def record(course, judge):
    """Our gradebook with one graded attempt of ann's, which has no `total`."""
    from grader.judge import grade

    lab = course.lab("adding")
    source = (course.solutions(lab) / "adding.py").read_text().replace("the_whole_sum\n", "x\n")
    submission = from_source(lab, "ann", source.encode())
    with Gradebook.open(str(course.root / "gradebook.sqlite3")) as book:
        book.add_students([Student("ann", "Lee, Ann")])
        book.take_in("adding", [Arrival(submission, AT)])
        yield book, lab, grade(judge, submission)


def test_grades_go_over_and_come_back(course, shardlab, course_dir, record, monkeypatch):
    """Automatic scores are nbgrader's after it, manual ones overrides; again changes nothing."""
    from nbgrader.api import Gradebook as Theirs

    book, lab, result = record
    grades = book.grades

    def with_result(of_lab, deadline=None):
        import msgspec

        return [
            msgspec.structs.replace(
                each, counts=msgspec.structs.replace(each.counts, result=result)
            )
            for each in grades(of_lab, deadline)
        ]

    monkeypatch.setattr(Gradebook, "grades", lambda _, of_lab, due=None: with_result(of_lab, due))
    sync = ("sync", "nbgrader", "adding", "--course-dir", course_dir)
    first = shardlab(course, *sync, "--notebooks", "--json", course_dir / "out.json")
    assert first.exit_code == 0, first.output
    assert (course_dir / "submitted/ann/adding/adding.ipynb").is_file()
    assert json.loads((course_dir / "out.json").read_text())["pushed"] == 1
    url = f"sqlite:///{course_dir / 'gradebook.db'}"
    with Theirs(url, "sys101") as theirs:
        assert theirs.find_submission("adding", "ann").score == 40
        theirs.find_grade("total", "adding", "adding", "ann").manual_score = 12.0
        theirs.db.commit()
    second = shardlab(course, *sync)
    assert "ann, total: 12 points" in second.output
    [grade] = grades(lab)
    assert [(each.item, each.points, each.reason) for each in grade.overrides] == [
        ("total", 12, "nbgrader: manual grade")
    ]
    assert "Pulled 0 changes" in shardlab(course, *sync).output
    with Theirs(url, "sys101") as theirs:
        theirs.find_grade("total", "adding", "adding", "ann").manual_score = None
        theirs.find_grade("add", "adding", "adding", "ann").manual_score = 99.0
        theirs.db.commit()
    third = shardlab(course, *sync)
    assert third.exit_code == 1
    assert "ann, total: withdrawn" in third.output
    assert "left: ann, add: 99 points there, and an override has 0 to 40" in third.output
    assert grades(lab)[0].overrides == ()


@pytest.mark.usefixtures("nbgrader_installed")
def test_a_notebook_that_was_handed_in_stays(classroom):
    """A file from the command line is not written over what came by nbgrader."""
    from grader.errors import UsageError

    classroom.hand_in_notebook("olga", classroom.released())
    with pytest.raises(UsageError, match="olga handed in a notebook of adding by nbgrader"):
        classroom.hand_in_file("olga", classroom.solution)
    classroom.hand_in_file("otto", classroom.solution)
    classroom.hand_in_file("otto", classroom.solution + "\n# again\n")


@pytest.mark.usefixtures("nbgrader_installed")
@pytest.mark.parametrize(
    "student", ["../up", "", ".", "..", ".x", "a/b", "a*", "a[b]", "a\nb", "a b"]
)
def test_a_name_that_is_no_folder_is_refused(classroom, student):
    """Nothing is written outside of submitted/, and nothing that nbgrader takes for a pattern."""
    from grader.errors import UsageError

    before = sorted(classroom.folder.rglob("*"))
    with pytest.raises(UsageError, match="name of a student's folder"):
        classroom.hand_in_file(student, classroom.solution)
    assert sorted(classroom.folder.rglob("*")) == before


@pytest.mark.usefixtures("nbgrader_installed")
@pytest.mark.parametrize(
    ("source", "text"),
    [
        (b"x = 'caf\xc3\xa9'\n", "x = 'café'\n"),
        (b"# coding: latin-1\nx = 'caf\xe9'\n", "# coding: utf-8\nx = 'café'\n"),
        (b"\xef\xbb\xbfx = 1\n", "x = 1\n"),
        (b"x = 1\r\ny = 2\r\n", "x = 1\r\ny = 2\r\n"),
    ],
)
def test_files_keep_their_text(classroom, source, text):
    """UTF-8, Latin-1 and Windows line ends come back as they were meant."""
    from grader.notebooks.pieces import join
    from grader.notebooks.submitted import _pieces

    submission = from_source(classroom.lab, "x", source)
    assert join(piece.text for piece in _pieces(classroom.lab, submission)) == text
