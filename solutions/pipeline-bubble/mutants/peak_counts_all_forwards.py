"""peak_in_flight counts every forward and lets no backward free one."""  # loses: peak


def peak_in_flight(order: Order) -> int:
    """The most microbatches that are at once forwarded and not yet backwarded."""
    held = peak = 0
    for kind, _ in order:
        held += 1 if kind == "F" else 0
        peak = max(peak, held)
    return peak
