"""1F1B as p - s warm-up forwards and then backward first: the same order."""


def _one_f_one_b(warm_up: int, m: int) -> Order:
    ahead = min(warm_up + 1, m)
    order = [("F", i) for i in range(ahead)]
    for i in range(m):
        order.append(("B", i))
        if ahead + i < m:
            order.append(("F", ahead + i))
    return order
