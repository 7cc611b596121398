"""A file as pieces, and back: nothing is lost, whatever a student wrote."""

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.course import load_course
from grader.errors import CourseError
from grader.judge import Judge, grade
from grader.notebooks.pieces import (
    BEGIN,
    TOP,
    Piece,
    Places,
    check_names,
    join,
    solved_pieces,
    split,
    stub_pieces,
)
from grader.submissions import from_source

FUNCTIONS = ("add", "total")
BLOCKS = st.sampled_from(
    ["def add(x):\n    pass", "def total(x):", "@d\n# c\ndef add():", "x = 1", ""]
)
FILES = st.lists(st.tuples(BLOCKS, st.integers(1, 5)), max_size=12).map(
    lambda blocks: "".join(text + "\n" * gap for text, gap in blocks) + "\n"
)


@given(FILES | st.text().map(lambda text: text + "\n"))
def test_joining_gives_back_what_was_split(source):
    """To the byte, for any text that ends with a newline."""
    assert join(piece.text for piece in split(source, FUNCTIONS)) == source


@given(FILES)
def test_a_function_has_one_piece_at_most(source):
    """The top is first, and no name stands twice: cells have ids."""
    names = [piece.name for piece in split(source, FUNCTIONS)]
    assert names[0] == TOP
    assert len(names) == len(set(names))


def test_a_file_of_blank_lines_takes_no_time():
    """The largest file there may be is cut in a time that grows with its length."""
    source = "\n" * 256_000
    assert join(piece.text for piece in split(source, FUNCTIONS)) == source


def test_a_piece_is_a_function_with_what_belongs_to_it():
    """Comments and decorators above a function are its own, helpers below it go along."""
    source = "import x\n\n\n# first\n@cached\ndef add(x):\n    pass\n\n\ndef _help():\n    pass\n"
    source += "\n\ndef total(x):\n    pass\n"
    names = [(piece.name, piece.text.split("\n")[0]) for piece in split(source, FUNCTIONS)]
    assert names == [(TOP, "import x"), ("add", "# first"), ("total", "def total(x):")]


@pytest.mark.parametrize("slug", ["tp-sharding", "ring-cost", "pipeline-bubble", "two-way-tp"])
def test_every_lab_has_its_pieces(repository, slug):
    """The course's own labs: a piece a function, and the stub again when joined."""
    lab = load_course(repository).lab(slug)
    check_names(lab)
    pieces = stub_pieces(lab)
    assert [piece.name for piece in pieces] == [TOP, *lab.functions]
    assert join(piece.text for piece in pieces) == lab.stub.read_text("utf-8")


@pytest.mark.parametrize("slug", ["tp-sharding", "ring-cost", "pipeline-bubble"])
def test_the_instructors_notebook_is_right(repository, slug, level):
    """The reference solution, put together anew in the stub's order, earns all points."""
    course = load_course(repository)
    lab = course.lab(slug)
    source = join(piece.text for piece in solved_pieces(course, lab)).encode()
    with Judge(lab, level) as judge:
        result = grade(judge, from_source(lab, "instructor", source))
    assert result.score == result.max_score, result


def test_a_solution_is_in_its_marks(course):
    """Outside of the marks stand signatures and the stub's docstrings, and no line of code."""
    pieces = solved_pieces(course, course.lab("adding"))
    for piece in pieces:
        before, _, inside = piece.text.partition(BEGIN)
        tree = ast.parse(before + "pass")
        bodies = [node.body for node in tree.body if isinstance(node, ast.FunctionDef)]
        assert all(isinstance(each, ast.Expr | ast.Pass) for body in bodies for each in body)
        assert "the_whole_sum" not in before
    assert "the_whole_sum = group.all_reduce(x)" in inside


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("\n\n\ndef total", "\ndef total", "two blank lines"),
        ("def total", "def shardlab", None),
    ],
)
def test_a_stub_that_gives_no_cells_is_refused(course, old, new, words):
    """The author is told which function, and what would mend it."""
    lab = course.lab("adding")
    lab.stub.write_text(lab.stub.read_text().replace(old, new))
    lab = course.lab("adding")
    if words is None:
        with pytest.raises(CourseError, match="no function 'shardlab'"):
            solved_pieces(course, lab)
    else:
        with pytest.raises(CourseError, match=words):
            stub_pieces(lab)


def test_an_item_that_can_be_no_id_is_refused(course):
    """nbgrader's ids have letters, digits, - and _; the author is told which item has others."""
    path = course.root / "assignments/adding/assignment.toml"
    path.write_text(path.read_text().replace('item = "total"', 'item = "the total"'))
    with pytest.raises(CourseError, match="'the total' can't be the id of a cell"):
        check_names(course.lab("adding"))


PIECES = [Piece(TOP, "import x"), Piece("add", "def add():\n    pass"), Piece("total", "y")]


def test_places_are_told_by_cell():
    """Lines of the joined file are lines of cells; other numbers and names are left alone."""
    places = Places(PIECES)
    source = join(piece.text for piece in PIECES).split("\n")
    assert (source[4], source[7]) == ("    pass", "y")
    assert places.of(5) == ("add", 2)
    assert places.told("at a.py:5 and a.py:8", "a.py") == (
        "at cell 'add', line 2 and cell 'total', line 1"
    )
    assert places.told("at a.py:6", "a.py", extra_lines=1) == "at cell 'add', line 2"
    assert places.told("ba.py:5 a.py:123456 a.py", "a.py") == "ba.py:5 a.py:123456 a.py"
    assert places.told("a.py:0", "a.py") == "cell 'top', line 0"


def test_lines_in_the_compilers_words_are_told_by_cell():
    """`on line 5` is a line of the file where the compiler says it, and nobody else's."""
    places = Places(PIECES)
    words = "a.py does not load: IndentationError: expected a block after 'def' on line 4"
    assert places.told(words, "a.py").endswith("after 'def' in cell 'add', line 1")
    words = "a.py does not load: SyntaxError: no end (detected at line 8)"
    assert places.told(words, "a.py").endswith("(detected in cell 'total', line 1)")
    words = "a.py does not load: ValueError: on line 4"
    assert places.told(words, "a.py") == words
