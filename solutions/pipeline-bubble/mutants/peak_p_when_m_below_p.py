"""1F1B warms up with p - 1 - s forwards even if there are fewer microbatches."""  # loses: one-f-one-b


def _one_f_one_b(ahead: int, m: int) -> Order:
    """`ahead` forwards, then one of each in turns, then what is left."""
    forwards = [("F", i) for i in range(max(ahead, m))]
    backwards = [("B", i) for i in range(m)]
    turns = chain(*zip(forwards[ahead:], backwards, strict=False))
    return [*forwards[:ahead], *turns, *backwards[len(forwards[ahead:]) :]]
