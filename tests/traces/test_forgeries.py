"""Forged traces: each is an edit of a synthetic one, and loses exactly what it should."""

import hashlib
from functools import cache
from pathlib import Path

import msgspec
import numpy as np
import pytest

from grader.course import load_course
from grader.evidence import Challenge, importable, kind_of, nonce_of
from grader.evidence.format import write_trace

ROOT = Path(__file__).parents[2]
COURSE = load_course(ROOT)
LAB = COURSE.lab("two-way-tp")
with importable(LAB.folder, LAB.hidden_suite):
    from evidence.model import shard_of
    from evidence.task import Task
    from synthetic import synthetic_parts

KEY = b"a course key of the tests"
CHALLENGE = Challenge(LAB.slug, nonce_of(KEY, LAB.slug, "ada"))
TASK = Task(CHALLENGE)
KIND = kind_of(LAB)


@cache
def honest(device="cuda"):
    return synthetic_parts(CHALLENGE, device)


def changed(struct, **fields):
    return msgspec.structs.replace(struct, **fields)


def with_ranks(header, edit):
    """The header with each rank edited."""
    return changed(header, ranks=tuple(edit(rank) for rank in header.ranks))


def on_rank(number, edit):
    return lambda rank: edit(rank) if rank.rank == number else rank


def with_events(edit):
    return lambda rank: changed(rank, collectives=tuple(map(edit, rank.collectives)))


def with_parameters(edit):
    return lambda rank: changed(rank, parameters=tuple(map(edit, rank.parameters)))


def with_weights(**change):
    """The reading after the weights, each field changed by a function."""

    def edit(rank):
        old = rank.memory.weights
        new = changed(old, **{name: f(getattr(old, name)) for name, f in change.items()})
        return changed(rank, memory=changed(rank.memory, weights=new))

    return edit


def digest(array):
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


# -- each takes header and tensors, and gives them forged ------------------------------------


def another_nonce(header, tensors):
    return changed(header, nonce=nonce_of(KEY, LAB.slug, "bob")), tensors


def whole_trace_of_another(_header, _tensors):
    return synthetic_parts(Challenge(LAB.slug, nonce_of(KEY, LAB.slug, "bob")))


def another_nonce_relabelled(_header, _tensors):
    header, tensors = synthetic_parts(Challenge(LAB.slug, nonce_of(KEY, LAB.slug, "bob")))
    return changed(header, nonce=CHALLENGE.nonce), tensors


def another_lab(header, tensors):
    return changed(header, lab="ring-cost"), tensors


def another_config(header, tensors):
    return changed(header, config=header.config | {"num_layers": 1}), tensors


def rank_twice(header, tensors):
    return changed(header, ranks=(header.ranks[0], header.ranks[0])), tensors


def full_weights(header, tensors):
    full = {n: (w.shape, w.nbytes, digest(w)) for n, w in TASK.weights.items()}
    edit = with_parameters(lambda p: changed(
        p, shape=full[p.name][0], nbytes=full[p.name][1], sha256=full[p.name][2]))  # fmt: skip
    return with_ranks(header, edit), tensors


def one_hash_twice(header, tensors):
    first = {p.name: p.sha256 for p in header.ranks[0].parameters}
    edit = with_parameters(lambda p: changed(p, sha256=first[p.name]))
    return with_ranks(header, on_rank(1, edit)), tensors


def ranks_exchanged(header, tensors):
    zero, one = header.ranks
    swapped = changed(zero, parameters=one.parameters), changed(one, parameters=zero.parameters)
    return changed(header, ranks=swapped), tensors


