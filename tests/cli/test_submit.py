"""Handing in from end to end: submit, collect, status, receipt, as typed."""

import hashlib
import json
import os
import zipfile

import pytest
from click.testing import CliRunner

from grader.cli import main
from grader.intake.receipts import public_key

GOOD = "def add(x, y):\n    return x + y\n"


@pytest.fixture
def desk(course, tmp_path, monkeypatch):
    """A student's folder after `start`, made from what was released; and an inbox."""
    for name in ("SHARDLAB_STUDENT", "SHARDLAB_INBOX", "SHARDLAB_DB", "SHARDLAB_RECEIPT_KEY"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "inbox").mkdir()
    text = (course.root / "course.toml").read_text("utf-8")
    inbox = tmp_path / "inbox"
    (course.root / "course.toml").write_text(f'{text}inbox = "{inbox}"\n', "utf-8")
    folder = tmp_path / "desk"
    folder.mkdir()
    monkeypatch.chdir(folder)
    staff = ["--course", str(course.root)]
    assert CliRunner().invoke(main, [*staff, "release", "adding"]).exit_code == 0
    with zipfile.ZipFile("adding.zip") as archive:
        archive.extractall(folder / "released")
    assert run("--course", "released", "start", "adding").exit_code == 0
    return folder


@pytest.fixture
def inbox(tmp_path):
    return tmp_path / "inbox"


@pytest.fixture
def staff(course):
    """Runs a command as staff do, in the course."""

    def command(*arguments):
        return run("--course", course.root, *arguments)

    return command


def run(*arguments, **options):
    """One command, as typed."""
    return CliRunner().invoke(main, [str(each) for each in arguments], **options)


def write(desk, text):
    (desk / "adding" / "adding.py").write_text(text)


def bundles(inbox):
    return sorted(inbox.rglob("*.shardlab.zip"))


def receipts(inbox):
    return sorted(inbox.rglob("*.receipt.json"))


def code_in(path):
    """The code in the name of a bundle or a receipt."""
    return path.name.partition(".")[0].rpartition("--")[2]


def flat(output):
    return " ".join(output.split())


# -- submit ----------------------------------------------------------------------------------


def test_submit_shows_what_it_packs_and_delivers(desk, inbox, course):
    """Name, size and the public result, then the code, the time and the hash."""
    write(desk, (course.root / "solutions/adding/adding.py").read_text())
    result = run("submit", "adding", "--student", "s041")
    assert result.exit_code == 0, result.output
    (path,) = bundles(inbox)
    assert path.parent == inbox / "adding" / "s041"
    packed, delivered, then = result.output.splitlines()
    size = (desk / "adding" / "adding.py").stat().st_size
    digest = hashlib.sha256((desk / "adding" / "adding.py").read_bytes()).hexdigest()
    sha = f"sha256 {digest[:4]}..{digest[-4:]}"
    assert packed == f"Packed adding.py ({size} bytes, {sha}). Public 2/2."
    assert delivered.startswith(f"Delivered {code_in(path)}  ")
    assert "shardlab status" in then
    assert all(len(line) <= 80 for line in result.output.splitlines())


def test_failing_checks_don_t_keep_a_submission_back(desk, inbox):
    """Half an answer is worth handing in; so is one that does not load."""
    write(desk, GOOD)
    assert "Public 1/2." in run("submit", "adding", "--student", "s1").output
    write(desk, "def add(x, y)\n")
    assert "Public 0/2." in run("submit", "adding").output
    assert len(bundles(inbox)) == 2


def test_checks_that_can_t_run_don_t_keep_it_back(desk, inbox):
    """A public suite that the student broke is said, and the work is delivered."""
    (desk / "adding" / "test_public.py").write_text("import nothing_of_that_name\n")
    result = run("submit", "adding", "--student", "s1")
    assert result.exit_code == 0, result.output
    assert "Public checks can't be run" in result.output
    assert len(bundles(inbox)) == 1


def test_submit_twice_is_one(desk, inbox):
    """The second says that it was there, and no attempt is counted."""
    write(desk, GOOD)
    run("submit", "adding", "--student", "s1")
    result = run("submit", "adding")
    assert result.exit_code == 0
    assert "Was there already" in result.output
    assert len(bundles(inbox)) == 1
    assert run("status", "adding").output.count("no receipt yet") == 1


@pytest.mark.parametrize(
    ("content", "words"), [(b"", "is empty"), (b"\0", "NUL"), (None, "no add")]
)
def test_what_can_t_be_graded_is_not_sent(desk, inbox, content, words):
    """An empty file would be an attempt wasted by mistake."""
    path = desk / "adding" / "adding.py"
    path.unlink() if content is None else path.write_bytes(content)
    result = run("submit", "adding", "--student", "s1", "--json", "sent.json")
    assert result.exit_code == 1
    assert words in result.output
    assert "Nothing was submitted." in result.output
    told = json.loads((desk / "sent.json").read_text())
    assert (told["new"], told["sent"]) == (False, None)
    assert words in told["problem"]
    assert bundles(inbox) == []


