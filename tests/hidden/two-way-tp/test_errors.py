"""What does not fit: refused by every function that it holds for, on every rank, and named."""

from fractions import Fraction

import numpy as np
import pytest
from conftest import Model
from evidence.model import cut_axis, rank_bytes

from grader.suite import TORCH_GROUP, AnyOf, PerRank, Tensor, equal

SMALL = {"vocab": 5, "hidden": 4, "ffn": 4, "num_heads": 2, "num_layers": 1}
DEEPER = SMALL | {"num_layers": 2}
NO_INTEGERS = (True, 1.0, Fraction(1))

UNKNOWN = {  # name: what a message must say of it at least
    "lm_head.weight": "lm_head",
    "final_norm.bias": "final_norm.bias",
    "norm1.weight": "norm1",
    "layers.0.embed.weight": "layers.0.embed",
    "layers.0.attn.q": "attn.q",
    "layers.0.attn.q.weight.scale": "scale",
    "layers.0.mlp.gate.weight": "mlp.gate",
    "model.layers.0.mlp.up.weight": "model.layers.0",
}
MISSING = {  # of two layers: each kind once, at the first place and the last one too
    "embed.weight": "embed",
    "layers.0.norm1.weight": "norm1",
    "layers.0.attn.q.weight": "attn.q",
    "layers.1.attn.k.weight": "attn.k",
    "layers.0.attn.v.weight": "attn.v",
    "layers.1.attn.o.weight": "attn.o",
    "layers.1.norm2.weight": "norm2",
    "layers.0.mlp.up.weight": "mlp.up",
    "layers.1.mlp.down.weight": "mlp.down",
    "final_norm.weight": "final_norm",
}


def without(names, *beginnings):
    return {name: value for name, value in names.items() if not name.startswith(beginnings)}


def with_unknown(state):
    """What a message must say, and the state with one name too many: the last one, or the first."""
    for number, (name, telling) in enumerate(UNKNOWN.items()):
        more = {name: state["final_norm.weight"]}
        yield telling, more | state if number % 2 else state | more


def refuse(refusing, state, world_size=2):
    """By both functions that look at all weights."""
    refusing.shard_state_dict(state, 0, world_size)
    refusing.expected_rank_bytes({n: each.shape for n, each in state.items()}, 4, world_size)


def dimension(length, world_size):
    """A message names a dimension by its length, or the world_size that does not divide it."""
    return AnyOf(f"{length} or world_size {world_size}", length, world_size)


# -- integers ------------------------------------------------------------------------------


@pytest.mark.rubric("errors")
def test_no_integers(student, rng):
    """bool, whole floats and fractions, in each function that takes the argument."""
    here = Model(rng, **SMALL)
    for one in NO_INTEGERS:
        student.raises(TypeError, "rank").shard_state_dict(here.state, one, 2)
        student.raises(TypeError, "world_size").shard_state_dict(here.state, 0, one)
        student.raises(TypeError, "world_size").expected_rank_bytes(here.shapes, 4, one)
        student.raises(TypeError, "dtype_bytes").expected_rank_bytes(here.shapes, one, 2)


@pytest.mark.rubric("errors")
def test_numpy_integers(student, rng):
    """They are integers, and not refused."""
    # world_size is Python's own here: torch.split refuses a size of numpy's, whoever calls it
    here, two = Model(rng, **SMALL), np.int64(2)
    got = student.shard_state_dict(here.state, np.int64(1), 2)
    equal(got, here.part(1, 2), of="shard")
    got = student.expected_rank_bytes(here.shapes, two, two)
    equal(got, rank_bytes(here.config, 2, 2), of="bytes")


# -- ranks and dimensions ------------------------------------------------------------------


@pytest.mark.rubric("errors")
def test_ranks_outside(student, rng):
    """A rank is from 0 to world_size - 1: the first on either side, and others."""
    state = Model(rng, **SMALL).state
    for rank, world_size in (2, 2), (-1, 2), (1, 1), (7, 4), (-4, 4):
        student.raises(ValueError, ("rank", rank)).shard_state_dict(state, rank, world_size)
    either = AnyOf("rank or world_size", "rank", "world_size")
    for world_size in (0, -2):  # where there is no rank at all
        student.raises(ValueError, either).shard_state_dict(state, 0, world_size)


@pytest.mark.rubric("errors")
@pytest.mark.parametrize(
    ("hidden", "ffn", "world_size"), [(9, 24, 2), (8, 25, 2), (8, 12, 3), (12, 8, 3)]
)
def test_dimensions_that_do_not_divide(student, rng, hidden, ffn, world_size):
    """shard_state_dict and expected_rank_bytes refuse them alike."""
    here = Model(rng, hidden=hidden, ffn=ffn, num_heads=1, num_layers=1)
    length = hidden if hidden % world_size else ffn
    refuse(student.raises(ValueError, dimension(length, world_size)), here.state, world_size)


