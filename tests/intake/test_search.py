"""Collecting: whatever lies at a path is found or told, whosever it is and however it came."""

import dataclasses
import os
import shutil
import zipfile
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from grader.course import load_course
from grader.gradebook.rows import Student
from grader.intake.finds import Find
from grader.intake.inbox import deliver
from grader.intake.members import Zip, folder_members
from grader.intake.places import is_plain
from grader.intake.registry import Registry
from grader.intake.search import find
from grader.submissions import MAX_SOURCE_BYTES

GOOD = b"def add(x, y):\n    return x + y\n"
OTHER = b"def add(x, y):\n    return y + x\n"


@pytest.fixture
def folder(tmp_path):
    """An empty folder that is no inbox."""
    path = tmp_path / "handed in"
    path.mkdir()
    return path


def write(path, content=GOOD, at=None):
    """A file with a time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    if at is not None:
        os.utime(path, (at.timestamp(),) * 2)
    return path


def zipped(folder, method=zipfile.ZIP_DEFLATED):
    """The folder as a system would hand it out, with its files' times."""
    path = folder.with_suffix(".zip")
    with zipfile.ZipFile(path, "w", method) as archive:
        for each in sorted(folder.rglob("*")):
            name = each.relative_to(folder).as_posix()
            time = datetime.fromtimestamp(each.stat().st_mtime, UTC)
            if each.is_dir():
                archive.writestr(f"{name}/", b"")
            else:
                archive.writestr(zipfile.ZipInfo(name, time.timetuple()[:6]), each.read_bytes())
    return path


def sources(found):
    """Student to source; a student found twice would be seen as the number of entries."""
    return [(each.student, each.submission.files.get("adding.py")) for each in found]


def told(refused):
    """The last part of each place, and the reason."""
    return {where.rpartition("/")[2].rpartition(": ")[2]: why for where, why in refused.items()}


# -- inboxes ---------------------------------------------------------------------------------


def test_an_inbox_is_collected(inbox, packed, gather, now):
    """Every student's bundles in the order in which they were made, and where receipts go."""
    deliver(inbox, packed("s2"))
    deliver(inbox, packed("s1", OTHER, now - timedelta(hours=1)))
    deliver(inbox, packed("s1", GOOD, now - timedelta(hours=2)))
    found, refused = gather(inbox)
    assert refused == {}
    assert sources(found) == [("s1", GOOD), ("s1", OTHER), ("s2", GOOD)]
    assert found[0].submitted_at == now - timedelta(hours=2)
    assert found[0].receipt_to.parent == inbox / "adding" / "s1"
    assert found[0].receipt_to.name.endswith(".receipt.json")


def test_any_part_of_an_inbox_is_collected_alike(inbox, packed, gather):
    """A lab's folder, a student's, or the bundle itself: the same submission from each."""
    path = deliver(inbox, packed()).path
    found = [gather(place)[0] for place in (inbox, path.parent.parent, path.parent, path)]
    assert found[0] == found[1] == found[2] == found[3]
    assert len(found[0]) == 1


def test_whose_it_is_is_checked_in_any_part(inbox, packed, put, gather):
    """Also when only the student's own folder is collected."""
    path = put(packed("s2").raw, "s1")
    for place in (inbox, path.parent.parent, path.parent):
        assert told(gather(place)[1]) == {
            path.name: "it says that it is s2's, but it is s1's place"
        }


def test_receipts_in_an_inbox_are_nobody_s_submission(inbox, packed, gather):
    """Collected again, with what was written beside the bundles, it is the same."""
    path = deliver(inbox, packed()).path
    first = gather(inbox)
    first[0][0].receipt_to.write_text("{}")
    assert gather(inbox) == first
    assert path.exists()


def test_an_empty_inbox_holds_nothing(inbox, gather):
    """Nothing found, nothing wrong; with a lab's empty folder, too."""
    assert gather(inbox) == ([], {})
    (inbox / "adding" / "s1").mkdir(parents=True)
    assert gather(inbox) == ([], {})


