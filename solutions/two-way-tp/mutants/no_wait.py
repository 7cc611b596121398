"""The all-reduce is asynchronous, and nobody waits for it."""  # loses: logits


def _sum_over_ranks(partial, group):
    dist.all_reduce(partial, group=group, async_op=True)
    return partial
