"""Mutants and variants: laid over the solution they are whole, and what they repeat is told."""

import ast
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from grader.cli import main
from grader.cli.results import progress
from grader.errors import CourseError, UsageError
from grader.sandbox import probe
from grader.validation import validate
from grader.validation.overlay import KINDS, answers, lay_over, read_overlay
from grader.validation.rot import problems
from grader.validation.showing import find_overlay, shown
from grader.validation.statements import Module

SOLUTION = '''\
"""The solution."""

import math

# -- the sizes -----------------------------------------------------------------------------

FEW = 3  # the small one
MANY: int = 7
LOW, HIGH = 1, 9


# How far it goes.
@property
def far(x):
    """Its docstring."""
    return x + FEW  # a comment


class Box:
    def open(self):
        return MANY

    def shut(self):
        return math.pi


def near(x):
    return [x for FEW in (LOW, HIGH)]
'''


@pytest.fixture
def over(tmp_path):
    """A function from the text of a file, and of the solution, to the overlay."""

    def of(text, solution=SOLUTION):
        paths = tmp_path / "sol.py", tmp_path / "m.py"
        for path, content in zip(paths, (solution, text), strict=True):
            path.write_text(content, "utf-8")
        return read_overlay(Module.read(paths[0]), paths[1])

    return of


# -- the whole submission ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "old", "new"),
    [
        ("def near(x):\n    return 1\n", "def near(x):\n    return [x for FEW in (LOW, HIGH)]\n",
         "def near(x):\n    return 1\n"),
        ("FEW = 4\n", "FEW = 3  # the small one\n", "FEW = 4\n"),
        ("FEW: float = 4  # more\n", "FEW = 3  # the small one\n", "FEW: float = 4  # more\n"),
        ("MANY = 8\n", "MANY: int = 7\n", "MANY = 8\n"),
        ("HIGH, LOW = 9, 0\n", "LOW, HIGH = 1, 9\n", "HIGH, LOW = 9, 0\n"),
        ("# Not far.\ndef far(x):\n    return x\n",
         SOLUTION[SOLUTION.index("# How far") : SOLUTION.index("\n\nclass")],
         "# Not far.\ndef far(x):\n    return x\n"),
        ("@property\n# why\ndef far(x):\n    return x\n",
         SOLUTION[SOLUTION.index("# How far") : SOLUTION.index("\n\nclass")],
         "@property\n# why\ndef far(x):\n    return x\n"),
        ("class Box:\n    pass\n",
         SOLUTION[SOLUTION.index("class") : SOLUTION.index("\n\ndef near")],
         "class Box:\n    pass\n"),
        ("import re\n", "import math\n", "import math\nimport re\n"),
        ("from __future__ import annotations\n", '"""\n\nimport math',
         '"""\n\nfrom __future__ import annotations\n\nimport math'),
        ("def _b():\n    pass\n\n\n# why\nA = 1\n", "import math\n",
         "import math\n\n\ndef _b():\n    pass\n\n\n# why\nA = 1\n"),
    ],
)  # fmt: skip
def test_only_what_is_given_changes(over, text, old, new):
    """All other text is the solution's, comments and blank lines too; line 1 is the overlay's."""
    assert SOLUTION.count(old) == 1
    wanted = SOLUTION.replace(old, new).replace('"""The solution."""', '"""Bad."""  # loses: add')
    assert over(f'"""Bad."""  # loses: add\n\n{text}').source == wanted


@pytest.mark.parametrize(
    "new",
    [
        "def _new(x: Box = None):\n    return x\n",
        "def _new(x=Box):\n    return x\n",
        "def _new() -> Box:\n    return 1\n",
        "@Box\ndef _new():\n    return 1\n",
        "class _New(Box):\n    pass\n",
        "class _New:\n    x = Box()\n",
        "_NEW = [Box, FEW]\n",
    ],
)
def test_what_is_new_stands_after_what_it_needs(over, new):
    """Loaded in this order, every name is there; what only a call reads is not waited for."""
    source = over(f'"""Bad."""\n_A = 1\n\n\n{new}').source
    assert f"math.pi\n\n\n{new}\n\ndef near" in source
    assert "import math\n\n\n_A = 1\n" in source


def test_what_is_new_waits_for_nothing_that_only_a_call_reads(over):
    """So that the solution can use it when it is loaded; one new name waits for another."""
    new = "def _f(x=lambda: Box):\n    return Box\n\n\n_A = _f\n"
    assert f"import math\n\n\n{new}" in over(f'"""Bad."""\n{new}').source
    source = over('"""Bad."""\n_A = Box\n_B = _A\n').source
    assert source.index("class Box") < source.index("_A = Box") < source.index("_B = _A")


