"""The trace of a run on the student's own machine."""

import pytest


@pytest.mark.rubric("trace-shards")
def test_trace_shards(trace):
    """Names, shapes, bytes and hashes of both ranks' parameters."""
    trace.holds("shards")


@pytest.mark.rubric("trace-reductions")
def test_trace_reductions(trace):
    """Every all-reduce: count, bytes, P0 + P1, partial products, possible times."""
    trace.holds("reductions")


@pytest.mark.rubric("trace-logits")
def test_trace_logits(trace):
    """The logits of both ranks, within the bound."""
    trace.holds("logits")


@pytest.mark.rubric("trace-memory")
def test_trace_memory(trace):
    """Requested, allocated and reserved bytes, on a GPU."""
    trace.holds("memory")
