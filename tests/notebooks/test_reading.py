"""Cells as a file: text in, text out, whatever the text is, and in time."""

import ast
import os
import resource
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.errors import ShardlabError
from grader.notebooks import reading
from grader.notebooks.pieces import TOP, Piece
from grader.notebooks.reading import found_elsewhere, joined_cells, read_cells

# IPython and what it stands on warn of one another's deprecations, which is not ours to mend
pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.usefixtures("nbgrader_installed")]

LINES = st.sampled_from(
    [
        "%%time", "%%bash", "%%timeit", "%%capture out", "%%who knows", "%time x = 1", "%ls", "!ls",
        "!ls \\", "x = !ls", "y = %time 3", "f?", "?f", "f??", "/f x", ">>> x = 1", "... y", "ls",
        "In [1]: x", "   ...: y", "", "x = 1", "def f(x):", "    return x", "    !ls", "    f?",
        '"""', "'''", "%d of", "x = (9", "%2)", "else: y = !ls", "\x0c", "\u2028", "await f()",
        "display(x)", "from __future__ import annotations", "if x: y = %pwd", ",f a b", ";f a",
    ]
)  # fmt: skip
CELLS = st.lists(LINES, max_size=8).map("\n".join) | st.text(alphabet=" %!?/,;ab\n'\"(=\\>.")


def is_python(text):
    try:
        ast.parse(text)
    except SyntaxError:
        return False
    return True


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("x = 1\n!ls", "x = 1\n"),
        ("if x:\n    !ls", "if x:\n    pass"),
        ("%time x = f(1)\n%time f(2)\nx?", "x = f(1)\n\n"),
        ("y = %time f(1)\nz = %timeit -o f(1)", "y = f(1)\n"),
        ("x = !ls \\\n  *\nz", "\n\nz"),
        ("if x: y = %pwd", "if x: y = get_ipython().run_line_magic('pwd', '')"),
        ("def f():\n    y = !ls", "def f():\n    y = get_ipython().getoutput('ls')"),
        ("x = \\\n!ls", "x = \\\nget_ipython().getoutput('ls')"),
        (",f time y", ""),
        (",np.f time y=1", ""),
        ("%%time\nx = 1\n!ls", "\nx = 1\n"),
        ("\n%%capture\n\nx = 1", "\n\n\nx = 1"),
        ("%%prun -q\nx = 1", "\nx = 1"),
        ("%%timeit\nx = 1", "\n"),
        ("%%timeit\n%%time\ndef f(): pass", "\n\ndef f(): pass"),
        ("%%writefile f.py\ndef f(): pass", "\n"),
        ("%%unknown\nclass A: pass", "\nclass A: pass"),
        ("%%unknown\nx = 1", "\n"),
        ("%%time\n" * 9 + "x = 1", "\n" * 8 + "%%time\nx = 1"),
        ("  x = 1\n  %time", "x = 1\n"),
        (">>> x = 1\n>>> x?", "x = 1\n"),
        ("%time\n    x = 1\n  y\n!ls", "\n    x = 1\n  y\n"),  # IPython itself raises
        ("x = (\n!ls", "x = (\n!ls"),
    ],
)
def test_what_is_left_of_a_cell(text, left):
    """Statements for commands, IPython's own calls for values that something else needs."""
    from grader.notebooks.commands import without_commands

    assert without_commands(text).text == left


def test_commands_are_told_by_their_line():
    """Below empty lines and cell magics, too, with the names that they would define."""
    from grader.notebooks.commands import Command, without_commands

    text = "\n\n%%time\n\n%%capture out -q\nx = 1\n!ls\nfiles = !ls \\\n *\nf?"
    assert without_commands(text).commands == (
        Command(5, "%%capture out -q", ("out",)),
        Command(7, "!ls"),
        Command(8, "files = !ls \\", ("files",)),
        Command(10, "f?"),
    )
    text = "\n%%timeit\nx = 1\n!ls"
    assert without_commands(text).commands == (Command(2, "%%timeit", ("x",), whole=True),)