def test_a_solution_without_a_docstring_or_imports_gets_both(over):
    """The head comes first, then imports, then what is new."""
    source = over('"""Bad."""\nimport re\nA = re\n', "def f():\n    return 1\n").source
    assert source.splitlines() == [
        '"""Bad."""', "", "import re", "", "", "A = re", "def f():", "    return 1",
    ]  # fmt: skip


def test_a_whole_file_is_taken_as_it_stands(over):
    """Byte for byte, in the encoding that it says."""
    text = '"""Bad. (whole file)"""  # loses: add\n\n1 / 0\ntext = "é"\n'
    overlay = over(text)
    assert overlay.content == text.encode()
    assert (overlay.mark.mistake, overlay.mark.items) == ("Bad.", ("add",))


def test_an_encoding_that_is_said_is_kept(tmp_path):
    """A variant may prove that a file in another encoding is graded."""
    content = '# coding: latin-1\n"""é"""\n\nFEW = "é"\n'.encode("latin-1")
    (tmp_path / "v.py").write_bytes(content)
    (tmp_path / "sol.py").write_text(SOLUTION)
    laid = read_overlay(Module.read(tmp_path / "sol.py"), tmp_path / "v.py")
    assert ast.literal_eval(ast.parse(laid.content).body[2].value) == "é"
    (tmp_path / "sol.py").write_text(SOLUTION + "# …\n")
    with pytest.raises(CourseError, match=r"v\.py: '…' of the solution is no latin-1|iso8859"):
        _ = read_overlay(Module.read(tmp_path / "sol.py"), tmp_path / "v.py").content


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("def near(:\n", "m.py:2: "),
        ("print(1)\n", "m.py:2: only definitions, assignments to names, and imports"),
        ("near.x = 1\n", "m.py:2: only definitions"),
        ("for FEW in range(3):\n    pass\n", "m.py:2: only definitions"),
        ("FEW = 1\nFEW = 2\n", "m.py:2: FEW is defined twice; leave one"),
        ("A = 1; B = 2\n", "m.py:2: two statements in one line; give each its own"),
        ("LOW = 3\n", "m.py:2: LOW can't be laid over line 9 of sol.py"),
        ("FEW = MANY = 3\n", "m.py:2: FEW, MANY can't be laid over line 7 and 8 of sol.py"),
    ],
)
def test_what_can_not_be_laid_over_is_told(over, text, words):
    """By file and line, with what can be done."""
    with pytest.raises(CourseError) as told:
        over(f'"""Bad."""\n{text}')
    assert words in str(told.value)


@pytest.mark.parametrize(
    "held", ["if True:\n    HALF = 1\n", "HALF = 1\nHALF += 1\n", "for HALF in ():\n    pass\n"]
)
def test_a_name_that_the_solution_binds_in_no_plain_way_is_told(over, held):
    """It would be bound anew behind the overlay's back."""
    with pytest.raises(CourseError, match=r"HALF can't be laid over line .* give the whole file"):
        over('"""Bad."""\nHALF = 2\n', SOLUTION + held)


def test_names_inside_of_a_value_are_none_of_the_files(over):
    """The target of a comprehension is not bound at the top."""
    overlay = over('"""Bad."""\nMANY = [FEW for FEW in (1, 2)]\n')
    assert [new.called for _, new in overlay.replaced] == ["MANY"]


NAMES = ("_a", "_b", "_c", "_d", "_e")
BODIES = st.sampled_from([
    "{0} = 1\n",
    "{0}: int = 2  # why\n",
    "# above\ndef {0}(x):\n    '''a\n# b'''\n    return x\n",
    "@print\n# between\n@str\ndef {0}():\n    pass\n",
    "class {0}:\n    '''doc'''\n\n    def a(self):\n        return [b for b in ()]\n",
    '{0} = """\n# text"""\n',
    "async def {0}():\n    return None  # trailing\n",
])  # fmt: skip
GAPS = st.sampled_from(["", "\n", "\n\n# -- a headline\n\n", "\n\n"])
FILES = st.dictionaries(st.sampled_from(NAMES), BODIES, min_size=1)


