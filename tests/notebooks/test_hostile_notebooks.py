"""Notebooks that lie: nothing in their file but the text of cells has a say in a score."""

import json

import pytest

# nbgrader and what it stands on warn of one another's deprecations, which is not ours to mend
pytestmark = pytest.mark.filterwarnings("ignore")

NOTHING = {"add": 0, "total": 0}
ALL = {"add": 40, "total": 60}
ALWAYS_EQUAL = """\
class Equal:
    shape, dtype, ndim, __array_priority__ = (1,), "float32", 1, 1e9
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __float__(self): return 100.0
    def __getattr__(self, name): return self
    def __call__(self, *_, **__): return self
"""


@pytest.fixture
def graded_as(classroom, request):
    """Hands the notebook in, autogrades it, and gives the scores."""
    student = "h" + request.node.name.removeprefix("test_").partition("[")[0]

    def grade(notebook):
        classroom.hand_in_notebook(grade.student, notebook)
        answer = classroom.autograde(grade.student)
        assert answer["success"], answer["log"]
        return classroom.points(grade.student)

    grade.student = student
    return grade


@pytest.fixture
def stub(classroom):
    """The notebook as released, not worked on."""
    return classroom.released()


@pytest.fixture
def right(classroom, notebooks):
    """The notebook with everything solved."""
    return notebooks[1](classroom.released())


@pytest.fixture
def cell_of(notebooks):
    return notebooks[0]


def test_the_stub(graded_as, stub):
    """What the others are measured by: a stub that is not worked on earns nothing."""
    assert graded_as(stub) == NOTHING


def test_an_object_that_is_always_equal(graded_as, stub, cell_of):
    """A value that says yes to every comparison is not compared: it does not get across."""
    cell_of(stub, "solution-top")["source"] += "\n\n\n" + ALWAYS_EQUAL
    cell_of(stub, "solution-add")["source"] = "def add(x, y):\n    return Equal()"
    cell_of(stub, "solution-total")["source"] = "def total(x, group):\n    return Equal()"
    assert graded_as(stub) == NOTHING


def test_forged_outputs_and_scores(graded_as, stub, cell_of):
    """Outputs that a locked cell is handed in with are gone."""
    forged = {"output_type": "execute_result", "execution_count": 1, "metadata": {},
              "data": {"text/plain": "40.0"}}  # fmt: skip
    for name in NOTHING:
        cell_of(stub, name)["outputs"] = [forged]
    assert graded_as(stub) == NOTHING


@pytest.mark.parametrize("points", [1000, -5, "many", None])
def test_other_points(classroom, right, cell_of, points):
    """What a cell is worth is nbgrader's record, whatever its metadata says."""
    cell_of(right, "add")["metadata"]["nbgrader"]["points"] = points
    student = "points" + "".join(c for c in repr(points) if c.isalnum())
    classroom.hand_in_notebook(student, right)
    assert classroom.autograde(student)["success"]
    assert classroom.points(student) == ALL
    assert cell_of(classroom.autograded(student), "add")["metadata"]["nbgrader"]["points"] == 40


def test_a_locked_cell_with_code_of_ones_own(graded_as, stub, cell_of, classroom):
    """Its text is put back, its lock too, and nothing of it is ever run."""
    cell = cell_of(stub, "add")
    cell["source"] = "40.0"
    cell["metadata"]["nbgrader"] |= {"locked": False, "solution": True}
    assert graded_as(stub) == NOTHING
    shown = cell_of(classroom.autograded(graded_as.student), "add")
    assert "graded_in_the_sandbox('add')" in "".join(shown["source"])


@pytest.mark.parametrize("value", [True, False, "yes"], ids=str)
def test_other_metadata(graded_as, right, cell_of, value):
    """No field of a locked cell's or a solution's metadata changes a score or breaks anything."""
    for name in ("add", "solution-add"):
        metadata = cell_of(right, name)["metadata"]["nbgrader"]
        metadata |= dict.fromkeys(("grade", "solution", "locked", "task", "schema_version"), value)
    graded_as.student += str(value)
    assert graded_as(right) == ALL


def test_ids_that_stand_twice(graded_as, stub, right, cell_of):
    """A second locked cell of the same id, with a score in it, earns nothing."""
    forged = json.loads(json.dumps(cell_of(right, "add")))
    forged |= {"id": "forged", "source": "40.0", "outputs": [
        {"output_type": "execute_result", "execution_count": 1, "metadata": {},
         "data": {"text/plain": "40.0"}}]}  # fmt: skip
    stub["cells"] += [forged, json.loads(json.dumps(forged))]
    assert graded_as(stub) == NOTHING


def test_a_solution_that_was_split_in_two(graded_as, right, cell_of):
    """Jupyter copies a cell's metadata when it is split: both halves count, in order."""
    whole = cell_of(right, "solution-add")
    second = json.loads(json.dumps(whole)) | {"id": "second"}
    whole["source"] = "def helper(x, y):\n    return x + y"
    second["source"] = second["source"].replace("x + y", "helper(x, y)")
    right["cells"].insert(right["cells"].index(whole) + 1, second)
    assert graded_as(right) == ALL


