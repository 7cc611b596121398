"""A student's way through a lab: start, check, hint, reset, predict."""

import json
import shutil

import pytest
from click.testing import CliRunner

from grader.cli import main


@pytest.fixture
def desk(course, tmp_path, monkeypatch):
    """A student's folder, from which commands are run."""
    folder = tmp_path / "desk"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("SHARDLAB_COURSE", str(course.root))
    return folder


def run(*arguments, **options):
    """One command, as typed."""
    return CliRunner().invoke(main, [str(each) for each in arguments], **options)


def write(desk, text):
    (desk / "adding" / "adding.py").write_text(text)


@pytest.fixture
def started(desk):
    """The folder after `start adding`."""
    assert run("start", "adding").exit_code == 0
    return desk


def test_list_shows_the_labs(desk):
    """Slug, title, minutes and what it takes are on one line."""
    assert "adding" in run("list").output
    assert "5 min" in run("list").output


def test_list_shows_how_far_each_lab_is(started, course, monkeypatch):
    """Started, checked with n of m, handed in; from above the folder and from within it."""
    assert "started; not checked yet; not handed in" in run("list").output
    assert "0 of 1 handed in. Next: shardlab check adding" in run("list").output
    write(started, (course.root / "solutions/adding/adding.py").read_text())
    run("check", "adding")
    write(started, "def add(x, y):\n    return x + y\n")
    monkeypatch.chdir(started / "adding")
    assert "started; last check 2 of 2; not handed in" in run("list").output
    run("check", "--all")
    run("submit", "--student", "s1", "--pack", "mine.zip")
    output = run("list", "--json", "labs.json").output
    assert "started; last check 1 of 2; handed in" in output
    assert "1 of 1 handed in.\n" in output
    (row,) = json.loads((started / "adding/labs.json").read_text())["labs"]
    assert (row["checked"], row["handed_in"]) == ({"passed": 1, "total": 2}, 1)
    assert row["folder"] == str(started / "adding")


def test_list_of_a_course_that_nobody_began_says_nothing_of_progress(desk):
    """Nor does an instructor read of it."""
    assert "handed in" not in run("list").output


def test_start_here_mends_what_was_lost(started, monkeypatch):
    """`check` says how, that command brings it back, and the student's file stays."""
    write(started, "mine = 1\n")
    run("check", "adding")
    shutil.rmtree(started / "adding" / ".shardlab")
    output = run("check", "adding/").output
    command = output.splitlines()[-1].partition("&& shardlab ")[2].split()
    assert command == ["start", "adding", "--here"]
    monkeypatch.chdir(started / "adding")
    result = run(*command)
    assert "Brought back: .shardlab." in result.output
    assert "adding.py is as it was." in result.output
    assert "not known here any more" in result.output
    assert "1/2  FAIL  add adds" in run("check").output
    assert (started / "adding" / "adding.py").read_text() == "mine = 1\n"
    assert "All is there." in run(*command).output


@pytest.mark.parametrize("command", ["check", "hint", "reset", "status", "feedback"])
def test_a_lab_may_have_the_slash_that_tab_puts_behind_it(started, command):
    """Every command that takes a student's own lab takes its folder."""
    assert "Usage" not in run(command, "adding/").output
    assert "no folder of" not in run(command, "adding/").output


@pytest.mark.parametrize(
    ("words", "told"),
    [([], "name the lab: adding"), (["Adding"], "Did you mean adding?"), (["1"], "it has: adding")],
)
def test_start_without_a_lab_of_the_course_names_those_there_are(desk, words, told):
    """And the one that was meant, if it is clear."""
    result = run("start", *words)
    assert result.exit_code == 2
    assert told in result.output


def test_start_may_have_the_slash_too(started):
    """It says that the folder is there, not that there is no such lab."""
    assert "is there already" in run("start", "adding/").output


def test_start_makes_a_folder_that_needs_no_course(started, course, monkeypatch):
    """After start, checking works although the course is gone: offline is not a mode."""
    monkeypatch.delenv("SHARDLAB_COURSE")
    (course.root / "course.toml").unlink()
    names = {path.name for path in (started / "adding").iterdir()}
    assert names == {"README.md", "adding.py", "test_public.py", ".shardlab"}
    assert "not written yet" in run("check", "adding").output


def test_start_twice_changes_nothing(started):
    """A second start refuses, and the student's file is as it was."""
    write(started, "mine = 1\n")
    result = run("start", "adding")
    assert result.exit_code == 2
    assert (started / "adding" / "adding.py").read_text() == "mine = 1\n"


def test_check_of_the_stub_says_what_is_to_be_done(started):
    """The first function is told kindly; what builds on it waits."""
    result = run("check", "adding")
    assert result.exit_code == 1
    assert "1/2  FAIL  add adds" in result.output
    assert "not written yet: add: the sum of both" in result.output
    assert "WAIT" in result.output
    assert "Traceback" not in result.output