@given(FILES, FILES, GAPS, st.sampled_from(["", "import re\n", "import re\n\nimport ast\n"]))
def test_a_difference_laid_over_is_the_whole(solution, changes, gap, imports):
    """For any solution and changes: what comes out has those, all else, and nothing more."""
    sol = {name: body.format(name) for name, body in solution.items()}
    own = {name: body.format(name) for name, body in changes.items()}
    head = '"""Bad."""\n'
    text = f'"""Sol."""\n{imports}{gap}' + gap.join(sol.values())
    source = _laid(text, head + gap.join(own.values()))
    added = "".join(own[name] for name in own if name not in sol)
    whole = head + imports + added + "".join(own.get(name, sol[name]) for name in sol)
    assert ast.dump(ast.parse(source)) == ast.dump(ast.parse(whole))
    assert source == _laid(text, head + gap.join(own.values()))
    if gap.strip():
        assert source.count("# -- a headline") == text.count("# -- a headline")


def _laid(solution, own):
    modules = [Module.of(Path(name), text, ast.parse(text))
               for name, text in (("sol.py", solution), ("m.py", own))]  # fmt: skip
    return lay_over(*modules).source


# -- what is said too much -----------------------------------------------------------------


def near_of(lines):
    return "def near(x):\n" + "    x += 1\n" * (lines - 2) + "    return x\n"


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("FEW = 4\n", "mutant", ""),
        ("FEW = 3  # other words\n", "mutant", "it is the solution; change what makes it a mutant"),
        ("", "variant", "it is the solution; change what makes it a variant, or delete the file"),
        ("FEW = 4\nMANY: int = 7\n", "mutant", "MANY: just as in the solution; take that out"),
        ("FEW = 4\nimport math\n", "variant", "math: imported by the solution, too; take that out"),
        ("FEW = 4\nimport re\n", "variant", "re: new, and used by nothing; take that out"),
        ("import re\nFEW = re.A\n", "variant", ""),
        ("from __future__ import annotations\nFEW = 4\n", "variant", ""),
        ("FEW = 4\ndef _own(x):\n    return _own(x)\n", "mutant", "_own: new, and used by nothing"),
        ("FEW = _A\n_A = 4\n", "mutant", ""),
        (
            SOLUTION.partition("---\n")[2].replace("x + FEW", "x"),
            "mutant",
            "FEW, MANY, HIGH, LOW and 2 more: just as in the solution; take that out",
        ),
        (near_of(10), "mutant", ""),
        (near_of(11), "mutant", "near: 11 lines taken out or put in, more than 10"),
        (near_of(11), "variant", ""),
        (near_of(11), "rewritten", ""),
    ],
)
def test_what_rots_is_told(over, text, kind, words):
    """What is the solution's already, what nobody uses, and what hides its mistake."""
    mark = " (rewritten)" if kind == "rewritten" else ""
    kind = "mutant" if mark else kind
    told = list(problems(over(f'"""Bad.{mark}"""  # loses: add\n{text}'), kind))
    assert len(told) == bool(words)
    assert words in "".join(told)


CALLED = "def _add(x, y=1, *, z=0):\n    return x + y + z\n\n\ndef add(x):\n    return _add(x)\n"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("return _add(x, 2, z=3)", ""),
        ("return _add(x=1)", ""),
        ("return _add(*x) + _add(**x)", ""),
        ("_add = max\n    return _add(x, 1, 2)", ""),
        ("return _add('name', x, 2)", "too many positional arguments"),
        ("return _add()", "missing a required argument: 'x'"),
        ("return _add(x, w=1)", "got an unexpected keyword argument 'w'"),
    ],
)
def test_a_call_that_no_longer_fits_is_told(over, body, reason):
    """It would lose its item by a TypeError, and not by its mistake."""
    text = f'"""Bad."""  # loses: add\n\n\ndef add(x):\n    {body}\n'
    told = list(problems(over(text, CALLED), "mutant"))
    assert told == [f"add calls _add: {reason}; call it as it is defined now"] * bool(reason)


def test_validation_names_file_and_definition(course):
    """A rotten mutant is a problem of its check, told instead of what it loses."""
    path = course.root / "solutions/adding/mutants/one_too_many.py"
    path.write_text(path.read_text() + "\n\ndef _unused():\n    pass\n")
    checks = {each.name: each for each in validate(course, ["adding"], probe().level, 1, progress)}
    assert checks["mutants"].problems == (
        f"{path}: _unused: new, and used by nothing; take that out",
    )
    assert checks["variants"].passed


# -- the course's own ----------------------------------------------------------------------


