"""simulate accepts an op that stands twice."""  # loses: illegal-orders


def _check_complete(orders: list[Order]) -> None:
    """Every stage must run F and B of each microbatch that appears anywhere exactly once."""
    microbatches = {i for order in orders for _, i in order}
    for stage, order in enumerate(orders):
        for op in product("FB", microbatches):
            if order.count(op) < 1:
                raise ValueError(f"{(stage, *op)} must stand exactly once")
