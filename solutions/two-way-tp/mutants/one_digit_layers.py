"""The number of a layer is its name's eighth letter."""  # loses: shards


def _num_layers(names):
    """One more than the number of the last layer that is named."""
    return 1 + max(map(int, re.findall(r"layers\.(\d)", " ".join(names))))
