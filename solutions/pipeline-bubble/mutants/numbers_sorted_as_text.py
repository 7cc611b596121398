"""gpipe_order sorts microbatches as text: 10 comes before 2."""  # loses: gpipe


def gpipe_order(num_stages: int, num_microbatches: int) -> list[Order]:
    """Every stage: all forwards, then all backwards, here in the order of the forwards."""
    p, m = _count("num_stages", num_stages), _count("num_microbatches", num_microbatches)
    return [list(product("FB", sorted(range(m), key=str))) for _ in range(p)]


def _one_f_one_b(ahead: int, m: int) -> Order:
    """`ahead` forwards, if there are so many, then one of each in turns, then the backwards left."""
    forwards, backwards = ([(kind, i) for i in range(m)] for kind in "FB")
    turns = chain(*zip(forwards[ahead:], backwards, strict=False))
    return [*forwards[:ahead], *turns, *backwards[len(forwards[ahead:]) :]]
