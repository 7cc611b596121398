"""The public checks of this lab: tiny models that you can follow by hand.

`shardlab check` runs them, in the order of the rubric. Each rank is a process of its own that
holds only its own shard; `TORCH_GROUP` is its torch.distributed process group, whose sums the
grader carries out and logs. At grading, other numbers and more ranks are tried. The last four
items look at the trace that `shardlab capture` writes beside your file.
"""

import numpy as np
import pytest
from evidence.model import Config
from evidence.reference import Reference

from grader.suite import (
    TORCH_GROUP,
    AnyOf,
    Fields,
    Held,
    MemoryBars,
    Part,
    PerRank,
    Tensor,
    TorchGroup,
    equal,
    require,
    within,
)

ONE_LAYER = Config(vocab=4, hidden=2, ffn=4, num_layers=1, num_heads=2)
TWO_LAYERS = Config(vocab=5, hidden=4, ffn=8, num_layers=2, num_heads=2)
ELEVEN_LAYERS = Config(vocab=3, hidden=2, ffn=2, num_layers=11, num_heads=2)
BY_COLUMNS = ("attn.q", "attn.k", "attn.v", "mlp.up")
BY_ROWS = ("attn.o", "mlp.down")
LAYOUT = "Of x @ W: which weights make heads or hidden units, and which take them in?"
GLUED = "Glue the parts together in rank order. Is that the whole weight?"
ON_TWO = "On one rank this is right. What do two ranks add up, and is anything counted twice?"
GOING_UP = pytest.mark.parametrize("world_size", [1, 2])


def whole_weights(config):
    """Small whole numbers, different in every place."""
    arrays, start = {}, 1
    for name, shape in config.shapes().items():
        size = int(np.prod(shape))
        numbers = np.arange(start, start + size) * 7 % 5 - 2
        arrays[name] = (numbers if len(shape) > 1 else numbers % 2 + 1).reshape(shape)
        start += size
    return {name: array.astype(np.float64) for name, array in arrays.items()}


def tensors(arrays):
    return {name: Tensor(np.ascontiguousarray(array)) for name, array in arrays.items()}


def parts(arrays, world_size):
    """What every rank should hold."""
    every = []
    for rank in range(world_size):
        held = {}
        for name, array in arrays.items():
            kind = next((k for k in (*BY_COLUMNS, *BY_ROWS) if f".{k}." in name), None)
            axis = None if kind is None else int(kind in BY_COLUMNS)
            held[name] = array if axis is None else np.split(array, world_size, axis)[rank]
        every.append(tensors(held))
    return every


def require_state(got, names):
    """A dict of tensors with these names."""
    require(isinstance(got, dict), "a dict of name to tensor", got)
    texts = {name for name in got if isinstance(name, str)}
    odd = sorted(texts ^ set(names))
    require(not odd and len(got) == len(texts), "the names of the state dict", f"differs: {odd}")
    for name in names:
        require(isinstance(got[name], Tensor), f"{name}: a tensor", got[name])


def run_forward(ranks, config, world_size, tokens, arrays=None, group=TORCH_GROUP):
    arrays = whole_weights(config) if arrays is None else arrays
    ids, shards = Tensor(np.array(tokens)), PerRank(parts(arrays, world_size))
    run = ranks(world_size).forward(ids, shards, Fields(config.as_dict()), group)
    reference = Reference(config, "float64")
    return run, reference.forward(np.array(tokens), arrays, world_size)


def logits_of(run):
    """What every rank returned, with a question of its own where ranks differ."""
    first = run.values[0]
    require(
        all(alike(first, value) for value in run.values),
        "the same logits on every rank",
        "ranks differ",
        nudge="An asynchronous all_reduce has to be waited for. Does each rank go on with the "
        "sum, or with its own part?",
    )
    return first


def alike(one, other):
    """Whether two ranks have the same but for rounding: that may depend on where memory lies."""
    if not isinstance(one, Tensor) or not isinstance(other, Tensor):
        return one is None and other is None
    if one.array.shape != other.array.shape or one.dtype != other.dtype:
        return False
    off = np.abs(one.array.astype(float) - other.array.astype(float))
    return bool((off <= 2.0**-40 * np.abs(one.array).max(initial=1)).all())