def test_one_student_s_folder_keeps_nobody_waiting(inbox, packed, put, gather, monkeypatch):
    """Heaps of bundles and of other files: some are read and told, and the rest is counted."""
    monkeypatch.setattr("grader.intake.search.MAX_BUNDLES", 3)
    for number in range(5):
        put(packed("s1", b"x = %d" % number).raw, "s1", f"{number}.shardlab.zip")
    for number in range(99):
        put(b"", "s1", f"junk{number}")
    put(packed("s2").raw, "s2")
    found, refused = gather(inbox)
    assert [each.student for each in found] == ["s1", "s1", "s1", "s2"]
    assert len(refused) < 30
    assert "the first of 79 more that are no bundles" in refused.values()
    assert "the first of 2 bundles too many: 3 of a student are read" in refused.values()


def test_bundles_are_read_one_by_one(inbox, packed, put, course, now):
    """However many they are; one that has gone since its place was found is refused."""
    paths = [put(packed("s1", b"x = %d" % n).raw, "s1", f"{n}.shardlab.zip") for n in range(3)]
    first, second, third = _first_then(find(course.labs(), [inbox], now=now), paths[1].unlink)
    assert [first.source, second.source] == ["adding/s1/0.shardlab.zip", "adding/s1/2.shardlab.zip"]
    assert third.where == str(paths[1])


def _first_then(each, do):
    first = next(each)
    do()
    return [first, *each]


def test_what_was_not_there_can_t_be_old(inbox, packed, gather, now):
    """A bundle counts from its own time, but not from before the last look at this inbox."""
    deliver(inbox, packed(now=now - timedelta(days=2)))
    seen = now - timedelta(days=1)
    assert gather(inbox)[0][0].submitted_at == now - timedelta(days=2)
    assert gather(inbox, last_seen=lambda _: seen)[0][0].submitted_at == seen
    assert gather(inbox, last_seen=lambda _: now + timedelta(days=9))[0][0].submitted_at == now


def test_a_clock_that_is_ahead_counts_as_now(inbox, packed, gather, now):
    """Within what is forgiven; nobody hands in tomorrow."""
    shutil.copyfile(deliver(inbox, packed(now=now)).path, inbox / "x.shardlab.zip")
    earlier = now - timedelta(minutes=4)
    found, _ = gather(inbox / "x.shardlab.zip", now=earlier)
    assert found[0].submitted_at == earlier


def test_one_lab_may_be_asked_for(inbox, packed, gather):
    """The others are left for later."""
    deliver(inbox, packed())
    assert len(gather(inbox, lab="adding")[0]) == 1
    assert gather(inbox, lab="other") == ([], {})


@pytest.mark.parametrize("place", ["adding", "adding/s1"])
def test_a_locked_folder_is_told_and_the_rest_collected(inbox, packed, gather, monkeypatch, place):
    """A student may lock the own folder; everybody else's is read."""
    deliver(inbox, packed("s1"))
    deliver(inbox, packed("s2"))
    scandir = os.scandir

    def locked(path):
        if path == inbox / place:
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr("grader.intake.members.os.scandir", locked)
    found, refused = gather(inbox)
    assert refused == {str(inbox / place): "it can't be read: Permission denied"}
    assert [each.student for each in found] == ([] if place == "adding" else ["s2"])


# -- folders of files ------------------------------------------------------------------------


def test_a_folder_of_files_is_collected(folder, gather, now):
    """`<student>.py` and `<student>/<the lab's file>`; nobody says when they were handed in."""
    write(folder / "s1.py", GOOD, now - timedelta(hours=1))
    write(folder / "s2" / "adding.py", OTHER, now + timedelta(hours=1))
    found, refused = gather(folder)
    assert (sources(found), refused) == ([("s1", GOOD), ("s2", OTHER)], {})
    assert [each.submitted_at for each in found] == [None, None]
    assert {each.receipt_to for each in found} == {None}


