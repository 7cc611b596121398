"""peak_in_flight stops at the first backward."""  # loses: peak


def peak_in_flight(order: Order) -> int:
    """The most microbatches that are at once forwarded and not yet backwarded."""
    held = peak = 0
    for kind, _ in order:
        if kind == "B":
            break
        held += 1
        peak = max(peak, held)
    return peak
