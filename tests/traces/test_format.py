"""Reading a trace: a broken one is refused by the name of its field, at once."""

import json
import struct
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from grader.course import load_course
from grader.evidence import MAX_TRACE_BYTES, Challenge, TraceError, importable
from grader.evidence.format import MAGIC
from grader.evidence.format import read_trace as read_any

ROOT = Path(__file__).parents[2]
COURSE = load_course(ROOT)
LAB = COURSE.lab("two-way-tp")
with importable(LAB.folder, LAB.hidden_suite):
    from evidence.header import Header
    from synthetic import synthetic_trace

read_trace = partial(read_any, kind=Header)
RAW = synthetic_trace(Challenge("two-way-tp", "ab" * 16))
START = len(MAGIC) + 8
(LENGTH,) = struct.unpack("<Q", RAW[len(MAGIC) : START])
HEADER, BODY = RAW[START : START + LENGTH], RAW[START + LENGTH :]


def trace_of(header, body=BODY):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return MAGIC + struct.pack("<Q", len(text)) + text + body


def edited(*path, to):
    header = json.loads(HEADER)
    place = header
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = to
    return trace_of(header)


def test_what_was_written_is_read():
    """Header and tensors."""
    trace = read_trace(RAW)
    assert trace.header.nonce == "ab" * 16
    assert trace.tensors["rank0/logits"].shape == (20, 509)


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        (b"", "file"),
        (b"PK\x03\x04" + RAW, "file"),
        (MAGIC + b"\0\0", "header"),
        (RAW[: START + LENGTH // 2], "header"),
        (trace_of(HEADER[: LENGTH // 2]), "header"),
        (MAGIC + struct.pack("<Q", 1 << 60) + HEADER, "header"),
        (trace_of(b"[" * 900_000), "header"),
        (trace_of(b"\xff\xfe" + HEADER), "header"),
        (RAW[:-100], "tensors[25]"),
        (RAW + b"\0", "tensors"),
        (edited("version", to=2), "version"),
        (edited("nonce", to="zz"), "nonce"),
        (edited("origin", to="dreamt"), "origin"),
        (edited("run", "device", to="tpu"), "run.device"),
        (edited("ranks", to=[]), "ranks"),
        (edited("ranks", 1, "forward_seconds", to=-1.0), "ranks[1].forward_seconds"),
        (edited("ranks", 0, "forward_seconds", to=float("nan")), "ranks[0].forward_seconds"),
        (edited("ranks", 0, "collectives", 2, "seconds", to=float("inf")),
         "ranks[0].collectives[2].seconds"),
        (edited("ranks", 0, "collectives", 2, "count", to="many"),
         "ranks[0].collectives[2].count"),
        (edited("ranks", 0, "collectives", 2, "nbytes", to=1.5),
         "ranks[0].collectives[2].nbytes"),
        (edited("ranks", 0, "parameters", 0, "sha256", to="0"),
         "ranks[0].parameters[0].sha256"),
        (edited("ranks", 0, "memory", "weights", "requested", to=-1),
         "ranks[0].memory.weights.requested"),
        (edited("tensors", 0, "shape", to=[1 << 30, 1 << 30]), "tensors[0]"),
        (edited("tensors", 0, "dtype", to="object"), "tensors[0].dtype"),
        (edited("tensors", 1, "name", to="rank0/reduce0/in"), "tensors[1]"),
        (edited("surprise", to=1), "header"),
    ],
)  # fmt: skip
def test_a_broken_trace_is_refused_by_its_field(raw, field, counted):
    """The text begins with the field's name, and no size that is claimed costs work."""
    with counted, pytest.raises(TraceError) as refused:
        read_trace(raw)
    assert str(refused.value).startswith(field), str(refused.value)
    assert counted.count < 10_000


def test_tensors_that_are_not_finite_are_refused_by_name():
    """One NaN among 2400 entries."""
    body = bytearray(BODY)
    body[400:404] = np.float32(np.nan).tobytes()
    with pytest.raises(TraceError, match=r"tensors\[0\] \(rank0/reduce0/in\)"):
        read_trace(trace_of(HEADER, bytes(body)))


def test_a_file_of_200_mb_is_refused_before_it_is_read():
    """By its size alone; of a submission only 16 MiB and a byte are ever read."""
    with pytest.raises(TraceError, match="larger than 16 MiB"):
        read_trace(bytes(MAX_TRACE_BYTES + 1))
