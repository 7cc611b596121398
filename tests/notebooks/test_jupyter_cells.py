"""What students have in their cells beside Python, through all of nbgrader.

Each case is a right answer with something in it that a notebook allows. All are handed in, then
autograded in one go.
"""

import json
import re
from dataclasses import dataclass

import pytest

# nbgrader and what it stands on warn of one another's deprecations, which is not ours to mend
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]  # a kernel of Jupyter's

ADD = """\
def add(x, y):
    if x.shape != y.shape:
        raise ValueError(f"{x.shape} and {y.shape}")
    return x + y"""
TOTAL = "def total(x, group):\n    return group.all_reduce(x)"
ALL, NOTHING = {"add": 40, "total": 60}, {"add": 0, "total": 0}  # `total` builds on `add`


def inside(line):
    """The function with one more line before its last."""
    return ADD.replace("    return", f"    {line}\n    return")


@dataclass(frozen=True)
class Case:
    """What stands in which cell, and what the student is told where points are lost."""

    top: str = '"""The stub."""'
    add: str = ADD
    total: str = TOTAL
    scratch: tuple[str, ...] = ()
    told: tuple[str, ...] = ()  # in the comment, and in the item `add`


# Taken out or kept, nothing is lost.
RIGHT = {
    # the issue's own examples
    "cell_magic": Case(add=f"%%time\n{ADD}"),
    "help": Case(add=f"{ADD}\nadd?"),
    # cell magics whose cell is run
    "capture": Case(add=f"%%capture out\n{ADD}"),
    "blank_lines_first": Case(add=f"\n\n%%time\n{ADD}"),
    "two_cell_magics": Case(add=f"%%time\n%%capture\n{ADD}"),
    "timeit_above_a_function": Case(add=f"%%timeit -n1\n{ADD}"),
    "not_ipythons_own": Case(add=f"%%memit\n{ADD}"),
    "cell_magic_and_lines": Case(add=f"%%time\n%matplotlib inline\n{ADD}\nadd?"),
    "cell_magic_in_all": Case(
        "%%time\nimport numpy as np", "%%time\n" + ADD.replace("x + y", "np.add(x, y)")
    ),
    # cell magics whose cell defines nothing
    "bash_in_the_top": Case("%%bash\npip install numpy\nif true; then ls; fi"),
    "html_in_the_top": Case("%%html\n<b>it's</b>"),
    "writefile_in_the_top": Case("%%writefile notes.txt\nsee above"),
    "timeit_of_a_call": Case("%%timeit\nadd(big, big)"),
    # help
    "help_of_all": Case(add=f"{ADD}\nadd??\n?add\n??add\n*ad*?\nnp.add?\n%time?"),
    "help_indented": Case(add=inside("x?")),
    "help_on_a_cell_magic": Case(add=f"%%time?\n{ADD}"),
    # lines
    "matplotlib": Case("%matplotlib inline\n%config InlineBackend.figure_format = 'retina'"),
    "load_ext": Case("%load_ext autoreload\n%autoreload 2\nimport math"),
    "future_below_a_magic": Case("%matplotlib inline\nfrom __future__ import annotations"),
    "timeit": Case(add=f"{ADD}\n%timeit add(big, big)"),
    "time_of_a_call": Case(add=f"{ADD}\n%time add(big, big)"),
    "time_of_a_value": Case(top="%time two = 1 + 1", add=ADD.replace("x + y", "x + y * (two - 1)")),
    "value_of_time": Case(top="two = %time 1 + 1", add=ADD.replace("x + y", "x + y * (two - 1)")),
    "continued": Case(add=f"!pip install \\\n    numpy\n{ADD}\n%timeit \\\n  add(a, b)"),
    "shell": Case("!pip install numpy\n!!ls\n%pip install numpy  # once"),
    "unused_output": Case("files = !ls *.txt\nhome = %env HOME"),
    "encoding": Case("%env PYTHONIOENCODING=utf8 coding: cp1252"),
    "in_a_function": Case(add=inside("%timeit x")),
    "in_a_block": Case("import math\nif math.pi > 3:\n    !ls\n    %matplotlib inline"),
    "only_in_a_block": Case("for i in range(2):\n    !echo {i}"),
    "calls_without_parentheses": Case(add=f"{ADD}\n/add big big\n,add a b\n;add a b"),
    # one line without its %
    "bare": Case("pip install numpy"),
    "bare_and_python": Case("ls"),
    "bare_with_an_option": Case("ls -l"),
    # layout
    "indented": Case(add="".join(f"    {line}\n" for line in ADD.split("\n"))),
    "indented_with_magic": Case(add="".join(f"  {line}\n" for line in f"{ADD}\n%who".split("\n"))),
    "prompts": Case(add=">>> " + ADD.replace("\n", "\n... ")),
    "ipythons_prompts": Case(add="In [3]: " + ADD.replace("\n", "\n   ...: ")),
    "semicolon": Case(add=f"{ADD};"),
    "carriage_returns": Case(add=f"%%time\n{ADD}\nadd?".replace("\n", "\r\n")),
    # what a notebook has, and a file has not
    "display": Case(add=inside("display(x)") + "\ndisplay(add,\n        3); one = 1"),
    "own_display": Case("def display(x):\n    return x", ADD.replace("x + y", "display(x) + y")),
    "last_outputs": Case(add=f"{ADD}\n_\nOut[3]\n_12\n_i3\nIn[-1]"),
    "get_ipython": Case('get_ipython().run_line_magic("matplotlib", "inline")'),
    "await": Case(add=f"import asyncio\n{ADD}\nawait asyncio.sleep(0)"),
    "future_in_a_later_cell": Case("import math", f"from __future__ import annotations\n{ADD}"),
    # Python that only looks like commands
    "percent_in_a_string": Case(add=f'TEXT = """\n%d of\n!\n"""\nassert TEXT[1] == "%"\n{ADD}'),
    "remainder": Case(add=f"assert (9\n%int(4)) == 1\n{ADD}"),
    "percent_beside_a_magic": Case(
        add=f'%time 1\nTEXT = """\n%d of\n!\n"""\nassert TEXT[1] == "%"\n{ADD}'
    ),
    "doctest": Case(
        add=ADD.replace("\n", '\n    """Adds.\n\n    >>> add(1, 2)\n    3\n    """\n', 1)
    ),
    "doctest_beside_a_magic": Case(
        add=ADD.replace("\n", '\n    """Adds.\n\n    >>> add(1, 2)\n    3\n    """\n', 1) + "\nadd?"
    ),
    "quoted": Case(add=inside("'''\n%time\n!ls\nadd?\n    '''") + "\nadd?"),
    # what only scratch cells do is nobody's business
    "scratch": Case(scratch=("%%bash\nls", "add?", "import numpy as np", "x = (", "!ls")),
}

