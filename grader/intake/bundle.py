"""A bundle: the lab's own files of one student, with a manifest that says what they are."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from grader import __version__
from grader.course import Lab
from grader.errors import UsageError
from grader.evidence import MAX_TRACE_BYTES
from grader.intake.archive import MAX_MEMBERS, BundleError, read_stored_zip, stored_zip
from grader.submissions import MAX_SOURCE_BYTES, Submission, from_bytes
from grader.text.ids import MAX_ID_BYTES, is_student_id, student_id
from grader.text.shown import escaped
from grader.text.times import minute

SUFFIX = ".shardlab.zip"
RECEIPT_SUFFIX = ".receipt.json"
MANIFEST = "manifest.json"
MAX_MANIFEST_BYTES = 8 << 10
MAX_BUNDLE_BYTES = MAX_SOURCE_BYTES + MAX_TRACE_BYTES + MAX_MANIFEST_BYTES + 4096
MAX_AHEAD = timedelta(minutes=5)  # by which a student's clock may be before ours
_FIRST = datetime(2020, 1, 1, tzinfo=UTC)  # no bundle is older than the format
_CODE_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's: none looks like another
_RFC4648_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"

StudentId = Annotated[str, Meta(min_length=1, max_length=MAX_ID_BYTES)]  # and see grader.text.ids
Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
Time = Annotated[datetime, Meta(tz=True)]
Slug = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,63}\Z")]
Name = Annotated[str, Meta(max_length=64)]


class FileEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file of a bundle, by its hash."""

    sha256: Sha256
    size: Annotated[int, Meta(ge=0)]


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A bundle's statement about itself. Nothing in it is believed before it is checked."""

    format: Literal[1]
    lab: Slug
    student: StudentId
    files: Annotated[dict[Name, FileEntry], Meta(min_length=1, max_length=MAX_MEMBERS - 1)]
    created_at: Time
    tool: Annotated[str, Meta(max_length=64)]

    @property
    def digest(self) -> str:
        """sha256 over lab, student and files: the same for the same content, whenever packed."""
        lines = ["shardlab bundle 1", self.lab, self.student]
        lines += [
            f"{name}\0{each.size}\0{each.sha256}" for name, each in sorted(self.files.items())
        ]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()


@dataclass(frozen=True)
class Bundle:
    """A manifest, and exactly the files that it lists."""

    manifest: Manifest
    files: Mapping[str, bytes] = field(repr=False)
    raw: bytes = field(repr=False)

    @cached_property
    def digest(self) -> str:
        return self.manifest.digest

    @property
    def stem(self) -> str:
        """`ring--s041--7F3K-92QD`: the beginning of a bundle's file name, with its short code."""
        return f"{self.manifest.lab}--{self.manifest.student}--{short_code(self.digest)}"

    def submission(self, lab: Lab) -> Submission:
        """The submission to grade; if the file is no text, its problem says so."""
        file = lab.assignment.file
        return from_bytes(
            lab, self.manifest.student, self.files[file], self.files.get(trace_name(lab))
        )


def short_code(digest: str) -> str:
    """Forty bits of a sha256 to read out and compare: `7F3K-92QD`."""
    text = base64.b32encode(bytes.fromhex(digest[:10])).decode()
    text = text.translate(str.maketrans(_RFC4648_LETTERS, _CODE_LETTERS))
    return f"{text[:4]}-{text[4:]}"


def receipt_path(bundle: Path) -> Path:
    """The path of a bundle's receipt, beside it."""
    return bundle.with_name(receipt_name(bundle.name))


def receipt_name(bundle: str) -> str:
    """The file name of the receipt of a bundle with this name."""
    return bundle.removesuffix(SUFFIX) + RECEIPT_SUFFIX


def trace_name(lab: Lab) -> str:
    return Path(lab.assignment.file).with_suffix(".trace").name


