"""The forward pass: the one-GPU logits, at two all-reduces of partial products a layer."""

import numpy as np
import pytest
from conftest import Model

from grader.suite import TORCH_GROUP, TorchGroup, require, within

ONE_AFTER_EACH = "One after attention, one after the MLP. What is summed where?"
RESIDUAL = "Is the residual in what you sum? Every rank has all of it already."

WIDE = {"vocab": 5, "hidden": 130, "ffn": 300, "num_heads": 2, "num_layers": 1}
MANY_HEADS = {"hidden": 24, "ffn": 6, "num_heads": 24, "num_layers": 1}
SQUARE = {"vocab": 8, "hidden": 8, "ffn": 8}
DEEP = {"vocab": 3, "hidden": 2, "ffn": 2, "num_heads": 2, "num_layers": 11, "turned": True}
MODELS = {  # a fourth process costs as much as sixty calls
    # ranks, dtype, tokens, sizes
    "one-rank": (1, "float64", 5, {}),
    "one-rank-float32": (1, "float32", 4, {"num_layers": 1}),
    "two-ranks": (2, "float64", 5, {}),
    "shapes-all-alike-float32": (2, "float32", 5, SQUARE),
    "three-ranks": (3, "float64", 4, {"vocab": 7, "hidden": 6, "ffn": 9, "num_heads": 3}),
    "twelve-heads-a-rank-of-one-column": (2, "float64", 3, MANY_HEADS),
    "one-token": (2, "float64", 1, {"hidden": 12, "ffn": 10, "num_heads": 2, "num_layers": 3}),
    "many-tokens": (2, "float32", 70, {"hidden": 6, "ffn": 4, "num_heads": 2, "num_layers": 1}),
    "wide": (2, "float64", 3, WIDE),
    "eleven-layers-in-another-order": (2, "float64", 2, DEEP),
}


def check_logits(judged):
    """On every rank within the bound that evidence.reference proves; dtype kept."""
    expected, bound = judged.logits
    for rank, got in enumerate(judged.run.values):
        within(got, expected, bound, of=f"rank {rank}: logits")


@pytest.mark.rubric("logits")
@pytest.mark.parametrize("name", MODELS)
def test_logits(ranks, rng, name):
    """Sizes that are odd, large, one or all alike; both dtypes; one to three ranks."""
    world_size, dtype, tokens, sizes = MODELS[name]
    check_logits(Model(rng, dtype, tokens, **sizes).forward(ranks, world_size))


@pytest.mark.rubric("logits")
def test_small_activations(ranks, rng):
    """Embeddings of about 1e-3, where the 1e-6 of RMSNorm counts."""
    here = Model(rng)
    here.arrays["embed.weight"] *= 1e-3
    check_logits(here.forward(ranks, 2))


@pytest.mark.rubric("all-reduces")
@pytest.mark.parametrize(("dtype", "num_layers"), [("float64", 3), ("float32", 1)])
def test_two_a_layer(ranks, rng, dtype, num_layers):
    """2 L all-reduces of T·H entries, no narrower than the weights, and nothing else."""
    judged = Model(rng, dtype, tokens=4, num_layers=num_layers).forward(ranks, 2)
    require(
        judged.ops == ("all_reduce",) * (2 * num_layers),
        f"{num_layers} layers: {2 * num_layers} all_reduce",
        ", ".join(judged.ops) or "none",
        nudge=ONE_AFTER_EACH,
    )
    allowed = ("float64", "float32")[: 1 + (dtype == "float32")]
    facts = {(each.dtype, each.nbytes) for each in judged.run.log}
    require(
        len(facts) == 1 and facts <= {(kind, 32 * np.dtype(kind).itemsize) for kind in allowed},
        f"each of 32 entries of {dtype} (4 tokens, hidden 8)",
        ", ".join(f"{nbytes} bytes of {kind}" for kind, nbytes in sorted(facts)),
    )
    check_partials(judged)


@pytest.mark.rubric("all-reduces")
@pytest.mark.parametrize(
    ("world_size", "group"),
    [(3, TORCH_GROUP), (2, TorchGroup((0, 2), 3)), (2, TorchGroup((1, 2), 3))],
    ids=["of-three-ranks", "of-ranks-0-and-2", "of-ranks-1-and-2"],
)
def test_partial_products_only(ranks, rng, world_size, group):
    """Of every rank of the group, which may be a part of the world: two ranks of three."""
    here = Model(rng, hidden=12, num_heads=12 if world_size == 3 else 4, tokens=2)
    check_partials(here.forward(ranks, world_size, group))


def check_partials(judged):
    """What a rank hands in is its own partial product: no residual, no scaling, not the sum."""
    require(
        judged.handed is not None,
        "2 all-reduces a layer, each of tokens x hidden floats",
        ", ".join(judged.ops) or "none",
        nudge=ONE_AFTER_EACH,
    )
    for index, parts in enumerate(judged.expected.partials):
        for rank, part in enumerate(parts):
            of = f"rank {rank}, all-reduce {index}"
            within(judged.handed[index][rank], part.value, part.error, of=of, nudge=RESIDUAL)