# What can't be taken out is told, by cell and line.
TOLD = {
    # the issue's own: a name that another cell defines
    "import_in_scratch": Case(
        add=ADD.replace("x + y", "np.add(x, y)"), scratch=("1 + 1", "%time\nimport numpy as np"),
        told=("`np` is defined in cell 7 of the notebook (`import numpy as np`)",
              "not handed in as your answer: put this import into the cell 'add'"),
    ),
    "helper_in_scratch": Case(
        add=ADD.replace("x + y", "plus(x, y)"), scratch=("@cache\ndef plus(a, b):\n    return a",),
        told=("`plus` is defined in cell 6 of the notebook (`def plus(a, b):`)",),
    ),
    "constant_in_scratch": Case(
        top="import math\nTWO = 2 * ONE", scratch=("for ONE in range(3):\n    pass",),
        told=("`ONE` is defined in cell 6", "put it into the cell 'top'",
                              "cell 'top', line 2"),
    ),
    "answer_in_scratch": Case(
        add='def add(x, y):\n    raise NotImplementedError("add: the sum of both")', scratch=(ADD,),
        told=("`add` is defined in cell 6 of the notebook (`def add(x, y):`)",
              "put it into the cell 'add'"),
    ),
    "answer_in_scratch_alone": Case(
        add="# below", scratch=(ADD,), told=("`add` is defined in cell 6",),
    ),
    "defined_below": Case(
        top="TWO = 2 * ONE", total=f"ONE = 1\n\n\n{TOTAL}",
        told=("`ONE` is defined in cell 'total', line 1, below the line",),
    ),
    "value_of_a_command": Case(
        top="import os\nfiles = !ls", add=ADD.replace("x + y", "x + y + len(files)"),
        told=("`files = !ls` (cell 'top', line 2) is to define `files`", "write the value itself"),
    ),
    "value_of_a_command_inside": Case(
        add=inside("files = !ls"),
        told=("`files = !ls` (cell 'add', line 4) needs a command", "write the value itself"),
    ),
    "run": Case(
        top="%run helpers.py", add=ADD.replace("x + y", "plus(x, y)"),
        told=("`%run helpers.py` (cell 'top', line 1) is not carried out when graded", "`plus`"),
    ),
    "captured": Case(
        top="%%capture said\nprint(1)", add=ADD.replace("x + y", "x + y + len(said.stdout)"),
        told=("`%%capture said` (cell 'top', line 1) is to define `said`",),
    ),
    "value_of_jupyter": Case(
        add=ADD.replace("x + y", "x + y + len(Out)"),
        told=("`Out` is Jupyter's own, and not there when graded",),
    ),
    "cell_magic_out": Case(
        add=f"%%writefile add.py\n{ADD}",
        told=("`%%writefile add.py` (cell 'add', line 1) takes its whole cell out",),
    ),
    "helper_below_a_cell_magic": Case(
        top="%%timeit\nTWO = 2", add=ADD.replace("x + y", "x + y * TWO"),
        told=("`%%timeit` (cell 'top', line 1) takes its whole cell out",),
    ),
    "not_loaded_below_a_new_first_line": Case(
        top="import math", add=f"from __future__ import annotations\n{ADD}\nmath.no_such",
        told=("cell 'add', line 6",),
    ),
    "await_a_value": Case(
        add=f"import asyncio\n{ADD}\ntwo = await asyncio.sleep(0)",
        told=("cell 'add', line 6: 'await' outside of a function works in a notebook alone",),
    ),
    "no_python": Case(
        add=f"%%time\n\n{ADD}\nretrun 3", told=("cell 'add', line 7",),
    ),
    "bare_among_lines": Case(
        add=f"{ADD}\npip install numpy", told=("cell 'add', line 5",),
    ),
    "indented_wrongly": Case(
        add=f"%matplotlib inline\n{ADD}\n  x = 3", told=("cell 'add', line 6",),
    ),
    "string_without_end": Case(
        add=f'{ADD}\nTEXT = """', total='def total(x, group):\n    """The sum."""\n    return 3',
        told=("cell 'add', line 5",),
    ),
    "nothing_in_a_block": Case(
        add=f"{ADD}\nif True:", told=("in cell 'add', line 5",),
    ),
}  # fmt: skip
CASES = RIGHT | TOLD


