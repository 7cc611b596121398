"""1F1B leaves out the backwards of the microbatches it warmed up with."""  # loses: one-f-one-b


def _one_f_one_b(warm_up: int, m: int) -> Order:
    order = [("F", i) for i in range(warm_up)]
    for i in range(m - warm_up):
        order += [("F", warm_up + i), ("B", i)]
    return order