def test_check_explains_a_wrong_value(started):
    """The message holds call, inputs, expected, got, difference, pattern, invariant, nudge."""
    write(started, "def add(x, y):\n    return x - y\n")
    output = run("check", "adding").output
    for part in ("add(x, y)", "Expected  [3]", "Got       [-1]", "Broken    I1:", "2 + 2?"):
        assert part in output, output


def test_check_shows_the_students_own_line(started):
    """An exception of the student's is told with their line, without a traceback into ours."""
    write(started, "def add(x, y):\n    return x + undefined_name\n")
    output = run("check", "adding").output
    assert "NameError" in output
    assert "adding.py:2" in output
    assert "return x + undefined_name" in output
    assert "grader/" not in output


PRINTS = """\
def add(x, y):
    print("I add", x.shape)
    return x + y


def total(x, group):
    for number in range(60):
        print("line", number)
    return x
"""


def test_prints_of_passing_functions_are_shown_when_asked_for(started):
    """By default they are not; with --show-output each case has its own, by rank."""
    write(started, PRINTS)
    assert "I add" not in run("check", "adding").output
    shown = run("check", "adding", "--show-output").output
    assert "Printed   in test_add[1]" in shown
    assert shown.count("I add (4,)") == 1


def test_what_is_left_out_of_a_message_can_be_had(started):
    """The count of lines that are left out, the way to them, and all of them in the file."""
    write(started, PRINTS)
    told = run("check", "adding").output
    assert "(112 lines more)" in told
    assert "All of it: shardlab check --output FILE" in told
    target = started / "out.txt"
    assert run("check", "adding", "--output", target).exit_code == 1
    text = target.read_text()
    assert "== 1/2 add adds: test_add[4], passed\nI add (4,)\n" in text
    lost = text[text.index("== 2/2 total adds over ranks: test_total[2], failed") :].splitlines()
    lines = [f"line {number}" for number in range(60)]
    assert lost[1:] == ["-- rank 0", *lines, "-- rank 1", *lines]


def test_a_file_that_prints_nothing_says_so(started, course):
    """An empty file would look like a fault."""
    write(started, (course.root / "solutions/adding/adding.py").read_text())
    run("check", "adding", "--output", started / "out.txt")
    assert (started / "out.txt").read_text() == "Nothing was printed.\n"


def test_check_shows_what_the_student_printed(started):
    """Print debugging works: what a failing call printed is shown, escaped."""
    write(started, "def add(x, y):\n    print('here \\x1b[2J', x)\n    return x\n")
    output = run("check", "adding").output
    assert "Printed   here \\x1b[2J" in output


def test_check_of_a_right_answer_shows_its_picture(started, course):
    """All checks pass, the picture of the student's own run is drawn, exit code 0."""
    write(started, (course.root / "solutions/adding/adding.py").read_text())
    result = run("check", "adding")
    assert result.exit_code == 0, result.output
    assert "all_reduce gives [2 4]" in result.output
    assert "Hidden checks run at grading. Next: shardlab submit\n" in result.output


def test_check_all_goes_on_after_a_failure(started, course):
    """With --all an item that builds on nothing lost is judged, too."""
    source = (course.root / "solutions/adding/adding.py").read_text()
    write(started, source.replace("return the_whole_sum", "return the_whole_sum + 1"))
    output = run("check", "adding", "--all").output
    assert "1/2  PASS" in output
    assert "2/2  FAIL" in output


def test_check_writes_json_of_what_it_can_not_run(started):
    """A program that asks is told why nothing was judged, not left without a file."""
    write(started, "")
    result = run("check", "adding", "--json", "check.json")
    assert result.exit_code == 1
    data = json.loads((started / "check.json").read_text())
    assert data["results"] == []
    assert "is empty" in data["problem"]


def test_check_all_is_not_advised_to_who_asked_for_it(started):
    """What still waits does so for what it builds on, and nothing else would run it."""
    output = run("check", "adding", "--all").output
    assert "     2  WAIT  for what they build on\n" in output
    assert "--all" not in output


def test_check_writes_json(started):
    """The same facts for programs: every item with its verdict."""
    run("check", "adding", "--json", "check.json")
    data = json.loads((started / "check.json").read_text())
    assert [each["verdict"] for each in data["results"]] == ["raised", "blocked"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\x7fELF\x00\x01", "NUL bytes"),
        (b"x = '\xff\xfe'\n", "UTF-8"),
        (b"# big\n" * 2**20, "larger than"),
        (b"def add(x, y)\n", "SyntaxError"),
        (b"import nothing_of_that_name\n", "ModuleNotFoundError"),
        (b"def ad(x, y):\n    return x\n", "no function add"),
        (b"def add(x):\n    return x\n", "TypeError"),
        (b"add = 3\n", "add"),
    ],
)
def test_check_tells_bad_files_in_words(started, content, words):
    """Every way of being no module is one clear message and exit code 1."""
    (started / "adding" / "adding.py").write_bytes(content)
    result = run("check", "adding")
    assert result.exit_code == 1
    assert words in result.output
    assert "Traceback" not in result.output


