"""bubble_of_grid counts the idle cells of stage 0 only."""  # loses: idle-cells


def bubble_of_grid(grid: list[list[int | None]]) -> Fraction:
    """The share of cells, of all stages, in which nothing runs."""
    cells = [cell for row in grid for cell in row]
    return Fraction(sum(cell is None for cell in grid[0]), len(cells))