def test_nothing_in_a_folder_is_dropped(folder, gather):
    """What is no submission is told with the reason; what systems leave behind is not."""
    write(folder / "s1.py")
    write(folder / "report.pdf")
    write(folder / "s2.tar.gz")
    write(folder / "s3" / "notes.txt")
    write(folder / "-s.py")
    (folder / "s5.py").symlink_to(folder / "s1.py")
    (folder / "s6.py").mkdir()
    (folder / "s7").symlink_to(write(folder.parent / "elsewhere" / "adding.py").parent)
    write(folder / ".DS_Store")
    write(folder / "__MACOSX" / "s1.py")
    found, refused = gather(folder)
    assert sources(found) == [("s1", GOOD)]
    assert told(refused) == {
        "report.pdf": "it is no .py file and no bundle",
        "s2.tar.gz": "it is no .py file and no bundle; of archives a .zip is read",
        "s3": "no adding.py in it",
        "-s.py": "'-s' is no student id",
        "s5.py": "it is a symbolic link, which is not followed",
        "s6.py": "no adding.py in it",
        "s7": "it is a symbolic link, which is not followed",
    }


def test_a_file_that_is_no_text_is_a_submission(folder, gather):
    """As it is for `grade`: with the problem in words."""
    write(folder / "s1.py", b"\0")
    write(folder / "s2.py", b"#" * (MAX_SOURCE_BYTES + 1))
    found, refused = gather(folder)
    assert refused == {}
    assert [each.submission.problem for each in found] == [
        "adding.py is not text: it holds NUL bytes",
        "adding.py is larger than 256 kB; no answer needs as much",
    ]


def test_a_workspace_and_a_single_file_are_one_each(folder, gather):
    """As `grade` takes them."""
    write(folder / "adding.py")
    write(folder / "test_public.py")
    (folder / ".shardlab").mkdir()
    single = write(folder.parent / "s7.py", OTHER)
    work = folder.rename(folder.with_name("s6"))
    assert sources(gather(work, single)[0]) == [("s6", GOOD), ("s7", OTHER)]


def test_the_newest_of_two_files_counts(folder, gather, now):
    """The other one is told."""
    write(folder / "s1.py", GOOD, now - timedelta(hours=2))
    write(folder / "s1" / "adding.py", OTHER, now - timedelta(hours=1))
    found, refused = gather(folder)
    assert sources(found) == [("s1", OTHER)]
    assert "not counted: adding.py is taken" in told(refused)["s1.py"]


def test_the_same_is_known_by_the_same_source(folder, gather, now):
    """What is collected again has the same source; what changed has another."""
    write(folder / "s1.py", GOOD, now - timedelta(hours=2))
    (first,), (again,) = gather(folder)[0], gather(folder)[0]
    write(folder / "s1.py", GOOD, now - timedelta(hours=1))
    (changed,) = gather(folder)[0]
    assert first.source == again.source != changed.source


def test_a_trace_comes_with_its_file(trace_course, folder, now):
    """Beside it, for a lab that has one."""
    write(folder / "s1" / "adding.py")
    write(folder / "s1" / "adding.trace", b"TRACE")
    write(folder / "s2" / "adding.py")
    found = list(find(load_course(trace_course.root).labs(), [folder], now=now))
    assert [each.submission.trace for each in found] == [b"TRACE", None]


# -- Canvas and Moodle -----------------------------------------------------------------------


def canvas(folder, now):
    """A download as Canvas names things, with all the oddities that were met."""
    at = now - timedelta(hours=1)
    write(folder / "adaada_4711_98765_adding.py", GOOD, at)
    write(folder / "bobby_LATE_4712_98766_adding-2.py", OTHER, at)
    write(folder / "bobby_LATE_4712_98760_adding-1.py", GOOD, at)
    write(folder / "cy_4713_98767_report.pdf", b"%PDF", at)
    write(folder / "dan_o_neil_4714_98768_my work.py", GOOD, at)
    write(folder / "eve_4715_98769_adding.py", OTHER, at - timedelta(hours=3))
    write(folder / "eve_4715_98770_scratch.py", GOOD, at)
    write(folder / "what is this.py", GOOD, at)


