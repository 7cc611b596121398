"""torch.nn.functional.rms_norm, matmuls by functional.linear."""


def _rms_norm(x_TH, weight_H):
    return torch.nn.functional.rms_norm(x_TH, weight_H.shape, weight_H, eps=1e-6)


def _mlp(x_TH, shard, prefix):
    """This rank's hidden units, and its partial product with its rows of down."""
    h = torch.nn.functional.linear(x_TH, shard[f"{prefix}.mlp.up.weight"].T)
    return h.clamp(min=0) @ shard[f"{prefix}.mlp.down.weight"]
