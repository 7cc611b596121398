"""A finding as the lines a student reads."""

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import fields

from grader.suite.finding import Finding
from grader.suite.message import WIDTH, lines_of

steady = settings(derandomize=True, deadline=None, max_examples=100)

BIAS_TWICE = Finding(
    called="mlp_block(x, w_up_shard, w_down_shard, group, b_down)  on 2 ranks",
    shapes="x(2,4)  w_up(4,4) cut along axis 1  w_down(4,2) cut along axis 0  b_down(2,)",
    inputs=(("x", "[[1 0 2 0] [0 1 0 2]]"), ("b_down", "[ 5 -2]")),
    expected="y: [[14  2] [16 -5]]",
    got="[[19  0] [21 -7]]",
    difference="[[ 5 -2] [ 5 -2]]",
    pattern="the same vector in every row",
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
    invariant = "I3: summing over ranks must give the one-GPU result"
    assert "\n".join(lines_of(BIAS_TWICE, invariant)) == GOLDEN


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


def test_a_file_that_does_not_load_breaks_no_invariant():
    """What it would have had to keep is not told: nothing has been run."""
    assert any("I1: x" in line for line in lines_of(Finding(error="e"), "I1: x"))
    assert not any("I1: x" in line for line in lines_of(Finding(error="e", loads=False), "I1: x"))


TEXT = st.text(max_size=200)
PAIRS = st.lists(st.tuples(TEXT, TEXT), max_size=8).map(tuple)
OTHERS = ("inputs", "printed", "loads")
WORDS = {each.name: TEXT for each in fields(Finding) if each.name not in OTHERS}
FINDINGS = st.builds(
    Finding,
    inputs=PAIRS,
    loads=st.booleans(),
    printed=st.text(st.characters(codec="utf-8") | st.just("\n"), max_size=900),
    **WORDS,
)


@given(FINDINGS, TEXT)
@steady
def test_no_line_is_wider_than_a_terminal_or_obeyed_by_it(finding, invariant):
    """80 columns whatever the facts are, and no control character among them."""
    for line in lines_of(finding, invariant):
        assert len(line) <= WIDTH
        assert line.isprintable()
