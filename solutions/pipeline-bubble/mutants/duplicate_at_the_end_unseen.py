"""simulate compares sets of ops, so that what stands twice goes unseen."""  # loses: illegal-orders


def _one_f_one_b(ahead: int, m: int) -> Order:
    """`ahead` forwards, if there are so many, then one of each in turns, then the backwards left."""
    forwards, backwards = ([(kind, i) for i in range(m)] for kind in "FB")
    turns = chain(*zip(forwards[ahead:], backwards, strict=False))
    return [*forwards[:ahead], *turns, *backwards[len(forwards[ahead:]) :]]


def _check_complete(orders: list[Order]) -> None:
    """Every stage must run F and B of each microbatch that appears anywhere exactly once."""
    microbatches = {i for order in orders for _, i in order}
    for stage, order in enumerate(orders):
        for op in product("FB", microbatches):
            if op not in set(order):
                raise ValueError(f"{(stage, *op)} must stand exactly once")