def require_logits(got, expected, nudge=""):
    bound = expected.error + np.abs(expected.value) * 2.0**-52
    if nearly(got, expected.value):
        nudge = "Right to seven digits. In which dtype does each step compute?"
    within(got, Tensor(expected.value), bound, of="logits", nudge=nudge)


def nearly(got, expected):
    """Whether only the dtype of some step can be the matter."""
    if not isinstance(got, Tensor) or got.array.shape != expected.shape:
        return False
    return bool((np.abs(got.array - expected) <= 1e-7 * np.abs(expected).max()).all())


# -- weights -------------------------------------------------------------------------------


@pytest.mark.rubric("shards")
@pytest.mark.parametrize("kind", [*BY_COLUMNS, *BY_ROWS])
@GOING_UP
def test_parts_of_a_weight(student, world_size, kind):
    """A rank's equal part, in rank order."""
    arrays, name = whole_weights(ONE_LAYER), f"layers.0.{kind}.weight"
    for rank, part in enumerate(parts(arrays, world_size)):
        got = student.shard_state_dict(tensors(arrays), rank, world_size)
        require_state(got, arrays)
        note = f"the whole weight is {arrays[name].astype(int).tolist()}"
        nudge = LAYOUT if got[name].array.shape != part[name].array.shape else GLUED
        equal(got[name], part[name], of=f"rank {rank}: {name}", note=note, nudge=nudge)


@pytest.mark.rubric("replicated")
@pytest.mark.parametrize(
    "config", [ONE_LAYER, TWO_LAYERS, ELEVEN_LAYERS], ids=["1-layer", "2-layers", "11-layers"]
)
def test_norms_and_embedding(student, config):
    """Whole on both ranks, whatever the number of a layer."""
    arrays = whole_weights(config)
    for rank in range(2):
        got = student.shard_state_dict(tensors(arrays), rank, 2)
        require_state(got, arrays)
        for name in arrays:
            if "norm" in name or "embed" in name:
                equal(got[name], Tensor(arrays[name]), of=f"rank {rank}: {name}")


@pytest.mark.rubric("own-bytes")
@pytest.mark.parametrize("kind", [*BY_ROWS, *BY_COLUMNS])
def test_no_part_is_a_view(student, kind):
    """The memory behind a part is as large as the part."""
    arrays, name = whole_weights(ONE_LAYER), f"layers.0.{kind}.weight"
    for rank in range(2):
        got = student.shard_state_dict(tensors(arrays), rank, 2)
        require_state(got, arrays)
        place, size = got[name].storage
        used = sum(t.nbytes for t in got.values() if t.storage == (place, size))
        require(
            size <= used,
            f"rank {rank}: {name} in {used} bytes of memory of its own",
            f"a view of memory with {size} bytes",
            nudge="A part that is contiguous already is not copied by .contiguous(). Is a copy "
            "made for every part?",
        )


@pytest.mark.rubric("own-bytes")
@pytest.mark.parametrize("world_size", [2, 1])
def test_no_tensor_is_the_state_dicts_own(student, world_size):
    """Nor what is whole; nor at one rank, where every part is."""
    arrays = whole_weights(ONE_LAYER)
    got = student.shard_state_dict(tensors(arrays), 0, world_size)
    require_state(got, arrays)
    for name in arrays:
        require_own(got[name], f"rank 0: {name}")


def require_own(tensor, of):
    """In memory that no argument lies in."""
    nudge = "If the state dict is changed afterwards, may what a rank holds change with it?"
    asked = f"{of} in memory of its own"
    require(not tensor.borrowed, asked, "memory of the state dict", nudge=nudge)


@pytest.mark.rubric("weight-bytes")
@pytest.mark.parametrize(("dtype", "nbytes"), [("float32", 4), ("float64", 8)])
def test_bytes_of_entries(student, dtype, nbytes):
    """A model of 46 entries."""
    arrays = {name: a.astype(dtype) for name, a in whole_weights(ONE_LAYER).items()}
    note = "46 entries: embedding 8, norms 6, attention 16, MLP 16"
    equal(student.weight_bytes(tensors(arrays)), 46 * nbytes, of="bytes", note=note)


