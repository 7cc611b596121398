"""bubble_of_schedule does not look at num_stages."""  # loses: bad-values


def bubble_of_schedule(times: Times, num_stages: int) -> Fraction:
    """The share of num_stages * makespan in which no op runs."""
    p = num_stages
    makespan = max(end for _, end in times.values())
    busy = sum(end - start for start, end in times.values())
    return 1 - Fraction(busy, p * makespan)


def _one_f_one_b(ahead: int, m: int) -> Order:
    """`ahead` forwards, if there are so many, then one of each in turns, then the backwards left."""
    forwards, backwards = ([(kind, i) for i in range(m)] for kind in "FB")
    turns = chain(*zip(forwards[ahead:], backwards, strict=False))
    return [*forwards[:ahead], *turns, *backwards[len(forwards[ahead:]) :]]
