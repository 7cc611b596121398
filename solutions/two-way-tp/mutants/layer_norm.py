"""The mean is subtracted, as LayerNorm does."""  # loses: logits


def _rms_norm(x_TH, weight_H):
    x_TH = x_TH - x_TH.mean(1, keepdim=True)
    return x_TH / torch.sqrt(x_TH.pow(2).mean(1, keepdim=True) + 1e-6) * weight_H
