"""torch's own scaled_dot_product_attention."""


def _attention(x_TH, shard, prefix, head_dim):
    """This rank's heads, and its partial product with its rows of o."""
    tokens = x_TH.shape[0]
    q, k, v = (
        (x_TH @ shard[f"{prefix}.attn.{name}.weight"]).view(tokens, -1, head_dim).permute(1, 0, 2)
        for name in "qkv"
    )
    attend = torch.nn.functional.scaled_dot_product_attention
    heads = attend(q[None], k[None], v[None], is_causal=True)[0].transpose(0, 1).reshape(tokens, -1)
    return heads @ shard[f"{prefix}.attn.o.weight"]
