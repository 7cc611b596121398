"""Marks of what is provably equal: what each covers, and what is wrong with a file of them."""

import pytest

from grader.errors import CourseError
from grader.validation.mutation.equivalent import EquivalenceMarks
from grader.validation.mutation.game import mutants_of
from grader.validation.mutation.places import File

SOURCE = b"""\
def one(a, b):
    if a < 1 and b < 1:
        return a
    return b + 1


def two(a, b):
    return b + 1
"""


@pytest.fixture
def marks(tmp_path):
    """A function from the text of an `equivalent.toml` to its marks."""

    def read(text):
        (tmp_path / "equivalent.toml").write_text(text)
        return EquivalenceMarks.of(tmp_path)

    return read


def covered(marks):
    return {
        (each.function, each.after) for each in mutants_of(File.of(SOURCE)) if marks.of_mutant(each)
    }


def test_without_a_file_nothing_is_marked(tmp_path):
    """A lab needs none."""
    assert EquivalenceMarks.of(tmp_path).marks == ()


def test_a_mark_covers_what_differs_in_its_words(marks):
    """By a part of the statement or by all of it, wherever it stands in the function."""
    part = 'function = "one"\nfrom = "b < 1"\nto = "b <= 1"\nreason = "x"'
    assert covered(marks(f"[[equivalent]]\n{part}")) == {("one", "if a < 1 and b <= 1:")}
    whole = 'function = "one"\nfrom = "return b + 1"\nto = "return b - 1"\nreason = "x"'
    assert covered(marks(f"[[equivalent]]\n{whole}")) == {("one", "return b - 1")}
    both = 'function = "one"\nfrom = "< 1"\nto = "<= 1"\nreason = "x"'
    assert covered(marks(f"[[equivalent]]\n{both}")) == {
        ("one", "if a <= 1 and b < 1:"),
        ("one", "if a < 1 and b <= 1:"),
    }


def test_one_reason_may_hold_for_several_functions_and_changes(marks):
    """Lists say so; each pair of them is a mark of its own."""
    text = 'function = ["one", "two"]\nfrom = "b + 1"\nto = ["b - 1", "b + 0"]\nreason = "x"'
    assert covered(marks(f"[[equivalent]]\n{text}")) == {
        (name, after) for name in ("one", "two") for after in ("return b - 1", "return b + 0")
    }


def test_the_mark_of_a_function_holds_for_each_of_its_callers(marks):
    """What is right everywhere is right there; a mistake for one caller is marked by its call."""
    source = (
        b"def f(a):\n    return _g(a) + _g(1)\n\n\n"
        b"def _g(a):\n    if a < 0:\n        raise ValueError\n    return a\n"
    )
    mark = 'from = "a < 0"\nto = "a <= 0"\nreason = "x"'
    for keys, calls in (
        ('function = "_g"', ["", "_g(a)", "_g(1)"]),
        ('function = "f"', []),
        ('function = "f"\ncall = "_g(1)"', ["_g(1)"]),
        ('function = "f"\ncall = ["_g(1)", "_g(a)"]', ["_g(a)", "_g(1)"]),
    ):
        read = marks(f"[[equivalent]]\n{keys}\n{mark}")
        assert [each.call for each in mutants_of(File.of(source)) if read.of_mutant(each)] == calls


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[[equivalent]]\nfunction = "one"\nfrom = "a"\nto = "b"', "reason"),
        ('[[equivalent]]\nfunction = "one"\nfrom = "a"\nto = "b"\nreason = " "', "reason"),
        ('[[equivalent]]\nfunction = "one"\nreason = "all of it"', "from"),
        ('[[equivalent]]\nfunction = "one"\nfrom = ""\nto = "b"\nreason = "x"', "from"),
        ('[[equivalent]]\nfunction = "one"\nfrom = "a"\nto = []\nreason = "x"', "to"),
        ('[[equivalent]]\nfunctions = "one"\nfrom = "a"\nto = "b"\nreason = "x"', "functions"),
        ("[[equal]]\n", "equal"),
    ],
)
def test_a_file_that_is_written_wrong_is_refused_by_key(marks, text, told):
    """No reason, no words, a key that nobody reads: each is named."""
    with pytest.raises(CourseError, match=rf"equivalent\.toml.*{told}"):
        marks(text)


def test_a_mark_that_fits_nothing_any_more_is_a_problem_by_name(marks):
    """Each word of it that has gone from the solution, while the others stay."""
    text = (
        '[[equivalent]]\nfunction = ["one", "gone"]\nfrom = "b + 1"\nto = ["b - 1", "b + 9"]\n'
        'reason = "x"\n[[equivalent]]\nfunction = "two"\nfrom = "b + 1"\nto = "b"\nreason = "x"\n'
    )
    (told,) = marks(text).problems(mutants_of(File.of(SOURCE)))
    assert "equivalent.toml" in told
    assert '"b + 1" in one or gone fits no mutant by "gone", "b + 9"' in told


def test_words_may_be_left_out_altogether(marks):
    """`to` is empty where an argument is dropped."""
    mark = 'function = "f"\nfrom = ", k=a"\nto = ""\nreason = "x"'
    read = marks(f"[[equivalent]]\n{mark}")
    mutants = mutants_of(File.of(b"def f(a):\n    return g(a, k=a)\n"))
    assert [each.after for each in mutants if read.of_mutant(each)] == ["return g(a)"]
