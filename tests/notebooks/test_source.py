"""The instructor's notebook: valid, the same every time, and never written over by accident."""

import json
import re

import pytest

from grader.course import load_course
from grader.errors import UsageError

# nbgrader and what it stands on warn of one another's deprecations, which is not ours to mend
pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.usefixtures("nbgrader_installed")]
SLUGS = ["tp-sharding", "ring-cost", "pipeline-bubble", "two-way-tp"]


@pytest.fixture
def source():
    from grader.notebooks import source

    return source


@pytest.mark.parametrize("slug", SLUGS)
def test_notebooks_of_the_course(repository, slug, source):
    """Valid for nbformat and for nbgrader, with an id a cell and 100 points."""
    import nbformat
    from nbgrader.nbgraderformat import MetadataValidator

    course = load_course(repository)
    notebook = source.source_notebook(course, course.lab(slug))
    nbformat.validate(notebook)
    MetadataValidator().validate_nb(notebook)
    assert len({cell.id for cell in notebook.cells}) == len(notebook.cells)
    own = [cell.metadata.nbgrader for cell in notebook.cells if "nbgrader" in cell.metadata]
    assert sum(each.get("points", 0) for each in own) == 100
    first = source.serialised(notebook)
    assert first == source.serialised(source.source_notebook(course, course.lab(slug)))


@pytest.mark.parametrize("slug", SLUGS)
def test_locked_cells_say_nothing_of_tests(repository, slug, source):
    """They are titles, invariants and one call of what stands in the notebook itself."""
    course = load_course(repository)
    lab = course.lab(slug)
    notebook = source.source_notebook(course, lab)
    items = {item.item for item in lab.rubric}
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") in items:
            code = [line for line in cell.source.split("\n") if not line.startswith("#")]
            assert len(code) == 1
            assert re.fullmatch(r"graded_in_the_sandbox\('[\w-]+'\)", code[0])


def test_pictures_go_along(repository, tmp_path, source):
    """What the hand-out shows lies beside the notebook; the stub and the tests do not."""
    course = load_course(repository)
    written = source.write_source(course, course.lab("tp-sharding"), tmp_path)
    assert sorted(path.name for path in written) == ["shape.svg", "tp-sharding.ipynb"]
    assert all(path.is_file() for path in written)


def test_an_edited_notebook_stays(course, tmp_path, source):
    """Writing the same again is fine; what was changed there is replaced only when asked."""
    lab = course.lab("adding")
    [path] = source.write_source(course, lab, tmp_path)
    assert source.write_source(course, lab, tmp_path) == [path]
    notebook = json.loads(path.read_text())
    notebook["cells"].pop(0)
    path.write_text(json.dumps(notebook))
    with pytest.raises(UsageError, match="--overwrite"):
        source.write_source(course, lab, tmp_path)
    assert json.loads(path.read_text()) == notebook
    source.write_source(course, lab, tmp_path, overwrite=True)
    assert json.loads(path.read_text()) != notebook


def test_the_check_names_what_is_not_written(course, source):
    """In Jupyter a locked cell says which function is still a stub, and then what comes next."""
    lab = course.lab("adding")
    notebook = source.source_notebook(course, lab)
    check = next(c.source for c in notebook.cells
                 if c.metadata.get("nbgrader", {}).get("grade_id") == "shardlab")  # fmt: skip
    names: dict = {}
    exec(lab.stub.read_text() + check, names)
    with pytest.raises(NotImplementedError, match="still to write: add"):
        names["graded_in_the_sandbox"]("add")
    exec((course.solutions(lab) / "adding.py").read_text(), names)
    names["graded_in_the_sandbox"]("add")
    del names["total"]
    with pytest.raises(NotImplementedError, match="still to write: total"):
        names["graded_in_the_sandbox"]("add")
