"""decode_utilization forgets the last stragglers where there are more batches than stages."""  # loses: decode


def decode_utilization(num_stages: int, batches_in_flight: int, num_tokens: int) -> Fraction:
    """Share of the slots in which a stage works, when b batches decode T tokens each.

    A round of tokens takes max(b, p) slots: b if the stages are the bottleneck, p if a batch waits
    for its own last token. The last round's stragglers add min(b, p) - 1.
    """
    p = _count("num_stages", num_stages)
    b = _count("batches_in_flight", batches_in_flight)
    tokens = _count("num_tokens", num_tokens)
    fewer, more = sorted((b, p))
    return Fraction(b * tokens, more * tokens + (fewer - 1 if b <= p else 0))


def _one_f_one_b(ahead: int, m: int) -> Order:
    """`ahead` forwards, if there are so many, then one of each in turns, then the backwards left."""
    forwards, backwards = ([(kind, i) for i in range(m)] for kind in "FB")
    turns = chain(*zip(forwards[ahead:], backwards, strict=False))
    return [*forwards[:ahead], *turns, *backwards[len(forwards[ahead:]) :]]