def moodle(folder, now):
    """The same of Moodle, which makes a folder for each."""
    at = now - timedelta(hours=1)
    write(folder / "Ada Ada_4711_assignsubmission_file_" / "adding.py", GOOD, at)
    bob = folder / "Bob O Bob_4712_assignsubmission_file"
    write(bob / "adding (2).py", OTHER, at)
    write(bob / "adding.py", GOOD, at - timedelta(hours=1))
    write(folder / "Cy_4713_assignsubmission_file_" / "report.pdf", b"%PDF", at)
    write(folder / "Dan_4714_assignsubmission_file_" / "deep" / "my work.py", GOOD, at)
    write(folder / "Eve_4715_assignsubmission_file_adding.py", OTHER, at)
    write(folder / "Eve_4715_assignsubmission_onlinetext_" / "onlinetext.html", b"<p>", at)
    write(folder / "what is this.py", GOOD, at)


EXPECTED = [("4711", GOOD), ("4712", OTHER), ("4714", GOOD), ("4715", OTHER)]
BY_NAME = [("Ada Ada", GOOD), ("Bob O Bob", OTHER), ("Dan", GOOD), ("Eve", OTHER)]


@pytest.mark.parametrize("packing", [lambda path: path, zipped], ids=["unpacked", "zip"])
@pytest.mark.parametrize(("system", "expected"), [(canvas, EXPECTED), (moodle, BY_NAME)])
def test_a_bulk_download_is_collected(folder, gather, now, system, expected, packing):
    """Canvas's files are found under the number, Moodle's under the name; the rest is told."""
    system(folder, now)
    count = sum(path.is_file() for path in folder.rglob("*"))
    found, refused = gather(packing(folder))
    assert sources(found) == expected
    assert len(refused) == count - len(found)
    reasons = told(refused)
    assert reasons["what is this.py"] == "whose it is can't be told from its name"
    assert [why for name, why in reasons.items() if name.endswith(".pdf")] == ["it is no .py file"]
    assert {each.submitted_at for each in found} == {None}
    assert [each.student for each in found if each.lms_late] == ["4712"] * (system is canvas)


@pytest.mark.parametrize("system", [canvas, moodle])
def test_the_roster_says_who_a_number_is(folder, gather, now, system):
    """Then hidden inputs are drawn for the course's own id, as for a bundle of that student."""
    system(folder, now)
    found, _ = gather(folder, registry=Registry([Student("s041", "Ada Ada", lms_id="4711")]))
    assert sources(found)[-1] == ("s041", GOOD)
    assert found[-1].submission.student == "s041"


def test_a_bundle_that_was_uploaded_is_who_the_system_says(folder, gather, packed):
    """The name of the upload decides; a bundle that says otherwise is refused."""
    write(folder / "ada_4711_1_adding--s041--abc.shardlab.zip", packed("s041").raw)
    write(folder / "bob_4712_2_adding--s041--abc.shardlab-1.zip", packed("s041").raw)
    roster = [Student("s041", lms_id="4711"), Student("s042", lms_id="4712")]
    found, refused = gather(folder, registry=Registry(roster))
    assert sources(found) == [("s041", GOOD)]
    assert "says that it is s041's, but s042 sent it" in str(refused)
    found, refused = gather(folder)
    assert found == []
    assert "the roster lacks it" in str(refused)


