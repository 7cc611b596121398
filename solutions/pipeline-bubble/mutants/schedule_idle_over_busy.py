"""bubble_of_schedule divides idle time by busy time."""  # loses: schedule-bubble


def bubble_of_schedule(times: Times, num_stages: int) -> Fraction:
    """The share of num_stages * makespan in which no op runs."""
    p = _count("num_stages", num_stages)
    makespan = max(end for _, end in times.values())
    busy = sum(end - start for start, end in times.values())
    return Fraction(p * makespan - busy) / busy