@pytest.mark.rubric("errors")
@pytest.mark.parametrize(("hidden", "heads", "world_size"), [(12, 3, 2), (8, 1, 2), (6, 2, 3)])
def test_heads_that_do_not_divide(ranks, rng, hidden, heads, world_size):
    """Three heads are not shared by two ranks, though hidden is."""
    here = Model(rng, hidden=hidden, num_heads=heads, num_layers=1)
    refusing = ranks(world_size).raises(ValueError, ("heads", heads))
    refusing.forward(here.ids, here.shards(world_size), here.fields, TORCH_GROUP)


@pytest.mark.rubric("errors")
@pytest.mark.parametrize(
    ("sizes", "length"),
    [({"ffn": 25}, 25), ({"hidden": 9, "num_heads": 2}, 9)],
    ids=["ffn", "hidden"],
)
def test_sizes_of_a_config_that_do_not_divide(ranks, rng, sizes, length):
    """forward refuses them, too; ranks hold parts that are not equal."""
    here = Model(rng, num_layers=1, **sizes)
    parts = PerRank([uneven_part(here.arrays, rank) for rank in range(2)])
    # or by the length of a rank's uneven part
    naming = AnyOf(f"{length} or world_size 2", length, 2, length // 2, length // 2 + 1)
    ranks(2).raises(ValueError, naming).forward(here.ids, parts, here.fields, TORCH_GROUP)


def uneven_part(arrays, rank):
    part = {}
    for name, whole in arrays.items():
        axis = cut_axis(name)
        cut = whole if axis is None else np.array_split(whole, 2, axis)[rank]
        part[name] = Tensor(np.ascontiguousarray(cut))
    return part


# -- token ids -----------------------------------------------------------------------------


@pytest.mark.rubric("errors")
def test_token_ids_outside(ranks, rng):
    """Refused by every rank, wherever they stand: one that waits alone waits for ever."""
    here = Model(rng, **SMALL)
    alone, first, second, last = [5], [-5, 1, 2], [3, 12, 0], [0, 4, 1, 2] * 3 + [-1]
    for wrong, tokens in (5, alone), (-5, first), (12, second), (-1, last):
        here.tokens = np.array(tokens)
        refusing = ranks(2).raises(ValueError, wrong)
        refusing.forward(here.ids, here.shards(2), here.fields, TORCH_GROUP)


# -- names ---------------------------------------------------------------------------------


@pytest.mark.rubric("errors")
def test_unknown_names(student, rng):
    """Of no layer, of a layer, and close to right ones; in a state dict and in shapes."""
    state = Model(rng, **SMALL).state
    for telling, more in with_unknown(state):
        refuse(student.raises(ValueError, telling), more)


@pytest.mark.rubric("errors")
def test_missing_names(student, rng):
    """Of the first layer, the last one, and of none; or all of a layer that has one behind it."""
    state = Model(rng, **DEEPER).state
    for name, telling in MISSING.items():
        refuse(student.raises(ValueError, telling), without(state, name))
    refuse(student.raises(ValueError), without(state, "layers.0."))
    state = Model(rng, **SMALL | {"num_layers": 11}).state  # the eleventh layer is a layer, too
    refuse(student.raises(ValueError, "norm1"), without(state, "layers.10.norm1."))


@pytest.mark.rubric("errors")
def test_names_of_a_shard(ranks, rng):
    """forward refuses what config does not name, and misses what it does."""
    refusing = ranks(1).raises
    here = Model(rng, **SMALL)
    for telling, shard in with_unknown(here.state):
        refusing(ValueError, telling).forward(here.ids, shard, here.fields, TORCH_GROUP)
    deeper = Model(rng, **DEEPER)
    for more in deeper.state, Model(rng, **SMALL | {"num_layers": 3}).state:
        refusing(ValueError).forward(here.ids, more, here.fields, TORCH_GROUP)
    here = deeper
    for name, telling in MISSING.items():
        shard = without(here.state, name)
        refusing(ValueError, telling).forward(here.ids, shard, here.fields, TORCH_GROUP)
    for layer in "01":
        shard = without(here.state, f"layers.{layer}.")
        refusing(ValueError).forward(here.ids, shard, here.fields, TORCH_GROUP)


@pytest.mark.rubric("errors")
def test_names_of_every_shard(ranks, rng):
    """On every rank."""
    here = Model(rng, **SMALL)
    parts = [here.part(rank, 2) for rank in range(2)]
    less = PerRank([without(part, "layers.0.mlp.up.weight") for part in parts])
    more = PerRank([part | {"layers.0.mlp.up.bias": part["embed.weight"]} for part in parts])
    for shards, telling in (less, "mlp.up"), (more, "mlp.up.bias"):
        refusing = ranks(2).raises(ValueError, telling)
        refusing.forward(here.ids, shards, here.fields, TORCH_GROUP)
