"""Attention by einsum, one matmul written out."""


def _attention(x_TH, shard, prefix, head_dim):
    """This rank's heads, and its partial product with its rows of o."""
    tokens = x_TH.shape[0]
    q, k, v = (
        (x_TH @ shard[f"{prefix}.attn.{name}.weight"]).view(tokens, -1, head_dim).permute(1, 0, 2)
        for name in "qkv"
    )
    scores = torch.einsum("hid,hjd->hij", q, k) * head_dim**-0.5
    future = torch.ones_like(scores, dtype=torch.bool).triu(1)
    weights = torch.softmax(scores.masked_fill(future, -math.inf), dim=-1)
    heads = torch.einsum("hij,hjd->ihd", weights, v).reshape(tokens, -1)
    return heads @ shard[f"{prefix}.attn.o.weight"]
