"""Hidden: the grid, its share of idle cells, the algebra, and the fewest microbatches."""

from fractions import Fraction

import pytest

from grader.suite import equal


def _grid(stages, microbatches):
    """One row a stage: idle until the pipeline has filled up to it, busy, idle again."""
    return [
        [None] * stage + list(range(microbatches)) + [None] * (stages - 1 - stage)
        for stage in range(stages)
    ]


def _counted(stages, microbatches):
    """The share of idle cells of the grid, counted."""
    cells = [cell for row in _grid(stages, microbatches) for cell in row]
    return Fraction(cells.count(None), len(cells))


def _draw(rng, below):
    """A whole number from 1 up to but not including `below`."""
    return int(rng.integers(1, below))


@pytest.mark.rubric("grid")
def test_every_cell_at_the_edges(student):
    """One stage, one microbatch, fewer microbatches than stages and more: every cell is right."""
    for p, m in ((1, 1), (1, 5), (2, 1), (6, 2), (3, 8)):
        equal(student.forward_grid(p, m), _grid(p, m), of="grid")


@pytest.mark.rubric("grid")
def test_every_cell_of_a_drawn_pipeline(student, rng):
    """Sizes nobody could have guessed give the grid cell by cell."""
    for _ in range(3):
        p, m = _draw(rng, 12), _draw(rng, 16)
        equal(student.forward_grid(p, m), _grid(p, m), of="grid")


@pytest.mark.rubric("idle-cells")
def test_share_of_a_pipeline_grid(student):
    """A pipeline's grid has p(p - 1) idle cells among p(p + m - 1)."""
    for p, m in ((1, 4), (4, 1), (4, 4), (3, 9)):
        share = Fraction(p * (p - 1), p * (p + m - 1))
        equal(student.bubble_of_grid(_grid(p, m)), share, of="share")


@pytest.mark.rubric("idle-cells")
def test_share_of_any_grid(student, rng):
    """Idle cells are counted wherever they lie; microbatch 0 is work."""
    for _ in range(3):
        rows, slots = 1 + _draw(rng, 5), 2 + _draw(rng, 8)
        cells = [
            None if rng.random() < 0.4 else int(rng.integers(0, 3)) for _ in range(rows * slots)
        ]
        cells[-3:] = [0, 1, None]
        grid = [cells[row * slots : (row + 1) * slots] for row in range(rows)]
        share = Fraction(cells.count(None), len(cells))
        equal(student.bubble_of_grid(grid), share, of="share")


@pytest.mark.rubric("algebra")
def test_share_at_the_edges(student):
    """The algebra is the share of idle cells that a grid has when they are counted."""
    for p, m in ((1, 1), (1, 9), (2, 1), (8, 32), (19, 39)):
        equal(student.bubble_fraction(p, m), _counted(p, m), of="bubble")


@pytest.mark.rubric("algebra")
def test_share_of_a_drawn_pipeline(student, rng):
    """The same for sizes drawn below p = 20 and m = 40."""
    for _ in range(6):
        p, m = _draw(rng, 20), _draw(rng, 40)
        equal(student.bubble_fraction(p, m), _counted(p, m), of="bubble")


@pytest.mark.rubric("min-microbatches")
def test_fewest_microbatches(student):
    """Known answers; one stage needs one microbatch, and so does a limit that is lax."""
    equal(student.min_microbatches(8, Fraction(1, 10)), 63, of="m")
    equal(student.min_microbatches(1, Fraction(1, 9)), 1, of="m")
    equal(student.min_microbatches(2, Fraction(1, 3)), 2, of="m")
    equal(student.min_microbatches(3, Fraction(7, 8)), 1, of="m")


@pytest.mark.rubric("min-microbatches")
def test_limit_that_is_met_exactly(student, rng):
    """A bubble equal to the limit is allowed, so m is enough and m + 1 is not the smallest."""
    for _ in range(6):
        p, m = 1 + _draw(rng, 18), _draw(rng, 40)
        equal(student.min_microbatches(p, Fraction(p - 1, p + m - 1)), m, of="m")


@pytest.mark.rubric("min-microbatches")
def test_limit_that_is_missed_by_a_hair(student, rng):
    """A limit a hair below the bubble of m asks for m + 1; a float can't tell the two apart."""
    for _ in range(2):
        p, m = 1 + _draw(rng, 18), _draw(rng, 40)
        limit = Fraction(p - 1, p + m - 1) - Fraction(1, 10**20 + _draw(rng, 10**6))
        equal(student.min_microbatches(p, limit), m + 1, of="m")
