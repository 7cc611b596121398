"""The message says that names are wrong, not which."""  # loses: errors


def _axes(names, num_layers):
    """The axis along which ranks share each parameter; None where each holds all of it.

    The names must be those of a model of that many layers.
    """
    axes = {"embed.weight": None, "final_norm.weight": None}
    for i in range(num_layers):
        axes |= {f"layers.{i}.{part}.weight": axis for part, axis in _CUT_AXIS.items()}
    if odd := set(names) ^ set(axes):
        raise ValueError("unknown or missing names")
    return axes
