"""A student's folder: made whole, found again, and never losing what the student wrote."""

import pytest

from grader.errors import CourseError, UsageError
from grader.student.workspace import State, find_workspace, start


@pytest.fixture
def lab(course):
    return course.lab("adding")


@pytest.fixture
def desk(tmp_path):
    """Where a student works."""
    folder = tmp_path / "desk"
    folder.mkdir()
    return folder


@pytest.fixture
def workspace(lab, desk):
    return start(lab, desk)


def visible(folder):
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


def test_start_gives_what_a_student_reads_and_edits(workspace, lab):
    """Hand-out, stub and public tests; the rubric and the hints stay out of sight."""
    assert visible(workspace.folder) == ["README.md", "adding.py", "test_public.py"]
    assert workspace.file.read_bytes() == lab.stub.read_bytes()
    assert workspace.folder.name == "adding"
    assert workspace.folder.stat().st_mode & 0o777 == 0o755


def test_a_workspace_stands_by_itself(workspace, course):
    """Everything a command needs is in it: the course may be gone."""
    course.root.rename(course.root.with_name("gone"))
    again = find_workspace(workspace.folder)
    assert again.lab.slug == "adding"
    assert again.lab.hints["add"] == ("one", "two", "three")
    assert again.file == workspace.file


def test_start_does_not_overwrite(workspace, lab, desk):
    """A second start changes nothing, and says how to go on."""
    workspace.file.write_text("mine", "utf-8")
    with pytest.raises(UsageError, match="shardlab reset adding"):
        start(lab, desk)
    assert workspace.file.read_text("utf-8") == "mine"


def test_a_start_that_fails_leaves_nothing(lab, desk, monkeypatch):
    """Whole or not at all: no half-made folder stays behind."""

    def full_disk(source, target):
        if source.name == "test_public.py":
            raise OSError("disk full")

    monkeypatch.setattr("grader.student.workspace._copy", full_disk)
    with pytest.raises(UsageError, match="can't be written: disk full"):
        start(lab, desk)
    assert list(desk.iterdir()) == []


# -- finding -------------------------------------------------------------------------------


def test_a_workspace_is_found_in_it_below_it_and_beside_it(workspace, desk, monkeypatch):
    """From the folder, from any folder in it, and by name from where `start` was run."""
    inner = workspace.folder / "notes"
    inner.mkdir()
    for here, slug in (
        (workspace.folder, None),
        (inner, None),
        (inner, "adding"),
        (desk, "adding"),
    ):
        assert find_workspace(here, slug).folder == workspace.folder
    monkeypatch.chdir(inner)
    assert find_workspace(inner.relative_to(inner)).folder.samefile(workspace.folder)


@pytest.mark.parametrize(
    "named",
    ["adding", "adding/", "./adding", "../desk/adding/", "adding/notes", "adding/adding.py"],
)
def test_a_lab_can_be_named_by_a_path(workspace, desk, named):
    """What Tab makes of it: the folder with its slash, a folder in it, or the file."""
    (workspace.folder / "notes").mkdir()
    assert find_workspace(desk, named).folder.samefile(workspace.folder)


def test_a_folder_may_be_renamed(workspace, desk):
    """What it is stands in it, and not in its name."""
    renamed = workspace.folder.rename(desk / "first-try")
    assert find_workspace(desk, "first-try").folder == renamed
    assert find_workspace(renamed, "adding").folder == renamed
    assert find_workspace(renamed, "adding.py").folder == renamed


def test_a_path_leads_to_no_other_lab(workspace, desk):
    """A name that is another lab's is not answered with the folder around it."""
    (workspace.folder / "other").mkdir()
    with pytest.raises(UsageError, match="no folder of other here"):
        find_workspace(workspace.folder, "other")


@pytest.mark.parametrize(("slug", "words"), [(None, "start <lab>"), ("other", "start other")])
def test_no_workspace_is_told_with_the_command_that_makes_one(workspace, desk, slug, words):
    """Neither the wrong place nor the wrong name ends in a traceback."""
    with pytest.raises(UsageError, match=words):
        find_workspace(desk if slug is None else workspace.folder, slug)


