"""Bundles: the same content gives the same bytes, and what was packed is what is read."""

import hashlib
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.course import load_course
from grader.errors import UsageError
from grader.evidence import MAX_TRACE_BYTES
from grader.intake.archive import BundleError, read_stored_zip, stored_zip
from grader.intake.bundle import (
    MAX_AHEAD,
    check_bundle,
    pack,
    read_bundle,
    short_code,
)
from grader.submissions import Submission, from_source


def test_what_was_packed_is_read(packed, lab, now):
    """Lab, student, files and time come out as they went in."""
    bundle = read_bundle(packed("s041").raw)
    assert check_bundle(bundle, {"adding": lab}, now=now).slug == "adding"
    assert (bundle.manifest.student, bundle.manifest.created_at) == ("s041", now)
    assert bundle.submission(lab) == from_source(lab, "s041", bundle.files["adding.py"])


def test_equal_content_gives_equal_bytes(packed):
    """On any machine at any time: these are the bytes of format 1, for ever."""
    packed_now, again = packed(), packed()
    assert packed_now.raw == again.raw
    members = read_stored_zip(packed_now.raw)
    assert list(members) == ["manifest.json", "adding.py"]
    plain = stored_zip({"a.txt": b"one", "b.txt": b"two"})
    assert hashlib.sha256(plain).hexdigest() == GOLDEN


GOLDEN = "2baf561b7a0b2ac3e9935d298528722ca0636c0827c3b59278a0a4e33a5223b6"


def test_the_digest_is_of_the_content_alone(packed, now):
    """Packed an hour later it is another file with the same digest; for another student not."""
    later = packed(now=now + timedelta(hours=1))
    assert later.raw != packed().raw
    assert later.digest == packed().digest
    assert len({packed().digest, packed("s2").digest, packed(source=b"x = 1\n").digest}) == 3


def test_names_say_lab_student_and_content(packed):
    """A person who looks into an inbox sees whose is what."""
    assert packed("s041").stem == f"adding--s041--{short_code(packed('s041').digest)}"


def test_times_are_in_utc(packed):
    """A student's zone is nobody's business, and one instant is one text."""
    zone = timezone(timedelta(hours=-5))
    bundle = packed(now=datetime(2025, 11, 22, 9, 3, 59, 999999, zone))
    assert b'"2025-11-22T14:03:59Z"' in bundle.raw
    assert bundle.manifest.created_at.tzinfo == UTC


def test_a_trace_is_packed_for_a_lab_that_has_one(trace_course, now):
    """It comes back beside the file; one that is too large is refused before it is sent."""
    lab = load_course(trace_course.root).lab("adding")
    submission = Submission("s1", {"adding.py": b"x = 1\n"}, trace=b"SHARDTRACE")
    bundle = read_bundle(pack(lab, "s1", submission, now=now).raw)
    check_bundle(bundle, {"adding": lab}, now=now)
    assert bundle.submission(lab).trace == b"SHARDTRACE"
    huge = Submission("s1", {"adding.py": b"x = 1\n"}, trace=bytes(MAX_TRACE_BYTES + 1))
    with pytest.raises(UsageError, match=r"adding.trace is larger than 16 MB"):
        pack(lab, "s1", huge, now=now)


def test_a_clock_a_little_ahead_is_no_future(packed, lab, now):
    """Five minutes are forgiven, a second more is not."""
    read = read_bundle(packed(now=now + MAX_AHEAD).raw)
    assert check_bundle(read, {"adding": lab}, now=now)
    with pytest.raises(BundleError, match="in the future"):
        check_bundle(read, {"adding": lab}, now=now - timedelta(seconds=1))


def test_a_file_that_is_no_text_is_a_problem_in_words(packed, lab):
    """It was handed in, so it is somebody's submission."""
    submission = read_bundle(packed(source=b"\x00\x01").raw).submission(lab)
    assert "NUL bytes" in submission.problem
    assert submission.student == "s1"


# -- ids and codes ---------------------------------------------------------------------------


def test_short_codes_are_for_reading_out():
    """Eight letters and digits, none of which looks like another, from forty bits of the hash."""
    assert short_code("0" * 64) == "0000-0000"
    assert short_code("f" * 64) == "ZZZZ-ZZZZ"
    assert short_code("0123456789" + "0" * 54) == "04HM-ASW9"


# -- the form --------------------------------------------------------------------------------

NAMES = st.text("abcXYZ019_.-", min_size=1, max_size=20).filter(lambda name: name[0] not in ".-")
MEMBERS = st.lists(st.tuples(NAMES, st.binary(max_size=200)), max_size=4,
                   unique_by=lambda pair: pair[0].casefold())  # fmt: skip


@given(MEMBERS)
def test_what_was_stored_is_read(pairs):
    """Whatever the contents, names and order."""
    members = dict(pairs)
    read = read_stored_zip(stored_zip(members))
    assert list(read.items()) == list(members.items())


@given(MEMBERS, st.data())
def test_no_other_bytes_are_read(pairs, data):
    """Changed, cut or lengthened anywhere, bytes are read only if they are the one form."""
    raw = stored_zip(dict(pairs))
    at = data.draw(st.integers(0, len(raw)))
    cut = data.draw(st.integers(0, 8))
    changed = raw[:at] + data.draw(st.binary(max_size=8)) + raw[at + cut :]
    try:
        members = read_stored_zip(changed)
    except BundleError:
        return
    assert stored_zip(members) == changed


@given(st.binary(max_size=400))
def test_noise_is_refused(noise):
    """Never anything but a BundleError."""
    with pytest.raises(BundleError):
        read_bundle(b"PK\3\4" + noise + b"PK\5\6" + bytes(18))