@pytest.mark.parametrize(
    "name",
    [
        "Jane Doe_4711_assignsubmission_file/x_4712_assignsubmission_file_adding.py",
        "Jane Doe_4711_assignsubmission_file/a/x_4712_assignsubmission_file/adding.py",
        "doejane_4711_98765_x_4712_assignsubmission_file_adding.py",
        "x_4712_assignsubmission_file_y_4711_assignsubmission_file/adding.py",
    ],
)
def test_nobody_hands_in_as_another_by_the_name_of_a_file(folder, gather, name):
    """A student may call a file as the system would call another's: such a one is refused."""
    write(folder / name)
    write(folder / "ada_4713_1_adding.py")
    write(folder / "bob_4714_2_adding.py")
    found, refusal = gather(folder)
    assert sources(found) == [("4713", GOOD), ("4714", GOOD)]
    assert list(refusal.values()) == ["whose it is can't be told from its name"]


@pytest.mark.parametrize("name", ["eve/x.shardlab.zip", "eve_1_2_x.py"])
def test_no_student_changes_how_the_others_are_read(course, folder, gather, name):
    """A bundle in one's own folder, a name as of a download: the class stays plain files."""
    for student in ("Ada Lovelace", "bob", "eve"):
        write(folder / student / "adding.py")
    write(folder / name)
    assert is_plain(course, folder)
    assert {student for student, _ in sources(gather(folder)[0])} >= {"bob", "eve"}


def test_which_lab_is_said_by_the_name_or_by_the_caller(course, folder, now):
    """With several labs a file of another name needs --lab; nothing is guessed."""
    shutil.copytree(course.root / "assignments/adding", course.root / "assignments/more")
    path = course.root / "assignments/more/assignment.toml"
    text = path.read_text("utf-8").replace('"adding"', '"more"').replace("adding.py", "more.py")
    path.write_text(text, "utf-8")
    (course.root / "assignments/more/adding.py").rename(course.root / "assignments/more/more.py")
    (course.root / "course.toml").write_text('name = "x"\nlabs = ["adding", "more"]\n', "utf-8")
    course = load_course(course.root)
    write(folder / "ada_4711_1_more.py")
    write(folder / "bob_4712_2_mine.py")
    found, refusal = sorted(
        find(course.labs(), [folder], now=now),
        key=lambda each: isinstance(each, Find),
        reverse=True,
    )
    assert (found.lab, found.student) == ("more", "4711")
    assert refusal.reason.endswith("say it: --lab SLUG")
    both = list(find(course.labs(), [folder], lab="more", now=now))
    assert [each.student for each in both] == ["4711", "4712"]


# -- hostile downloads -----------------------------------------------------------------------


def test_hostile_members_of_a_download_are_told(folder, gather):
    """Links, encryption, other methods, bombs, traversal, NUL: each by name, the rest is found."""
    path = folder / "canvas.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("good_1_1_adding.py", GOOD)
        link = zipfile.ZipInfo("link_2_1_adding.py")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, b"/etc/passwd")
        archive.writestr("bz_3_1_adding.py", bytes(1 << 20), zipfile.ZIP_BZIP2)
        archive.writestr("bomb_4_1_adding.py", bytes(64 << 20), zipfile.ZIP_DEFLATED)
        archive.writestr("../../evil_5_1_adding.py", GOOD)
        archive.writestr("nul_6_1_addingX.py", GOOD)
        archive.writestr("sec_7_1_adding.py", GOOD)
        archive.writestr("zip_8_1_work.zip", b"PK\3\4")
        archive.writestr("esc_9_1_\x1b[2J\u202e.pdf", GOOD)
    raw = bytearray(path.read_bytes().replace(b"addingX.py", b"adding\0.py"))
    raw[raw.rindex(b"sec_7") - 46 + 8] |= 1
    path.write_bytes(bytes(raw))
    found, refused = gather(path)
    assert [each.student for each in found] == ["1", "4"]
    assert "larger than 256 kB" in found[1].submission.problem
    reasons = told(refused)
    assert all(where.isprintable() and why.isprintable() for where, why in refused.items())
    assert {name: words in reasons[name] for name, words in {
        "link_2_1_adding.py": "symbolic link",
        "bz_3_1_adding.py": "compressed in a way",
        "evil_5_1_adding.py": "leads out of the zip",
        "nul_6_1_adding\\x00.py": "NUL",
        "sec_7_1_adding.py": "it is encrypted",
        "zip_8_1_work.zip": "no zip file",
        "esc_9_1_\\x1b[2J\\u202e.pdf": "no .py file",
    }.items()} == dict.fromkeys(reasons, True)  # fmt: skip


