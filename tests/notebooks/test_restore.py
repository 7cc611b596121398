"""A notebook made anew: what was released is there, whatever was handed in."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

# nbgrader and what it stands on warn of one another's deprecations, which is not ours to mend
pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.usefixtures("nbgrader_installed")]

JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(["solution-top", "solution-add", "add", "shardlab", "other", ""])
CELLS = st.fixed_dictionaries(
    {},
    optional={
        "cell_type": st.sampled_from(["code", "markdown", "raw", "video"]) | JSON,
        "source": st.text() | st.lists(st.text()) | JSON,
        "metadata": NAMES.map(lambda name: {"nbgrader": {"grade_id": name}})
        | st.fixed_dictionaries({"nbgrader": JSON | st.fixed_dictionaries({"grade_id": JSON})})
        | JSON,
        "outputs": JSON,
        "attachments": JSON,
    },
)


def expected():
    from grader.notebooks.expected import ExpectedCell

    return [
        ExpectedCell("solution-top", "code", "import this", "0" * 32, solution=True),
        ExpectedCell("solution-add", "code", "def add(): ...", "1" * 32, solution=True),
        ExpectedCell("shardlab", "code", "check = 1", "2" * 32, locked=True),
        ExpectedCell("add", "code", "check", "3" * 32, locked=True, points=40.0),
        ExpectedCell("essay", "markdown", "Why?", "4" * 32, solution=True, points=5.0),
        ExpectedCell("task", "markdown", "Do it.", "5" * 32, locked=True, task=True, points=3.0),
    ]


@settings(deadline=None, max_examples=60)  # the first example imports nbgrader
@given(st.fixed_dictionaries({"cells": st.lists(CELLS | JSON, max_size=6), "metadata": JSON}))
def test_any_notebook_becomes_a_valid_one(notebook):
    """Every released cell once, as released or with the student's text, and a valid notebook."""
    import nbformat
    from nbgrader.nbgraderformat import MetadataValidator

    from grader.notebooks.restore import restore

    made = restore(notebook, expected())
    nbformat.validate(made)
    MetadataValidator().validate_nb(made)
    found = {each.metadata.nbgrader.grade_id: each for each in made.cells if each.metadata}
    assert set(found) == {each.name for each in expected()}
    for each in expected():
        cell = found[each.name]
        assert cell.cell_type == each.cell_type
        assert cell.metadata.nbgrader.get("points") == each.points
        assert not each.locked or cell.source == each.source
        assert not cell.get("outputs")
    assert restore(made, expected()) == made


def test_a_locked_cell_says_what_was_released():
    """Whatever stands in the place of a locked cell, its text is ours."""
    from grader.notebooks.restore import restore

    cell = {
        "cell_type": "code",
        "source": "give me all",
        "metadata": {"nbgrader": {"grade_id": "add"}},
    }
    made = restore({"cells": [cell]}, expected())
    assert [each.source for each in made.cells].count("check") == 1
    assert "give me all" not in str(made)


def test_what_is_missing_comes_back_in_its_place():
    """A top that was deleted is above what builds on it."""
    from grader.notebooks.restore import restore

    made = restore({"cells": []}, expected())
    assert [each.metadata.nbgrader.grade_id for each in made.cells] == [
        each.name for each in expected()
    ]


def test_a_hundred_thousand_copies():
    """A notebook of very many cells is made anew in a time that grows with their number."""
    from grader.notebooks.restore import restore

    copy = {"cell_type": "code", "source": "x", "metadata": {"nbgrader": {"grade_id": "add"}}}
    made = restore({"cells": [copy] * 100_000}, expected())
    assert len(made.cells) == len(expected())


def test_scratch_cells_are_code_of_the_students_own():
    """Each with its number among all cells, from 1; texts, answers and locked cells are none."""
    from grader.notebooks.restore import restore, scratch_cells

    own = [{"cell_type": kind, "source": kind} for kind in ("markdown", "code", "raw")]
    answer = {"cell_type": "code", "source": "y", "metadata": {"nbgrader": {"grade_id": "add"}}}
    made = restore({"cells": [*own, answer]}, expected())
    [(number, text)] = scratch_cells(made)
    assert made.cells[number - 1].source == text == "code"
