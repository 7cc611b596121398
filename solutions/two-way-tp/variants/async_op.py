"""The sum is asynchronous and waited for."""


def _sum_over_ranks(partial, group):
    dist.all_reduce(partial, group=group, async_op=True).wait()
    return partial
