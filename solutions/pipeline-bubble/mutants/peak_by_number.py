"""peak_in_flight takes microbatches to go forward in order, and counts from their numbers."""  # loses: peak


def peak_in_flight(order: Order) -> int:
    """The most microbatches that are at once forwarded and not yet backwarded."""
    done = peak = 0
    for kind, i in order:
        done += kind == "B"
        peak = max(peak, i + 1 - done if kind == "F" else 0)
    return peak


def _one_f_one_b(ahead: int, m: int) -> Order:
    """`ahead` forwards, if there are so many, then one of each in turns, then the backwards left."""
    forwards, backwards = ([(kind, i) for i in range(m)] for kind in "FB")
    turns = chain(*zip(forwards[ahead:], backwards, strict=False))
    return [*forwards[:ahead], *turns, *backwards[len(forwards[ahead:]) :]]