@pytest.mark.parametrize("raw", [b"", b"PK", b"PK\5\6" + b"\xff" * 18, b"no zip at all" * 99])
def test_a_zip_that_is_none_is_told(folder, gather, raw):
    """One line, and the other paths are collected."""
    path = write(folder / "canvas.zip", raw)
    good = write(folder / "s1.py")
    found, refused = gather(path, good)
    assert sources(found) == [("s1", GOOD)]
    assert "no zip file" in refused[str(path)]


@pytest.mark.parametrize("name", ["s1.py", "s1.shardlab.zip", "canvas.zip"])
def test_a_link_to_a_file_is_not_followed(folder, gather, now, packed, name):
    """Whatever kind of file it leads to."""
    write(folder / "s1.py")
    write(folder / "s1.shardlab.zip", packed().raw)
    canvas(folder / "canvas", now)
    zipped(folder / "canvas")
    link = folder.parent / f"link {name}"
    link.symlink_to(folder / name)
    assert gather(folder / name)[0] != []
    assert gather(link) == ([], {str(link): "it is a symbolic link, which is not followed"})


@pytest.mark.parametrize("packing", ["folder", "zip"])
def test_no_more_of_a_file_is_read_than_is_asked_for(folder, packing, now):
    """However large it is, or would be once it is decompressed."""
    write(folder / "large.py", b"#" * 1_000_000)
    with ExitStack() as stack:
        if packing == "zip":
            (entry,) = stack.enter_context(Zip(zipped(folder), now)).entries()
        else:
            (entry,) = folder_members(folder)
        assert entry.read(10) == b"#" * 10


def test_a_zip_of_too_many_members_is_told(folder, gather, monkeypatch):
    """None of it is read, and the other paths are collected."""
    for number in range(3):
        write(folder / f"doe_{number}_1_adding.py")
    path, good = zipped(folder), write(folder / "s1.py")
    monkeypatch.setattr("grader.intake.members.MAX_ENTRIES", 3)
    assert len(gather(path)[0]) == 3
    monkeypatch.setattr("grader.intake.members.MAX_ENTRIES", 2)
    found, refused = gather(path, good)
    assert sources(found) == [("s1", GOOD)]
    assert refused == {str(path): "it has 3 members; 2 are read at most"}


def test_a_damaged_member_costs_only_itself(folder, gather, now):
    """The one whose bytes are broken is told."""
    canvas(folder, now)
    path = zipped(folder, zipfile.ZIP_STORED)
    raw = path.read_bytes()
    at = raw.index(GOOD)
    path.write_bytes(raw[:at] + b"X" + raw[at + 1 :])
    found, refused = gather(path)
    assert sources(found) == EXPECTED[1:]
    assert "it is damaged: Bad CRC" in told(refused)["adaada_4711_98765_adding.py"]


def test_another_lab_s_folder_is_refused_once(course, put, packed, inbox, now):
    """Not bundle by bundle: the whole folder, with what to say instead."""
    for student in ("s1", "s2"):
        put(packed(student).raw, student)
    others = [course.lab("adding"), dataclasses.replace(course.lab("adding"))]
    renamed = msgspec.structs.replace(others[1].assignment, slug="other")
    labs = [others[0], dataclasses.replace(others[1], assignment=renamed)]
    (refused,) = find(labs, [inbox / "adding"], lab="other", now=now)
    assert refused.reason == "it is adding's folder; say --lab adding, or no lab at all"