def test_answers_are_whole_submissions(tiny_course):
    """Each bears its file's name, and one that can't be read says why."""
    lab = tiny_course.lab("adding")
    folder = tiny_course.solutions(lab)
    found = {each.name: each for kind in KINDS for each in answers(lab, folder, kind)}
    assert sorted(found) == ["one_too_many", "the_other_way_round"]
    for each in found.values():
        assert b"def total(x, group)" in each.files["adding.py"]
    assert b"x + y + 1" in found["one_too_many"].files["adding.py"]


def test_an_answer_that_is_no_python_has_a_problem(course):
    """It is a submission all the same: none is lost."""
    lab = course.lab("adding")
    (course.root / "solutions/adding/mutants/bad.py").write_text("def (\n")
    problem = next(iter(answers(lab, course.solutions(lab), "mutant"))).problem
    assert "bad.py:1: invalid syntax" in problem


# -- shardlab mutant -----------------------------------------------------------------------


@pytest.fixture
def mutant(course):
    """`shardlab mutant adding` with arguments."""

    def run(*arguments):
        command = ["--course", str(course.root), "mutant", "adding", *arguments]
        return CliRunner().invoke(main, command)

    return run


@pytest.mark.parametrize(
    "name", ["one_too_many", "one_too_many.py", "mutants/one_too_many", "mutants/one_too_many.py"]
)
def test_a_mutant_is_shown_as_its_difference(mutant, name):
    """The mistake, the item, and the lines of the one definition."""
    result = mutant(name)
    assert result.exit_code == 0
    assert result.output.splitlines() == [
        "Adds one too many.",
        "Loses: add",
        "",
        "add, adding.py line 4",
        "@@ line 5 @@",
        '     """The sum of two arrays."""',
        "     if x.shape != y.shape:",
        '         raise ValueError(f"shapes {x.shape} and {y.shape} differ")',
        "-    return x + y",
        "+    return x + y + 1",
    ]


@pytest.mark.parametrize("name", ["one_too_many", "the_other_way_round"])
def test_the_whole_can_be_redirected_into_a_file(mutant, course, name):
    """It is what is graded, and nothing else is printed."""
    result = mutant(name, "--whole")
    lab = course.lab("adding")
    assert result.output.encode() == find_overlay(lab, course.solutions(lab), name).content


def test_a_name_of_both_is_asked_back(mutant, course):
    """And can be said in full."""
    folder = course.root / "solutions/adding"
    (folder / "variants/one_too_many.py").write_text('"""Right."""\nimport re\n')
    result = mutant("one_too_many")
    assert result.exit_code == 2
    said = "'one_too_many' is both: say variants/one_too_many or mutants/one_too_many"
    assert said in " ".join(result.output.split())
    assert mutant("variants/one_too_many").output.splitlines()[0] == "Right."


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (
            "one_to_many",
            "no mutant or variant of adding is called 'one_to_many'; near it: one_too_many",
        ),
        ("way", "near it: the_other_way_round"),
        ("qqq", "none comes near; all are in "),
    ],
)
def test_an_unknown_name_is_told_with_what_is_near(mutant, name, words):
    """A usage error, with the names that may have been meant."""
    result = mutant(name)
    assert result.exit_code == 2
    assert words in " ".join(result.output.split())


def test_a_course_without_solutions_says_so(tiny_course, tmp_path):
    """As a student's copy is."""
    with pytest.raises(UsageError, match="are its solutions here"):
        find_overlay(tiny_course.lab("adding"), tmp_path, "x")


def test_all_of_an_overlay_is_shown_in_80_columns(over):
    """Imports, new and replaced definitions; long lines go on in the next."""
    long = f"{' ' * 60}{'word ' * 30}"
    text = f'"""{"Bad. " * 30}"""\nimport re\n\n_A = """\n{long}\n"""\n\n\nFEW = [re, _A]\n'
    lines = list(shown(over(text)))
    assert max(map(len, lines)) <= 80
    assert [each for each in lines if each and each[0] not in "+-@ B"] == [
        "imports, new",
        "_A, new",
        "FEW, sol.py line 7",
    ]
    assert sum(line.count("word") for line in lines) == 30


def test_a_whole_file_is_shown_as_its_difference(over):
    """Without the docstring, which is told in words."""
    text = SOLUTION.replace("FEW = 3", "FEW = 4").replace("The solution.", "Bad. (whole file)")
    lines = list(shown(over(text)))
    assert lines[:4] == ["Bad.", "", "sol.py, as a whole", "@@ line 4 @@"]
    assert [line for line in lines if line.startswith(("+", "-"))] == [
        "-FEW = 3  # the small one",
        "+FEW = 4  # the small one",
    ]