@settings(deadline=None)  # the first example imports IPython
@given(CELLS)
def test_a_line_stays_a_line(text):
    """Places in messages stay right; commands are lines of the cell; Python stays as it is."""
    from grader.notebooks.commands import without_commands

    plain = without_commands(text)
    assert plain.text.count("\n") == text.count("\n")
    assert all(1 <= each.line <= text.count("\n") + 1 for each in plain.commands)
    if is_python(text):
        assert plain.text == text
        assert not plain.commands


@settings(deadline=None)
@given(CELLS)
def test_what_ipython_makes_python_of_is_python(text):
    """Where IPython's own transformer comes to Python, there is Python without the commands."""
    from IPython.core.inputtransformer2 import TransformerManager

    from grader.notebooks.commands import without_commands

    try:
        theirs = TransformerManager().transform_cell(text)
    except (SyntaxError, IndexError):  # of `= %` at the end of a text, for one
        return
    if is_python(theirs) and "run_cell_magic" not in theirs:
        assert is_python(without_commands(text).text)


@settings(deadline=None)
@given(CELLS)
def test_a_module_keeps_its_lines(text):
    """Below what stands above the first cell, every line is where it was."""
    from grader.notebooks.module import as_module

    if is_python(text):
        made = as_module(text, ast.parse(text))
        assert is_python(made.source)
        assert made.source.count("\n") == text.count("\n") + made.extra_lines


def read(*texts):
    """The reading of cells top, add and total."""
    names = (TOP, "add", "total")
    return read_cells([Piece(name, text) for name, text in zip(names, texts, strict=False)])


def test_what_a_reading_says():
    """What was left out, what is asked for and what is bound, each by its cell and line."""
    told = read("import math\n!ls", "def add(x):\n    return np.add(x, ONE)\nfiles = %ls")
    assert told.source == "import math\n\n\n\ndef add(x):\n    return np.add(x, ONE)\n\n"
    assert [(e.spot.cell, e.spot.line, e.spot.text, e.names) for e in told.left_out] == [
        ("top", 2, "!ls", ()), ("add", 3, "files = %ls", ("files",)),
    ]  # fmt: skip
    assert {name: (at.cell, at.line) for name, at in told.asked.items()} == {
        "np": ("add", 2), "ONE": ("add", 2)}  # fmt: skip
    assert {name: (at.cell, at.line) for name, at in told.bound.items()} == {
        "math": ("top", 1), "add": ("add", 1)}  # fmt: skip


def test_places_below_a_new_first_line():
    """A line that was put above all cells is no line of a cell."""
    told = read("x = 1", "from __future__ import annotations\ny = z\ndisplay(y)")
    assert told.extra_lines == 1
    assert (told.bound["x"].cell, told.bound["x"].line) == ("top", 1)
    assert (told.asked["z"].cell, told.asked["z"].line) == ("add", 2)
    assert (told.left_out[0].spot.cell, told.left_out[0].spot.line) == ("add", 3)


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("print(len(x))", {"x"}),
        ("def f(x, *y, k=1, **z):\n    return x, y, k, z, f", set()),
        ("[x for x in (1, 2)]\nx", {"x"}),
        ("from math import *\nsin(1)", set()),
        ("def f():\n    global G\n    G = 1\nG", set()),
        ("class A:\n    B = 1\n    def f(self):\n        return B", {"B"}),
        ("try:\n    a\nexcept E as e:\n    e", {"a", "E"}),
        ("match 1:\n    case [a, *b]:\n        a, b\n    case {**c}:\n        c", set()),
        ("import a.b as c, d.e\nc, d, e", {"e"}),
        ("with open(p) as (q, r):\n    q, r, (s := 1), s", {"p"}),
        ("__name__, __file__, int", set()),
        ("lambda a: a + b", {"b"}),
    ],
)
def test_names_that_are_asked_for(text, asked):
    """A name that no scope binds, and that Python does not bring, is missing."""
    assert set(read(text).asked) == asked


