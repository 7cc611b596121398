"""bubble_of_schedule counts gaps between a stage's ops, not the time before and after."""  # loses: schedule-bubble


def bubble_of_schedule(times: Times, num_stages: int) -> Fraction:
    """The share of num_stages * makespan in which no op runs."""
    p = _count("num_stages", num_stages)
    makespan = max(end for _, end in times.values())
    busy = sum(end - start for start, end in times.values())
    for stage in range(p):
        spans = [span for (s, _, _), span in times.items() if s == stage]
        busy += min(start for start, _ in spans) + makespan - max(end for _, end in spans)
    return 1 - Fraction(busy, p * makespan)
