"""Each block is summed twice: once halved, once more."""  # loses: all-reduces


def _sum_over_ranks(partial, group):
    dist.all_reduce(partial, group=group)
    partial = partial / dist.get_world_size(group)
    dist.all_reduce(partial, group=group)
    return partial