@pytest.fixture(scope="module")
def told(classroom, notebooks):
    """All cases handed in and autograded."""
    cell_of, _ = notebooks
    for name, case in CASES.items():
        notebook = classroom.released()
        for part in ("top", "add", "total"):
            cell_of(notebook, f"solution-{part}")["source"] = getattr(case, part)
        at = next(i for i, c in enumerate(notebook["cells"]) if c["metadata"]
                  and c["metadata"].get("nbgrader", {}).get("locked"))  # fmt: skip
        notebook["cells"][at:at] = [
            {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None,
             "id": f"own{number}", "source": text}
            for number, text in enumerate(case.scratch)
        ]  # fmt: skip
        classroom.hand_in_notebook(f"j_{name}", notebook)
    answer = classroom.autograde("j_*")
    assert answer["success"], answer["log"]
    return classroom


@pytest.mark.parametrize("name", RIGHT)
def test_nothing_is_lost_for_what_a_notebook_allows(told, name):
    """A right answer keeps its points, and no note is made of what was left out."""
    assert told.points(f"j_{name}") == ALL, told.comment(f"j_{name}")
    assert told.comment(f"j_{name}") == "100/100 by autograding."


@pytest.mark.parametrize("name", TOLD)
def test_what_is_lost_is_told_by_cell(told, name):
    """The comment and the lost item say what is missing, where it is, and what to do."""
    case, student = TOLD[name], f"j_{name}"
    item = re.sub(r"\s+", " ", told.text(student, "add"))
    assert told.points(student) == NOTHING, item
    for words in case.told:
        assert words in told.comment(student)
        assert words in item
    for text in (told.comment(student), item):
        assert not re.search(r"adding\.py:\d", text), "a line of a file that no student sees"


def test_the_notebook_shows_what_was_handed_in(told, notebooks):
    """Formgrader and feedback have the student's own cell, commands and all."""
    cell_of, _ = notebooks
    shown = cell_of(told.autograded("j_cell_magic"), "solution-add")["source"]
    assert "".join(shown) == RIGHT["cell_magic"].add


def test_halves_of_a_split_cell_have_commands_of_their_own(classroom, notebooks):
    """Each half is a cell to IPython: `%%time` may begin the second one, too."""
    cell_of, solved = notebooks
    notebook = solved(classroom.released())
    whole = cell_of(notebook, "solution-add")
    second = json.loads(json.dumps(whole)) | {"id": "second"}
    third = json.loads(json.dumps(whole)) | {"id": "third", "source": "%%bash\nif true; fi"}
    whole["source"] = "%%time\ndef plus(x, y):\n    return x + y\nplus?"
    second["source"] = "%%time\n" + second["source"].replace("x + y", "plus(x, y)")
    at = notebook["cells"].index(whole) + 1
    notebook["cells"][at:at] = [second, third]
    classroom.hand_in_notebook("j2_split", notebook)
    assert classroom.autograde("j2_split")["success"]
    assert classroom.points("j2_split") == ALL


def test_a_file_of_the_command_line_is_not_read_as_cells(classroom):
    """What came as a file is graded as the file that it is: `display` is not defined in one."""
    classroom.hand_in_file("j2_file", classroom.solution + "\n\ndisplay(add)\n")
    assert classroom.autograde("j2_file")["success"]
    assert classroom.points("j2_file") == NOTHING
