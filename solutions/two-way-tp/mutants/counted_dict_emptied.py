"""weight_bytes empties the state dict."""  # loses: weight-bytes


def weight_bytes(state_dict):
    """Bytes of all entries."""
    total = 0
    while state_dict:
        _, weight = state_dict.popitem()
        total += weight.numel() * weight.element_size()
    return total
