"""Receipts: what the course signed verifies anywhere, and nothing else does."""

import json
import shutil
from datetime import timedelta

import msgspec
import pytest
from nacl.signing import SigningKey

from grader.course import load_course
from grader.errors import CourseError, UsageError
from grader.intake.archive import BundleError
from grader.intake.receipts import (
    Receipt,
    SignedReceipt,
    Signer,
    file_problem,
    known_key,
    public_key,
    read_receipt,
    verify,
)


@pytest.fixture
def signer(course):
    return Signer(course.root, course.name)


@pytest.fixture
def signed(signer, packed, now):
    """The receipt of a bundle that was collected an hour after it was made."""
    received = now + timedelta(hours=1)
    return signer.sign(packed().manifest, attempt=2, submitted_at=now, received_at=received)


@pytest.fixture
def other_key(tmp_path):
    """The key of another course."""
    (tmp_path / "other").mkdir()
    return public_key(tmp_path / "other")


def saved(folder, signed):
    path = folder / "a.receipt.json"
    path.write_bytes(signed.encoded())
    return path


def test_a_receipt_verifies(signed, signer, packed, tmp_path):
    """Written, read and verified with nothing but the public key, it says what was taken in."""
    receipt = verify(read_receipt(saved(tmp_path, signed)), signer.public_key)
    assert (receipt.course, receipt.lab, receipt.student, receipt.attempt) == (
        "A tiny course", "adding", "s1", 2)  # fmt: skip
    assert receipt.sha256 == packed().digest
    assert receipt.received_at - receipt.submitted_at == timedelta(hours=1)


def test_a_receipt_laid_out_anew_verifies(signed, signer, tmp_path):
    """An editor or a mail that changes spaces and order breaks nothing."""
    path = tmp_path / "a.receipt.json"
    path.write_text(json.dumps(json.loads(signed.encoded()), sort_keys=True), "utf-8")
    assert verify(read_receipt(path), signer.public_key) == signed.receipt


CHANGES = {
    "course": "Another course",
    "lab": "other",
    "student": "s2",
    "sha256": "0" * 64,
    "files": {"adding.py": "0" * 64},
    "attempt": 1,
    "submitted_at": "2025-11-21T14:03:00Z",
    "received_at": "2025-11-21T15:03:00Z",
}


def test_every_fact_is_in_the_table_below():
    """So that a fact that is added later is signed, or this fails."""
    assert set(CHANGES) | {"format"} == set(Receipt.__struct_fields__)


@pytest.mark.parametrize("fact", CHANGES)
def test_no_fact_can_be_changed(signed, signer, fact, tmp_path):
    """Whichever it is, the signature no longer fits."""
    facts = json.loads(signed.encoded())
    facts["receipt"][fact] = CHANGES[fact]
    path = tmp_path / "a.receipt.json"
    path.write_text(json.dumps(facts), "utf-8")
    with pytest.raises(BundleError, match="changed, or it was forged"):
        verify(read_receipt(path), signer.public_key)


def test_a_forger_s_own_key_is_not_believed(signed, signer, other_key):
    """Signed anew with the forger's key, which the file names as its own, or as the course's."""
    forger = SigningKey.generate()
    claims = "ed25519:" + bytes(forger.verify_key).hex()
    own = SignedReceipt(signed.receipt, claims, forger.sign(b"anything").signature.hex())
    with pytest.raises(BundleError, match="another key than this course's"):
        verify(own, signer.public_key)
    posed = SignedReceipt(signed.receipt, signer.public_key, own.signature)
    with pytest.raises(BundleError, match="forged"):
        verify(posed, signer.public_key)
    with pytest.raises(BundleError, match="another key"):
        verify(signed, other_key)


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"[" * 9000, b"\xff", b'{"receipt": 3}', b"x" * 20_000, b'{"key": "\x1b[2J"}'],
    ids=["empty", "no fields", "deep", "no UTF-8", "no receipt", "long", "paints"],
)  # fmt: skip
def test_what_is_no_receipt_is_told(content, tmp_path):
    """One printable line, never a traceback."""
    path = tmp_path / "a.receipt.json"
    path.write_bytes(content)
    with pytest.raises(BundleError, match="it is no receipt") as caught:
        read_receipt(path)
    assert str(caught.value).isprintable()


def test_a_receipt_that_is_not_there_is_told(tmp_path):
    """The path and the system's reason."""
    with pytest.raises(UsageError, match="No such file"):
        read_receipt(tmp_path / "a.receipt.json")


