"""A folder that lost its hidden part is mended, and nothing that a student wrote is lost."""

import shutil

import pytest

from grader.errors import UsageError
from grader.student.mending import start_here
from grader.student.workspace import State, find_workspace, start

NONCE = "0123456789abcdef" * 2


@pytest.fixture
def lab(course):
    return course.lab("adding")


@pytest.fixture
def workspace(lab, course, tmp_path):
    """A folder in which somebody worked."""
    made = start(lab, tmp_path, NONCE, course)
    made.file.write_text("def add(x, y):\n    return x + y\n", "utf-8")
    (made.folder / "README.md").write_text("my notes", "utf-8")
    (made.folder / "notes.txt").write_text("more notes", "utf-8")
    made.remember(State(last_failed="add"))
    return made


def shown(folder):
    """What a student sees of their folder, byte for byte."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path: path.read_bytes() for path in files if ".shardlab" not in path.parts}


@pytest.mark.parametrize("lost", [".shardlab", ".shardlab/lab", ".shardlab/lab/hints.toml"])
def test_a_lost_hidden_part_comes_back(workspace, lab, course, lost):
    """All of it or some; what lies there to be seen stays, byte for byte."""
    path, before = workspace.folder / lost, shown(workspace.folder)
    path.unlink() if path.is_file() else shutil.rmtree(path)
    assert start_here(lab, workspace.folder, course=course) == [".shardlab"]
    assert shown(workspace.folder) == before
    again = find_workspace(workspace.folder)
    assert again.lab.hints == lab.hints
    assert again.course == workspace.course
    kept = lost != ".shardlab"
    assert (again.state().last_failed == "add") is kept
    assert (again.nonce == NONCE) is kept


def test_nothing_is_left_of_the_mending(workspace, lab, course):
    """No draft stays in the folder."""
    shutil.rmtree(workspace.folder / ".shardlab/lab")
    names = {path.name for path in workspace.folder.iterdir()}
    start_here(lab, workspace.folder, course=course)
    assert {path.name for path in workspace.folder.iterdir()} == names


def test_a_lost_file_of_the_hand_out_comes_back(workspace, lab, course):
    """The others stay, edited or not; a second time there is nothing to do."""
    (workspace.folder / "test_public.py").unlink()
    workspace.file.unlink()
    assert start_here(lab, workspace.folder, course=course) == ["adding.py", "test_public.py"]
    assert workspace.file.read_bytes() == lab.stub.read_bytes()
    assert (workspace.folder / "README.md").read_text("utf-8") == "my notes"
    assert start_here(lab, workspace.folder, course=course) == []


def test_a_nonce_can_come_later(workspace, lab, course):
    """A folder that was started without one, or lost it, is given it."""
    other = NONCE[::-1]
    assert start_here(lab, workspace.folder, other, course) == ["nonce"]
    assert find_workspace(workspace.folder).nonce == other


def test_an_empty_folder_becomes_the_lab_s(lab, course, tmp_path):
    """It is what `start` makes, in a folder of another name."""
    folder = tmp_path / "mine"
    folder.mkdir()
    start_here(lab, folder, course=course)
    assert find_workspace(tmp_path, "mine").file.read_bytes() == lab.stub.read_bytes()


def test_a_folder_of_something_else_is_left_alone(workspace, lab, course, tmp_path):
    """The hand-out itself, another lab's folder, and one with files but not the student's."""
    before = shown(tmp_path)
    with pytest.raises(UsageError, match="is the hand-out itself"):
        start_here(lab, lab.folder, course=course)
    with pytest.raises(UsageError, match=r"has no adding\.py"):
        start_here(lab, tmp_path, course=course)
    text = (workspace.folder / ".shardlab/lab/assignment.toml").read_text("utf-8")
    other = text.replace('slug = "adding"', 'slug = "other"')
    (workspace.folder / ".shardlab/lab/assignment.toml").write_text(other, "utf-8")
    with pytest.raises(UsageError, match="is the folder of other, not of adding"):
        start_here(lab, workspace.folder, course=course)
    assert shown(tmp_path) == before


def test_who_looks_for_a_lost_lab_is_told_the_mend(workspace, tmp_path):
    """In the folder and beside it, by name and without; `start` says it, too."""
    shutil.rmtree(workspace.folder / ".shardlab")
    command = f"cd {workspace.folder} && shardlab start adding --here"
    for here, slug in ((workspace.folder, None), (tmp_path, "adding"), (tmp_path, "adding/")):
        with pytest.raises(UsageError) as caught:
            find_workspace(here, slug)
        assert command in str(caught.value)
    with pytest.raises(UsageError) as caught:
        start(workspace.lab, tmp_path)
    assert command in str(caught.value)
