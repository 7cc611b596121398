"""Whatever stands in a trace, it is refused by a field's name or judged; nothing else happens."""

import json
import struct
from pathlib import Path

import numpy as np
import pytest

from grader.course import load_course
from grader.evidence import Challenge, importable, kind_of, nonce_of
from grader.evidence.format import MAGIC, write_trace
from grader.suite.evidence import Evidence
from grader.suite.finding import CaseFailure

ROOT = Path(__file__).parents[2]
COURSE = load_course(ROOT)
LAB = COURSE.lab("two-way-tp")
with importable(LAB.folder, LAB.hidden_suite):
    from synthetic import synthetic_parts

KIND = kind_of(LAB)
CHALLENGE = Challenge("two-way-tp", nonce_of(b"a course key of the tests", "two-way-tp", "ada"))
HEADER, TENSORS = synthetic_parts(CHALLENGE)
RAW = write_trace(HEADER, TENSORS)
START = len(MAGIC) + 8
(LENGTH,) = struct.unpack("<Q", RAW[len(MAGIC) : START])
JSON, BODY = json.loads(RAW[START : START + LENGTH]), RAW[START + LENGTH :]
INSTEAD = (None, 0, -1, 2**49, 1e300, "\x1b[2J" * 2000, [[]], float("nan"))


def places(value, path=()):
    """Every place in the header, of lists the last member."""
    yield path
    if isinstance(value, dict):
        for key, each in value.items():
            yield from places(each, (*path, key))
    elif isinstance(value, list) and value:
        index = len(value) - 1
        yield from places(value[index], (*path, index))


def judged(raw):
    """The words for the student; any other exception than the end of a case fails the test."""
    evidence = Evidence(KIND, CHALLENGE, raw, synthetic=True)
    try:
        return [text for check in KIND.CHECKS for text in evidence.flaws(check)]
    except CaseFailure as failure:
        return [failure.finding.error]


PLACES = [path for path in places(JSON) if path]


@pytest.mark.parametrize("path", PLACES, ids=lambda path: ".".join(map(str, path)))
def test_any_field_may_hold_anything(path, counted):
    """Refused or judged, each with bounded work; no text is long or commands a terminal.

    A judgement is some thousand calls; were it to grow with a number in the header, millions.
    """
    for value in INSTEAD:
        header = json.loads(json.dumps(JSON))
        place = header
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = value
        text = json.dumps(header).encode()
        with counted:
            words = judged(MAGIC + struct.pack("<Q", len(text)) + text + BODY)
        assert counted.count < 20_000
        assert max(map(len, words), default=0) < 400
        assert "".join(words).isprintable()


@pytest.mark.parametrize("scale", [0, 1e-30, -1, 1e30, 3e38])
@pytest.mark.parametrize("end", ["in", "out"])
def test_tensors_of_any_size_are_judged(scale, end):
    """Also where sums overflow: found, without a warning."""
    with np.errstate(all="ignore"):
        forged = {
            n: np.clip(a * np.float32(scale), -3e38, 3e38) if n.endswith(end) else a
            for n, a in TENSORS.items()
        }
    assert any("all-reduce" in text for text in judged(write_trace(HEADER, forged)))


def test_random_bytes_in_the_header():
    """A hundred single-byte changes."""
    rng = np.random.default_rng(4)
    for place, byte in zip(rng.integers(0, START + LENGTH, 100), rng.bytes(100), strict=True):
        raw = bytearray(RAW)
        raw[place] = byte
        judged(bytes(raw))