@pytest.mark.parametrize("key", ["", "ed25519:", "ed25519:xyz", "0" * 63, "RSA " + "0" * 64])
def test_what_is_no_key_is_told(signed, key):
    """A key that was cut when it was copied is not a forged receipt."""
    with pytest.raises(UsageError, match="64 digits"):
        verify(signed, key)


def test_a_key_may_be_written_as_people_do(signed, signer):
    """With or without its kind, in capitals, with white space around."""
    digits = signer.public_key.removeprefix("ed25519:")
    for written in (digits, digits.upper(), f" {signer.public_key}\n"):
        assert verify(signed, written) == signed.receipt


def test_files_are_compared_with_what_was_received(signed):
    """By hash, whatever the file is called now."""
    digest = signed.receipt.files["adding.py"]
    assert file_problem(signed.receipt, {"adding.py": digest}) == ""
    assert file_problem(signed.receipt, {"mine.py": digest}) == ""
    assert "not what was taken in" in file_problem(signed.receipt, {"adding.py": "0" * 64})
    assert "none of the files taken in" in file_problem(signed.receipt, {"x.py": "0" * 64})
    files = signed.receipt.files | {"adding.trace": "1" * 64}
    both = msgspec.structs.replace(signed.receipt, files=files)
    assert "not what was taken in" in file_problem(both, {"adding.py": "1" * 64})


# -- the key ---------------------------------------------------------------------------------


def test_the_key_is_made_once_and_is_the_owner_s_alone(course):
    """The second signer has the first one's key, which nobody else may read."""
    key = public_key(course.root)
    assert public_key(course.root) == key
    assert (course.root / ".receipt-key").stat().st_mode & 0o777 == 0o600


def test_the_key_may_come_from_the_environment(course, monkeypatch):
    """A server has no key file; none is made then."""
    monkeypatch.setenv("SHARDLAB_RECEIPT_KEY", "ab" * 32)
    assert public_key(course.root) == known_key(course)
    assert not (course.root / ".receipt-key").exists()


@pytest.mark.parametrize("content", ["", "short", "Z" * 64, "ab" * 31])
def test_a_damaged_key_is_refused_not_replaced(course, content):
    """With a new one every receipt out there would look forged."""
    (course.root / ".receipt-key").write_text(content)
    with pytest.raises(CourseError, match=r"\.receipt-key: expected 64 digits"):
        public_key(course.root)
    assert (course.root / ".receipt-key").read_text() == content


def test_a_course_without_a_key_knows_none(course):
    """Asking does not make one: a student's copy must not get a key of its own."""
    shutil.rmtree(course.root / "tests" / "hidden")
    assert known_key(course) == ""
    assert not (course.root / ".receipt-key").exists()


@pytest.mark.parametrize("place", ["file", "environment"])
def test_who_has_the_key_knows_it_without_the_hidden_tests(course, monkeypatch, place):
    """A server that only collects signs, and verifies what it signed."""
    shutil.rmtree(course.root / "tests" / "hidden")
    if place == "file":
        (course.root / ".receipt-key").write_text("ab" * 32)
    else:
        monkeypatch.setenv("SHARDLAB_RECEIPT_KEY", "ab" * 32)
    key = "ed25519:" + bytes(SigningKey(bytes.fromhex("ab" * 32)).verify_key).hex()
    assert known_key(course) == key


def test_staff_who_start_a_lab_know_the_key_that_will_sign(course):
    """In the copy that signs, the key is there before the first receipt is."""
    assert known_key(course) == public_key(course.root)


def test_the_released_key_is_the_signing_one(course, signer, tmp_path):
    """What `release` writes into course.toml verifies what `collect` signs."""
    from grader.validation.labs_bundle import members

    content = dict(members(course, [course.lab("adding")]))["course.toml"]
    (tmp_path / "course.toml").write_bytes(content)
    released = load_course(tmp_path)
    assert known_key(released) == signer.public_key
    assert (course.root / ".receipt-key").read_text().strip().encode() not in content


def test_a_signature_is_the_same_every_time(signer, packed, now):
    """Collecting again writes the same receipt, so one that was lost can be made again."""
    once, twice = (
        signer.sign(packed().manifest, attempt=1, submitted_at=now, received_at=now) for _ in "ab"
    )
    assert once.encoded() == twice.encoded()
    assert msgspec.json.decode(once.encoded(), type=SignedReceipt) == once
