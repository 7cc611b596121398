"""A model without layers still pays one all-reduce."""  # loses: tp-comm


def tp_comm_time(
    num_layers, hidden_size, dtype_bytes, num_tokens, world_size, latency_s, bandwidth
):
    """Return the time of a forward pass's all-reduces: one after attention, one after the MLP."""
    layers = _integer("num_layers", num_layers, at_least=0)
    tokens = _integer("num_tokens", num_tokens, at_least=0)
    width = _integer("hidden_size", hidden_size, at_least=0)
    message = tokens * width * dtype_bytes
    return max(2 * layers, 1) * ring_all_reduce_time(message, world_size, latency_s, bandwidth)
