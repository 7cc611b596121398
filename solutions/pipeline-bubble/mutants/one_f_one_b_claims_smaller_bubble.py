"""bubble_of_schedule halves the idle time where forwards and backwards alternate."""  # loses: schedule-bubble


def bubble_of_schedule(times: Times, num_stages: int) -> Fraction:
    """The share of num_stages * makespan in which no op runs."""
    p = _count("num_stages", num_stages)
    makespan = max(end for _, end in times.values())
    busy = sum(end - start for start, end in times.values())
    idle = 1 - Fraction(busy, p * makespan)
    first_backward = min(start for (_, kind, _), (start, _) in times.items() if kind == "B")
    last_forward = max(end for (_, kind, _), (_, end) in times.items() if kind == "F")
    return idle / 2 if first_backward < last_forward else idle
