"""Times added up step by step and layer by layer."""


def ring_bytes_per_rank(nbytes, world_size):
    """Return the mean over ranks of the bytes a rank sends: a chunk of S/n in every step."""
    ranks = _integer("world_size", world_size, at_least=1)
    chunk = Fraction(_integer("nbytes", nbytes, at_least=0), ranks)
    return sum((chunk for _ in range(ring_steps(ranks))), Fraction(0))


def ring_all_reduce_time(nbytes, world_size, latency_s, bandwidth):
    """Return 2(n-1) * latency + 2(n-1)/n * S/B (Thakur et al. 2005, section 4.3)."""
    ranks = _integer("world_size", world_size, at_least=1)
    size, (latency, bytes_per_second) = _not_negative("nbytes", nbytes), _link(latency_s, bandwidth)
    seconds = 0.0
    for _ in range(ring_steps(ranks)):
        seconds += float(latency)
        seconds += float(size) / ranks / float(bytes_per_second)
    return seconds


def fit_link(world_size, samples):
    """Return (latency, bandwidth) of the least-squares line through (bytes, seconds).

    In exact arithmetic: squares of gigabytes don't fit into the 53 bits of a float.
    """
    ranks = _integer("world_size", world_size, at_least=2)
    sizes = [_not_negative("samples: nbytes", size) for size, _ in samples]
    times = [_not_negative("samples: seconds", time) for _, time in samples]
    if len(set(sizes)) < 2:
        raise ValueError(f"samples must have two distinct sizes, got {samples}")
    mean_size, mean_time = sum(sizes) / len(sizes), sum(times) / len(times)
    covariance = sum((s - mean_size) * (t - mean_time) for s, t in zip(sizes, times, strict=True))
    variance = sum((size - mean_size) ** 2 for size in sizes)
    if covariance <= 0:
        raise ValueError(f"samples must take longer for more bytes, got {samples}")
    seconds_per_byte = covariance / variance
    at_zero = mean_time - seconds_per_byte * mean_size
    steps = ring_steps(ranks)
    return float(at_zero / steps), float(steps / (ranks * seconds_per_byte))


def tp_comm_time(
    num_layers, hidden_size, dtype_bytes, num_tokens, world_size, latency_s, bandwidth
):
    """Return the time of a forward pass's all-reduces: one after attention, one after the MLP."""
    layers = _integer("num_layers", num_layers, at_least=0)
    tokens = _integer("num_tokens", num_tokens, at_least=0)
    width = _integer("hidden_size", hidden_size, at_least=0)
    message = tokens * width * _not_negative("dtype_bytes", dtype_bytes)
    seconds = 0.0
    for _ in range(layers):
        for _ in ("attention", "mlp"):
            seconds += ring_all_reduce_time(message, world_size, latency_s, bandwidth)
    return seconds


def hierarchical_all_reduce_time(
    nbytes,
    gpus_per_node,
    num_nodes,
    intra_latency_s,
    intra_bandwidth,
    inter_latency_s,
    inter_bandwidth,
):
    """Return the time of reduce-scatter inside, all-reduce of S/g across, all-gather inside.

    The two inner phases together are one ring all-reduce inside the node.
    """
    size = _not_negative("nbytes", nbytes)
    gpus = _integer("gpus_per_node", gpus_per_node, at_least=1)
    nodes = _integer("num_nodes", num_nodes, at_least=1)
    intra = _link(intra_latency_s, intra_bandwidth, "intra_")
    inter = _link(inter_latency_s, inter_bandwidth, "inter_")
    seconds = 0.0
    for _phase in ("reduce-scatter", "all-gather"):
        for _ in range(gpus - 1):
            seconds += float(intra[0]) + float(size / gpus / intra[1])
    for _ in range(ring_steps(nodes)):
        seconds += float(inter[0]) + float(size / gpus / nodes / inter[1])
    return seconds
