"""Receipts, which the course signs when it takes a bundle in, and anyone can verify offline.

The signature is over a text with one fact a line, not over the file's JSON: a receipt that was
laid out anew stays valid.
"""

import json
from collections.abc import Mapping
from datetime import UTC
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta
from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

from grader.course import Course
from grader.course.key import RECEIPT_KEY, Approve, present_key, receipt_seed
from grader.errors import UsageError
from grader.intake.archive import BundleError
from grader.intake.bundle import Manifest, Sha256, Slug, StudentId, Time
from grader.submissions import read_regular
from grader.text.shown import escaped

MAX_RECEIPT_BYTES = 16 << 10
_PREFIX = "ed25519:"


class Receipt(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A bundle that was taken in: `sha256` is its digest, `files` are names and their hashes."""

    format: Literal[1]
    course: Annotated[str, Meta(max_length=200)]
    lab: Slug
    student: StudentId
    sha256: Sha256
    files: Annotated[dict[str, Sha256], Meta(max_length=8)]
    attempt: Annotated[int, Meta(ge=1, lt=1 << 31)]
    submitted_at: Time
    received_at: Time


class SignedReceipt(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A receipt as it lies in a file. Its key is a hint: believe only a key that you know."""

    receipt: Receipt
    key: Annotated[str, Meta(pattern=r"^ed25519:[0-9a-f]{64}\Z")]
    signature: Annotated[str, Meta(pattern=r"^[0-9a-f]{128}\Z")]

    def encoded(self) -> bytes:
        """The content of the file: the same bytes for the same receipt."""
        return msgspec.json.format(msgspec.json.encode(self)) + b"\n"


class Signer:
    """Signs with the course's receipt key, which is made on first use."""

    def __init__(self, course_root: Path, course_name: str, approve: Approve | None = None) -> None:
        self._key = SigningKey(receipt_seed(course_root, approve))
        self._course = course_name[:200]

    @property
    def public_key(self) -> str:
        """`ed25519:` and 64 hexadecimal digits: what students verify with."""
        return _PREFIX + bytes(self._key.verify_key).hex()

    def sign(
        self, manifest: Manifest, *, attempt: int, submitted_at: Time, received_at: Time
    ) -> SignedReceipt:
        """The receipt of a bundle that was taken in as that attempt."""
        receipt = Receipt(
            format=1,
            course=self._course,
            lab=manifest.lab,
            student=manifest.student,
            sha256=manifest.digest,
            files={name: each.sha256 for name, each in sorted(manifest.files.items())},
            attempt=attempt,
            submitted_at=submitted_at.astimezone(UTC),
            received_at=received_at.astimezone(UTC),
        )
        signature = self._key.sign(_signed_text(receipt)).signature
        return SignedReceipt(receipt, self.public_key, signature.hex())


def public_key(course_root: Path, approve: Approve | None = None) -> str:
    """The public half of the course's receipt key, which is made if there is none."""
    return Signer(course_root, "", approve).public_key


def known_key(course: Course) -> str:
    """The public key that was released with the course, or its own; empty if neither is here."""
    if course.receipt_key:
        return checked_key(course.receipt_key)
    staff = (course.root / "tests" / "hidden").is_dir()  # the copy whose key signs
    return public_key(course.root, course.approve) if has_key(course.root) or staff else ""


def has_key(course_root: Path) -> bool:
    """Whether the course has a receipt key already; to sign makes one."""
    return present_key(course_root, RECEIPT_KEY)[1] is not None


def read_receipt(path: Path) -> SignedReceipt:
    """The receipt in the file, whose signature nobody has verified yet."""
    try:
        return msgspec.json.decode(read_regular(path, MAX_RECEIPT_BYTES), type=SignedReceipt)
    except OSError as error:
        raise UsageError(f"{path} can't be read: {error.strerror or error}") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BundleError(f"it is no receipt: {escaped(str(error))[:200]}") from None


def verify(signed: SignedReceipt, key: str) -> Receipt:
    """The receipt, if `key` signed every fact in it; else BundleError says what is wrong."""
    key = checked_key(key)
    try:
        verify_key = VerifyKey(bytes.fromhex(key.removeprefix(_PREFIX)))
        verify_key.verify(_signed_text(signed.receipt), bytes.fromhex(signed.signature))
    except (BadSignatureError, ValueError):
        if signed.key != key:
            raise BundleError(
                f"it was signed with another key than this course's: {signed.key[:16]}.., "
                f"and the course's is {key[:16]}.."
            ) from None
        raise BundleError(
            "its signature does not fit: something in it was changed, or it was forged"
        ) from None
    return signed.receipt


def file_problem(receipt: Receipt, files: Mapping[str, str]) -> str:
    """How the files at hand (name to sha256) differ from those taken in; empty if they don't."""
    for name, digest in files.items():
        expected = receipt.files.get(name)
        if expected is None and digest in receipt.files.values():
            continue  # the same file under another name
        if expected is None:
            return f"{escaped(name)} is none of the files taken in: {', '.join(receipt.files)}"
        if expected != digest:
            return f"{escaped(name)} is not what was taken in: its sha256 differs"
    return ""


def checked_key(key: str) -> str:
    """The public key in full form, `ed25519:` and 64 digits, however it was written."""
    digits = key.strip().lower().removeprefix(_PREFIX)
    if len(digits) != 64 or set(digits) - set("0123456789abcdef"):
        raise UsageError(f"a receipt key is 64 digits of 0-9a-f, got '{escaped(key)[:80]}'")
    return _PREFIX + digits


def _signed_text(receipt: Receipt) -> bytes:
    """The text that is signed: one fact a line, none of which can hold a line's end."""
    times = (receipt.submitted_at, receipt.received_at)
    lines = [
        "shardlab receipt 1",
        json.dumps(receipt.course),
        receipt.lab,
        receipt.student,
        receipt.sha256,
        *(f"{json.dumps(name)} {digest}" for name, digest in sorted(receipt.files.items())),
        str(receipt.attempt),
        *(time.isoformat(timespec="microseconds") for time in times),
    ]
    return "\n".join(lines).encode()
