"""bubble_of_grid divides by the busy cells."""  # loses: idle-cells


def bubble_of_grid(grid: list[list[int | None]]) -> Fraction:
    """The share of cells, of all stages, in which nothing runs."""
    cells = [cell for row in grid for cell in row]
    idle = sum(cell is None for cell in cells)
    return Fraction(idle, max(1, len(cells) - idle))
