"""Hidden: utilisation of a pipeline that decodes."""

from fractions import Fraction

import pytest

from grader.suite import equal


def _slots(p, batches, tokens):
    """Slots until the last token: each step enters stage 0 when it and its own token before are."""
    ready, free = [0] * batches, 0
    for _ in range(tokens):
        for batch in range(batches):
            start = max(free, ready[batch])
            free, ready[batch] = start + 1, start + p
    return max(ready)


def _check(student, p, batches, tokens):
    share = Fraction(batches * tokens, _slots(p, batches, tokens))
    equal(student.decode_utilization(p, batches, tokens), share, of="utilization")


@pytest.mark.rubric("decode")
def test_at_the_edges(student):
    """One stage, one batch, one token; as many batches as stages, fewer and more."""
    edges = [(1, 1, 1), (1, 5, 3), (4, 1, 1), (4, 1, 10), (4, 4, 10), (4, 9, 1), (3, 7, 5)]
    for p, batches, tokens in edges:
        _check(student, p, batches, tokens)


@pytest.mark.rubric("decode")
@pytest.mark.parametrize("case", ["fewer", "as many", "more"])
def test_drawn_numbers(student, rng, case):
    """Token by token, on each side of b = p."""
    p, tokens = int(rng.integers(3, 9)), int(rng.integers(2, 12))
    more = int(rng.integers(1, 6))
    fewer = int(rng.integers(1, p))
    batches = {"fewer": fewer, "as many": p, "more": p + more}[case]
    _check(student, p, batches, tokens)
