"""Attention is a loop over heads."""


def _attention(x_TH, shard, prefix, head_dim):
    """This rank's heads, and its partial product with its rows of o."""
    q_TD, k_TD, v_TD = (x_TH @ shard[f"{prefix}.attn.{name}.weight"] for name in "qkv")
    tokens, heads = x_TH.shape[0], []
    for start in range(0, q_TD.shape[1], head_dim):
        q, k, v = (each[:, start : start + head_dim] for each in (q_TD, k_TD, v_TD))
        scores = (q * head_dim**-0.5) @ k.T
        scores = scores + torch.full((tokens, tokens), -math.inf).to(scores).triu(1)
        heads.append(scores.softmax(-1) @ v)
    return torch.cat(heads, dim=1) @ shard[f"{prefix}.attn.o.weight"]
