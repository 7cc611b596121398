"""What a rank holds: its own part of each weight, in its own memory, to the byte."""

import pytest

from grader.suite import Tensor, equal, require

CUT = {"attn.q": 1, "attn.k": 1, "attn.v": 1, "attn.o": 0, "mlp.up": 1, "mlp.down": 0}
LAYOUT = "Of x @ W: q, k, v and up are cut by columns, o and down by rows. Which did you cut how?"


def is_cut(name):
    return any(f".{part}." in name for part in CUT)


def check_dict(got, expected):
    """A dict of tensors with exactly these names; safe to index afterwards."""
    require(isinstance(got, dict), "a dict of name to tensor", got)
    names = [name for name in got if isinstance(name, str)]
    right = len(names) == len(got) and set(names) == set(expected)
    odd = sorted(set(names) ^ set(expected))[:3]
    require(right, "the names of the state dict", f"other names: {odd}" if odd else "no text names")
    for name in expected:
        require(isinstance(got[name], Tensor), f"{name}: a tensor", got[name])


@pytest.mark.rubric("shards")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("world_size", [1, 2, 4])
def test_cut_weights(student, model, world_size, dtype):
    """Each rank's columns or rows, in rank order, dtype kept."""
    here = model(dtype)
    for rank in range(world_size):
        got, expected = student.shard_state_dict(here.state, rank, world_size), None
        expected = here.part(rank, world_size)
        check_dict(got, expected)
        for name in filter(is_cut, expected):
            equal(got[name], expected[name], of=f"rank {rank}: {name}", nudge=LAYOUT)


@pytest.mark.rubric("replicated")
@pytest.mark.parametrize("world_size", [2, 4])
def test_what_does_not_split(student, model, world_size):
    """Norms and embedding are whole on every rank, and unchanged."""
    here = model()
    for rank in range(world_size):
        got = student.shard_state_dict(here.state, rank, world_size)
        check_dict(got, here.state)
        for name, whole in here.state.items():
            if not is_cut(name):
                equal(got[name], whole, of=f"rank {rank}: {name}")


@pytest.mark.rubric("replicated")
def test_eleven_layers_and_square_ffn(student, model):
    """Layers from 10 on are named with two digits; ffn = hidden makes all shapes alike."""
    here = model(num_layers=11, ffn=8)
    got = student.shard_state_dict(here.state, 1, 2)
    check_dict(got, here.state)
    for name, whole in here.state.items():
        if not is_cut(name):
            equal(got[name], whole, of=name)


@pytest.mark.rubric("shards")
def test_cut_weights_of_layer_10(student, model):
    """Shapes alone don't tell a weight's kind where ffn is hidden."""
    here = model(num_layers=11, ffn=8)
    got = student.shard_state_dict(here.state, 1, 2)
    expected = here.part(1, 2)
    check_dict(got, expected)
    for name in filter(is_cut, expected):
        equal(got[name], expected[name], of=name, nudge=LAYOUT)


@pytest.mark.rubric("own-bytes")
@pytest.mark.parametrize("world_size", [2, 4])
def test_no_views(student, model, world_size):
    """The memory behind the shards has no byte more than their entries."""
    here = model()
    for rank in (0, world_size - 1):
        got = student.shard_state_dict(here.state, rank, world_size)
        check_dict(got, here.state)
        held = {}
        for name, tensor in got.items():
            place, size = tensor.storage
            held.setdefault((place, size), []).append((name, tensor.nbytes))
        for (_, size), members in held.items():
            used = sum(nbytes for _, nbytes in members)
            require(
                size <= used,
                f"{members[0][0]}: memory of its own, {used} bytes",
                f"a view of memory with {size} bytes",
                nudge="Which operation copies, and which only looks at the same memory?",
            )


@pytest.mark.rubric("weight-bytes")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_weight_bytes(student, model, dtype):
    """Entries times the size of one, over all parameters; of a shard too, and of nothing."""
    here = model(dtype)
    equal(student.weight_bytes(here.state), sum(t.nbytes for t in here.state.values()), of="bytes")
    part = here.part(1, 2)
    equal(student.weight_bytes(part), sum(t.nbytes for t in part.values()), of="bytes")


@pytest.mark.rubric("rank-bytes")
@pytest.mark.parametrize("dtype_bytes", [2, 4])
@pytest.mark.parametrize("world_size", [1, 2, 4])
def test_expected_rank_bytes(student, model, world_size, dtype_bytes):
    """The bytes of the grader's own shards."""
    here = model("float32", ffn=32, num_layers=3)
    shapes = here.config.shapes()
    expected = sum(t.nbytes for t in here.part(0, world_size).values()) * dtype_bytes // 4
    equal(student.expected_rank_bytes(shapes, dtype_bytes, world_size), expected, of="bytes")


@pytest.mark.rubric("rank-bytes")
def test_a_70b_like_model(student):
    """A model of 137 GB is counted without building it."""
    from grader.traces.model import Config, rank_bytes

    config = Config(vocab=128256, hidden=8192, ffn=32768, num_layers=80, num_heads=64)
    expected = rank_bytes(config, 2, 8)
    equal(student.expected_rank_bytes(config.shapes(), 2, 8), expected, of="bytes")
