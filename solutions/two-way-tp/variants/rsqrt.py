"""The norm by rsqrt, weight first."""


def _rms_norm(x_TH, weight_H):
    return weight_H * (x_TH * torch.rsqrt((x_TH * x_TH).mean(dim=-1, keepdim=True) + 1e-6))
