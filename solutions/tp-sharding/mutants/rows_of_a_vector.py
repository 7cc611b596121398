"""shard_rows cuts a vector, too."""  # loses: errors


def shard_rows(w: np.ndarray, world_size: int) -> list[np.ndarray]:
    """Rank r's rows of `w` are item r; stacked in rank order they are `w` again."""
    if w.ndim > 2:
        raise ValueError(f"w must have 2 dimensions, got shape {w.shape}")
    _check_cut(w.shape[0], world_size)
    return np.split(w, world_size)
