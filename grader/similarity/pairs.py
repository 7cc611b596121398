"""Pairs of submissions by how much they share that is not everybody's."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from grader.similarity.normal import Piece, Unread, Work
from grader.text.shown import plural

_COMMON_SHARE = 0.5  # of the class: what more than that wrote is an idiom, and counts nothing
_SMALL_CLASS = 20  # fewer say little about what is common: weighted as if they were so many
_DOUBT = 4.0  # weight that nobody wrote: with little to compare, nothing is much alike
_SHORT = 40  # nodes of a function that has one natural form
_ALIKE = 0.5  # functions of a pair are told from here on
_COLUMNS = 4096  # of shapes at once in the matrix product


@dataclass(frozen=True)
class Match:
    """A function of one that is like a function of the other; `why` it may be so."""

    left: Piece
    right: Piece
    similarity: float
    why: str


@dataclass(frozen=True)
class Pair:
    """Two submissions, by name, from 0 (nothing but common forms shared) towards 1."""

    left: Work
    right: Work
    similarity: float
    matches: tuple[Match, ...] = ()


@dataclass(frozen=True)
class Report:
    """The pairs, most alike first, and how many `more` are alike enough to be listed.

    `unread` could not be read; of those in `plain`, next to all is starter code or an idiom.
    """

    pairs: tuple[Pair, ...]
    more: int
    unread: tuple[Unread, ...]
    plain: tuple[str, ...]
    compared: int


def compare(
    found: Sequence[Work | Unread],
    stub: Work | None = None,
    *,
    top: int = 20,
    least: float = 0.3,
) -> Report:
    """The `top` pairs that are alike by `least` or more."""
    works = sorted((each for each in found if isinstance(each, Work)), key=lambda each: each.name)
    unread = tuple(each for each in found if isinstance(each, Unread))
    weights = _weights(works, stub)
    totals = [sum(weights.get(shape, 0.0) for shape in each.shapes) for each in works]
    plain = tuple(each.name for each, total in zip(works, totals, strict=True) if total < _DOUBT)
    ranked = _ranked(works, weights, totals, least)
    pairs = tuple(
        Pair(works[i], works[j], score, tuple(_matches(works[i], works[j], weights)))
        for score, i, j in ranked[:top]
    )
    return Report(pairs, max(0, len(ranked) - top), unread, plain, len(works))


def told(pair: Pair) -> str:
    """In how much they are alike: `3 functions, 1 long and rare`."""
    count = len(pair.matches)
    if not count:
        return "no one function"
    first = sum("look here first" in each.why for each in pair.matches)
    rare = f", {first} long and rare" if first else ""
    return f"{plural(count, 'function')}{rare}"


def _weights(works: Sequence[Work], stub: Work | None) -> dict[int, float]:
    """What each shape counts: 1 for one of a single pair, less the more wrote it."""
    spread = Counter(shape for work in works for shape in work.shapes)
    size = max(len(works), _SMALL_CLASS)
    given = stub.shapes if stub is not None else frozenset()
    return {
        shape: 1 - math.log(max(number, 2) / 2) / math.log(size / 2)
        for shape, number in spread.items()
        if number <= _COMMON_SHARE * size and shape not in given
    }


def _ranked(
    works: Sequence[Work], weights: Mapping[int, float], totals: Sequence[float], least: float
) -> list[tuple[float, int, int]]:
    """Score and places of each pair that is alike enough, best first, then by name."""
    if len(works) < 2:
        return []
    own = np.array(totals)
    scores = 2 * _shared(works, weights) / (own[:, None] + own[None, :] + _DOUBT)
    left, right = np.nonzero(np.triu(scores >= least, k=1))
    found = [
        (round(float(scores[i, j]), 6), int(i), int(j)) for i, j in zip(left, right, strict=True)
    ]
    return sorted(found, key=lambda each: (-each[0], each[1], each[2]))


def _shared(works: Sequence[Work], weights: Mapping[int, float]) -> np.ndarray:
    """The weight that each two share."""
    holders = defaultdict[int, list[int]](list)
    for index, work in enumerate(works):
        for shape in work.shapes:
            if shape in weights:
                holders[shape].append(index)
    several = [shape for shape, whose in holders.items() if len(whose) > 1]
    shared = np.zeros((len(works), len(works)))
    for start in range(0, len(several), _COLUMNS):
        some = several[start : start + _COLUMNS]
        held = np.zeros((len(works), len(some)))
        for column, shape in enumerate(some):
            held[holders[shape], column] = math.sqrt(weights[shape])
        shared += held @ held.T
    return shared


def _matches(left: Work, right: Work, weights: Mapping[int, float]) -> Iterator[Match]:
    """Functions of both that are alike, each at most once, those that share most first."""
    where = defaultdict[int, list[int]](list)
    for index, piece in enumerate(right.pieces):
        for shape in piece.shapes & weights.keys():
            where[shape].append(index)
    shared = defaultdict[tuple[int, int], float](float)
    for index, piece in enumerate(left.pieces):
        for shape in piece.shapes & where.keys():
            for other in where[shape]:
                shared[index, other] += weights[shape]
    taken: set[tuple[str, int]] = set()
    for (i, j), _ in sorted(shared.items(), key=lambda each: (-each[1], each[0])):
        match = _match(left.pieces[i], right.pieces[j], weights)
        if match.similarity >= _ALIKE and not taken & {("left", i), ("right", j)}:
            taken |= {("left", i), ("right", j)}
            yield match


def _match(left: Piece, right: Piece, weights: Mapping[int, float]) -> Match:
    both = left.shapes & right.shapes
    weight = sum(weights.get(shape, 0.0) for shape in both)
    own = sum(weights.get(shape, 0.0) for each in (left, right) for shape in each.shapes)
    similarity = round(2 * weight / own, 6) if own else 0.0
    return Match(left, right, similarity, _why(left, right, weight / max(1, len(both))))


def _why(left: Piece, right: Piece, rareness: float) -> str:
    """Why two functions may be alike for no other reason than the task."""
    if min(left.size, right.size) < _SHORT:
        return "short: it has one natural form"
    if rareness < _ALIKE:
        return "mostly what others wrote, too"
    return "long, and rare in this class: look here first"
