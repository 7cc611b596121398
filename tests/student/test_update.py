"""A newer hand-out comes to a student's folder; the student's file is never touched."""

import shutil
import zipfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grader import __version__
from grader.course import load_course
from grader.errors import CourseError, UsageError
from grader.student.released import newer_wheel, released_course
from grader.student.update import bring_course, update
from grader.student.workspace import State, find_workspace, start

MINE = "def add(x, y):\n    return x + y\n"
NEW = '''

def twice(x):
    """Two times x."""
    raise NotImplementedError("twice: x and x")
'''


@pytest.fixture
def workspace(course, tmp_path):
    """A started folder with a student's own file in it."""
    made = start(course.lab("adding"), tmp_path, course=course)
    made.file.write_text(MINE, "utf-8")
    return made


def handed_out(course):
    return course.root / "assignments/adding"


def newer(course):
    """The course as it is on the disk now."""
    return load_course(course.root)


def bring(workspace, course):
    again = newer(course)
    return update(find_workspace(workspace.folder), again.lab("adding"), again)


def everything(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_without_a_change_there_is_nothing_to_do(workspace, course):
    """Edited files of the hand-out are left alone, too: it did not change since."""
    (workspace.folder / "test_public.py").write_text("my own", "utf-8")
    (workspace.folder / "README.md").unlink()
    before = everything(workspace.folder)
    done = bring(workspace, course)
    assert (done.files, done.functions, done.stub, done.inside) == ((), (), False, False)
    assert everything(workspace.folder) == before


def test_changed_files_are_brought(workspace, course):
    """Changed, new and gone; a folder is made where one is needed."""
    folder = handed_out(course)
    (folder / "README.md").write_text("# New\n", "utf-8")
    (folder / "figures").mkdir()
    (folder / "figures/one.svg").write_text("<svg/>", "utf-8")
    done = bring(workspace, course)
    assert [(each.name, each.how, each.kept) for each in done.files] == [
        ("README.md", "changed", ""),
        ("figures/one.svg", "new", ""),
    ]
    assert (workspace.folder / "README.md").read_text("utf-8") == "# New\n"
    shutil.rmtree(folder / "figures")
    assert [(each.name, each.how) for each in bring(workspace, course).files] == [
        ("figures/one.svg", "gone")
    ]
    assert not (workspace.folder / "figures/one.svg").exists()
    assert workspace.file.read_text("utf-8") == MINE


def test_what_was_edited_is_kept_beside(workspace, course):
    """As `reset` keeps the student's file: under a name that is free."""
    own = workspace.folder / "test_public.py"
    own.write_text("my own", "utf-8")
    own.with_name("test_public.py.kept-1").write_text("from before", "utf-8")
    with (handed_out(course) / "test_public.py").open("a", encoding="utf-8") as file:
        file.write("# one more\n")
    (change,) = bring(workspace, course).files
    assert (change.how, change.kept) == ("changed", "test_public.py.kept-2")
    assert own.with_name(change.kept).read_text("utf-8") == "my own"
    assert not find_workspace(workspace.folder).public_suite_changed


def test_a_student_s_file_of_a_new_file_s_name_is_kept(workspace, course):
    """The name was free when they took it."""
    (workspace.folder / "notes.md").write_text("mine", "utf-8")
    (handed_out(course) / "notes.md").write_text("ours", "utf-8")
    (change,) = bring(workspace, course).files
    assert (change.how, change.kept) == ("new", "notes.md.kept-1")
    assert (workspace.folder / "notes.md.kept-1").read_text("utf-8") == "mine"


def test_a_new_function_is_told_and_written_nowhere(workspace, course):
    """With its text as the stub has it; changed and lost ones are told, too."""
    stub = handed_out(course) / "adding.py"
    text = stub.read_text("utf-8").replace("def total(x, group)", "def total(x, group, axis=0)")
    stub.write_text(text + NEW, "utf-8")
    done = bring(workspace, course)
    told = {each.name: (each.how, each.text) for each in done.functions}
    assert told["twice"] == ("new", NEW.strip())
    assert told["total"][0] == "changed"
    assert "axis=0" in told["total"][1]
    assert set(told) == {"twice", "total"}
    assert (done.stub, done.unbegun) == (True, False)
    assert workspace.file.read_text("utf-8") == MINE
    stub.write_text(text.replace("def add(", "def plus("), "utf-8")
    told = {each.name: each.how for each in bring(workspace, course).functions}
    assert told == {"plus": "new", "add": "gone", "twice": "gone"}
    assert workspace.file.read_text("utf-8") == MINE


def test_even_an_untouched_stub_is_not_touched(workspace, course):
    """It is the student's by now; that it is the stub of before is told."""
    workspace.file.write_bytes(workspace.lab.stub.read_bytes())
    before = workspace.file.read_bytes()
    with (handed_out(course) / "adding.py").open("a", encoding="utf-8") as file:
        file.write(NEW)
    assert bring(workspace, course).unbegun
    assert workspace.file.read_bytes() == before
    find_workspace(workspace.folder).reset()
    assert "def twice" in workspace.file.read_text("utf-8")


def test_what_is_not_shown_comes_too(workspace, course):
    """Hints and rubric, and where to hand in; a hint for an item that is gone is forgotten."""
    workspace.remember(State(last_failed="add", student="s1"))
    for name in ("hints.toml", "assignment.toml", "test_public.py"):
        path = handed_out(course) / name
        text = path.read_text("utf-8").replace("[add]", "[plus]").replace('"add"', '"plus"')
        path.write_text(text.replace('"one"', '"uno"'), "utf-8")
    with (course.root / "course.toml").open("a", encoding="utf-8") as file:
        file.write('inbox = "/shared/inbox"\n')
    assert bring(workspace, course).inside
    again = find_workspace(workspace.folder)
    assert again.next_hint("plus").text == "uno"
    assert again.course.inbox == "/shared/inbox"
    assert (again.state().student, again.state().last_failed) == ("s1", "")
    assert again.next_hint("") is None


def test_a_file_of_another_name_is_refused(workspace, course):
    """What the student has would not be looked at any more; nothing changes."""
    (handed_out(course) / "adding.py").rename(handed_out(course) / "sums.py")
    path = handed_out(course) / "assignment.toml"
    path.write_text(path.read_text("utf-8").replace("adding.py", "sums.py"), "utf-8")
    before = everything(workspace.folder)
    with pytest.raises(UsageError, match=r"now has sums\.py in place of adding\.py"):
        bring(workspace, course)
    assert everything(workspace.folder) == before


_TEXTS = st.sampled_from([b"a", b"b", b"c", None])


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    files=st.dictionaries(
        st.sampled_from(["README.md", "x.md", "y/z.md"]), st.tuples(*[_TEXTS] * 3)
    )
)
def test_nothing_is_lost_and_twice_is_once(course, tmp_path, files):
    """Whatever was released, edited and is released now: all that a student had is still there."""

    def release(which):
        for name, texts in files.items():
            path = handed_out(course) / name
            path.parent.mkdir(exist_ok=True)
            if name == "README.md" or texts[which] is not None:  # every lab has a README
                path.write_bytes(texts[which] or b"# README\n")
            else:
                path.unlink(missing_ok=True)

    shutil.rmtree(tmp_path / "adding", ignore_errors=True)
    release(0)
    made = start(newer(course).lab("adding"), tmp_path, course=course)
    released = {each.read_bytes() for each in (made.folder / ".shardlab/lab").rglob("*.md")}
    for name, (_, own, _) in files.items():
        path = made.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(own) if own is not None else path.unlink(missing_ok=True)
    had = {path.read_bytes() for path in made.folder.rglob("*.md")}
    release(2)
    bring(made, course)
    after = everything(made.folder)
    assert had - released <= set(after.values())
    assert bring(made, course).files == ()
    assert everything(made.folder) == after


