"""What a rank holds: its own part of each weight, in its own memory, to the byte."""

import pytest
from conftest import Model
from evidence.model import Config, rank_bytes

from grader.suite import Tensor, equal, require

CUT = {"attn.q": 1, "attn.k": 1, "attn.v": 1, "attn.o": 0, "mlp.up": 1, "mlp.down": 0}
LAYOUT = "Of x @ W: q, k, v and up are cut by columns, o and down by rows. Which did you cut how?"
COPIES = "Which operation copies, and which only looks at the same memory?"

SIZES = {"num_layers": 1}
ALIKE = SIZES | {"vocab": 8, "hidden": 8, "ffn": 8}
DEEP = {"vocab": 4, "hidden": 4, "ffn": 4, "num_layers": 11, "turned": True}
MODELS = {  # world size, ranks to ask for, dtype, sizes
    "one-rank": (1, [0], "float32", SIZES),
    "two-ranks": (2, [0, 1], "float64", SIZES | {"hidden": 10, "ffn": 14}),
    "three-ranks": (3, [0, 1, 2], "float32", SIZES | {"vocab": 7, "hidden": 15, "ffn": 9}),
    "four-ranks": (4, [1, 2, 3], "float64", SIZES | {"hidden": 4, "ffn": 12}),
    "shapes-all-alike": (2, [1], "float32", ALIKE),
    "eleven-layers-in-another-order": (2, [1], "float64", DEEP),
}


def of(*names):
    return pytest.mark.parametrize("name", names)


def is_cut(name):
    return any(f".{part}." in name for part in CUT)


def shards_of(student, rng, name):
    """(rank, shard, right one), the shard once it is known to be a dict of tensors."""
    world_size, ranks, dtype, sizes = MODELS[name]
    here = Model(rng, dtype, **sizes)
    for rank in ranks:
        got = student.shard_state_dict(here.state, rank, world_size)
        check_dict(got, here.arrays)
        yield rank, got, here.part(rank, world_size)


def check_dict(got, expected):
    require(isinstance(got, dict), "a dict of name to tensor", got)
    names = [name for name in got if isinstance(name, str)]
    right = len(names) == len(got) and set(names) == set(expected)
    odd = sorted(set(names) ^ set(expected))[:3]
    require(right, "the names of the state dict", f"other names: {odd}" if odd else "no text names")
    for name in expected:
        require(isinstance(got[name], Tensor), f"{name}: a tensor", got[name])


@pytest.mark.rubric("shards")
@of(*MODELS)
def test_cut_weights(student, rng, name):
    """Each rank's columns or rows, in rank order, dtype kept; by name, as shapes may be alike."""
    for rank, got, expected in shards_of(student, rng, name):
        for weight in filter(is_cut, expected):
            equal(got[weight], expected[weight], of=f"rank {rank}: {weight}", nudge=LAYOUT)


@pytest.mark.rubric("replicated")
@of("one-rank", "three-ranks", "shapes-all-alike", "eleven-layers-in-another-order")
def test_what_does_not_split(student, rng, name):
    """Norms and embedding are whole on every rank, and unchanged."""
    for rank, got, expected in shards_of(student, rng, name):
        for weight in expected:
            if not is_cut(weight):
                equal(got[weight], expected[weight], of=f"rank {rank}: {weight}")


@pytest.mark.rubric("own-bytes")
@of("one-rank", "two-ranks", "three-ranks")
def test_no_views(student, rng, name):
    """None lies in the state dict's memory, and what lies behind has no byte beyond entries."""
    for _, got, _ in shards_of(student, rng, name):
        held = {}
        for weight, tensor in got.items():
            asked, found = f"{weight}: memory of its own", "memory of the state dict"
            require(not tensor.borrowed, asked, found, nudge=COPIES)
            held.setdefault(tensor.storage, []).append((weight, tensor.nbytes))
        for (_, size), members in held.items():
            used = sum(nbytes for _, nbytes in members)
            asked = f"{members[0][0]}: memory of its own, {used} bytes"
            require(size <= used, asked, f"a view of memory with {size} bytes", nudge=COPIES)


@pytest.mark.rubric("weight-bytes")
@of("three-ranks", "eleven-layers-in-another-order")
def test_weight_bytes(student, rng, name):
    """Entries times the size of one, over all parameters; of a shard too."""
    world_size, _, dtype, sizes = MODELS[name]
    here = Model(rng, dtype, **sizes)
    for state in here.state, here.part(1, world_size):
        equal(student.weight_bytes(state), sum(t.nbytes for t in state.values()), of="bytes")


@pytest.mark.rubric("rank-bytes")
@pytest.mark.parametrize(("name", "dtype_bytes"), [*zip(MODELS, [1, 2, 3, 4, 2, 8], strict=True)])
def test_expected_rank_bytes(student, rng, name, dtype_bytes):
    """The bytes of the grader's own shards, whatever an entry takes."""
    world_size, _, _, sizes = MODELS[name]
    here = Model(rng, **sizes)
    got = student.expected_rank_bytes(here.shapes, dtype_bytes, world_size)
    equal(got, rank_bytes(here.config, dtype_bytes, world_size), of="bytes")


@pytest.mark.rubric("rank-bytes")
def test_a_70b_like_model(student):
    """A model of 137 GB is counted without building it, to the byte."""
    config = Config(vocab=128_257, hidden=8192, ffn=28_672, num_layers=80, num_heads=64)
    got = student.expected_rank_bytes(config.shapes(), 2, 8)
    equal(got, rank_bytes(config, 2, 8), of="bytes")
