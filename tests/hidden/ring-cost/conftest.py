"""What the suites of this lab share: rounding bounds, fresh links, and the price in one place."""

from fractions import Fraction

import pytest

from grader.suite import within

U = Fraction(1, 2**53)  # unit roundoff of a float


@pytest.fixture
def near():
    """Compares with an exact, non-negative value, allowing `roundings` roundings and no more.

    All terms of every formula here are positive and every operation on floats errs by at most
    the factor 1 + u, so k operations on the longest path leave a relative error of at most
    k*u / (1 - k*u) (Higham 2002, lemma 3.1). The callers count the operations of the slowest
    reasonable way, adding step by step, and 8 for what forms one step.
    """

    def compare(got, exact, roundings, of="time", **words):
        bound = exact * roundings * U / (1 - roundings * U)
        within(got, exact, bound, of=of, **words)

    return compare


@pytest.fixture
def link(rng):
    """A latency of 0.1 to 20 µs and a bandwidth of 1 to 900 GB/s."""
    return float(rng.integers(1, 200)) * 1e-7, float(rng.integers(1, 900)) * 1e9


@pytest.fixture
def ring_time():
    """The exact time of one ring: every step waits for the latency and moves a chunk."""

    def price(nbytes, world_size, latency_s, bandwidth):
        chunk = Fraction(nbytes) / world_size
        return 2 * (world_size - 1) * (Fraction(latency_s) + chunk / Fraction(bandwidth))

    return price
