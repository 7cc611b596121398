"""Inboxes: what is delivered is whole or not there, whoever is killed, comes twice or at once."""

import errno
import os
import stat
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest

from grader.errors import UsageError
from grader.files.writing import PART
from grader.intake.bundle import read_bundle
from grader.intake.inbox import absolute_inbox, deliver, inbox_folder

FOLDER = Path("adding") / "s1"

# Runs one child after another; the N-th is killed before it runs its N-th line of inbox.py.
KILLER = """
import itertools, os, signal, sys
from pathlib import Path
from grader.intake import inbox
from grader.intake.bundle import read_bundle

root, bundle = Path(sys.argv[1]), read_bundle(Path(sys.argv[2]).read_bytes())

def deliver_and_die_at(number):
    lines = itertools.count(1)
    def trace(frame, event, _):
        if frame.f_code.co_filename != inbox.__file__:
            return None
        if event == "line" and next(lines) == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return trace
    sys.settrace(trace)
    inbox.deliver(root / str(number), bundle)
    os._exit(0)

for number in itertools.count(1):
    (root / str(number)).mkdir()
    if (pid := os.fork()) == 0:
        deliver_and_die_at(number)
    if os.WIFEXITED(os.waitpid(pid, 0)[1]):
        break
"""

# Starts clients that all deliver at the same moment, each the bundle that is named for it.
CROWD = """
import os, sys
from pathlib import Path
from grader.intake.bundle import read_bundle
from grader.intake.inbox import deliver

bundles = [read_bundle(Path(path).read_bytes()) for path in sys.argv[2:]]
ready, go = os.pipe()
pids = []
for bundle in bundles:
    pids.append(os.fork())
    if pids[-1] == 0:
        os.close(go)
        os.read(ready, 1)  # until the parent closes its end
        deliver(Path(sys.argv[1]), bundle)
        os._exit(0)
os.close(go)
assert all(os.waitpid(pid, 0)[1] == 0 for pid in pids)
"""


def names(inbox):
    return sorted(path.name for path in (inbox / FOLDER).iterdir())


def run(script, *arguments):
    """A script in a process of its own, which has to end well."""
    command = [sys.executable, "-c", script, *map(str, arguments)]
    subprocess.run(command, check=True, timeout=120, cwd=Path(__file__).parent.parent.parent)


# -- once ------------------------------------------------------------------------------------


def test_a_bundle_is_delivered(inbox, packed):
    """Below its lab and its student, under the name that it has by its content."""
    bundle = packed()
    delivered = deliver(inbox, bundle)
    assert delivered.new
    assert delivered.path == inbox / FOLDER / f"{bundle.stem}.shardlab.zip"
    assert delivered.path.read_bytes() == bundle.raw
    assert names(inbox) == [delivered.path.name]


def test_what_was_delivered_outlives_a_power_cut(inbox, packed, monkeypatch):
    """The bytes are on the disk before they have their name, and then the name is."""
    steps, sync, link = [], os.fsync, os.link

    def synced(descriptor):
        steps.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")
        sync(descriptor)

    def linked(*arguments, **options):
        steps.append("name")
        link(*arguments, **options)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "link", linked)
    deliver(inbox, packed())
    assert steps == ["file", "name", "folder"]


def test_twice_is_once(inbox, packed, now):
    """Sent again later, what is there stays, with the time of the first."""
    first = deliver(inbox, packed())
    again = deliver(inbox, packed(now=now + timedelta(hours=1)))
    assert (again.path, again.new) == (first.path, False)
    assert read_bundle(first.path.read_bytes()).manifest.created_at == now


def test_what_is_there_already_needs_no_room(inbox, packed, monkeypatch):
    """On a full drive, too, the student is told that it has arrived."""
    first = deliver(inbox, packed())

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    assert deliver(inbox, packed()).path == first.path


def test_going_back_is_a_submission_of_its_own(inbox, packed, now):
    """A, B, and A again are three: the last may be what counts. Sent twice, it is one."""
    first, second = packed(), packed(source=b"x = 1\n", now=now + timedelta(minutes=1))
    third = packed(now=now + timedelta(minutes=2))
    paths = [deliver(inbox, each).path.name for each in (first, second, third, third)]
    assert paths[2] == f"{first.stem}-2.shardlab.zip" == paths[3]
    assert len(names(inbox)) == 3


def test_what_is_there_is_never_replaced(inbox, packed):
    """Something else under the name, whoever put it there, stays; the bundle gets another name."""
    bundle = packed()
    taken = inbox / FOLDER / f"{bundle.stem}.shardlab.zip"
    taken.parent.mkdir(parents=True)
    taken.write_bytes(b"half a bundle")
    delivered = deliver(inbox, bundle)
    assert delivered.path.name == f"{bundle.stem}-2.shardlab.zip"
    assert taken.read_bytes() == b"half a bundle"


def test_a_drive_without_links_will_do(inbox, packed, monkeypatch, now):
    """Network drives have none; the name is given by renaming, and still replaces nothing."""

    def no_links(*_, **__):
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    for minute, source in enumerate((b"a = 1\n", b"b = 1\n", b"a = 1\n")):
        assert deliver(inbox, packed(source=source, now=now + timedelta(minutes=minute))).new
    assert len(names(inbox)) == 3