def test_hints_climb_a_ladder(started):
    """Each hint is further than the last; the third stays."""
    run("check", "adding")
    outputs = [run("hint", "adding").output for _ in range(4)]
    assert ["one" in outputs[0], "two" in outputs[1], "three" in outputs[2]] == [True] * 3
    assert "three" in outputs[3]
    assert ["last hint" in each for each in outputs] == [False, False, True, True]


def test_hint_before_any_check_says_what_to_do(started):
    """Without a failure there is nothing to hint at, and the next command is named."""
    assert "shardlab check" in run("hint", "adding").output


def test_reset_keeps_what_was_written(started):
    """The stub comes back and nothing is lost, however often."""
    for number in (1, 2):
        write(started, f"mine = {number}\n")
        assert run("reset", "adding").exit_code == 0
    kept = sorted((started / "adding").glob("adding.py.kept-*"))
    assert [path.read_text() for path in kept] == ["mine = 1\n", "mine = 2\n"]
    assert "NotImplementedError" in (started / "adding" / "adding.py").read_text()


def test_predictions_are_shown_beside_the_answers(started, course):
    """What was predicted comes back once all checks pass."""
    assert run("predict", "adding", input="three\n").exit_code == 0
    write(started, (course.root / "solutions/adding/adding.py").read_text())
    output = run("check", "adding").output
    assert "You said  three" in output
    assert "Answer    One." in output


def test_commands_away_from_a_workspace_say_where_to_go(desk):
    """check without a folder names the command that makes one."""
    result = run("check")
    assert result.exit_code == 2
    assert "shardlab start" in result.output


# -- update --------------------------------------------------------------------------------


@pytest.fixture
def newer(course, tmp_path):
    """The course of a week later: another README, and one more function."""
    root = shutil.copytree(course.root, tmp_path / "newer")
    (root / "assignments/adding/README.md").write_text("# Better\n")
    with (root / "assignments/adding/adding.py").open("a") as file:
        file.write('\n\ndef twice(x):\n    raise NotImplementedError("twice: x and x")\n')
    return root


def test_update_brings_what_changed_and_says_so(started, newer):
    """The new function with its text; the file stays; twice changes nothing."""
    write(started, "mine = 1\n")
    (started / "adding/README.md").write_text("notes")
    result = run("update", newer, "--json", "done.json")
    assert result.exit_code == 0, result.output
    assert "adding: up to date now. adding.py is yours, and was not touched." in result.output
    assert "kept as README.md.kept-1" in result.output
    assert 'def twice(x):\n    raise NotImplementedError("twice: x and x")' in result.output
    (done,) = json.loads((started / "done.json").read_text())["updated"]
    assert [each["name"] for each in done["functions"]] == ["twice"]
    assert (started / "adding/adding.py").read_text() == "mine = 1\n"
    assert (started / "adding/README.md").read_text() == "# Better\n"
    assert run("update", newer).output == "adding: nothing new.\n"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["none"], "does not exist"),
        (["adding"], "no course.toml"),
        (["../newer", "other"], "no folder of other"),
    ],
)
def test_update_says_what_it_can_not_use(started, newer, words, told):
    """A path to nothing, a folder that is no course, and a lab that nobody started."""
    result = run("update", *words)
    assert result.exit_code == 2
    assert told in " ".join(result.output.split())


def test_update_goes_on_after_a_lab_that_it_can_not_bring(started, newer):
    """It says why, leaves that lab as it is, and ends with 2."""
    (newer / "assignments/adding").rename(newer / "assignments/other")
    for name in ("course.toml", "assignments/other/assignment.toml"):
        text = (newer / name).read_text()
        (newer / name).write_text(text.replace('"adding"', '"other"'))
    result = run("update", newer)
    assert result.exit_code == 2
    assert "Error: adding: no lab 'adding' in this course" in result.output


def test_update_without_a_bundle_takes_the_one_around_it(course, tmp_path, monkeypatch):
    """A newer one was unzipped over the folder: then that is what the labs are to be like."""
    root = tmp_path / "labs"
    shutil.copytree(course.root / "assignments", root / "assignments")
    shutil.copyfile(course.root / "course.toml", root / "course.toml")
    monkeypatch.chdir(root)
    run("start", "adding")
    (root / "assignments/adding/README.md").write_text("# Better\n")
    assert "README.md: changed" in run("update").output
    assert (root / "adding/README.md").read_text() == "# Better\n"
    monkeypatch.chdir(tmp_path)
    assert "name the newer bundle" in run("update").output
