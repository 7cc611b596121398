"""What is told beside a result: where a name is that the answer lacks."""

import pytest

from grader.notebooks.pieces import TOP, Piece
from grader.notebooks.reading import read_cells
from grader.notebooks.told import told
from grader.results import GRADED, Finding, Result, RubricResult, Verdict

# IPython and what it stands on warn of one another's deprecations, which is not ours to mend
pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.usefixtures("nbgrader_installed")]


@pytest.fixture
def tell(course):
    """What is told beside the facts of item `add`, or of a pass, for cells top and add."""

    def of(facts, top="import math", add="def add(x, y):\n    return x", scratch=(), note=""):
        pieces = [Piece(TOP, top), Piece("add", add)]
        verdict = Verdict.RAISED if facts else Verdict.PASSED
        rubric = (RubricResult("add", 0, 40, verdict, Finding(**facts)),)
        result = Result("ann", GRADED, 0, 100, 0.1, rubric, note)
        return told(course.lab("adding"), result, pieces, read_cells(pieces), scratch)

    return of


LACKING = {"add": "def add(x, y):\n    return np.add(x, y)", "scratch": [(3, "import numpy as np")]}


def test_a_name_that_only_hidden_cases_need_is_told_of_the_lab(tell):
    """Nothing of a hidden case is shown; that a name is missing can be read from the cells."""
    answer = tell({"note": "a hidden case ends as 'raised'"}, **LACKING)
    assert answer.result.rubric[0].finding == Finding(note="a hidden case ends as 'raised'")
    [note] = answer.notes
    assert note.startswith("`np` is defined in cell 3 of the notebook (`import numpy as np`)")


def test_a_pass_is_told_nothing(tell):
    """Where no item is lost, there is nothing to mend."""
    assert tell({}, **LACKING).notes == ()


def test_a_name_that_is_lacking_is_told_with_the_item(tell):
    """Below all that its finding says, in a field of its own."""
    answer = tell({"error": "NameError: name 'np' is not defined"}, scratch=[(3, "np = 1")])
    assert "`np` is defined in cell 3" in answer.result.rubric[0].finding.remark


def test_a_name_that_is_nowhere_is_told_by_python_alone(tell):
    """There is nothing to add to a NameError of a name that no cell has."""
    facts = {"error": "NameError: name 'typo' is not defined"}
    answer = tell(facts, scratch=[(3, "np = 1")])
    assert answer.result.rubric[0].finding == Finding(**facts)
    assert answer.notes == ()


def test_an_answer_that_is_no_python_is_told_of_its_cell(tell):
    """What the cell would define can't be known; it is the function that the cell is for."""
    facts = {"error": "AttributeError: adding.py defines no function add"}
    answer = tell(facts, add="%%bash\nif true; fi")
    assert "`%%bash` (cell 'add', line 1) takes its whole cell out" in answer.notes[0]
    assert "takes its whole cell" in answer.result.rubric[0].finding.remark


def test_only_functions_of_the_lab_are_looked_for_when_not_written(tell):
    """The words after `not written yet` are the student's own, and may be any."""
    answer = tell({"error": "not written yet: later"}, scratch=[(3, "later = add = 1")])
    assert answer.notes == ()
    answer = tell({"error": "not written yet: add: both"}, scratch=[(3, "later = add = 1")])
    assert "`add` is defined in cell 3" in answer.notes[0]


def test_what_works_in_jupyter_alone_is_told_beside_pythons_words(tell):
    """`await` has a mend of its own, at the place that Python names."""
    words = "adding.py does not load: SyntaxError: 'await' outside function"
    answer = tell(
        {"error": words, "loads": False}, add="\nx = await y", note=f"{words} adding.py:5"
    )
    assert answer.result.note.endswith("cell 'add', line 2")
    assert answer.notes[0].startswith("cell 'add', line 2: 'await' outside of a function works in")


def test_a_name_that_is_bound_is_not_below_when_the_file_loads(tell):
    """What was deleted at run time is no matter of the order of cells."""
    answer = tell({"error": "NameError: name 'math' is not defined"})
    assert answer.notes == ()


def test_quoted_lines_are_printable_and_short(tell):
    """A line of a cell is quoted as text, and not at any length."""
    answer = tell(
        {"error": "NameError: name 'np' is not defined"},
        scratch=[(3, "np = '\x1b[31m" + "x" * 500 + "'")],
    )
    assert all(text.isprintable() and len(text) < 250 for text in answer.notes)
    assert answer.result.rubric[0].finding.remark.isprintable()


def test_the_lines_of_an_unloadable_file_are_those_of_cells(tell):
    """In the item and in the note of the whole, once each."""
    words = "adding.py does not load: SyntaxError: invalid syntax"
    answer = tell(
        {"error": words, "loads": False}, add="%time\nx = 1 +", note=f"{words} adding.py:5"
    )
    assert answer.result.note.endswith("SyntaxError: invalid syntax cell 'add', line 2")
    assert "cell 'add', line 2" in answer.result.rubric[0].finding.remark
    assert answer.notes == ()
