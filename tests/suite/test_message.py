"""A finding as the lines a student reads."""

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import fields, replace

from grader.results import Finding
from grader.suite.explain.message import (
    WIDTH,
    facts_of,
    impersonal,
    lines_of,
    message_of,
    trimmed,
    words_in,
)

steady = settings(derandomize=True, deadline=None, max_examples=100)

BIAS_TWICE = Finding(
    called="mlp_block(x, w_up_shard, w_down_shard, group, b_down)  on 2 ranks",
    shapes="x(2,4)  w_up(4,4) cut along axis 1  w_down(4,2) cut along axis 0  b_down(2,)",
    inputs=(("x", "[[1 0 2 0] [0 1 0 2]]"), ("b_down", "[ 5 -2]")),
    expected="y: [[14  2] [16 -5]]",
    got="[[19  0] [21 -7]]",
    difference="[[ 5 -2] [ 5 -2]]",
    pattern="the same vector in every row",
    broken="I3: summing over ranks must give the one-GPU result",
    note="world_size 1 passes",
    nudge="Which argument has the shape of that vector?",
)

GOLDEN = """\
   Called    mlp_block(x, w_up_shard, w_down_shard, group, b_down)  on 2 ranks
             x(2,4)  w_up(4,4) cut along axis 1  w_down(4,2) cut along axis 0
             b_down(2,)
   With      x = [[1 0 2 0] [0 1 0 2]]
             b_down = [ 5 -2]
   Expected  y: [[14  2] [16 -5]]
   Got       [[19  0] [21 -7]]
   Got-Exp   [[ 5 -2] [ 5 -2]]
   Pattern   the same vector in every row
   Broken    I3: summing over ranks must give the one-GPU result
   Note      world_size 1 passes
   Nudge     Which argument has the shape of that vector?"""


def test_a_wrong_value_in_full():
    """Call, shapes, inputs, expected, got, difference, pattern, invariant, note and nudge."""
    assert message_of(BIAS_TWICE) == GOLDEN


def test_what_is_not_known_takes_no_line():
    """A finding without facts is no message."""
    assert lines_of(Finding()) == []
    assert lines_of(Finding(got="3")) == ["   Got       3"]


def test_an_error_is_told_with_the_students_line():
    """An exception of the student's own: its text and their line, no traceback."""
    finding = Finding(called="f(x)", error="rank 1: KeyError: 'w'", source="w = shards['w']")
    assert lines_of(finding)[1:] == [
        "   Error     rank 1: KeyError: 'w'",
        "   Your line w = shards['w']",
    ]


def test_a_pattern_always_has_its_label():
    """Also where a suite gives a pattern in its own words and no value."""
    assert lines_of(Finding(expected="a", pattern="p"))[-1] == "   Pattern   p"


def test_long_facts_are_wrapped_below_their_label():
    """Continuations are indented to the text, and a long word is broken, never lost."""
    word = "x" * 100
    first, second = lines_of(Finding(got=word))
    assert first == "   Got       " + "x" * 67
    assert second == " " * 13 + "x" * 33


def test_a_diagnosis_has_a_line_for_each_rank():
    """Lines of a fact stay lines; a flood of them is cut."""
    assert lines_of(Finding(got="rank 0 returned\nrank 1 waits")) == [
        "   Got       rank 0 returned",
        "             rank 1 waits",
    ]
    assert len(lines_of(Finding(error="x\n" * 1000))) <= 8


def test_many_inputs_and_much_output_are_cut():
    """Six inputs, eight lines of the student's own prints, and how many more there are."""
    inputs = tuple((f"a{number}", "1") for number in range(9))
    lines = lines_of(Finding(inputs=inputs, printed="\n".join(map(str, range(20)))))
    assert [line.split()[-1] for line in lines[:6]] == ["1"] * 6
    assert lines[6] == "   Printed   0"
    assert lines[-1].strip() == "(12 lines more)"


