"""decode_utilization has min(b, p) and max(b, p) the wrong way round."""  # loses: decode


def decode_utilization(num_stages: int, batches_in_flight: int, num_tokens: int) -> Fraction:
    """Share of the slots in which a stage works, when b batches decode T tokens each.

    A round of tokens takes max(b, p) slots: b if the stages are the bottleneck, p if a batch waits
    for its own last token. The last round's stragglers add min(b, p) - 1.
    """
    p = _count("num_stages", num_stages)
    b = _count("batches_in_flight", batches_in_flight)
    tokens = _count("num_tokens", num_tokens)
    return Fraction(b * tokens, min(b, p) * tokens + max(b, p) - 1)
