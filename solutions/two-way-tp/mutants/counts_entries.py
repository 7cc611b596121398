"""weight_bytes counts entries."""  # loses: weight-bytes


def weight_bytes(state_dict):
    """Bytes of all entries."""
    return sum(weight.numel() for weight in state_dict.values())
