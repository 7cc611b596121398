"""The forward pass: the one-GPU logits, at two all-reduces of partial products a layer."""

import numpy as np
import pytest

from grader.suite import TORCH_GROUP, PerRank, Tensor, require, within

ONE_AFTER_EACH = "One after attention, one after the MLP. What is summed where?"


def run_forward(ranks, here, world_size):
    return ranks(world_size).forward(here.ids, here.shards(world_size), here.fields, TORCH_GROUP)


def check_logits(got, here, world_size):
    """Within the bound that grader.traces.reference proves for any order of the sums."""
    expected = here.expected(world_size).logits
    shown = np.abs(expected.value) * np.finfo(here.dtype).eps  # of rounding what is compared with
    within(got, Tensor(expected.value.astype(here.dtype)), expected.error + shown, of="logits")


@pytest.mark.rubric("logits")
@pytest.mark.parametrize("world_size", [1, 2, 4])
def test_float64(ranks, model, world_size):
    """Two layers, five tokens."""
    here = model()
    check_logits(run_forward(ranks, here, world_size).value, here, world_size)


@pytest.mark.rubric("logits")
@pytest.mark.parametrize("world_size", [1, 2])
def test_float32(ranks, model, world_size):
    """One layer, where the bound is tight enough to tell; logits in the weights' dtype."""
    here = model("float32", num_layers=1, tokens=4)
    check_logits(run_forward(ranks, here, world_size).value, here, world_size)


@pytest.mark.rubric("logits")
@pytest.mark.parametrize("tokens", [1, 7])
def test_other_sizes(ranks, model, tokens):
    """One token; two heads of size 6; the sizes of one model are no constants."""
    here = model(tokens=tokens, hidden=12, ffn=16, num_heads=2, vocab=5, num_layers=3)
    check_logits(run_forward(ranks, here, 2).value, here, 2)


@pytest.mark.rubric("logits")
def test_small_activations(ranks, model):
    """Embeddings of about 1e-3, where the 1e-6 of RMSNorm counts."""
    here = model()
    here.arrays["embed.weight"] = (here.arrays["embed.weight"] * 1e-3).astype(here.dtype)
    check_logits(run_forward(ranks, here, 2).value, here, 2)


@pytest.mark.rubric("logits")
def test_later_tokens_do_not_matter(ranks, model):
    """A token sees itself and what is before it: the logits of a prefix are a prefix."""
    here = model(tokens=6)
    check_logits(run_forward(ranks, here, 2).value, here, 2)
    here.tokens = here.tokens[:3]
    check_logits(run_forward(ranks, here, 2).value, here, 2)


@pytest.mark.rubric("all-reduces")
@pytest.mark.parametrize("num_layers", [1, 3])
def test_two_a_layer(ranks, model, num_layers):
    """2 L all-reduces of T·H entries in the weights' dtype, and nothing else, on every rank."""
    here = model(num_layers=num_layers, tokens=4)
    run = run_forward(ranks, here, 2)
    require(
        run.ops == ("all_reduce",) * (2 * num_layers),
        f"{num_layers} layers: {2 * num_layers} all_reduce",
        ", ".join(run.ops) or "none",
        nudge=ONE_AFTER_EACH,
    )
    sizes = {(record.dtype, record.nbytes) for record in run.log}
    expected = (here.dtype, 4 * here.config.hidden * 8)
    require(
        sizes == {expected}, f"each of {expected[1]} bytes of {expected[0]}", str(sorted(sizes))
    )


@pytest.mark.rubric("all-reduces")
@pytest.mark.parametrize("world_size", [2, 4])
def test_partial_products_only(ranks, model, world_size):
    """What each rank hands in is its own partial product: no residual, no scaling, not the sum."""
    here = model()
    run = run_forward(ranks, here, world_size)
    partials = here.expected(world_size).partials
    require(len(run.log) == world_size * len(partials), "2 all-reduces a layer", len(run.log),
            nudge=ONE_AFTER_EACH)  # fmt: skip
    for rank in range(world_size):
        handed = [record.payload for record in run.log if record.rank == rank]
        for index, payload in enumerate(handed):
            expected = partials[index][rank]
            fits = payload is not None and payload.size == expected.value.size
            require(fits, f"all-reduce {index}: {expected.value.size} entries", payload)
            within(
                payload.reshape(expected.value.shape),
                expected.value,
                expected.error,
                of=f"rank {rank}, all-reduce {index}",
                nudge="Is the residual in what you sum? Every rank has all of it already.",
            )


@pytest.mark.rubric("errors")
@pytest.mark.parametrize("token", ["vocab", -1])
def test_token_ids_outside(ranks, model, token):
    """Refused by every rank: one that waits alone waits for ever."""
    here = model()
    bad = here.config.vocab if token == "vocab" else token
    here.tokens = np.append(here.tokens, bad)
    refusing = ranks(2).raises(ValueError)
    refusing.forward(here.ids, here.shards(2), here.fields, TORCH_GROUP)


@pytest.mark.rubric("errors")
@pytest.mark.parametrize(("hidden", "ffn"), [(9, 24), (8, 25)])
def test_dimensions_that_do_not_divide(student, model, hidden, ffn):
    """shard_state_dict and expected_rank_bytes refuse them alike."""
    here = model(hidden=hidden, ffn=ffn, num_heads=1)
    student.raises(ValueError).shard_state_dict(here.state, 0, 2)
    student.raises(ValueError).expected_rank_bytes(here.config.shapes(), 4, 2)


@pytest.mark.rubric("errors")
def test_heads_that_do_not_divide(ranks, model):
    """Three heads are not shared by two ranks, though hidden is."""
    here = model(hidden=12, num_heads=3)
    refusing = ranks(2).raises(ValueError)
    refusing.forward(here.ids, here.shards(2), here.fields, TORCH_GROUP)


@pytest.mark.rubric("errors")
@pytest.mark.parametrize(("rank", "world_size"), [(2, 2), (-1, 2), (5, 4)])
def test_ranks_outside(student, model, rank, world_size):
    """A rank is from 0 to world_size - 1."""
    student.raises(ValueError).shard_state_dict(model().state, rank, world_size)


@pytest.mark.rubric("errors")
@pytest.mark.parametrize("change", ["unknown", "missing", "no-final-norm"])
def test_names(student, model, change):
    """Unknown and missing names are refused, in a state dict and in shapes."""
    here = model()
    state = dict(here.state)
    if change == "unknown":
        state["layers.0.attn.bias"] = state["final_norm.weight"]
    else:
        del state["layers.1.mlp.up.weight" if change == "missing" else "final_norm.weight"]
    student.raises(ValueError).shard_state_dict(state, 0, 2)
    shapes = {name: tensor.shape for name, tensor in state.items()}
    student.raises(ValueError).expected_rank_bytes(shapes, 4, 2)


@pytest.mark.rubric("errors")
@pytest.mark.parametrize("change", ["unknown", "missing"])
def test_names_of_a_shard(ranks, model, change):
    """forward refuses a shard with an unknown or a missing name, on every rank."""
    here = model()
    parts = [dict(here.part(rank, 2)) for rank in range(2)]
    for part in parts:
        if change == "unknown":
            part["layers.0.norm3.weight"] = part["final_norm.weight"]
        else:
            del part["layers.1.norm2.weight"]
    refusing = ranks(2).raises(ValueError)
    refusing.forward(here.ids, PerRank(parts), here.fields, TORCH_GROUP)


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
