"""RMSNorm and softmax accumulate in float64 and are cast back."""


def _rms_norm(x_TH, weight_H):
    wide = x_TH.double()
    root = torch.sqrt(wide.pow(2).mean(-1, keepdim=True) + 1e-6)
    return (wide / root * weight_H).to(x_TH.dtype)


def _attention(x_TH, shard, prefix, head_dim):
    """This rank's heads, and its partial product with its rows of o."""
    tokens = x_TH.shape[0]
    q, k, v = (
        (x_TH @ shard[f"{prefix}.attn.{name}.weight"]).view(tokens, -1, head_dim).permute(1, 0, 2)
        for name in "qkv"
    )
    scores = q @ k.mT / math.sqrt(head_dim)
    future = torch.ones_like(scores, dtype=torch.bool).triu(1)
    weights = torch.softmax(scores.masked_fill(future, -math.inf), -1, dtype=torch.float64)
    weights = weights.to(x_TH.dtype)
    heads = (weights @ v).permute(1, 0, 2).flatten(1)
    return heads @ shard[f"{prefix}.attn.o.weight"]
