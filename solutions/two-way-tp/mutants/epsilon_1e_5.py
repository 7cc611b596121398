"""The epsilon is 1e-5."""  # loses: logits


def _rms_norm(x_TH, weight_H):
    return x_TH / torch.sqrt(x_TH.pow(2).mean(1, keepdim=True) + 1e-5) * weight_H