def test_cells_that_are_gone(graded_as, right, cell_of, classroom):
    """Locked cells come back, and a solution that was deleted is not written: no more lost."""
    gone = ("add", "shardlab", "solution-total", "solution-top")
    right["cells"] = [
        each
        for each in right["cells"]
        if each["metadata"].get("nbgrader", {}).get("grade_id") not in gone
    ]
    assert graded_as(right) == {"add": 40, "total": 0}
    assert "not written yet" in classroom.text(graded_as.student, "total")


def test_no_cells_at_all(graded_as, stub):
    """An empty notebook is graded as the stub."""
    stub["cells"] = []
    assert graded_as(stub) == NOTHING


def test_magics_are_left_out(graded_as, right, cell_of, classroom, tmp_path):
    """Jupyter's commands are carried out nowhere and cost nothing."""
    touched = tmp_path / "touched"
    for name in ("solution-top", "solution-add"):
        cell = cell_of(right, name)
        text = "".join(cell["source"])
        cell["source"] = f"!touch {touched}\n%run {touched}\n{text}\n%%timeit\n!!ls"
    assert graded_as(right) == ALL
    assert not touched.exists()


def test_a_cell_magic_takes_its_cell_out(graded_as, right, cell_of):
    """A cell that is not Python is no Python: what it would define is missing."""
    cell_of(right, "solution-add")["source"] = "%%bash\necho def add"
    assert graded_as(right)["add"] == 0


def test_a_syntax_error_is_told_by_its_cell(graded_as, right, cell_of, classroom):
    """The lab's file does not load, as it would not on the command line; cell and line are told."""
    cell_of(right, "solution-total")["source"] = "def total(x, group):\n    return (x"
    assert graded_as(right) == NOTHING
    assert "SyntaxError: '(' was never closed" in classroom.text(graded_as.student, "add")
    assert "cell 'total', line 2" in classroom.comment(graded_as.student)


def test_scratch_cells_are_not_handed_in(graded_as, right):
    """A cell of one's own may import, plot, fail or hang: it is nobody's business."""
    scratch = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    right["cells"].insert(1, scratch | {"id": "s1", "source": "import matplotlib, no_such_thing"})
    right["cells"].append(scratch | {"id": "s2", "source": "while True: pass"})
    assert graded_as(right) == ALL


def test_sources_as_lines_and_other_cell_types(graded_as, right, cell_of):
    """Lists of lines are text; a solution that became Markdown is code again."""
    for cell in right["cells"]:
        cell["source"] = "".join(cell["source"]).splitlines(keepends=True)
    cell = cell_of(right, "solution-add")
    cell["cell_type"] = "markdown"
    del cell["outputs"], cell["execution_count"]
    cell_of(right, "total")["cell_type"] = "raw"
    assert graded_as(right) == ALL


def test_huge_outputs(graded_as, right, classroom):
    """Outputs are dropped before anything is written: the autograded notebook stays small."""
    noise = {"output_type": "stream", "name": "stderr", "text": "x" * 5_000_000}
    for cell in right["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"] = [noise]
    assert graded_as(right) == ALL
    path = classroom.folder / "autograded" / graded_as.student / "adding" / "adding.ipynb"
    assert path.stat().st_size < 20_000


def test_too_much_source(graded_as, right, cell_of, classroom):
    """More text than any answer needs is refused by its size, and graded as such."""
    cell_of(right, "solution-top")["source"] = "# " + "x" * 400_000
    assert graded_as(right) == NOTHING
    assert "256 kB" in classroom.comment(graded_as.student)


def test_half_characters_and_nul(graded_as, right, cell_of):
    """Text that is no text does not stop nbgrader."""
    cell_of(right, "solution-top")["source"] += "\n# \ud800 \x00"
    assert graded_as(right) == NOTHING


def test_scripts_in_names_and_messages_are_inert(graded_as, right, cell_of, classroom):
    """What a student's exception says stands in nbgrader's feedback as text."""
    script = "<script>alert(1)</script>"
    cell_of(right, "solution-add")["source"] = f"def add(x, y):\n    raise ValueError({script!r})"
    assert graded_as(right)["add"] == 0
    assert classroom.api.generate_feedback("adding", graded_as.student)["success"]
    page = classroom.folder / "feedback" / graded_as.student / "adding" / "adding.html"
    assert "&lt;script&gt;alert(1)" in page.read_text()
    assert "Error</span>     ValueError: <script>" not in page.read_text()


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", '{"cells": 3}', '{"cells": [3], "metadata": {}, "nbformat": 4}', "null"],
    ids=["nothing", "brace", "list", "cells", "number", "null"],
)
def test_what_is_no_notebook_costs_nobody_else(classroom, right, text, request):
    """nbgrader names the one that failed; the one beside it is graded; nobody gets a 0 for it."""
    name = request.node.callspec.id
    classroom.hand_in_notebook(f"x{name}broken", text)
    classroom.hand_in_notebook(f"x{name}right", right)
    answer = classroom.autograde(f"x{name}*")
    assert classroom.points(f"x{name}right") == ALL
    assert not answer["success"]
    assert f"for student 'x{name}broken'" in answer["log"]
    assert classroom.points(f"x{name}broken") == {"add": None, "total": None}
