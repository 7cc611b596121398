"""A hidden size that is no integer is taken."""  # loses: refusals


def tp_comm_time(
    num_layers, hidden_size, dtype_bytes, num_tokens, world_size, latency_s, bandwidth
):
    """Return the time of a forward pass's all-reduces: one after attention, one after the MLP."""
    layers = _integer("num_layers", num_layers, at_least=0)
    tokens = _integer("num_tokens", num_tokens, at_least=0)
    width = _not_negative("hidden_size", hidden_size)
    message = tokens * width * dtype_bytes
    return 2 * layers * ring_all_reduce_time(message, world_size, latency_s, bandwidth)
