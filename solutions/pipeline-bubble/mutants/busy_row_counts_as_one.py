"""bubble_of_grid takes every row to be as idle as the first."""  # loses: idle-cells


def bubble_of_grid(grid: list[list[int | None]]) -> Fraction:
    """The share of cells, of all stages, in which nothing runs."""
    cells = list(chain(*grid))
    return Fraction(grid[0].count(None) * len(grid), len(cells))


def _one_f_one_b(ahead: int, m: int) -> Order:
    """`ahead` forwards, if there are so many, then one of each in turns, then the backwards left."""
    forwards, backwards = ([(kind, i) for i in range(m)] for kind in "FB")
    turns = chain(*zip(forwards[ahead:], backwards, strict=False))
    return [*forwards[:ahead], *turns, *backwards[len(forwards[ahead:]) :]]
