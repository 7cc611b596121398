"""Heads after a rank's tenth are left out."""  # loses: logits


def _attention(x_TH, shard, prefix, head_dim):
    """This rank's heads, and its partial product with its rows of o."""
    tokens = x_TH.shape[0]
    q, k, v = (
        (x_TH @ shard[f"{prefix}.attn.{name}.weight"]).view(tokens, -1, head_dim).permute(1, 0, 2)
        for name in "qkv"
    )
    scores = q @ k.mT / math.sqrt(head_dim)
    future = torch.ones_like(scores, dtype=torch.bool).triu(1)
    weights = torch.softmax(scores.masked_fill(future, -math.inf), dim=-1)
    weights[10:] = 0
    heads = (weights @ v).permute(1, 0, 2).flatten(1)
    return heads @ shard[f"{prefix}.attn.o.weight"]
