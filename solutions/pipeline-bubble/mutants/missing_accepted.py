"""simulate accepts orders that leave an op out."""  # loses: illegal-orders

from collections import Counter


def _check_complete(orders: list[Order]) -> None:
    """Every stage must run F and B of each microbatch that appears anywhere exactly once."""
    everything = {(kind, i) for order in orders for _, i in order for kind in "FB"}
    for stage, order in enumerate(orders):
        runs = Counter((kind, i) for kind, i in order)
        for op in sorted(everything | set(runs)):
            if runs[op] > 1:
                raise ValueError(f"stage {stage} runs {op} {runs[op]} times instead of once")