@pytest.mark.rubric("rank-bytes")
@GOING_UP
@pytest.mark.parametrize("dtype_bytes", [2, 4])
def test_bytes_of_a_rank(student, dtype_bytes, world_size):
    """Eight of embedding, six of norms, and a share of 32 entries that are cut."""
    expected = (8 + 6 + 32 // world_size) * dtype_bytes
    got = student.expected_rank_bytes(ONE_LAYER.shapes(), dtype_bytes, world_size)
    equal(got, expected, of="bytes", note="embedding 8 entries, norms 6, cut 32")


@pytest.mark.rubric("rank-bytes")
@GOING_UP
def test_both_counts_agree(student, world_size):
    """expected_rank_bytes is weight_bytes of what shard_state_dict gives."""
    arrays = whole_weights(TWO_LAYERS)
    expected = student.expected_rank_bytes(TWO_LAYERS.shapes(), 8, world_size)
    shard = student.shard_state_dict(tensors(arrays), 0, world_size)
    require_state(shard, arrays)
    equal(student.weight_bytes(shard), expected, of="weight_bytes of the shard")


# -- forward -------------------------------------------------------------------------------


@pytest.mark.rubric("logits")
@GOING_UP
def test_blocks_of_zeros(ranks, world_size):
    """With o and down zero, only embedding and last norm are left."""
    arrays = whole_weights(ONE_LAYER)
    for name in ("layers.0.attn.o.weight", "layers.0.mlp.down.weight"):
        arrays[name] = np.zeros_like(arrays[name])
    run, expected = run_forward(ranks, ONE_LAYER, world_size, [0, 1], arrays)
    nudge = "x / √(mean x² + 1e-6) · w, then x @ embed.weight.T. Is the mean over the last axis?"
    nudge = nudge if world_size == 1 else ON_TWO
    require_logits(logits_of(run), expected.logits, nudge=nudge)


@pytest.mark.rubric("logits")
@GOING_UP
def test_an_mlp_alone(ranks, world_size):
    """With o zero, attention gives nothing."""
    arrays = whole_weights(ONE_LAYER)
    arrays["layers.0.attn.o.weight"] = np.zeros((2, 2))
    run, expected = run_forward(ranks, ONE_LAYER, world_size, [1, 3], arrays)
    nudge = (
        "Attention gives zeros here. norm2, up, ReLU, down, sum, residual: which is not in its "
        "place?"
    )
    nudge = nudge if world_size == 1 else ON_TWO
    require_logits(logits_of(run), expected.logits, nudge=nudge)


@pytest.mark.rubric("logits")
@GOING_UP
def test_attention_alone(ranks, world_size):
    """With down zero, the MLP gives nothing."""
    arrays = whole_weights(ONE_LAYER)
    arrays["layers.0.mlp.down.weight"] = np.zeros((4, 2))
    run, expected = run_forward(ranks, ONE_LAYER, world_size, [0, 1, 3], arrays)
    nudge = (
        "The MLP gives zeros here. Which tokens may token 1 see, and by what are scores divided "
        "at head size 1?"
    )
    nudge = nudge if world_size == 1 else ON_TWO
    require_logits(logits_of(run), expected.logits, nudge=nudge)


@pytest.mark.rubric("logits")
@GOING_UP
def test_two_layers(ranks, world_size):
    """Two heads of size 2, five tokens."""
    run, expected = run_forward(ranks, TWO_LAYERS, world_size, [0, 1, 2, 3, 4])
    nudge = "Here a head has 2 columns. By what are scores divided, and which norm is whose?"
    nudge = nudge if world_size == 1 else ON_TWO
    require_logits(logits_of(run), expected.logits, nudge=nudge)


@pytest.mark.rubric("logits")
def test_one_token_and_names_in_another_order(ranks):
    """A shard's names may stand in any order; the last id of a vocabulary is one of its ids."""
    arrays = dict(reversed(whole_weights(TWO_LAYERS).items()))
    run, expected = run_forward(ranks, TWO_LAYERS, 2, [4], arrays)
    nudge = "Which line of yours takes a place in the dict for a name, or one token for none?"
    require_logits(logits_of(run), expected.logits, nudge=nudge)


@pytest.mark.rubric("logits")
def test_small_numbers(ranks):
    """Embeddings of about 1e-3: the 1e-6 of the norm counts."""
    arrays = whole_weights(ONE_LAYER)
    arrays["embed.weight"] = arrays["embed.weight"] / 1024
    run, expected = run_forward(ranks, ONE_LAYER, 2, [0, 1], arrays)
    require_logits(logits_of(run), expected.logits, nudge="Where does the 1e-6 stand in the norm?")


@pytest.mark.rubric("logits")
def test_logits_keep_the_dtype(ranks):
    """float32 weights give float32 logits."""
    arrays = {name: a.astype(np.float32) for name, a in whole_weights(ONE_LAYER).items()}
    shards, ids = PerRank(parts(arrays, 2)), Tensor(np.array([0, 1]))
    run = ranks(2).forward(ids, shards, Fields(ONE_LAYER.as_dict()), TORCH_GROUP)
    got = logits_of(run)
    is_right = isinstance(got, Tensor) and got.dtype == "float32"
    require(is_right, "logits: a float32 tensor", got)


@pytest.mark.rubric("all-reduces")
@pytest.mark.parametrize("num_layers", [1, 2])
def test_two_sums_a_layer(ranks, num_layers, picture):
    """Each of T·H entries, each of partial products. Then: what every rank holds."""
    config = Config(4, 2, 4, num_layers, 2)
    run, expected = run_forward(ranks, config, 2, [0, 1, 3])
    got = ", ".join(run.ops) or "none"
    nudge = "One after attention, one after the MLP. Which of yours is neither?"
    if len(run.ops) == 2 * num_layers:
        nudge = "Which collective leaves the sum on every rank, and nothing else?"
    right = run.ops == ("all_reduce",) * (2 * num_layers)
    wanted = f"collectives: {', '.join(['all_reduce'] * 2 * num_layers)}"
    layers = "1 layer" if num_layers == 1 else f"{num_layers} layers"
    require(right, wanted, f"collectives: {got}", note=f"{layers}, two sums each", nudge=nudge)
    for record in run.log:
        place = f"rank {record.rank}, all-reduce {record.step}"
        right = record.dtype == "float64" and record.nbytes == 3 * 2 * 8
        facts = f"{record.nbytes} bytes of {record.dtype}"
        require(right, f"{place}: 48 bytes of float64 (3 tokens, hidden 2)", facts)
        part = expected.partials[record.step - 1][record.rank]
        require(record.payload is not None, f"{place}: a tensor", "none")
        nudge = "Which term do both ranks have in full, and how often does the sum count it?"
        handed = record.payload.reshape(part.value.shape)
        within(handed, part.value, part.error, of=f"handed in by {place}", nudge=nudge)
    require_logits(logits_of(run), expected.logits)
    if num_layers == 2:
        draw(picture, config, run)


@pytest.mark.rubric("all-reduces")
def test_a_group_of_two_ranks_of_three(ranks):
    """Rank 0 of the group is rank 1 of the world: sums and sizes are the group's."""
    group = TorchGroup(members=(1, 2), world=3)
    run, expected = run_forward(ranks, ONE_LAYER, 2, [0, 1, 3], group=group)
    nudge = "The group is a part of the world. Which of your calls asks about the world instead?"
    require(
        run.ops == ("all_reduce",) * 2, "2 all_reduce", ", ".join(run.ops) or "none", nudge=nudge
    )
    require_logits(logits_of(run), expected.logits, nudge=nudge)


def draw(picture, config, run):
    """What splits and what does not: bytes of every rank, beside those of one alone."""
    cut = sum(8 * np.prod(s) for n, s in config.shapes().items() if "attn" in n or "mlp" in n)
    kept = sum(8 * np.prod(s) for s in config.shapes().values()) - cut
    shares = (("TP 1 rank 0", 1), ("TP 2 rank 0", 2), ("TP 2 rank 1", 2))
    ranks = tuple(Held(label, (int(cut // share), int(kept))) for label, share in shares)
    kinds = Part("#", "attention and MLP, cut"), Part("=", "embedding and norms, whole")
    picture.draw(MemoryBars("what each rank holds", kinds, ranks))
    picture.line(f"Cost: {len(run.ops)} all-reduces of {run.log[0].nbytes} bytes: 2 a layer.")


# -- errors --------------------------------------------------------------------------------


@pytest.mark.rubric("errors")
@pytest.mark.parametrize("wrong", [True, 1.0])
def test_no_integers(student, wrong):
    """Where a number counts ranks or bytes."""
    state, shapes = tensors(whole_weights(ONE_LAYER)), ONE_LAYER.shapes()
    student.raises(TypeError, "rank").shard_state_dict(state, wrong, 2)
    student.raises(TypeError, "world_size").shard_state_dict(state, 0, wrong)
    student.raises(TypeError, "dtype_bytes").expected_rank_bytes(shapes, wrong, 2)
    student.raises(TypeError, "world_size").expected_rank_bytes(shapes, 4, wrong)


@pytest.mark.rubric("errors")
@pytest.mark.parametrize(("rank", "world_size"), [(2, 2), (-1, 2)])
def test_no_such_rank(student, rank, world_size):
    """Ranks are 0 and 1."""
    state = tensors(whole_weights(ONE_LAYER))
    student.raises(ValueError, ("rank", rank)).shard_state_dict(state, rank, world_size)


@pytest.mark.rubric("errors")
def test_three_ranks_do_not_fit(student):
    """Neither hidden 2 nor ffn 4 divides by 3."""
    naming = AnyOf("the dimension or world_size", 2, 4, 3)
    state = tensors(whole_weights(ONE_LAYER))
    student.raises(ValueError, naming).shard_state_dict(state, 0, 3)
    student.raises(ValueError, naming).expected_rank_bytes(ONE_LAYER.shapes(), 4, 3)


@pytest.mark.rubric("errors")
@pytest.mark.parametrize("token", [4, -1])
def test_token_ids_outside_the_vocabulary(ranks, token):
    """Ids are 0 to 3, and every rank refuses others."""
    shards, ids = PerRank(parts(whole_weights(ONE_LAYER), 2)), Tensor(np.array([0, token]))
    refusing = ranks(2).raises(ValueError, token)
    refusing.forward(ids, shards, Fields(ONE_LAYER.as_dict()), TORCH_GROUP)


@pytest.mark.rubric("errors")
def test_one_head_is_not_shared(ranks):
    """hidden 2 divides by two ranks, one head does not."""
    config = Config(vocab=4, hidden=2, ffn=4, num_layers=1, num_heads=1)
    shards, ids = PerRank(parts(whole_weights(config), 2)), Tensor(np.array([0]))
    refusing = ranks(2).raises(ValueError, ("heads", 1))
    refusing.forward(ids, shards, Fields(config.as_dict()), TORCH_GROUP)


@pytest.mark.rubric("errors")
@pytest.mark.parametrize("change", ["unknown", "missing", "missing-layer"])
def test_names_that_do_not_fit(student, ranks, change):
    """In a state dict, in shapes and in a shard."""
    arrays, naming = whole_weights(TWO_LAYERS), ()
    if change == "unknown":
        arrays["layers.0.bias"], naming = np.ones(4), "bias"
    elif change == "missing":
        naming = "norm2"
        del arrays["layers.1.norm2.weight"]
    else:
        arrays = {n: array for n, array in arrays.items() if not n.startswith("layers.0.")}
    student.raises(ValueError, naming).shard_state_dict(tensors(arrays), 0, 2)
    shapes = {name: array.shape for name, array in arrays.items()}
    student.raises(ValueError, naming).expected_rank_bytes(shapes, 4, 2)
    shards, ids = PerRank(parts(arrays, 2)), Tensor(np.array([0]))
    refusing = ranks(2).raises(ValueError, naming)
    refusing.forward(ids, shards, Fields(TWO_LAYERS.as_dict()), TORCH_GROUP)


# -- the trace of `shardlab capture` -------------------------------------------------------


@pytest.mark.rubric("trace-shards")
def test_trace_of_shards(trace):
    """Names, shapes, bytes and hashes."""
    trace.holds("shards")


@pytest.mark.rubric("trace-reductions")
def test_trace_of_reductions(trace):
    """Six all-reduces, P0 + P1 bit for bit."""
    trace.holds("reductions")


@pytest.mark.rubric("trace-logits")
def test_trace_of_logits(trace):
    """The model's, within the rounding of float32."""
    trace.holds("logits")


@pytest.mark.rubric("trace-memory")
def test_trace_of_memory(trace):
    """Parameters to the byte, blocks of 512, segments of 2 MiB."""
    trace.holds("memory")
