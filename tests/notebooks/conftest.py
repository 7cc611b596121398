"""A classroom with a real nbgrader: the tiny course, released, handed in, autograded, once."""

import importlib.util
import json
import os
import sys
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path

import pytest

from grader.sandbox import probe
from grader.submissions import Submission, from_source

LAB = "adding"


@pytest.fixture(scope="session")
def nbgrader_installed():
    """Skips where the extra is not there."""
    if importlib.util.find_spec("nbgrader") is None:
        pytest.skip("nbgrader is not installed: pip install 'shardlab[nbgrader]'")


class Classroom:
    """nbgrader's course folder, its exchange, and its own interface to all of it."""

    def __init__(self, root, course):
        from nbgrader.apps import NbGraderAPI

        from grader.notebooks.config import write_config
        from grader.notebooks.source import write_source

        self.folder, self.exchange, self.home = root / "nbgrader", root / "exchange", root / "home"
        for folder in (self.folder, self.exchange, self.home):
            folder.mkdir()
        self.exchange.chmod(0o777)
        self.course, self.lab = course, course.lab(LAB)
        self.solution = (course.root / "solutions" / LAB / "adding.py").read_text()
        write_source(course, self.lab, self.folder)
        write_config(self.folder, course.root, "sys101")
        self.config = self._config()
        self.api = NbGraderAPI(config=self.config)
        self.answers = {}

    def _config(self):
        """The configuration that we write, read as nbgrader reads it, and where things are."""
        from traitlets.config.loader import PyFileConfigLoader

        config = PyFileConfigLoader("nbgrader_config.py", path=str(self.folder)).load_config()
        config.CourseDirectory.root = str(self.folder)
        config.Exchange.root = str(self.exchange)
        config.Exchange.cache = str(self.home / "cache")
        config.ShardlabAutograde.isolation = probe().level.word
        return config

    def released(self):
        """The notebook that students get, a new copy each time."""
        return json.loads((self.folder / "release" / LAB / f"{LAB}.ipynb").read_text())

    def exchanged(self, step, student):
        """Carries out one of nbgrader's own steps on the student's side, in their folder."""
        from nbgrader.auth import Authenticator
        from nbgrader.coursedir import CourseDirectory
        from nbgrader.exchange import default

        coursedir = CourseDirectory(config=self.config)
        coursedir.assignment_id, coursedir.student_id = LAB, student
        home = self.home / student
        home.mkdir(exist_ok=True)
        before = Path.cwd()
        os.chdir(home)
        try:
            kind = getattr(default, step)
            kind(coursedir=coursedir, authenticator=Authenticator(), config=self.config).start()
        finally:
            os.chdir(before)
        return home / LAB / f"{LAB}.ipynb"

    def hand_in_by_exchange(self, student, edit):
        """Fetches, edits and submits, as a student does in Jupyter."""
        path = self.exchanged("ExchangeFetchAssignment", student)
        path.write_text(json.dumps(edit(json.loads(path.read_text()))))
        self.exchanged("ExchangeSubmit", student)

    def hand_in_notebook(self, student, notebook):
        """Puts a notebook, or the text of one, where nbgrader collects to."""
        target = self.folder / "submitted" / student / LAB / f"{LAB}.ipynb"
        target.parent.mkdir(parents=True)
        target.write_text(notebook if isinstance(notebook, str) else json.dumps(notebook))

    def hand_in_file(self, student, source):
        """Hands in a file, or a problem, on our own command line."""
        from grader.notebooks.submitted import write_submitted

        submission = source
        if not isinstance(source, Submission):
            submission = from_source(self.lab, student, source.encode())
        at = datetime(2026, 11, 20, 12, tzinfo=UTC)
        return write_submitted(self.folder, self.lab, student, submission, submitted_at=at)

    def autograde(self, student="*"):
        """What nbgrader answers to autograding, all over again."""
        return self.api.autograde(LAB, student, force=True)

    def scores(self, student):
        """Automatic score, manual score and whether a person must look, of each cell."""
        with self.api.gradebook as book:
            notebook = book.find_submission_notebook(LAB, LAB, student)
            return {
                each.name: (each.auto_score, each.manual_score, each.needs_manual_grade)
                for each in notebook.grades
            }

    def points(self, student):
        """The automatic scores alone."""
        return {name: row[0] for name, row in self.scores(student).items()}

    def comment(self, student):
        """What we say of the whole lab."""
        with self.api.gradebook as book:
            return book.find_comment("solution-top", LAB, LAB, student).auto_comment

    def autograded(self, student):
        """The notebook that formgrader shows."""
        path = self.folder / "autograded" / student / LAB / f"{LAB}.ipynb"
        return json.loads(path.read_text())

    def text(self, student, item):
        """What the student is told about an item."""
        return "".join(cell_of(self.autograded(student), item)["outputs"][0]["text"])

    def give(self, student, item, points, *, extra=None, comment=None):
        """Grades by hand, as a person does in formgrader."""
        with self.api.gradebook as book:
            grade = book.find_grade(item, LAB, LAB, student)
            grade.manual_score, grade.extra_credit = points, extra
            book.find_comment("solution-add", LAB, LAB, student).manual_comment = comment
            book.db.commit()

    def csv(self):
        """nbgrader's own export, by student."""
        import csv

        from nbgrader.plugins import CsvExportPlugin

        plugin = CsvExportPlugin()
        plugin.to = str(self.home / "grades.csv")
        with self.api.gradebook as book:
            plugin.export(book)
        with Path(plugin.to).open(newline="") as file:
            return {row["student_id"]: row for row in csv.DictReader(file)}


def cell_of(notebook, name):
    """The cell of that grade_id."""
    return next(
        each
        for each in notebook["cells"]
        if each["metadata"].get("nbgrader", {}).get("grade_id") == name
    )


def solved(notebook, *, add="x + y", total="group.all_reduce(x)"):
    """The notebook with both functions written."""
    notebook = deepcopy(notebook)
    cell_of(notebook, "solution-add")["source"] = (
        "def add(x, y):\n"
        "    if x.shape != y.shape:\n"
        '        raise ValueError(f"{x.shape} and {y.shape}")\n'
        f"    return {add}"
    )
    cell_of(notebook, "solution-total")["source"] = f"def total(x, group):\n    return {total}"
    return notebook


@pytest.fixture(scope="session")
def notebooks():
    """`cell_of` and `solved`, for tests."""
    return cell_of, solved


@pytest.fixture(scope="session")
def classroom(nbgrader_installed, tiny_course, tmp_path_factory):
    """The classroom, up to the released lab."""
    from grader.grading.work import close_kept

    with pytest.MonkeyPatch.context() as patched:
        # nbgrader starts `alembic` by name when it makes a database
        patched.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
        room = Classroom(tmp_path_factory.mktemp("classroom"), tiny_course)
        room.answers["generate"] = room.api.generate_assignment(LAB)
    room.answers["release"] = room.api.release_assignment(LAB)
    yield room
    close_kept()


@pytest.fixture(scope="session")
def graded(classroom):
    """The classroom after a round: two notebooks by the exchange, three files by our command."""
    classroom.hand_in_by_exchange("nora", solved)
    classroom.hand_in_by_exchange("nick", lambda notebook: solved(notebook, total="x"))
    classroom.answers["collect"] = classroom.api.collect(LAB)
    classroom.hand_in_file("carl", classroom.solution)
    classroom.hand_in_file("cleo", classroom.solution.replace("return x + y", "return x - y"))
    classroom.hand_in_file("cora", Submission("cora", problem="no adding.py in it"))
    classroom.answers["autograde"] = classroom.autograde()
    return classroom