# -- where it comes from -------------------------------------------------------------------


def as_zip(folder, path, above=""):
    with zipfile.ZipFile(path, "w") as archive:
        for each in sorted(folder.rglob("*")):
            archive.write(each, above + str(each.relative_to(folder)))
    return path


@pytest.mark.parametrize("above", ["", "labs/"])
def test_a_course_is_read_from_a_zip_and_from_a_folder(course, tmp_path, above):
    """Packed as we do it, or again by a program that puts a folder around it."""
    path = as_zip(course.root, tmp_path / "labs.zip", above)
    with released_course(path) as found:
        assert found.lab("adding").assignment.title == "Adding up"
    assert not found.root.exists()
    with released_course(course.root) as found:
        assert found.root == course.root


def test_what_is_no_bundle_is_told(tmp_path):
    """Something else, a damaged zip, and one that would write elsewhere: a text, and no trace."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "damaged.zip").write_bytes(b"PK\5\6")
    with zipfile.ZipFile(tmp_path / "out.zip", "w") as archive:
        archive.writestr("../out.txt", "")
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("manifest.json", "{}")
    for name, words in (
        ("empty", "no course.toml"),
        ("other.zip", "no course.toml"),
        ("damaged.zip", "can't be read"),
        ("out.zip", "leads out of it"),
    ):
        with pytest.raises(UsageError, match=words), released_course(tmp_path / name):
            pytest.fail("there is no course in it")
    assert not (tmp_path.parent / "out.txt").exists()


def test_an_unpacked_bundle_is_brought_up_to_date(course, tmp_path):
    """So `list` and `start` show the newer labs; what is replaced there is kept."""
    root = tmp_path / "labs"
    shutil.copytree(course.root / "assignments", root / "assignments")
    shutil.copyfile(course.root / "course.toml", root / "course.toml")
    (root / "assignments/adding/adding.py").write_text(MINE, "utf-8")
    (root / "assignments/adding/old.md").write_text("old", "utf-8")
    changes = bring_course(course, root)
    assert {(each.name.rpartition("/")[2], each.how) for each in changes} == {
        ("adding.py", "changed"),
        ("old.md", "gone"),
    }
    (kept,) = {each.kept for each in changes}
    assert (root / kept / "assignments/adding/adding.py").read_text("utf-8") == MINE
    assert load_course(root).lab("adding").functions == course.lab("adding").functions
    assert bring_course(course, root) == ()


def test_a_wheel_of_another_version_is_named(course, tmp_path):
    """It comes along; where this version can't read the labs, that is what mends it."""
    newer = shutil.copytree(course.root, tmp_path / "newer")
    wheel = newer / "shardlab-99.0-py3-none-any.whl"
    assert newer_wheel(newer) is None
    wheel.write_bytes(b"a wheel")
    assert newer_wheel(newer) == wheel
    root = shutil.copytree(course.root, tmp_path / "labs")
    own = root / f"shardlab-{__version__}-py3-none-any.whl"
    own.write_bytes(b"older")
    assert newer_wheel(root) is None
    with released_course(newer) as found:
        bring_course(found, root)
    assert [path.name for path in root.glob("*.whl")] == [wheel.name]
    with (newer / "assignments/adding/assignment.toml").open("a", encoding="utf-8") as file:
        file.write("[new_in_99]\n")
    with pytest.raises(CourseError, match=rf"came with {wheel.name}"), released_course(newer):
        pytest.fail("it can't be read")


def test_a_folder_that_can_t_be_written_is_told(workspace, course, monkeypatch):
    """As a line that names it, not as an error of Python's."""
    (workspace.folder / "README.md").write_text("mine", "utf-8")
    (handed_out(course) / "README.md").write_text("# New\n", "utf-8")

    def refuse(path, target):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("pathlib.Path.rename", refuse)
    with pytest.raises(UsageError, match=r"README\.md can't be written: Permission denied"):
        bring(workspace, course)
    assert (workspace.folder / "README.md").read_text("utf-8") == "mine"
