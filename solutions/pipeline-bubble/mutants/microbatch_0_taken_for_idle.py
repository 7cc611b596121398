"""bubble_of_grid takes microbatch 0 for idle (`not cell`)."""  # loses: idle-cells


def bubble_of_grid(grid: list[list[int | None]]) -> Fraction:
    """The share of cells, of all stages, in which nothing runs."""
    cells = [cell for row in grid for cell in row]
    return Fraction(sum(not cell for cell in cells), len(cells))
