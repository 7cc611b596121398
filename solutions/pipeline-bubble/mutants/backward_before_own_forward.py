"""A stage in turns runs the backward before the forward it should follow."""  # loses: one-f-one-b


def _one_f_one_b(warm_up: int, m: int) -> Order:
    order = [("F", i) for i in range(warm_up)]
    for i in range(m - warm_up):
        order += [("B", i), ("F", warm_up + i)]
    return order + [("B", i) for i in range(m - warm_up, m)]
