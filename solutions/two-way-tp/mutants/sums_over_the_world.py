"""all_reduce is called without the group."""  # loses: all-reduces


def _sum_over_ranks(partial, group):
    dist.all_reduce(partial)
    return partial
