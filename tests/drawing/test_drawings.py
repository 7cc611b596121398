"""Pictures: both forms tell the same facts, whatever stands in the labels."""

import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.drawing import (
    WIDTH,
    Amount,
    Bar,
    Bars,
    Curve,
    Curves,
    Gantt,
    HeatMap,
    Held,
    Kind,
    Mark,
    MemoryBars,
    Panel,
    Part,
    ShardMap,
    Split,
)
from grader.errors import CourseError

SHARDS = ShardMap(
    title="your mlp_block on 2 ranks",
    splits=(Split("w_up", (4, 4), "columns"), Split("w_down", (4, 2), "rows")),
    partials=(((2, 2), (0, 2)), ((7, 2), (11, -5))),
    collectives=("all_reduce",),
    summed=((9, 4), (11, -3)),
    bias=("b_down", (5, -2)),
    total=((14, 2), (16, -5)),
    bytes_per_rank=16,
)
CURVES = Curves(
    title="time against size",
    curves=(
        Curve("N", "NVLink", ((1e3, 1e-5), (1e9, 1e-2))),
        Curve("I", "InfiniBand", ((1e3, 1e-4), (1e9, 1e-1))),
    ),
    marks=(Mark("*", "S* of N", 3e6, 3e-5), Mark("d", "decode", 16e3, note="160 of them")),
)
GANTT = Gantt(
    title="a schedule",
    panels=(
        Panel(
            "forward only",
            ((Bar(0, 1, "F0"), Bar(1, 2, "F1")), (Bar(1, 2, "F0"), Bar(2, 3, "F1"))),
            3,
            ("2 idle of 6",),
        ),
    ),
)
BARS = Bars("students by score", (Amount("0-9", 3), Amount("90-99", 21, "due"), Amount("100", 0)))
MEMORY = MemoryBars(
    title="what each rank holds",
    parts=(Part("#", "attention and MLP, cut"), Part("=", "embedding and norms, whole")),
    ranks=(Held("TP 1 rank 0", (4000, 1000)), Held("TP 2 rank 0", (2000, 1000))),
    capacity=4500,
)
HEAT = HeatMap(
    title="who fails alike",
    items=("columns", "rows", "floats"),
    rows=(("12 students", "·F-"), ("3 students", "··T")),
    kinds=(
        Kind("·", "passed"), Kind("F", "failed", "k1"), Kind("T", "timed out", "k0"),
        Kind("-", "waits", "idle"),
    ),
)  # fmt: skip
DRAWINGS = (SHARDS, CURVES, GANTT, BARS, MEMORY, HEAT)
ALL = [pytest.param(each, id=type(each).__name__) for each in DRAWINGS]


def words_of(drawing):
    """All text that an SVG shows, and apart from that its description."""
    root = ET.fromstring(drawing.svg())
    name = "{http://www.w3.org/2000/svg}"
    shown = [" ".join(each.itertext()) for each in root.iter(f"{name}text")]
    return shown, root.findtext(f"{name}title"), root.findtext(f"{name}desc")


def test_shards_as_text():
    """Who holds what, what each gives, what the sum and the bias make of it, and the price."""
    assert SHARDS.text() == [
        "your mlp_block on 2 ranks",
        "rank 0  columns 0-1 of w_up, rows 0-1 of w_down  gives [[2 2] [0 2]]",
        "rank 1  columns 2-3 of w_up, rows 2-3 of w_down  gives [[ 7  2] [11 -5]]",
        "all_reduce gives [[ 9  4] [11 -3]]",
        "plus b_down [ 5 -2] gives [[14  2] [16 -5]]",
        "Cost: 1 collective, 16 bytes from each rank.",
    ]


def test_schedule_as_text():
    """A row a stage, a column a slot, idle cells hatched."""
    text = "\n".join(GANTT.text())
    assert re.search(r"stage 0 +F0 F1 ░░", text)
    assert re.search(r"stage 1 +░░ F0 F1", text)
    assert "2 idle of 6" in text


def test_bars_as_text():
    """The longest bar is the greatest amount; what is nothing has none."""
    title, three, many, none = BARS.text()
    assert title == "students by score"
    assert three.endswith("3")
    assert many.endswith("21  due")
    assert none == "100    0"
    assert three.count("█") * 7 == pytest.approx(many.count("█"), abs=4)


def test_a_small_amount_is_still_seen():
    """One of a thousand has a bar, in both forms."""
    bars = Bars("b", (Amount("one", 1), Amount("all", 1000)))
    assert bars.text()[1].count("█") == 1
    assert bars.svg().count('class="k0"') == 2


def test_memory_as_text():
    """Parts by their letters, sizes, who has too much, and what there is room for."""
    _title, whole, cut, *legend = MEMORY.text()
    assert whole.count("#") == pytest.approx(4 * whole.count("="), abs=3)
    assert whole.count("#") == pytest.approx(2 * cut.count("#"), abs=1)
    assert whole.endswith("5 kB does not fit")
    assert cut.endswith("3 kB")
    assert legend == [
        "# attention and MLP, cut   = embedding and norms, whole", "A rank has 4.5 kB."
    ]  # fmt: skip


def test_heat_map_as_text():
    """A letter a cell, columns by number, and what both mean."""
    assert HEAT.text() == [
        "who fails alike",
        "             1  2  3",
        "12 students  ·  F  -",
        "3 students   ·  ·  T",
        "1 columns   2 rows   3 floats",
        "· passed   F failed   T timed out   - waits",
    ]


