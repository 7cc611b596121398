"""Hidden: utilisation of a pipeline that decodes."""

from fractions import Fraction

import pytest

from grader.suite import equal


def _utilization(p, batches, tokens):
    """Token by token: each enters stage 0 once that is free and the batch's last one is out."""
    ready, free = [0] * batches, 0
    for _ in range(tokens):
        for batch in range(batches):
            start = max(free, ready[batch])
            free, ready[batch] = start + 1, start + p
    return Fraction(batches * tokens, max(ready))


# Stages, batches and tokens: a single one of each, as many batches as stages, fewer and more.
_SIZES = (
    *((1, 1, 1), (1, 5, 3), (4, 1, 1), (4, 1, 10), (4, 4, 10), (4, 9, 1), (5, 4, 7)),
    *((5, 6, 7), (11, 3, 1000), (11, 13, 5)),
)
_KNOWN = {sizes: _utilization(*sizes) for sizes in _SIZES}


@pytest.mark.rubric("decode")
def test_known_numbers(student):
    """Each side of b = p, and its edges, where every share is written down beforehand."""
    for sizes, share in _KNOWN.items():
        equal(student.decode_utilization(*sizes), share, of="utilization")


@pytest.mark.rubric("decode")
@pytest.mark.parametrize("case", ["fewer", "more"])
def test_drawn_numbers(student, rng, case):
    """Token by token, on each side of b = p."""
    p, tokens = int(rng.integers(3, 9)), int(rng.integers(2, 12))
    batches = int(rng.integers(1, p)) if case == "fewer" else p + int(rng.integers(1, 6))
    share = _utilization(p, batches, tokens)
    equal(student.decode_utilization(p, batches, tokens), share, of="utilization")