# -- what goes wrong -------------------------------------------------------------------------


def test_killed_at_any_line_nothing_is_half_there(tmp_path, packed, gather):
    """Killed before each line that delivery runs: collecting finds the whole bundle or none.

    What it finds besides is named as broken off. Sent again, there is one submission.
    """
    bundle = packed()
    (tmp_path / "bundle").write_bytes(bundle.raw)
    (tmp_path / "inboxes").mkdir()
    run(KILLER, tmp_path / "inboxes", tmp_path / "bundle")
    inboxes = sorted((tmp_path / "inboxes").iterdir(), key=lambda path: int(path.name))
    assert len(inboxes) > 25
    whole = []
    for inbox in inboxes:
        found, refused = gather(inbox)
        assert all(where.endswith(PART) and "broken off" in why for where, why in refused.items())
        assert [each.submission.files for each in found] in ([], [dict(bundle.files)])
        whole.append(len(found))
        deliver(inbox, bundle)
        assert len(gather(inbox)[0]) == 1
    assert whole == sorted(whole)
    assert {0, 1} == set(whole)


def test_a_full_disk_is_told_and_leaves_nothing(inbox, packed, monkeypatch):
    """The system's reason in one line; no part of the bundle stays behind."""

    def full(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UsageError, match="No space left on device"):
        deliver(inbox, packed())
    assert names(inbox) == []


def test_an_inbox_that_is_not_there_is_told(tmp_path, packed):
    """It is not made: an inbox that nobody knows of would swallow submissions."""
    with pytest.raises(UsageError, match="is the drive there"):
        deliver(tmp_path / "nowhere", packed())
    assert not (tmp_path / "nowhere").exists()


def test_an_inbox_that_is_a_file_is_told(tmp_path, packed):
    """The same for one of the folders below it."""
    (tmp_path / "adding").write_text("x")
    with pytest.raises(UsageError, match="can't be written to"):
        deliver(tmp_path, packed())


def test_a_clock_ahead_is_told_before_it_costs_a_submission(inbox, packed, now):
    """Collecting would refuse it as from the future; the student learns of it at once."""
    ahead = packed(now=now.fromtimestamp(time.time(), now.tzinfo) + timedelta(minutes=20))
    with pytest.raises(UsageError, match="20 minutes ahead"):
        deliver(inbox, ahead)
    assert names(inbox) == []


def test_what_clients_left_long_ago_is_cleared_away(inbox, packed):
    """A part of an hour ago is nobody's; one of now may be under way."""
    folder = inbox / FOLDER
    folder.mkdir(parents=True)
    for name, age in (("old", 4000), ("new", 10)):
        (folder / f".{name}{PART}").write_bytes(b"PK")
        os.utime(folder / f".{name}{PART}", (time.time() - age,) * 2)
    deliver(inbox, packed())
    assert [name for name in names(inbox) if name.endswith(PART)] == [f".new{PART}"]


# -- at once ---------------------------------------------------------------------------------


def test_clients_at_once_deliver_one(tmp_path, inbox, packed, gather):
    """Twelve processes with the same content at the same moment: one submission."""
    (tmp_path / "bundle").write_bytes(packed().raw)
    run(CROWD, inbox, *[tmp_path / "bundle"] * 12)
    found, refused = gather(inbox)
    assert (len(found), refused) == (1, {})


def test_clients_at_once_lose_nothing(tmp_path, inbox, packed, gather):
    """Twelve processes with twelve contents of one student: twelve submissions."""
    paths = [tmp_path / f"{number}" for number in range(12)]
    for number, path in enumerate(paths):
        path.write_bytes(packed(source=f"x = {number}\n".encode()).raw)
    run(CROWD, inbox, *paths)
    found, refused = gather(inbox)
    assert (len({each.submission.files["adding.py"] for each in found}), refused) == (12, {})


# -- where it is -----------------------------------------------------------------------------


def test_an_inbox_is_a_folder_or_a_file_url(tmp_path, monkeypatch):
    """As people write them, with spaces and a home folder."""
    monkeypatch.setenv("HOME", "/home/ada")
    assert inbox_folder("file:///srv/in%20box") == Path("/srv/in box")
    assert inbox_folder("file:/srv/inbox") == Path("/srv/inbox")
    assert inbox_folder("file://localhost/srv/inbox") == Path("/srv/inbox")
    assert inbox_folder("~/inbox") == Path("/home/ada/inbox")
    assert inbox_folder("inbox", tmp_path) == tmp_path / "inbox"


@pytest.mark.parametrize("text", ["https://x/y", "ftp://x", "file://server/share", "s3://x"])
def test_other_urls_are_refused(text):
    """Never taken for a folder of that name."""
    with pytest.raises(UsageError, match="expected a folder"):
        inbox_folder(text)


def test_a_relative_inbox_is_seen_from_the_course(tmp_path):
    """A workspace lies elsewhere than the course whose inbox it keeps."""
    assert absolute_inbox("inbox", tmp_path) == str(tmp_path / "inbox")
    assert absolute_inbox("file:///srv/inbox", tmp_path) == "file:///srv/inbox"
    assert absolute_inbox("", tmp_path) == ""
