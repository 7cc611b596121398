"""What each rank holds, as text: stacked bars of what is cut and what is whole everywhere."""

import math

from .header import RunTrace
from .model import Config, cut_axis, rank_bytes
from .task import WORLD_SIZE

WIDTH = 40


def bars(trace: RunTrace) -> list[str]:
    """Lines of at most 74 columns: bytes at TP 1, and of each rank as its trace has them."""
    config = Config(**trace.header.config)
    whole = rank_bytes(config, 4, 1)
    kept = sum(4 * math.prod(s) for n, s in config.shapes().items() if cut_axis(n) is None)
    lines = [_bar("TP 1         ", whole - kept, kept, whole)]
    for rank in trace.header.ranks:
        parts = [each for each in rank.parameters if cut_axis(each.name) is not None]
        cut = sum(each.nbytes for each in parts)
        total = sum(each.nbytes for each in rank.parameters)
        lines.append(_bar(f"TP {WORLD_SIZE} rank {rank.rank}  ", cut, total - cut, whole))
    lines.append(f"# attention and MLP, cut   = embedding and norms, whole: {kept} bytes")
    for rank in trace.header.ranks:
        if rank.memory is not None:
            base, held = rank.memory.baseline, rank.memory.weights
            lines.append(
                f"rank {rank.rank}: requested {held.requested - base.requested}, allocated "
                f"{held.allocated - base.allocated}, reserved {held.reserved}"
            )
    return lines


def unsplit(trace: RunTrace) -> str:
    """What no rank has less of, however many there are, by name and in bytes."""
    config = Config(**trace.header.config)
    kept = sum(4 * math.prod(s) for n, s in config.shapes().items() if cut_axis(n) is None)
    return f"Whole on every rank: embed.weight, norms, {kept} bytes"


def _bar(label: str, cut: int, kept: int, whole: int) -> str:
    scale = WIDTH / whole
    return f"{label}{'#' * round(cut * scale)}{'=' * round(kept * scale)}  {cut + kept} bytes"
