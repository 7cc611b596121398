"""The message has an argument that the function does not have."""  # loses: refusals


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
    gpus = _integer("world_size", gpus_per_node, at_least=1)
    nodes = _integer("num_nodes", num_nodes, at_least=1)
    intra = _link(intra_latency_s, intra_bandwidth, "intra_")
    inter = _link(inter_latency_s, inter_bandwidth, "inter_")
    return _ring_time(size, gpus, *intra) + _ring_time(size / gpus, nodes, *inter)