def test_every_cell_of_a_heat_map_is_in_its_svg():
    """Letters for each row, fillings for each kind, all of it in words for who can't see it."""
    svg = HEAT.svg()
    shown, _, description = words_of(HEAT)
    assert {"·F-", "··T", "failed", "timed out"} <= set(shown)
    assert "12 students: ·F-" in description
    assert svg.count('class="k1"') == 2  # one path for all its cells, and the legend


def test_a_large_heat_map_stays_small():
    """Elements grow with rows and kinds, not with cells."""
    heat = replace(HEAT, items=tuple("abcdefghijklmn"), rows=(("s", "F-T·" * 3 + "FF"),) * 200)
    assert len(re.findall("<(?:path|text|rect)", heat.svg())) < 450


@pytest.mark.parametrize("drawing", ALL)
def test_text_fits_and_starts_with_the_title(drawing):
    """No line is wider than a message may be."""
    lines = drawing.text()
    assert lines[0].startswith(drawing.title)
    assert max(map(len, lines)) <= WIDTH


@pytest.mark.parametrize("drawing", ALL)
def test_the_svg_is_whole_and_alone(drawing):
    """Well-formed, titled and described, small, and without any reference to the outside."""
    svg = drawing.svg()
    shown, title, description = words_of(drawing)
    assert title == drawing.title
    assert len(description) > len(title)
    assert shown
    assert len(svg) < 40_000
    outside = svg.replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?:|url\((?!#)|href=(?!.#)|<script|<image|@import", outside)


def test_every_label_of_a_schedule_is_in_its_svg():
    """What stands in the text's cells stands in the SVG's, and idle cells are hatched there."""
    shown, _, description = words_of(GANTT)
    assert {"F0", "F1", "stage 0", "stage 1", "2 idle of 6"} <= set(shown)
    assert "idle" in description
    assert "<pattern" in GANTT.svg()


def test_every_curve_and_mark_is_named_in_both_forms():
    """A line is told by its letter and name, a mark by its words; colour carries nothing alone."""
    shown, _, description = words_of(CURVES)
    for words in ("NVLink", "InfiniBand", "S* of N", "decode", "160 of them"):
        assert any(words in line for line in CURVES.text())
        assert any(words in line for line in shown)
        assert words in description


def test_every_number_of_the_shards_is_in_the_svg():
    """Partial results, their sum, the bias and the total."""
    shown, _, _ = words_of(SHARDS)
    for number in ("7", "11", "-5", "9", "-3", "14", "16", "5", "-2"):
        assert number in shown


@given(st.text(min_size=1, max_size=40))
def test_no_label_breaks_out(text):
    """Whatever a name holds, the SVG is well-formed, runs nothing, and the text has no escapes."""
    for drawing in (
        replace(SHARDS, title=text, bias=(text, (5, -2))),
        replace(CURVES, title=text, marks=(Mark("*", text, 3e6, 3e-5),)),
        replace(BARS, title=text),
        replace(MEMORY, title=text, parts=(Part("#", text), Part("=", text))),
        replace(HEAT, items=(text,) * 3, rows=((text, "·F-"),)),
    ):
        try:
            svg, lines = drawing.svg(), drawing.text()
        except CourseError:
            continue  # too wide for the text form, which is said as soon as it is drawn
        ET.fromstring(svg)
        assert all(c.isprintable() for line in lines for c in line)


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "\x1b[2J", '"><image href="x"/>'])
def test_hostile_labels_are_inert(text):
    """Markup and terminal escapes in a name are shown, not obeyed."""
    drawing = replace(SHARDS, bias=(text, (5, -2)))
    svg = drawing.svg()
    assert not re.search(r"<script|<image|\x1b", svg)
    assert "\x1b" not in "".join(drawing.text())


@pytest.mark.parametrize(
    "make",
    [
        lambda: Panel("late", ((Bar(2, 4, "F0"),),), 3),
        lambda: Panel("twice", ((Bar(0, 2, "F0"), Bar(1, 3, "F1")),), 3),
        lambda: replace(CURVES, curves=(Curve("N", "NVLink", ((1e3, 0.0), (1e9, 1.0))),)),
        lambda: replace(CURVES, curves=()),
        lambda: replace(SHARDS, splits=(Split("w", (4, 3), "columns"),)),
        lambda: Bars("b", ()),
        lambda: Bars("b", (Amount("a", -1),)),
        lambda: Bars("b", (Amount("a", float("nan")),)),
        lambda: Bars("b", (Amount("a" * 31, 1),)),
        lambda: replace(MEMORY, ranks=(Held("a", (1,)),)),
        lambda: replace(MEMORY, ranks=(Held("a", (0, 0)),), capacity=None),
        lambda: replace(MEMORY, parts=(Part("##", "a"), Part("=", "b"))),
        lambda: replace(HEAT, rows=(("a", "·F"),)),
        lambda: replace(HEAT, rows=(("a", "·FX"),)),
        lambda: replace(HEAT, kinds=(Kind("·", "passed", "red"),)),
        lambda: replace(HEAT, rows=()),
    ],
)
def test_what_can_not_be_drawn_is_refused(make):
    """The author's mistake, as soon as the drawing is made."""
    with pytest.raises(CourseError):
        make()