def test_who_is_asked_once(desk, inbox, monkeypatch):
    """Without an id nothing is sent; the one given is remembered; another goes before it."""
    write(desk, GOOD)
    result = run("submit", "adding")
    assert result.exit_code == 2
    assert "--student ID" in result.output
    run("submit", "adding", "--student", "s1")
    write(desk, GOOD + "\n")
    run("submit", "adding")
    monkeypatch.setenv("SHARDLAB_STUDENT", "s2")
    run("submit", "adding")
    assert [path.parent.name for path in bundles(inbox)] == ["s1", "s1", "s2"]


@pytest.mark.parametrize("student", ["../s2", "-a", "\x1b[2J", "s1/../s2"])
def test_an_id_that_leads_elsewhere_is_refused(desk, inbox, student):
    """It would be the name of a folder in the inbox."""
    result = run("submit", "adding", "--student", student)
    assert result.exit_code == 2
    assert "can't be a student id" in result.output
    assert "\x1b" not in result.output
    assert list(inbox.iterdir()) == []


def test_where_to_is_said_or_known(desk, tmp_path, monkeypatch):
    """The option, then the environment, then the course; a file: URL, too."""
    write(desk, GOOD)
    for name in ("a", "b b"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("SHARDLAB_INBOX", str(tmp_path / "a"))
    run("submit", "adding", "--student", "s1")
    run("submit", "adding", "--to", f"file://{tmp_path}/b%20b")
    assert [len(bundles(tmp_path / name)) for name in ("a", "b b", "inbox")] == [1, 1, 0]


def test_an_inbox_that_is_gone_loses_nothing(desk, inbox):
    """One clear line, and the way around it, which works."""
    write(desk, GOOD)
    inbox.rmdir()
    result = run("submit", "adding", "--student", "s1")
    assert result.exit_code == 2
    assert "no such folder" in " ".join(result.output.split())
    command = result.output.splitlines()[-1].split()
    assert command[:3] == ["shardlab", "submit", "--pack"]
    assert run(*command[1:], "--student", "s1").exit_code == 2  # not in the lab's folder
    assert run("submit", "adding", *command[2:], "--student", "s1").exit_code == 0
    assert zipfile.is_zipfile(desk / command[3])


def test_no_inbox_at_all_is_told(desk, course, monkeypatch):
    """A course without one: how to name it, and how to do without."""
    (desk / "adding" / ".shardlab" / "course.json").unlink()
    result = run("submit", "adding", "--student", "s1")
    assert result.exit_code == 2
    assert "--to or SHARDLAB_INBOX" in result.output
    assert "--pack FILE" in result.output


def test_submit_writes_json(desk):
    """The same facts for programs."""
    write(desk, GOOD)
    run("submit", "adding", "--student", "s1", "--json", "s.json")
    facts = json.loads((desk / "s.json").read_text())
    assert (facts["lab"], facts["student"], facts["new"]) == ("adding", "s1", True)
    assert len(facts["sent"]["sha256"]) == 64


# -- collect ---------------------------------------------------------------------------------


def test_collect_and_then_status(desk, inbox, staff):
    """Before: no receipt. After: the attempt, signed, verified with what was released."""
    assert "nothing handed in" in run("status", "adding").output
    write(desk, GOOD)
    run("submit", "adding", "--student", "s1")
    assert "no receipt yet" in run("status", "adding").output
    result = staff("collect", inbox)
    assert result.exit_code == 0
    assert result.output == (
        "1 student added, as the gradebook has no roster: s1\n"
        "Collected adding: 1 new, 0 known.\n"
        "Collected as 1; take it back with: shardlab collect --undo 1\n"
        "Next: shardlab grade\n"
    )
    assert staff("collect").output == "Collected adding: 0 new, 1 known.\n"
    output = run("status", "adding").output
    assert "received as attempt 1" in output
    assert all(len(line) <= 80 for line in output.splitlines()[:2])


def test_status_does_not_believe_a_forged_receipt(desk, inbox, staff):
    """Changed, or of something else: said as what it is."""
    write(desk, GOOD)
    run("submit", "adding", "--student", "s1")
    staff("collect", inbox)
    (path,) = receipts(inbox)
    good = path.read_text()
    path.write_text(good.replace('"attempt": 1', '"attempt": 7'))
    assert "RECEIPT NOT VALID" in run("status", "adding").output
    path.write_text(good.replace(json.loads(good)["receipt"]["sha256"], "0" * 64))
    assert "of something else" in run("status", "adding").output
    path.write_text("{}")
    assert "no receipt" in run("status", "adding").output


def test_status_sees_a_bundle_that_is_gone(desk, inbox):
    """Whoever removed it: the student learns of it in time."""
    write(desk, GOOD)
    run("submit", "adding", "--student", "s1")
    (put,) = bundles(inbox)
    put.unlink()
    output = " ".join(run("status", "adding").output.split())
    assert f"for {put}, and the bundle is not there any more" in output


def test_collect_lists_what_it_refuses(desk, inbox, staff, course):
    """By name with the reason; exit code 1, and the rest is received."""
    write(desk, GOOD)
    run("submit", "adding", "--student", "s1")
    for name in ("bad", "worse"):
        (inbox / "adding" / "s1" / f"{name}.shardlab.zip").write_bytes(b"PK")
    result = staff("collect", inbox, "--json", course.root / "c.json")
    assert result.exit_code == 1
    assert "REFUSED  " in result.output
    assert "bad.shardlab.zip" in result.output
    assert result.output.count("it is cut short") == 1
    assert result.output.count("for the same reason") == 1
    assert "Collected adding: 1 new" in result.output
    facts = json.loads((course.root / "c.json").read_text())
    assert [each["student"] for each in facts["received"]] == ["s1"]
    assert [each["reason"] for each in facts["refused"]] == [
        "it is cut short: a zip without its end"
    ] * 2


def test_names_of_files_neither_steer_the_terminal_nor_stop_the_json(desk, inbox, staff, tmp_path):
    """A bundle called by bytes that are no text, and one whose receipt can't be written."""
    for name in (os.fsdecode(b"\xff"), "\x1b[2J"):
        run("submit", "adding", "--student", "s041", "--pack", "packed.zip")
        folder = inbox / "adding" / "s041"
        (folder / f"{name}.receipt.json").mkdir(parents=True)
        (folder / f"{name}.shardlab.zip").write_bytes((desk / "packed.zip").read_bytes())
    result = staff("collect", inbox, "--json", tmp_path / "c.json")
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert "\x1b" not in result.output
    assert "can't be written" in result.output
    assert len(json.loads((tmp_path / "c.json").read_text("utf-8"))["received"]) == 2


def test_collect_goes_on_without_a_path_that_is_missing(desk, inbox, staff):
    """Told, exit code 2, and the rest is collected."""
    write(desk, GOOD)
    run("submit", "adding", "--student", "s1")
    result = staff("collect", "nowhere", inbox)
    assert result.exit_code == 2
    assert "nowhere: no such file or folder" in result.output
    assert "1 new" in result.output


def test_collect_without_an_inbox_says_how(desk, staff, course):
    """Neither a path nor a key in course.toml."""
    (course.root / "course.toml").write_text('name = "x"\nlabs = ["adding"]\n')
    result = staff("collect")
    assert result.exit_code == 2
    assert "inbox in course.toml" in result.output


def test_a_packed_file_can_be_collected(desk, staff):
    """What was uploaded elsewhere and downloaded by staff."""
    write(desk, GOOD)
    result = run("submit", "adding", "--student", "s1", "--pack", "mine.shardlab.zip")
    assert result.exit_code == 0
    assert "Wrote " in result.output
    assert "1 new" in staff("collect", "mine.shardlab.zip").output


def test_status_names_where_each_receipt_lies(desk, inbox, staff):
    """Before it is there, when it is, and when it is not to be believed."""
    write(desk, GOOD)
    run("submit", "adding", "--student", "s1")
    (put,) = bundles(inbox)
    place = put.with_name(put.name.replace(".shardlab.zip", ".receipt.json"))
    assert f"its receipt, when it comes: {place}" in flat(run("status", "adding").output)
    staff("collect", inbox)
    assert receipts(inbox) == [place]
    assert f" receipt: {place}" in flat(run("status", "adding").output)
    run("status", "adding", "--json", "s.json")
    (row,) = json.loads((desk / "s.json").read_text())["sent"]
    assert (row["receipt"], row["code"]) == (str(place), code_in(place))
    place.write_text("{}")
    assert f" receipt: {place}" in flat(run("status", "adding").output)


def test_one_submission_has_one_code_and_one_file_one_hash(desk, inbox, staff, tmp_path):
    """What submit says, status, both file names, the receipt and the pages of feedback agree.

    The code is the submission's; a sha256 is a file's, the one that `sha256sum` prints.
    """
    write(desk, GOOD)
    said = run("submit", "adding", "--student", "s1", "--json", "sent.json").output
    digest = hashlib.sha256((desk / "adding/adding.py").read_bytes()).hexdigest()
    facts = json.loads((desk / "sent.json").read_text())
    staff("collect", inbox)
    code, (receipt,) = facts["code"], receipts(inbox)
    shown = run("receipt", "show", receipt).output
    assert code in said
    assert code in run("status", "adding").output
    assert code in shown
    assert {code_in(path) for path in (*bundles(inbox), receipt)} == {code}
    assert facts["files"]["adding.py"]["sha256"] == digest
    assert f"sha256 {digest}" in shown
    assert f"sha256 {digest[:4]}..{digest[-4:]}" in said
    run("feedback", "adding")
    assert digest in (desk / "adding/feedback.html").read_text()
    staff("feedback", "adding", "--to", tmp_path / "pages", "--no-pictures")
    assert digest in (tmp_path / "pages/adding/s1.html").read_text()


# -- receipts --------------------------------------------------------------------------------


@pytest.fixture
def received(desk, inbox, staff, monkeypatch):
    """The receipt of a submission, which the student took home; the course is out of reach."""
    write(desk, GOOD)
    run("submit", "adding", "--student", "s1")
    staff("collect", inbox)
    path = desk / "adding" / "mine.receipt.json"
    path.write_bytes(receipts(inbox)[0].read_bytes())
    monkeypatch.chdir(desk / "adding")
    return path


def test_a_receipt_verifies_offline(received, course):
    """With nothing but the folder that `start` made: whose, which attempt, when, which file."""
    course.root.rename(course.root.with_name("gone"))
    result = run("receipt", "verify", received)
    assert result.exit_code == 0, result.output
    for part in ("VALID  mine.receipt.json", "adding  attempt 1", "s1", "A tiny course", "UTC",
                 "adding.py is what was taken in"):  # fmt: skip
        assert part in result.output
    assert all(len(line) <= 80 for line in result.output.splitlines())


@pytest.mark.parametrize("command", ["verify", "show"])
def test_the_name_of_a_receipt_does_not_steer_the_terminal(received, command):
    """Staff are given them under any name; good ones and bad ones are told with it escaped."""
    path = received.rename(received.with_name("\x1b[2J.json"))
    for content in (path.read_text(), "{}"):
        path.write_text(content)
        result = run("receipt", command, path)
        assert "\\x1b[2J.json" in result.output
        assert "\x1b[2J" not in result.output


def test_a_file_that_went_on_is_told(received, desk):
    """Beside the receipt it is a remark; given by name it is the question, and the answer is no."""
    write(desk, GOOD + "# later\n")
    result = run("receipt", "verify", received)
    assert result.exit_code == 0
    assert "adding.py is not what was taken in" in result.output
    result = run("receipt", "verify", received, "adding.py")
    assert result.exit_code == 1
    assert "INVALID" in result.output
    assert "adding.py is not what was taken in" in result.output


def test_a_forged_receipt_is_told(received):
    """A better time, or a key of the forger's: exit code 1 with what is wrong."""
    good = received.read_text()
    received.write_text(good.replace('"attempt": 1', '"attempt": 2'))
    result = run("receipt", "verify", received)
    assert result.exit_code == 1
    assert "INVALID  mine.receipt.json: its signature does not fit" in result.output
    received.write_text("no receipt")
    assert run("receipt", "verify", received).exit_code == 1


def test_another_course_s_receipt_is_told(received, tmp_path):
    """It may be good there; here it is not."""
    (tmp_path / "other").mkdir()
    result = run("receipt", "verify", received, "--key", public_key(tmp_path / "other"))
    assert result.exit_code == 1
    assert "another key than this course's" in result.output


def test_a_key_can_be_given_where_none_is_known(received, course, tmp_path, monkeypatch):
    """On a machine that knows nothing of the course."""
    monkeypatch.chdir(tmp_path)
    result = run("receipt", "verify", received)
    assert result.exit_code == 2
    assert "--key HEX" in result.output
    assert run("receipt", "verify", received, "--key", public_key(course.root)).exit_code == 0


def test_staff_verify_with_their_own_key(received, staff, tmp_path, monkeypatch):
    """In the course's folder the key is known."""
    monkeypatch.chdir(tmp_path)
    assert staff("receipt", "verify", received).exit_code == 0


def test_a_receipt_can_be_shown(received):
    """Unverified, and said to be; what is none is told."""
    result = run("receipt", "show", received)
    assert result.exit_code == 0
    assert "not verified" in result.output
    received.write_text("{")
    assert run("receipt", "show", received).exit_code == 1


def test_receipts_write_json(received):
    """Whether it is valid, what is wrong, and the facts."""
    run("receipt", "verify", received, "--json", "r.json")
    facts = json.loads(received.with_name("r.json").read_text())
    assert (facts["valid"], facts["receipt"]["student"]) == (True, "s1")