def test_a_name_is_found_in_the_first_cell_that_defines_it():
    """Imports are told from the rest; what a function or comprehension binds does not count."""
    cells = [
        (2, "def f():\n    np = 1\n[np for np in ()]\nx = ("),
        (4, "%time\nif 1:\n    import numpy as np"),
        (5, "np = 3\n%time\nfiles = !ls"),
        (6, "files = 3"),
    ]
    found = found_elsewhere(["np", "files", "x"], cells)
    assert {name: (each.cell, each.text, each.imports) for name, each in found.items()} == {
        "np": (4, "import numpy as np", True), "files": (5, "files = !ls", False)}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "left", "gone"),
    [
        ("display(x)\nf(display)", "None\nNone", ["display(x)", "f(display)"]),
        ("display = print\ndisplay(x)", "display = print\ndisplay(x)", []),
        ("def f(_):\n    _", "def f(_):\n    _", []),
        ("if x: display(1); y = 2", "if x: None; y = 2", ["if x: display(1); y = 2"]),
        ("'é', 1\n'é'; _3", "'é', 1\n'é'; None", ["'é'; _3"]),
        ("await f()\nasync def g():\n    await f()", "None\nasync def g():\n    await f()",
         ["await f()"]),
        ("x = Out[3]", "x = Out[3]", []),
        ('"""Doc."""\nfrom __future__ import annotations', None, []),
        ("x = 1\nfrom __future__ import (\n    annotations)",
         "from __future__ import annotations\nx = 1\n(None\n)", []),
    ],
)  # fmt: skip
def test_what_a_file_can_not_have(text, left, gone):
    """What only shows something goes, unless its name is the student's own."""
    told = read(text)
    assert told.source == f"{text if left is None else left}\n"
    assert [each.spot.text for each in told.left_out] == gone


def test_halves_that_are_python_together_stay_as_they_are():
    """A function that was split in the middle is not dedented."""
    assert joined_cells(["def f():\n    x = 1", "    return x"]) == (
        "def f():\n    x = 1\n\n\n    return x"
    )
    assert joined_cells(["%%time\nx = 1", "ls", "x?"]) == "\nx = 1\n\n\n\n\n\n"


@pytest.mark.parametrize(
    "text",
    [
        "a" * 200_000 + " ?",  # over which IPython's expression for help takes half an hour
        "(" * 100_000,
        "-" * 200_000 + "1",
        "x" + "()" * 100_000,
        "!ls\n" * 50_000,
        "%%time\n" * 20_000,
        "x = '\x00'",
        "x = 1\n" * 40_000 + "%",
    ],
    ids=["help", "brackets", "minus", "calls", "commands", "magics", "nul", "long"],
)
def test_no_text_takes_long_or_ends_the_grader(text, monkeypatch):
    """The child has a second of its own; what it can't read in that is graded as it stands."""
    monkeypatch.setattr(reading, "_CPU_SECONDS", 1)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    told = read("", text)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert told.source.count("\n") == f"\n\n\n{text}\n".count("\n")
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 2
    assert found_elsewhere(["x"], [(1, text)]).keys() <= {"x"}


def test_a_fault_of_ours_is_none_of_the_students(monkeypatch):
    """A child that fails by itself is an error, which withholds the score."""
    monkeypatch.setattr(reading, "_CHILD", "grader.notebooks.no_such_module")
    with pytest.raises(ShardlabError, match=r"reading a notebook failed: .*no_such_module"):
        read("", "x = 1")


def test_what_lies_in_the_working_folder_is_not_imported(tmp_path, monkeypatch):
    """A folder with a file of the name of a module does no harm."""
    (tmp_path / "ast.py").write_text("raise SystemExit(3)")
    monkeypatch.chdir(tmp_path)
    assert read("", "%time\nx = 1").source == "\n\n\n\nx = 1\n"


def test_the_child_imports_little():
    """It is started for every notebook: no arrays, no databases, no nbgrader."""
    code = "import sys; sys.argv = ['', '5']; import grader.notebooks.child; print(*sys.modules)"
    import subprocess

    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True,
                           check=True, env=dict(os.environ))  # fmt: skip
    assert not {"numpy", "sqlalchemy", "nbgrader", "nbformat"} & set(ended.stdout.split())
