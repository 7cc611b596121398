"""What a mutant is: one change of the text, with a name that outlives its line number."""

import ast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.validation.mutation.game import mutants_of
from grader.validation.mutation.places import File

SOURCE = '''\
"""A file."""

import math

LIMIT = 3


def area(width, height):  # both in metres
    """The product."""
    if _size("width", width) > LIMIT and height:  # as in the hand-out
        return math.floor(
            width  # first
            * height
        )
    return 0 if width == "größer" else 0


def perimeter(width, height):
    return 2 * (_size("width", width) + _size("height", height))


def _size(name, value):
    if value < 0:
        raise ValueError(f"{name} is {value}")
    return value
'''


def made(source):
    return mutants_of(File.of(source.encode()))


def test_a_mutant_changes_nothing_but_its_place():
    """Comments, blank lines and everything else stay as they were written."""
    mutant = next(each for each in made(SOURCE) if each.after.startswith("if _size") and
                  " or " in each.after)  # fmt: skip
    line = '    if _size("width", width) > LIMIT or height:  # as in the hand-out'
    assert mutant.source.decode() == SOURCE.replace(
        '    if _size("width", width) > LIMIT and height:  # as in the hand-out', line
    )
    assert mutant.line == 10
    assert mutant.diff == (
        '- if _size("width", width) > LIMIT and height:  # as in the hand-out',
        '+ if _size("width", width) > LIMIT or height:  # as in the hand-out',
    )


def test_a_statement_is_told_in_one_line_without_its_comments():
    """However it is broken over lines, it is copied into a mark in one piece."""
    mutant = next(each for each in made(SOURCE) if each.kind == "arithmetic"
                  and "floor" in each.before and "+" in each.after)  # fmt: skip
    assert mutant.before == "return math.floor( width * height )"
    assert mutant.after == "return math.floor( width + height )"


def test_letters_of_several_bytes_shift_nothing():
    """Places in a line count bytes, not letters."""
    assert any(each.after == 'return 0 if width != "größer" else 0' for each in made(SOURCE))
    assert any(each.after == 'return 0 if width == "größer" else 1' for each in made(SOURCE))


def test_equal_changes_in_one_function_are_numbered():
    """A line that stands twice has mutants that read alike, and are told apart."""
    source = "def f(a):\n    a += 1\n    a += 1\n    return a\n"
    assert [each.occurrence for each in made(source) if each.after == "a -= 1"] == [1, 2]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 3), min_size=4, max_size=4), st.text("ab #é\n", max_size=10))
def test_a_mutant_keeps_its_name_when_lines_move(blanks, comment):
    """Blank lines and comments between definitions, and after lines, change no identity."""
    pieces = SOURCE.split("\n\n\n")
    gaps = [["\n\n\n" + "\n" * number for number in blanks][n % 4] for n in range(len(pieces))]
    note = "# " + comment.replace("\n", " ") + "\n"
    moved = note + "".join(note + gap + piece for gap, piece in zip(gaps, pieces, strict=True))
    assert [each.identity for each in made(moved)] == [each.identity for each in made(SOURCE)]


def test_a_shared_check_is_weakened_for_each_caller_alone():
    """For every call of `_size` that is not the only one, and nowhere else in that mutant."""
    callers = [each for each in made(SOURCE) if each.kind == "caller"]
    calls = {("area", '_size("width", width)'), ("perimeter", '_size("width", width)'),
             ("perimeter", '_size("height", height)')}  # fmt: skip
    assert {(each.function, each.call) for each in callers} == calls
    mutant = next(each for each in callers if each.call == '_size("height", height)'
                  and each.after == "if False:")  # fmt: skip
    names = {}
    exec(compile(mutant.source, "mutant", "exec"), names)
    assert names["perimeter"](1, -1) == 0
    for refused in ((names["perimeter"], -1, 1), (names["area"], -1, 1)):
        with pytest.raises(ValueError, match="width is -1"):
            refused[0](*refused[1:])


def test_what_has_one_caller_is_weakened_for_all_callers_only():
    """Another mutant for that caller alone would be the same program twice."""
    source = SOURCE.replace('(_size("width", width) + _size("height", height))', "height")
    assert not [each for each in made(source) if each.kind == "caller"]


def test_a_check_behind_another_one_is_reached():
    """A call that leads to the check through a second helper has mutants with both in copies."""
    source = (
        SOURCE
        + """

def volume(width, height):
    _sizes(width=width, height=height)
    return _size("width", width)


def _sizes(**sizes):
    for name, value in sizes.items():
        _size(name, value)
"""
    )
    mutant = next(each for each in made(source) if each.function == "volume"
                  and ">" in each.call and each.after == "if False:")  # fmt: skip
    assert mutant.call == "_sizes(width=width, height=height) > _size(name, value)"
    names = {}
    exec(compile(mutant.source, "mutant", "exec"), names)
    assert names["volume"](1, -1) == 1
    with pytest.raises(ValueError, match="width"):
        names["volume"](-1, 1)


def test_a_function_that_calls_itself_ends():
    """Ways into a private function don't go round for ever."""
    source = (
        "def f(n):\n    return _g(n) + _g(2)\n\n\n"
        "def _g(n):\n    if n < 0:\n        raise ValueError\n    return _g(n - 1) if n else 0\n"
    )
    assert {each.call for each in made(source)} >= {"_g(n)", "_g(2)"}


def test_what_cannot_be_written_is_not_made():
    """No mutant is a syntax error, not even one that only the compiler finds."""
    for each in made("def f(a):\n    for x in a:\n        if x:\n            break\n"):
        compile(ast.parse(each.source), "mutant", "exec")
