"""Text of unknown origin: nothing that a terminal obeys is left, nothing harmless is touched."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.text.shown import escaped, one_line, plural, printable, shortened

ANY = st.text(st.characters(exclude_categories=()))  # halves of surrogate pairs, too
HOSTILE = {
    "a terminal's escape": "\x1b[2J",
    "a bell": "\a",
    "a carriage return": "100\r0",
    "a change of direction": "\u202etxt.exe\u202c",
    "half of a surrogate pair": "\udce9",
    "an invisible separator": "\u2028",
    "a tag character": "\U000e0041",
    "one-byte control sequences": "\x9b31m",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_what_a_terminal_might_obey_is_written_out(text):
    """Each such character becomes its Python escape; what surrounds it stays."""
    for made in (escaped(text), one_line(text), printable(text, 100)):
        assert made.isprintable()
        assert made == "".join(c if c.isprintable() else ascii(c).strip("'") for c in text)


@given(ANY)
def test_nothing_unprintable_is_left_and_nothing_else_is_changed(text):
    """For any text at all; what is printable comes out as it went in."""
    assert escaped(text).isprintable()
    assert one_line(text).isprintable()
    assert set(printable(text, 1000)) - {"\n", "\t"} == {
        c for c in printable(text, 1000) if c.isprintable()
    }
    if text.isprintable():
        assert escaped(text) == one_line(text) == printable(text, len(text)) == text


@given(ANY)
def test_a_second_escape_changes_nothing(text):
    """So parts that escape what another part has escaped do no harm."""
    assert escaped(escaped(text)) == escaped(text)


def test_what_becomes_of_line_breaks():
    """A message of several lines keeps them; on one line they are spaces, in a name escapes."""
    assert printable("a\n\tb", 10) == "a\n\tb"
    assert one_line("a\nb") == "a b"
    assert escaped("a\nb") == "a\\nb"


@given(ANY, st.integers(1, 50))
def test_a_cut_text_is_never_longer_than_asked_and_says_that_it_is_cut(text, limit):
    """It ends in `…`; one that fits is whole."""
    made = shortened(text, limit)
    assert len(made) <= limit
    assert made == text or (len(text) > limit and made == text[: limit - 1] + "…")


def test_numbers_of_things():
    """One is singular, none and many are plural."""
    assert [plural(n, "day") for n in (0, 1, 2)] == ["0 days", "1 day", "2 days"]