def test_a_text_stands_in_place_of_facts_as_it_is():
    """What waits, what could not be run, a message of an older version: without a label."""
    assert lines_of(Finding(text="builds on add")) == ["builds on add"]
    assert facts_of(Finding(text="builds on add")) == []
    below = Finding(text="   An old\n   message", remark="it is in cell 'add'")
    assert lines_of(below) == ["   An old", "   message", "   Note      it is in cell 'add'"]


def test_a_place_comes_first():
    """The line of the file, where a reader does not have it already."""
    assert lines_of(Finding(where="a.py:3", error="e"))[0] == "   Where     a.py:3"


OURS = {"called", "shapes", "expected", "difference", "pattern", "broken", "note", "nudge"}


def test_a_student_may_stand_in_what_they_wrote_alone():
    """What is impersonal has the call, its inputs, what was expected, and our own words."""
    full = Finding(**dict.fromkeys(Finding().texts, "ann"), inputs=(("x", "1"),), unprinted=3)
    left = impersonal(full)
    assert {name for name, text in left.texts.items() if text} == OURS
    assert (left.inputs, left.unprinted) == (full.inputs, 0)


def test_words_are_found_wherever_they_stand():
    """In every text of a finding, its inputs too, over the end of any line."""
    for name in Finding().texts:
        assert "two words" in words_in(Finding(**{name: "in two\nwords"}))
    assert "x 17" in words_in(Finding(inputs=(("x", "17"),)))


TEXT = st.text(max_size=200)
NAMES = st.from_regex(r"[a-z_]{1,12}", fullmatch=True)
PAIRS = st.lists(st.tuples(NAMES, TEXT), max_size=8).map(tuple)
OTHERS = ("inputs", "printed", "unprinted", "loads", "unseen", "text")
WORDS = {each.name: TEXT for each in fields(Finding) if each.name not in OTHERS}
FINDINGS = st.builds(
    Finding,
    inputs=PAIRS,
    loads=st.booleans(),
    unseen=st.booleans(),
    printed=st.text(st.characters(codec="utf-8") | st.just("\n"), max_size=900),
    unprinted=st.integers(0, 9),
    **WORDS,
)


@given(FINDINGS)
@steady
def test_no_line_is_wider_than_a_terminal_or_obeyed_by_it(finding):
    """80 columns whatever the facts are, and no control character among them."""
    for line in lines_of(finding):
        assert len(line) <= WIDTH
        assert line.isprintable()


@given(FINDINGS, TEXT)
@steady
def test_what_is_trimmed_reads_the_same(finding, text):
    """Nothing that is shown is lost, nothing is trimmed twice, and what is left is printable."""
    finding = replace(finding, text=text)
    kept = trimmed(finding)
    assert lines_of(kept) == lines_of(finding)
    assert trimmed(kept) == kept
    assert all(text.replace("\n", "").isprintable() for text in kept.texts.values())


def test_no_number_is_cut_in_two():
    """A long printed line goes on in the next row, and ends at a space where it is too long."""
    numbers = [f"{each / 7:.5f}" for each in range(60)]
    shown = lines_of(Finding(printed=" ".join(numbers)))
    told = " ".join(line.removeprefix("   Printed").strip() for line in shown)
    kept, more = told.split(" … ")
    assert kept.split() == numbers[: len(kept.split())]
    assert more == f"({len(' '.join(numbers)) - len(kept)} characters more)"
    assert 15 < len(kept.split()) < 60
    assert len(shown) == 4


def test_what_is_trimmed_is_small():
    """A flood of output or inputs is not kept with each item that was lost."""
    printed = "x" * 60_000 + "\n" * 60_000
    flood = Finding(printed=printed, inputs=(("x", "1"),) * 99, got="y\n" * 9999)
    assert len(words_in(trimmed(flood))) < 300  # a printed line takes three rows at most
    assert trimmed(flood).unprinted == 60_000 - 8
