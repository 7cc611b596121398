"""Sizes are whole bytes: half a byte is refused."""  # loses: time


def ring_all_reduce_time(nbytes, world_size, latency_s, bandwidth):
    """Return 2(n-1) * latency + 2(n-1)/n * S/B (Thakur et al. 2005, section 4.3)."""
    ranks = _integer("world_size", world_size, at_least=1)
    if nbytes % 1:
        raise TypeError(f"nbytes must be an integer, got {nbytes}")
    return _ring_time(_not_negative("nbytes", nbytes), ranks, *_link(latency_s, bandwidth))
