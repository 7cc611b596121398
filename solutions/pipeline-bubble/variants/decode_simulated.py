"""decode_utilization runs the tokens one by one and counts slots; peak by prefix sums."""


def peak_in_flight(order: Order) -> int:
    return max(accumulate({"F": 1, "B": -1}[kind] for kind, _ in order))


def decode_utilization(num_stages: int, batches_in_flight: int, num_tokens: int) -> Fraction:
    p = _count("num_stages", num_stages)
    b = _count("batches_in_flight", batches_in_flight)
    tokens = _count("num_tokens", num_tokens)
    arrives = [0] * b
    free = 0
    for _ in range(tokens):
        for batch in range(b):
            start = max(free, arrives[batch])
            free, arrives[batch] = start + 1, start + p
    return Fraction(b * tokens, max(arrives))
