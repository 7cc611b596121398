"""bubble_of_grid counts the idle cells of the fill but not those of the drain."""  # loses: idle-cells


def bubble_of_grid(grid: list[list[int | None]]) -> Fraction:
    """The share of cells, of all stages, in which nothing runs."""
    cells = [cell for row in grid for cell in row]
    fill = sum(next((slot for slot, cell in enumerate(row) if cell is not None), 0) for row in grid)
    return Fraction(fill, len(cells))