def test_a_damaged_workspace_names_what_is_missing(workspace):
    """Who deletes a file of ours learns which."""
    (workspace.folder / ".shardlab/lab/hints.toml").unlink()
    with pytest.raises(CourseError, match=r"hints\.toml: missing") as caught:
        find_workspace(workspace.folder)
    assert f"cd {workspace.folder} && shardlab start adding --here" in str(caught.value)


def test_the_hand_out_itself_is_no_place_to_work(course, lab):
    """It stays as it is; both who checks there and who starts beside it is told where to go."""
    with pytest.raises(UsageError, match=f"cd {course.root} && shardlab start adding"):
        find_workspace(lab.folder)
    with pytest.raises(UsageError, match="is the hand-out itself"):
        start(lab, lab.folder.parent)


def test_a_lab_is_not_started_inside_another(workspace, lab, desk):
    """There it would not be found from outside; the command that makes it beside is told."""
    (workspace.folder / "notes").mkdir()
    for parent in (workspace.folder, workspace.folder / "notes"):
        with pytest.raises(UsageError, match=f"cd {desk} && shardlab start adding"):
            start(lab, parent)


def test_a_mistyped_name_is_told_what_there_is(workspace, desk):
    """The folders that were started here."""
    with pytest.raises(UsageError, match="no folder of ading here; started here: adding; go to"):
        find_workspace(desk, "ading")


def test_a_path_to_nothing_is_no_path_into_the_folder_around_it(workspace):
    """It is mistyped, and not another way to say `here`."""
    with pytest.raises(UsageError, match="no folder of notes/typo here"):
        find_workspace(workspace.folder, "notes/typo")


# -- reset and public tests ----------------------------------------------------------------


def test_reset_keeps_what_was_written(workspace, lab):
    """Every reset keeps its file under a name of its own."""
    for number in (1, 2):
        workspace.file.write_text(f"try {number}", "utf-8")
        kept = workspace.reset()
        assert kept.name == f"adding.py.kept-{number}"
        assert kept.read_text("utf-8") == f"try {number}"
        assert workspace.file.read_bytes() == lab.stub.read_bytes()


def test_reset_brings_a_deleted_file_back(workspace, lab):
    """There is nothing to keep then."""
    workspace.file.unlink()
    assert workspace.reset() is None
    assert workspace.file.read_bytes() == lab.stub.read_bytes()


def test_edited_public_tests_are_used_and_noticed(workspace):
    """A student may play with the tests; that they are changed is known."""
    assert not workspace.public_suite_changed
    own = workspace.folder / "test_public.py"
    own.write_text("", "utf-8")
    assert workspace.public_suite_changed
    assert workspace.public_suite == own
    own.unlink()
    assert workspace.public_suite == workspace.lab.public_suite
    assert not workspace.public_suite_changed


# -- state ---------------------------------------------------------------------------------


def test_state_is_remembered(workspace):
    """From one command to the next."""
    assert workspace.state() == State()
    state = State(last_failed="add", hints_taken={"add": 2}, predictions={"0": "One."})
    workspace.remember(state)
    assert find_workspace(workspace.folder).state() == state
    assert sorted(p.name for p in (workspace.folder / ".shardlab").iterdir()) == [
        "lab",
        "state.json",
    ]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"hints_taken": 3}', b"\xff"])
def test_a_damaged_state_is_forgotten(workspace, content):
    """Nothing of it is graded, so nothing stops because of it."""
    (workspace.folder / ".shardlab/state.json").write_bytes(content)
    assert workspace.state() == State()


def test_state_of_a_later_version_is_read(workspace):
    """A key that this version doesn't know is no damage."""
    (workspace.folder / ".shardlab/state.json").write_bytes(b'{"last_failed": "add", "new": 1}')
    assert workspace.state().last_failed == "add"
