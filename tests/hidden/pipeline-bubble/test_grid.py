"""Hidden: the grid, its share of idle cells, the algebra, and the fewest microbatches."""

from fractions import Fraction

import pytest

from grader.suite import equal

_ = None
_HAIR = Fraction(1, 10**20)  # less than a float can tell of any share
# Stages and microbatches: one of each, fewer and more, numbers of two digits.
_SIZES = ((1, 1), (1, 5), (2, 1), (6, 2), (3, 8), (11, 13))
# Grids that no formula in their size knows, and the idle cells of each.
_ODD_GRIDS = (
    ([[0, 1], [0, 1]], 0),
    ([[_], [0], [3]], 1),
    ([[5, _, 12], [5, 0, _]], 2),
    ([[0, 0, 0, 0], [_, _, _, _], [0, 0, 0, 0]], 4),
    ([[i] for i in range(10)] + [[_]], 1),
    ([[1, _, _], [_, 0, _], [_, _, 0], [0, 0, _], [2, _, 1]], 8),
)
# Stages, a limit and the fewest microbatches that meet it.
_FEWEST = (
    (8, Fraction(1, 10), 63),
    (11, Fraction(99, 100), 1),
    (3, Fraction(3, 7), 3),
    (2, Fraction(1, 10_002), 10_001),
    (29, Fraction(10**17, 3 * 10**17 + 1), 57),
    (1, Fraction(1, 2), 1),
    (1, _HAIR, 1),
)


def _grid(stages, microbatches):
    """One row a stage: idle until the pipeline has filled up to it, busy, idle again."""
    return [
        [None] * stage + list(range(microbatches)) + [None] * (stages - 1 - stage)
        for stage in range(stages)
    ]


def _counted(grid):
    """The share of idle cells of a grid, counted."""
    cells = [cell for row in grid for cell in row]
    return Fraction(cells.count(None), len(cells))


def _draw(rng, below):
    """A whole number from 1 up to but not including `below`."""
    return int(rng.integers(1, below))


@pytest.mark.rubric("grid")
def test_every_cell_at_the_edges(student):
    """One stage, one microbatch, fewer microbatches than stages and more: every cell is right."""
    for p, m in _SIZES:
        equal(student.forward_grid(p, m), _grid(p, m), of="grid")


@pytest.mark.rubric("grid")
def test_every_cell_of_a_drawn_pipeline(student, rng):
    """Sizes nobody could have guessed give the grid cell by cell."""
    p, m = _draw(rng, 12), _draw(rng, 16)
    equal(student.forward_grid(p, m), _grid(p, m), of="grid")


@pytest.mark.rubric("idle-cells")
def test_share_of_a_pipeline_grid(student):
    """A pipeline's grid has p(p - 1) idle cells among p(p + m - 1)."""
    for p, m in ((1, 4), (3, 9)):
        share = Fraction(p * (p - 1), p * (p + m - 1))
        equal(student.bubble_of_grid(_grid(p, m)), share, of="share")


@pytest.mark.rubric("idle-cells")
def test_share_of_a_grid_that_is_no_pipeline(student):
    """Idle cells are counted wherever they lie, in any row and column; microbatch 0 is work."""
    for grid, idle in _ODD_GRIDS:
        share = Fraction(idle, len(grid) * len(grid[0]))
        equal(student.bubble_of_grid(grid), share, of="share")


@pytest.mark.rubric("idle-cells")
def test_share_of_any_grid(student, rng):
    """The same where the cells are drawn."""
    rows, slots = 1 + _draw(rng, 5), 2 + _draw(rng, 8)
    cells = [None if rng.random() < 0.4 else _draw(rng, 4) - 1 for _ in range(rows * slots)]
    grid = [cells[row * slots : (row + 1) * slots] for row in range(rows)]
    equal(student.bubble_of_grid(grid), _counted(grid), of="share")


@pytest.mark.rubric("algebra")
def test_share_at_the_edges(student):
    """The algebra is the share of idle cells that a grid has when they are counted."""
    for p, m in (*_SIZES, (19, 39), (2, 10**6)):
        equal(student.bubble_fraction(p, m), Fraction(p - 1, p + m - 1), of="bubble")


@pytest.mark.rubric("algebra")
def test_share_of_a_drawn_pipeline(student, rng):
    """The same for sizes drawn below p = 20 and m = 40."""
    p, m = _draw(rng, 20), _draw(rng, 40)
    equal(student.bubble_fraction(p, m), _counted(_grid(p, m)), of="bubble")


@pytest.mark.rubric("min-microbatches")
def test_fewest_microbatches(student):
    """Known answers; one stage needs one microbatch, and so does a limit that is lax."""
    for p, limit, m in _FEWEST:
        equal(student.min_microbatches(p, limit), m, of="m")


@pytest.mark.rubric("min-microbatches")
def test_limit_that_is_met_exactly(student, rng):
    """A limit that is the bubble of m asks for m; a hair below it asks for one more."""
    for p, m in (2, 1), (19, 39), (1 + _draw(rng, 18), _draw(rng, 40)):
        bubble = Fraction(p - 1, p + m - 1)
        equal(student.min_microbatches(p, bubble), m, of="m")
        equal(student.min_microbatches(p, bubble - _HAIR), m + 1, of="m")