def pack(lab: Lab, student: str, submission: Submission, *, now: datetime) -> Bundle:
    """The bundle of a submission without a problem. Equal arguments give equal bytes."""
    files = dict(submission.files)
    if submission.trace is not None:
        files[trace_name(lab)] = submission.trace
        if len(submission.trace) > MAX_TRACE_BYTES:
            raise UsageError(
                f"{trace_name(lab)} is larger than {MAX_TRACE_BYTES >> 20} MB; "
                "capture it anew: shardlab capture"
            )
    entries = {name: _entry(content) for name, content in sorted(files.items())}
    created = now.astimezone(UTC).replace(microsecond=0)
    manifest = Manifest(
        1, lab.slug, student_id(student), entries, created, f"shardlab {__version__}"
    )
    encoded = msgspec.json.format(msgspec.json.encode(manifest))
    return Bundle(manifest, files, stored_zip({MANIFEST: encoded} | dict(sorted(files.items()))))


def read_bundle(raw: bytes) -> Bundle:
    """The bundle in these bytes, with every check that needs neither a course nor a clock."""
    if len(raw) > MAX_BUNDLE_BYTES:
        raise BundleError(f"it is larger than {MAX_BUNDLE_BYTES >> 20} MB")
    members = read_stored_zip(raw)
    if MANIFEST not in members:
        raise BundleError(f"it has no {MANIFEST}; 'shardlab submit --pack' makes a bundle")
    manifest = _manifest(members.pop(MANIFEST))
    for problem in _file_problems(manifest, members):
        raise BundleError(problem)
    return Bundle(manifest, members, raw)


def check_bundle(bundle: Bundle, labs: Mapping[str, Lab], *, now: datetime) -> Lab:
    """The bundle's lab; refuses one of another course, a foreign file or a wrong time."""
    manifest = bundle.manifest
    lab = labs.get(manifest.lab)
    if lab is None:
        raise BundleError(f"it is for '{manifest.lab}', which is no lab of this course")
    if problem := _foreign_file(bundle, lab):
        raise BundleError(problem)
    if manifest.created_at > now + MAX_AHEAD:
        when = minute(manifest.created_at, UTC)
        raise BundleError(f"it says that it was made at {when}, in the future")
    if manifest.created_at < _FIRST:
        raise BundleError("it says that it was made before there were bundles")
    return lab


def _entry(content: bytes) -> FileEntry:
    return FileEntry(hashlib.sha256(content).hexdigest(), len(content))


def _manifest(raw: bytes) -> Manifest:
    if len(raw) > MAX_MANIFEST_BYTES:
        raise BundleError(f"its {MANIFEST} is larger than {MAX_MANIFEST_BYTES >> 10} kB")
    try:
        manifest = msgspec.json.decode(raw, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BundleError(f"its {MANIFEST}: {escaped(str(error))[:200]}") from None
    if not is_student_id(manifest.student):
        raise BundleError(f"its {MANIFEST}: '{escaped(manifest.student)[:80]}' is no student id")
    return manifest


def _foreign_file(bundle: Bundle, lab: Lab) -> str:
    """The problem with the files, if any: the lab's own must be there, and no others."""
    file = lab.assignment.file
    allowed = {file: MAX_SOURCE_BYTES}
    if lab.assignment.trace:
        allowed[trace_name(lab)] = MAX_TRACE_BYTES
    if file not in bundle.files:
        return f"it has no {file}, which is what {lab.slug} asks for"
    for name, content in bundle.files.items():
        if name not in allowed:
            return f"{lab.slug} does not ask for a file {escaped(name)}"
        if len(content) > allowed[name]:
            return f"{name} is larger than {allowed[name] >> 10} kB"
    return ""


def _file_problems(manifest: Manifest, members: Mapping[str, bytes]) -> list[str]:
    foreign = [name for name in members if name not in manifest.files]
    problems = [f"member {name} is not in the manifest" for name in foreign]
    for name, entry in manifest.files.items():
        shown = escaped(name)
        if name not in members:
            problems.append(f"{shown} is in the manifest but not in the bundle")
        elif entry != _entry(members[name]):
            problems.append(f"{shown} is not what the manifest says: its sha256 or size differs")
    return problems
