"""simulate looks for the backwards of all microbatches but the last one."""  # loses: illegal-orders


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
            if order.count(op) != 1 and op != ("B", max(microbatches)):
                raise ValueError(f"{(stage, *op)} must stand exactly once")
