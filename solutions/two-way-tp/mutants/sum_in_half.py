"""The sum is made in float16."""  # loses: logits


def _sum_over_ranks(partial, group):
    half = partial.half()
    dist.all_reduce(half, group=group)
    return half.to(partial.dtype)
