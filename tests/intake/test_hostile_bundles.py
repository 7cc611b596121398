"""Bundles that lie: each is refused by name with its reason, and the rest is collected."""

import hashlib
import io
import json
import os
import struct
import zipfile
import zlib
from datetime import UTC, datetime, timedelta

import pytest

from grader.intake.archive import BundleError, stored_zip
from grader.intake.bundle import MAX_BUNDLE_BYTES, read_bundle
from grader.submissions import MAX_SOURCE_BYTES

NOW = datetime(2025, 11, 22, 14, 3, tzinfo=UTC)
GOOD = b"def add(x, y):\n    return x + y\n"
FILES = {"adding.py": GOOD}
LINK, FOLDER, PIPE = 0o120777, 0o040755, 0o010644


def entry(content):
    return {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}


def manifest(files=FILES, /, **changes):
    """A manifest as JSON that fits the files, but for the changes."""
    facts = {
        "format": 1,
        "lab": "adding",
        "student": "s1",
        "files": {name: entry(content) for name, content in files.items()},
        "created_at": NOW.isoformat(),
        "tool": "shardlab 0.1.0",
    }
    return json.dumps(facts | changes).encode()


def bundle(files=FILES, said=None, **changes):
    """A bundle in the right form with what the manifest says changed: of `said` files, if given."""
    changes |= {} if said is None else {"files": said}
    return stored_zip({"manifest.json": manifest(files, **changes)} | files)


def any_zip(*members, method=zipfile.ZIP_STORED, mode=0o100644):
    """A zip of pairs, however odd."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in members:
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            archive.writestr(info, content, method)
    return buffer.getvalue()


def with_member(name, content=b"", mode=0o100644):
    """The bundle, and one member more than its manifest knows."""
    return any_zip(("manifest.json", manifest()), ("adding.py", GOOD), (name, content), mode=mode)


def twice(name):
    """A zip with two members of one name; zipfile would warn of it, so it is named afterwards."""
    return with_member("X" * len(name), b"evil").replace(b"X" * len(name), name.encode())


def patched(raw, at, content):
    return raw[:at] + content + raw[at + len(content) :]


def in_directory(raw, offset, content):
    """The zip with bytes of its first directory entry replaced."""
    return patched(raw, raw.index(b"PK\1\2") + offset, content)


def overlapping():
    """Two entries of the directory that share one member's bytes, to be read twice."""
    raw = bundle()
    first = raw.index(b"PK\1\2")
    second = raw.index(b"PK\1\2", first + 4)
    one = raw[second : raw.index(b"PK\5\6")]
    end = bytearray(raw[raw.index(b"PK\5\6") :])
    end[8:12] = struct.pack("<HH", 3, 3)
    directory = raw[first : raw.index(b"PK\5\6")] + one.replace(b"adding.py", b"adding.pz")
    end[12:16] = struct.pack("<I", len(directory))
    return raw[:first] + directory + bytes(end)


def claims_size(size):
    """A member whose directory entry says that it holds more than the file has."""
    raw = bundle()
    at = raw.rindex(b"PK\1\2")
    return patched(patched(raw, at + 20, struct.pack("<I", size)), at + 24, struct.pack("<I", size))


def zip64():
    """A zip whose end points to a zip64 end, which may say anything of the directory."""
    raw = bundle()
    locator = b"PK\6\7" + struct.pack("<LQL", 0, 0, 1)
    at = raw.index(b"PK\5\6")
    return raw[:at] + locator + raw[at:]


def local_name_differs():
    """Some readers go by the local header, some by the directory: here these differ."""
    raw = bundle()
    return patched(raw, raw.index(b"adding.py", raw.index(b"}PK")), b"setup.cfg")


def local_size_differs():
    """The local header gives another size than the directory."""
    raw = bundle()
    return patched(raw, raw.rindex(b"PK\3\4") + 22, struct.pack("<I", 1))


def with_extra_field():
    """A member with room for what no reader looks at."""
    info = zipfile.ZipInfo("adding.py", (2000, 1, 1, 0, 0, 0))
    info.external_attr, info.extra = 0o100644 << 16, struct.pack("<HH", 0x9999, 4) + b"evil"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("manifest.json", manifest())
        archive.writestr(info, GOOD)
    return buffer.getvalue()


