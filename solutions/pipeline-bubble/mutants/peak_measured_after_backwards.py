"""peak_in_flight looks only after a backward."""  # loses: peak


def peak_in_flight(order: Order) -> int:
    """The most microbatches that are at once forwarded and not yet backwarded."""
    held = peak = 0
    for kind, _ in order:
        held += 1 if kind == "F" else -1
        if kind == "B":
            peak = max(peak, held)
    return peak
