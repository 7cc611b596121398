"""GPipe's backwards: even microbatches first, then odd ones, on every stage."""


def gpipe_order(num_stages: int, num_microbatches: int) -> list[Order]:
    p, m = _count("num_stages", num_stages), _count("num_microbatches", num_microbatches)
    backwards = [*range(0, m, 2), *range(1, m, 2)]
    return [[("F", i) for i in range(m)] + [("B", i) for i in backwards] for _ in range(p)]