def with_comment():
    buffer = io.BytesIO(bundle())
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.comment = b"#!/bin/sh"
    return buffer.getvalue()


def bomb():
    """20 MB of zeros in 20 kB."""
    return any_zip(("manifest.json", manifest()), ("adding.py", bytes(20 << 20)),
                   method=zipfile.ZIP_DEFLATED)  # fmt: skip


def quoted(depth):
    """JSON, so deep that a reader that calls itself would run out of stack."""
    return b'{"format":' + b"[" * depth + b"]" * depth + b"}"


TEN_THOUSAND = [(f"m{number}.py", b"") for number in range(10_000)]

HOSTILE = {
    # -- names that lead elsewhere
    "traversal": (with_member("../../adding.py"), "../../adding.py leads out of the bundle"),
    "traversal the Windows way": (with_member("..\\x.py"), "leads out of the bundle"),
    "an absolute path": (with_member("/etc/cron.d/x"), "/etc/cron.d/x leads out of the bundle"),
    "a drive": (with_member("C:/x.py"), "leads out of the bundle"),
    "a sub-folder": (with_member("tests/conftest.py"), "its name is no plain file name"),
    "a folder": (with_member("tests/"), "tests/ is a folder"),
    "NUL in a name": (with_member("adding.pz").replace(b"adding.pz", b"adding\0py"),
                      r"adding\x00py: its name is no plain file name"),
    "a name that is no UTF-8": (with_member("X" * 9).replace(b"X" * 9, b"a\xff\xfe.py\xff\xff\xff"),
                                "its name is no plain file name"),
    "a name that turns the text round": (with_member("a\u202eyp.py"), r"a\u202eyp.py"),
    "a name that paints the terminal": (with_member("\x1b[2J.py"), r"\x1b[2J.py"),
    # -- kinds of members
    "a symbolic link": (any_zip(("manifest.json", manifest()), ("adding.py", b"/etc/passwd"),
                                mode=LINK), "manifest.json is a symbolic link"),
    "a pipe": (with_member("x", mode=PIPE), "is no regular file"),
    "a folder without a slash": (with_member("x", mode=FOLDER), "is a folder"),
    # -- more than one of them
    "two of one name": (twice("adding.py"), "adding.py is there twice"),
    "two but for the case": (with_member("ADDING.py", b"evil"), "ADDING.py is there twice"),
    "two but for the folding": (with_member("man\u0131fest.json"), "no plain file name"),
    "two manifests": (twice("manifest.json"), "manifest.json is there twice"),
    "10,000 members": (any_zip(*TEN_THOUSAND), "it has 10000 members"),
    "a directory that says four and has more": (
        patched(raw := any_zip(*TEN_THOUSAND[:999]), len(raw) - 14, struct.pack("<HH", 4, 4)),
        "it has 4 members, and a bundle 4 at most"),
    "a member the manifest lacks": (bundle(FILES | {"numpy.py": b""}, {"adding.py": entry(GOOD)}),
                                  "numpy.py is not in the manifest"),
    "a member the bundle lacks": (stored_zip({"manifest.json": manifest()}),
                                  "adding.py is in the manifest but not in the bundle"),
    # -- bytes
    "a bomb": (bomb(), "is compressed"),
    "a bzip2 bomb": (any_zip(("manifest.json", bytes(9 << 20)), method=zipfile.ZIP_BZIP2),
                     "is compressed"),
    "encrypted": (in_directory(bundle(), 8, b"\1\0"), "manifest.json is encrypted"),
    "an unheard-of method": (in_directory(bundle(), 10, b"\x63\0"), "is compressed"),
    "more than it holds": (claims_size(1 << 30), "it is damaged"),
    "a member twice in the bytes": (overlapping(), ""),
    "zip64": (zip64(), "zip64"),
    "headers of two minds about the name": (local_name_differs(), "differ"),
    "headers of two minds about the size": (local_size_differs(), "byte for byte"),
    "something hidden in an extra field": (with_extra_field(), "byte for byte"),
    "a comment": (with_comment(), "something follows the end of the zip"),
    "something after the end": (bundle() + b"#!/bin/sh\n", "something follows the end of the zip"),
    "something before the start": (b"#!/bin/sh\n" + bundle(), "byte for byte"),
    "cut short": (bundle()[:-30], "it is cut short"),
    "a byte changed": (bundle().replace(b"x + y", b"x - y"), "it is damaged: Bad CRC"),
    "no zip": (b"#!/bin/sh\nrm -rf ~\n", "it is no zip file"),
    "empty": (b"", "it is no zip file"),
    "an end and nothing else": (b"PK\5\6" + bytes(18), "it has no manifest.json"),
    "too large": (b"PK" + bytes(MAX_BUNDLE_BYTES), "it is larger than 16 MB"),
    "a zip in a zip": (stored_zip({"a.zip": bundle()}), "it has no manifest.json"),
    # -- manifests
    "no manifest": (stored_zip({"adding.py": GOOD}), "it has no manifest.json"),
    "a manifest that is no JSON": (stored_zip({"manifest.json": b"\x80\4N."}), "its manifest.json"),
    "a huge manifest": (bundle(tool="x" * 10_000), "its manifest.json is larger than 8 kB"),
    "a deep manifest": (stored_zip({"manifest.json": quoted(4000)}), "its manifest.json"),
    "an unknown field": (bundle(score=100), "unknown field `score`"),
    "another format": (bundle(format=2), "$.format"),
    "a wrong hash": (bundle(FILES, {"adding.py": entry(GOOD.replace(b"+", b"-"))}),
                     "adding.py is not what the manifest says"),
    "a wrong size": (bundle(FILES, {"adding.py": entry(GOOD) | {"size": 1}}),
                     "adding.py is not what the manifest says"),
    "a negative size": (bundle(FILES, {"adding.py": entry(GOOD) | {"size": -1}}), "size"),
    "a hash that is none": (bundle(FILES, {"adding.py": {"sha256": "x", "size": 1}}),
                            "sha256"),
    "a file of somebody else's lab": (bundle({"ring_cost.py": GOOD}), "it has no adding.py"),
    "a file that the lab does not ask for": (bundle(FILES | {"conftest.py": b"evil"}),
                                             "adding does not ask for a file conftest.py"),
    "a trace that the lab does not ask for": (bundle(FILES | {"adding.trace": b""}),
                                              "does not ask for a file adding.trace"),
    "a file that is too large": (bundle({"adding.py": b"#" * (MAX_SOURCE_BYTES + 1)}),
                                 "adding.py is larger than 256 kB"),
    "no lab of this course": (bundle(lab="other"), "'other', which is no lab of this course"),
    "a lab that is a path": (bundle(lab="../adding"), "$.lab"),
    # -- who and when
    "somebody else": (bundle(student="s2"), "it says that it is s2's, but it is s1's place"),
    "an id that is a path": (bundle(student="../s2"), "is no student id"),
    "an id with a line's end": (bundle(student="s1\n"), "is no student id"),
    "an id that looks like another": (bundle(student="ѕ1"), "says that it is ѕ1's"),
    "an id that turns the text round": (bundle(student="s\u202e1"), "is no student id"),
    "tomorrow": (bundle(created_at=(NOW + timedelta(days=1)).isoformat()), "in the future"),
    "six minutes ahead": (bundle(created_at=(NOW + timedelta(minutes=6)).isoformat()), "future"),
    "the end of time": (bundle(created_at="9999-12-31T23:59:59-23:00"), "in the future"),
    "the beginning of time": (bundle(created_at="0001-01-01T00:00:00+23:00"), "before there were"),
    "a time without a zone": (bundle(created_at="2025-11-22T14:03:00"), "$.created_at"),
    "a time that is a number": (bundle(created_at=1e300), "$.created_at"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_each_is_refused_by_name(name, gather, inbox, put):
    """The file and the reason are told in one printable line, and nothing is found."""
    raw, reason = HOSTILE[name]
    path = put(raw)
    found, refused = gather(inbox)
    assert found == []
    assert list(refused) == [str(path)]
    assert reason in refused[str(path)]
    assert refused[str(path)].isprintable()
    assert len(refused[str(path)]) < 400


def test_the_form_they_are_made_from_is_good(gather, inbox, put):
    """Else the tests above would prove nothing: unchanged, it is collected."""
    put(bundle())
    found, refused = gather(inbox)
    assert [each.submission.files for each in found] == [FILES]
    assert refused == {}


def test_the_rest_is_collected(gather, inbox, put, packed):
    """All of them in one inbox among ten good ones, and nothing is dropped."""
    for number, (raw, _) in enumerate(HOSTILE.values()):
        put(raw, "s1", f"{number:02}.shardlab.zip")
    for number in range(10):
        put(packed(f"good{number}").raw, f"good{number}")
    found, refused = gather(inbox)
    assert [each.student for each in found] == [f"good{number}" for number in range(10)]
    assert len(refused) == len(HOSTILE)


def test_no_byte_of_a_bundle_can_be_changed(packed):
    """Whichever byte it is: a bundle with another one there is refused, by whatever check."""
    raw = packed().raw
    for at in range(len(raw)):
        changed = raw[:at] + bytes([raw[at] ^ 0x20]) + raw[at + 1 :]
        try:
            other = read_bundle(changed)
        except BundleError:
            continue
        # within the manifest, what is not a hash may be said otherwise: a time, a tool, a lab
        assert changed == stored_zip({"manifest.json": _manifest_bytes(changed), **other.files})


def _manifest_bytes(raw):
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        return archive.read("manifest.json")


def test_a_forged_checksum_does_not_help(packed):
    """Who changes the file and mends the zip's own checksum is caught by the sha256."""
    raw = packed().raw
    other = GOOD.replace(b"+", b"-")
    crc = [struct.pack("<I", zlib.crc32(each)) for each in (GOOD, other)]
    with pytest.raises(BundleError, match="not what the manifest says"):
        read_bundle(raw.replace(GOOD, other).replace(*crc))


# -- what lies around in an inbox ------------------------------------------------------------


def test_links_and_strays_in_an_inbox_are_told(gather, inbox, put, packed, tmp_path):
    """Whatever a student can put into a shared folder is named with its reason, once."""
    secret = tmp_path / "secret.shardlab.zip"
    secret.write_bytes(packed().raw)
    put(packed().raw)
    folder = inbox / "adding" / "s1"
    (folder / "link.shardlab.zip").symlink_to(secret)
    (folder / "notes.txt").write_text("please")
    (folder / "folder.shardlab.zip").mkdir()
    os.mkfifo(folder / "pipe.shardlab.zip")
    (inbox / "adding" / "s2").symlink_to(folder)
    (inbox / "adding" / "-s3").mkdir()
    (inbox / "adding" / "s4.py").write_bytes(GOOD)
    (inbox / "other").mkdir()
    (inbox / "a file").write_text("x")
    found, refused = gather(inbox)
    assert [each.student for each in found] == ["s1"]
    reasons = {where.rpartition("/")[2]: reason for where, reason in refused.items()}
    assert {name: words in reasons[name] for name, words in {
        "link.shardlab.zip": "symbolic link",
        "notes.txt": "no bundle",
        "folder.shardlab.zip": "Is a directory",
        "pipe.shardlab.zip": "no regular file",
        "s2": "symbolic link",
        "-s3": "no student id",
        "s4.py": "beside the students' folders",
        "other": "no lab of this course",
        "a file": "folders only",
    }.items()} == dict.fromkeys(reasons, True)  # fmt: skip


def test_a_lab_s_folder_that_is_a_link_is_not_followed(gather, inbox, put, tmp_path, packed):
    """What lies where it leads may be nobody's to hand in."""
    put(packed().raw)
    (inbox / "adding").rename(tmp_path / "elsewhere")
    (inbox / "adding").symlink_to(tmp_path / "elsewhere")
    reason = "an inbox has folders only, one a lab"
    assert gather(inbox) == ([], {str(inbox / "adding"): reason})


def test_a_bundle_under_another_lab_is_refused(course, gather, inbox, put):
    """The folder says which lab; a bundle for another one was put there by mistake or intent."""
    for name in ("assignments", "tests/hidden"):
        other = course.root / name / "other"
        other.mkdir()
        for path in (course.root / name / "adding").iterdir():
            text = path.read_text("utf-8").replace('slug = "adding"', 'slug = "other"')
            (other / path.name).write_text(text, "utf-8")
    (course.root / "course.toml").write_text('name = "x"\nlabs = ["adding", "other"]\n', "utf-8")
    from grader.course import load_course
    from grader.intake.search import find

    path = put(bundle(), slug="other")
    (refusal,) = find(load_course(course.root).labs(), [inbox], now=NOW)
    assert refusal.where == str(path)
    assert refusal.reason == "it is for adding, but lies under other"
