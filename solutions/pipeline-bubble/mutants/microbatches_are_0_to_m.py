"""simulate takes the microbatches for 0, 1, 2, ... without gaps."""  # loses: simulate


def _one_f_one_b(ahead: int, m: int) -> Order:
    """`ahead` forwards, if there are so many, then one of each in turns, then the backwards left."""
    forwards, backwards = ([(kind, i) for i in range(m)] for kind in "FB")
    turns = chain(*zip(forwards[ahead:], backwards, strict=False))
    return [*forwards[:ahead], *turns, *backwards[len(forwards[ahead:]) :]]


def _check_complete(orders: list[Order]) -> None:
    """Every stage must run F and B of each microbatch that appears anywhere exactly once."""
    microbatches = range(max(len(order) for order in orders) // 2)
    for stage, order in enumerate(orders):
        for op in product("FB", microbatches):
            if order.count(op) != 1:
                raise ValueError(f"{(stage, *op)} must stand exactly once")
