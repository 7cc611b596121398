"""RMSNorm computes in float32, whatever the weights are."""  # loses: logits


def _rms_norm(x_TH, weight_H):
    wide = x_TH.float()
    root = torch.sqrt(wide.pow(2).mean(-1, keepdim=True) + 1e-6)
    return (wide / root).to(x_TH.dtype) * weight_H