def norms_halved(header, tensors):
    def half(p):
        halved = {"shape": (p.shape[0] // 2,), "nbytes": p.nbytes // 2}
        return changed(p, **halved) if len(p.shape) == 1 else p

    return with_ranks(header, with_parameters(half)), tensors


def one_parameter_missing(header, tensors):
    return with_ranks(header, lambda r: changed(r, parameters=r.parameters[1:])), tensors


def rank_1_is_rank_0_less_epsilon(header, tensors):
    forged = dict(tensors)
    for index in range(6):
        forged[f"rank1/reduce{index}/in"] = tensors[f"rank0/reduce{index}/in"] - np.float32(1e-6)
        total = forged[f"rank1/reduce{index}/in"] + forged[f"rank0/reduce{index}/in"]
        forged |= {f"rank{r}/reduce{index}/out": total for r in range(2)}
    return header, forged


def all_gather_as_all_reduce(header, tensors):
    def edit(event):
        return changed(event, op="all_gather") if event.sequence == 2 else event

    return with_ranks(header, with_events(edit)), tensors


def gathers_relabelled(header, tensors):
    """What was gathered has twice the entries of a sum."""
    forged = {
        n: np.concatenate([a, a]) if n.endswith("out") else a for n, a in tensors.items()
    }  # fmt: skip
    return header, forged


def bytes_halved(header, tensors):
    return with_ranks(header, with_events(lambda e: changed(e, nbytes=e.nbytes // 2))), tensors


def half_precision(header, tensors):
    edit = with_events(lambda e: changed(e, dtype="bfloat16", nbytes=e.nbytes // 2))
    return with_ranks(header, edit), tensors


def one_all_reduce_a_layer(header, tensors):
    edit = lambda rank: changed(rank, collectives=rank.collectives[:3])  # noqa: E731
    return with_ranks(header, edit), tensors


def order_reversed(header, tensors):
    edit = lambda rank: changed(rank, collectives=rank.collectives[::-1])  # noqa: E731
    return with_ranks(header, edit), tensors


def last_bit_of_a_sum(header, tensors):
    name = "rank1/reduce3/out"
    forged = tensors[name].copy()
    forged[4, 7] = np.nextafter(forged[4, 7], np.float32(9))
    return header, tensors | {name: forged}


def instant_collectives(header, tensors):
    return with_ranks(header, with_events(lambda e: changed(e, seconds=0.0))), tensors


def faster_than_memory(header, tensors):
    return with_ranks(header, with_events(lambda e: changed(e, seconds=5e-10))), tensors


def longer_than_the_whole(header, tensors):
    return with_ranks(header, with_events(lambda e: changed(e, seconds=3.0))), tensors


def instant_forward(header, tensors):
    return with_ranks(header, lambda r: changed(r, forward_seconds=1e-12)), tensors


def computed_unsharded(header, tensors):
    """Rank 0 hands in the whole product, rank 1 zeros: sums and logits are right."""
    forged = dict(tensors)
    for index in range(6):
        forged[f"rank0/reduce{index}/in"] = tensors[f"rank0/reduce{index}/out"]
        forged[f"rank1/reduce{index}/in"] = np.zeros_like(tensors[f"rank1/reduce{index}/in"])
    return header, forged


def halves_of_the_sum(header, tensors):
    forged = dict(tensors)
    for index in range(6):
        for rank in range(2):
            forged[f"rank{rank}/reduce{index}/in"] = tensors[f"rank0/reduce{index}/out"] / 2
    return header, forged


def sums_missing(header, tensors):
    return header, {n: a for n, a in tensors.items() if not n.startswith("rank1/reduce")}


def edited_logits(header, tensors):
    forged = tensors["rank0/logits"].copy()
    forged[3, 100] += 0.01
    return header, tensors | {f"rank{r}/logits": forged for r in range(2)}


def logits_of_one_rank(header, tensors):
    forged = tensors["rank1/logits"].copy()
    forged[0, 0] = np.nextafter(forged[0, 0], np.float32(99))
    return header, tensors | {"rank1/logits": forged}


def logits_in_half(header, tensors):
    half = tensors["rank0/logits"].astype(np.float16).astype(np.float32)
    return header, tensors | {f"rank{r}/logits": half for r in range(2)}


def any_logits_between_huge_sums(header, tensors):
    """Sums of 1e30 that cancel: judged from them, rounding would explain any logits."""
    huge, forged = np.full_like(tensors["rank0/reduce4/out"], 1e30), dict(tensors)
    for rank in range(2):
        forged |= {f"rank{rank}/reduce4/out": huge, f"rank{rank}/reduce5/out": -huge}
        forged[f"rank{rank}/logits"] = np.full_like(tensors["rank0/logits"], 12345)
    return header, forged


def logits_missing(header, tensors):
    return header, {n: a for n, a in tensors.items() if n != "rank1/logits"}


def allocated_unrounded(header, tensors):
    edit = lambda rank: with_weights(allocated=lambda _: rank.memory.weights.requested)(rank)  # noqa: E731
    return with_ranks(header, edit), tensors


def requested_of_the_whole_model(header, tensors):
    whole = sum(w.nbytes for w in TASK.weights.values())
    return with_ranks(header, with_weights(requested=lambda _: whole)), tensors


def a_byte_too_many(header, tensors):
    return with_ranks(header, on_rank(1, with_weights(requested=lambda n: n + 4))), tensors


def reserved_by_the_byte(header, tensors):
    return with_ranks(header, with_weights(reserved=lambda n: n - 4096)), tensors


def a_view_kept_alive(header, tensors):
    """Each part still holds the full tensor: allocated twice what it should be."""
    return with_ranks(header, with_weights(allocated=lambda n: 2 * n - n % 512)), tensors


def no_readings(header, tensors):
    return with_ranks(header, lambda rank: changed(rank, memory=None)), tensors


def gpu_claimed_for_a_cpu_run(_header, _tensors):
    header, tensors = honest("cpu")
    return changed(header, run=changed(header.run, device="cuda", gpus=2)), tensors


def no_such_run(**facts):
    """A way to run that `capture` has not got."""

    def forge(header, tensors):
        return changed(header, run=changed(header.run, **facts)), tensors

    forge.__name__ = "_".join(["run", *map(str, facts.values())])
    return forge


def device_is_a_cpu(header, tensors):
    return with_ranks(header, on_rank(1, lambda rank: changed(rank, device="cpu"))), tensors


ALL = set(KIND.CHECKS)
FORGERIES = [
    (another_nonce, ALL),
    (whole_trace_of_another, ALL),
    (another_nonce_relabelled, {"shards", "reductions", "logits"}),
    (another_lab, ALL),
    (another_config, ALL),
    (rank_twice, ALL),
    (full_weights, {"shards"}),
    (one_hash_twice, {"shards"}),
    (ranks_exchanged, {"shards"}),
    (norms_halved, {"shards"}),
    (one_parameter_missing, {"shards"}),
    (rank_1_is_rank_0_less_epsilon, {"reductions"}),
    (all_gather_as_all_reduce, {"reductions"}),
    (gathers_relabelled, {"reductions"}),
    (bytes_halved, {"reductions"}),
    (half_precision, {"reductions"}),
    (one_all_reduce_a_layer, {"reductions"}),
    (order_reversed, {"reductions"}),
    (last_bit_of_a_sum, {"reductions"}),
    (instant_collectives, {"reductions"}),
    (faster_than_memory, {"reductions"}),
    (longer_than_the_whole, {"reductions"}),
    (instant_forward, {"reductions"}),
    (computed_unsharded, {"reductions"}),
    (halves_of_the_sum, {"reductions"}),
    (sums_missing, {"reductions"}),
    (edited_logits, {"logits"}),
    (logits_of_one_rank, {"logits"}),
    (logits_in_half, {"logits"}),
    (logits_missing, {"logits"}),
    (any_logits_between_huge_sums, {"reductions", "logits"}),
    (allocated_unrounded, {"memory"}),
    (requested_of_the_whole_model, {"memory"}),
    (a_byte_too_many, {"memory"}),
    (reserved_by_the_byte, {"memory"}),
    (a_view_kept_alive, {"memory"}),
    (no_readings, {"memory"}),
    (gpu_claimed_for_a_cpu_run, {"memory"}),
    (no_such_run(gpus=0), {"memory"}),
    (no_such_run(backend="gloo"), {"memory"}),
    (device_is_a_cpu, {"memory"}),
]


def lost(raw):
    flaws = KIND.read(raw, CHALLENGE, synthetic=True).flaws()
    assert all(flaw.text for flaw in flaws), "a flaw without words"
    return ALL if any(not f.check for f in flaws) else {flaw.check for flaw in flaws}


@pytest.mark.parametrize(("forge", "expected"), FORGERIES, ids=[f.__name__ for f, _ in FORGERIES])
def test_a_forgery_loses_exactly_its_points(forge, expected):
    """No more than the checks it breaks, and no fewer."""
    header, tensors = honest()
    assert lost(write_trace(*forge(header, dict(tensors)))) == expected


def test_the_honest_trace_loses_nothing():
    """Every check holds for what an honest run on two GPUs would give."""
    assert lost(write_trace(*honest())) == set()


def test_two_ranks_on_one_gpu_lose_nothing():
    """gloo on one GPU is a way to run: split, sums and memory are real."""
    header, tensors = honest()
    one = changed(header, run=changed(header.run, backend="gloo", gpus=1))
    assert lost(write_trace(one, tensors)) == set()


def test_a_cpu_trace_loses_only_what_a_cpu_cannot_show():
    """And the words say so."""
    raw = write_trace(*honest("cpu"))
    assert lost(raw) == {"memory"}
    (flaw,) = KIND.read(raw, CHALLENGE, synthetic=True).flaws()
    assert "GPU only" in flaw.text


def test_a_synthetic_trace_earns_nothing_by_default():
    """It says in its header that nothing ran."""
    (flaw,) = KIND.read(write_trace(*honest()), CHALLENGE).flaws()
    assert not flaw.check
    assert "synthetic" in flaw.text


def test_both_ranks_parts_make_the_whole():
    """The grader's own slices, glued back, are the weights."""
    parts = [shard_of(TASK.weights, rank, 2) for rank in range(2)]
    whole = np.concatenate([p["layers.0.attn.q.weight"] for p in parts], 1)
    assert (whole == TASK.weights["layers.0.attn.q.weight"]).all()
