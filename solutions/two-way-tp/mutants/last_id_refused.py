"""The last id of the vocabulary is refused."""  # loses: logits


def forward(token_ids, shard, config, group):
    """The logits (T, vocab) of one sequence: the same on every rank."""
    world_size = dist.get_world_size(group)
    _check_divides("num_heads", config["num_heads"], world_size)
    _check_divides("hidden", config["hidden"], world_size)
    _check_divides("ffn", config["ffn"], world_size)
    _axes(shard, config["num_layers"])
    outside = token_ids[(token_ids < 0) | (token_ids >= config["vocab"] - 1)]
    if outside.numel():
        raise ValueError(f"token ids {outside.tolist()} are outside the vocabulary")
    head_dim = config["hidden"] // config["num_heads"]
    x_TH = shard["embed.weight"][token_ids]
    for i in range(config["num_layers"]):
        prefix = f"layers.{i}"
        normed = _rms_norm(x_TH, shard[f"{prefix}.norm1.weight"])
        x_TH = x_TH + _sum_over_ranks(_attention(normed, shard, prefix, head_dim), group)
        normed = _rms_norm(x_TH, shard[f"{prefix}.norm2.weight"])
        x_TH = x_TH + _sum_over_ranks(_mlp(normed, shard, prefix), group)
    return _rms_norm(x_TH, shard["final_norm.weight"]) @ shard["embed.weight"].T
