"""exp and sums by hand; products by einsum and baddbmm; heads by unflatten."""


def _attention(x_TH, shard, prefix, head_dim):
    """This rank's heads, and its partial product with its rows of o."""
    tokens = x_TH.shape[0]
    q, k, v = (
        (x_TH @ shard[f"{prefix}.attn.{name}.weight"]).unflatten(-1, (-1, head_dim)).movedim(1, 0)
        for name in "qkv"
    )
    empty = torch.empty(q.shape[0], tokens, tokens, dtype=q.dtype)
    scores = torch.baddbmm(empty, q, k.mT, beta=0, alpha=head_dim**-0.5)
    future = torch.ones_like(scores, dtype=torch.bool).triu(1)
    scores = scores.masked_fill(future, -math.inf)
    weights = torch.exp(scores - scores.amax(-1, keepdim=True))
    weights = weights / weights.sum(-1, keepdim=True)
    heads = (weights @ v).permute(1, 0, 2).flatten(1)
    return heads @ shard[f"{prefix}.attn.o.weight"]
