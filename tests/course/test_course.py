"""A course as its author wrote it; what is wrong in it is named by file, key and expectation."""

import os

import pytest

from grader.course import (
    find_course,
    load_course,
    load_lab,
    written_files,
)
from grader.course.assignment import LabLimits
from grader.errors import CourseError, UsageError


def edit(path, old, new):
    """Puts `new` in place of `old`, which is there."""
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


@pytest.fixture
def folder(course):
    """The tiny lab's folder."""
    return course.root / "assignments" / "adding"


# -- reading -------------------------------------------------------------------------------


def test_a_lab_is_read_as_written(course):
    """Names, rubric in order, limits with their defaults, and what students are asked."""
    lab = course.lab("adding")
    assert (lab.slug, lab.entry, lab.assignment.file) == ("adding", "adding", "adding.py")
    assert [(each.item, each.points) for each in lab.rubric] == [("add", 40), ("total", 60)]
    assert lab.item("total").builds_on == ("add",)
    assert lab.assignment.limits.call_seconds == 1.0
    assert lab.assignment.limits.memory_mb == LabLimits().memory_mb
    assert lab.assignment.preload == ("numpy",)
    assert lab.assignment.predict[0].answer == "One."


def test_functions_are_those_of_the_stub(course, folder):
    """Public functions with their parameters in order; private ones are nobody's business."""
    with (folder / "adding.py").open("a", encoding="utf-8") as stub:
        stub.write("def _own(z):\n    pass\ndef last(a, /, b, *, c=1):\n    pass\n")
    functions = course.lab("adding").functions
    assert functions == {"add": ("x", "y"), "total": ("x", "group"), "last": ("a", "b")}


def test_hints_are_a_ladder_for_every_item(course):
    """Three each."""
    assert course.lab("adding").hints["add"] == ("one", "two", "three")


def test_labs_come_in_their_order(course, folder):
    """`order` decides, not the list in course.toml."""
    other = folder.with_name("before")
    other.mkdir()
    for path in folder.iterdir():
        (other / path.name).write_bytes(path.read_bytes())
    edit(other / "assignment.toml", 'slug = "adding"', 'slug = "before"')
    edit(other / "assignment.toml", "order = 1", "order = 0")
    edit(course.root / "course.toml", '"adding"', '"adding", "before"')
    assert [lab.slug for lab in load_course(course.root).labs()] == ["before", "adding"]


def test_an_unknown_lab_is_the_callers_mistake(course):
    """The text lists those that there are, and says which may be meant."""
    words = r"no lab 'ading' in this course; it has: adding\nDid you mean adding\?$"
    with pytest.raises(UsageError, match=words):
        course.lab("ading")


def test_bundles_that_were_unzipped_into_one_folder_are_told(course):
    """The second course.toml has taken the first one's place: the text says what happened."""
    (course.root / "assignments" / "other").mkdir()
    with pytest.raises(UsageError, match="adding; two bundles were unzipped into one folder"):
        course.lab("other")


def test_the_course_is_found_from_below(course, monkeypatch):
    """From its own folder and any folder in it, relative paths included."""
    inner = course.root / "assignments" / "adding"
    assert find_course(inner) == course.root
    assert find_course(course.root) == course.root
    monkeypatch.chdir(inner)
    assert find_course(inner.relative_to(inner)).samefile(course.root)


def test_no_course_is_told_with_the_way_to_name_one(tmp_path):
    """Where nothing at or above is a course."""
    with pytest.raises(UsageError, match="--course or SHARDLAB_COURSE"):
        find_course(tmp_path)


def test_the_hidden_suite_is_the_instructors(course):
    """A student's copy has none, and the text says so."""
    lab = course.lab("adding")
    (lab.hidden_suite / "test_adding.py").unlink()
    with pytest.raises(CourseError, match="only the instructor's copy"):
        _ = load_course(course.root).lab("adding").hidden_suite


# -- what is written wrong -----------------------------------------------------------------

WRONG = {
    "slug": ('slug = "adding"', 'slug = "adder"', "key 'slug': expected 'adding', got 'adder'"),
    "type": ("points = 40", 'points = "40"', "key 'rubric[0].points': Expected `int`"),
    "float points": ("points = 40", "points = 40.5", "key 'rubric[0].points'"),
    "bool points": ("points = 40", "points = true", "key 'rubric[0].points'"),
    "missing": ('title = "Adding up"\n', "", "missing required field `title`"),
    "unknown": ("minutes = 5", "minutes = 5\ncolour = 1", "unknown field `colour`"),
    "unknown limit": ("call_seconds", "call_second", "key 'limits': Object contains unknown"),
    "no time": ("call_seconds = 1.0", "call_seconds = 0", "key 'limits.call_seconds': expected"),
    "endless": ("submission_seconds = 10.0", "submission_seconds = inf", "submission_seconds'"),
    "not a number": ("call_seconds = 1.0", "call_seconds = nan", "key 'limits.call_seconds'"),
    "no TOML": ('title = "Adding up"', "title = Adding up", "not TOML"),
    "total": ("points = 40", "points = 41", "points add up to 101, expected 100"),
    "no points": ("points = 40", "points = 0", "key 'rubric[0].points': expected a whole number"),
    "twice": ('item = "total"', 'item = "add"', "key 'rubric[1].item': 'add' stands twice"),
    "invariant": ('invariant = "I2"', 'invariant = "I9"', "key 'rubric[1].invariant': 'I9'"),
    "builds on itself": ('["add"]', '["total"]', "an item that stands above, got 'total'"),
    "builds on nothing": ('["add"]', '["ad"]', "key 'rubric[1].builds_on'"),
    "path": ('file = "adding.py"', 'file = "../adding.py"', "key 'file': expected a module name"),
    "no module": ('file = "adding.py"', 'file = "add-ing.py"', "key 'file'"),
    "no suffix": ('file = "adding.py"', 'file = "adding"', "key 'file'"),
    "other suffix": ('file = "adding.py"', 'file = "adding.txt"', "key 'file'"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_written_wrong_is_named(course, folder, name):
    """Each mistake ends as one CourseError with the file, the key and what was expected."""
    old, new, words = WRONG[name]
    edit(folder / "assignment.toml", old, new)
    with pytest.raises(CourseError) as error:
        course.lab("adding")
    assert words in str(error.value)
    assert str(error.value).startswith(str(folder / "assignment.toml"))


@pytest.mark.parametrize("name", ["adding.py", "test_public.py", "README.md", "hints.toml"])
def test_a_missing_file_is_named(folder, name):
    """Every lab has these."""
    (folder / name).unlink()
    with pytest.raises(CourseError, match=f"{name}: missing"):
        load_lab(folder)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('[total]\nhints = ["one", "two", "three"]', "", "item 'total' has no ladder of hints"),
        ("[total]", "[totals]", "item 'total' has no ladder of hints"),
        ("[total]", '[else]\nhints = ["a", "b", "c"]\n[total]', "key 'else': no rubric item"),
        ('["one", "two", "three"]', '["one", "two"]', "key 'add.hints': expected 3 hints, got 2"),
    ],
)
def test_wrong_hints_are_named(folder, old, new, words):
    """A ladder that is missing, too short, or of no item."""
    edit(folder / "hints.toml", old, new)
    with pytest.raises(CourseError) as error:
        _ = load_lab(folder).hints
    assert words in str(error.value)


def test_a_stub_that_does_not_parse_is_named_by_its_line(course, folder):
    """Messages take parameter names from the stub, so it has to be Python."""
    (folder / "adding.py").write_text("x = 1\ndef add(:\n", "utf-8")
    with pytest.raises(CourseError, match=r"adding\.py:2: invalid syntax"):
        _ = course.lab("adding").functions


@pytest.mark.parametrize("content", [b"\xff\xfe", b"name = 1\nlabs = []", b"labs = []"])
def test_a_course_file_that_cannot_be_read_is_named(course, content):
    """The same for course.toml, which may not even be text."""
    (course.root / "course.toml").write_bytes(content)
    with pytest.raises(CourseError, match=r"course\.toml: "):
        load_course(course.root)


def test_a_missing_course_file_is_named(tmp_path):
    """Named with --course, but no course."""
    with pytest.raises(CourseError, match=r"course\.toml: missing"):
        load_course(tmp_path)


# -- digest --------------------------------------------------------------------------------


@pytest.fixture
def digest(course):
    """The digest of the tiny lab as it is now on disk."""
    return lambda: load_course(course.root).lab("adding").suite_digest


def test_the_digest_is_that_of_the_content(course, digest):
    """Equal content, equal digest: neither times nor caches nor the course's place count."""
    before = digest()
    hidden = course.root / "tests/hidden/adding"
    os.utime(hidden / "test_adding.py", (1, 1))
    (hidden / "__pycache__").mkdir()
    (hidden / "__pycache__" / "test_adding.pyc").write_bytes(b"1")
    moved = course.root.rename(course.root.with_name("elsewhere"))
    assert load_course(moved).lab("adding").suite_digest == before


@pytest.mark.parametrize(
    "name",
    [
        "tests/hidden/adding/test_adding.py",
        "tests/hidden/adding/test_more.py",
        "tests/hidden/adding/numbers.csv",
        "assignments/adding/test_public.py",
        "assignments/adding/assignment.toml",
        "assignments/adding/adding.py",
    ],
)
def test_the_digest_changes_with_what_results_depend_on(course, digest, name):
    """Any change of a suite, its data, the rubric or the stub grades again."""
    before = digest()
    with (course.root / name).open("a", encoding="utf-8") as file:
        file.write("\n# more\n")
    assert digest() != before


def test_text_that_moves_between_files_changes_the_digest(course, digest):
    """Files are told apart: the digest is not that of all text in a row."""
    hidden = course.root / "tests/hidden/adding"
    (hidden / "test_aa.py").write_text("A = 1\nB = 1\n", "utf-8")
    (hidden / "test_ab.py").write_text("C = 1\n", "utf-8")
    before = digest()
    (hidden / "test_aa.py").write_text("A = 1\n", "utf-8")
    (hidden / "test_ab.py").write_text("B = 1\nC = 1\n", "utf-8")
    assert digest() != before


@pytest.mark.parametrize("name", ["README.md", "hints.toml"])
def test_words_for_students_grade_nothing_again(folder, digest, name):
    """A mended hint costs no regrading."""
    before = digest()
    edit(folder / name, "\n", "\n\n")
    assert digest() == before


def test_written_files_are_those_of_an_author(folder):
    """Sub-folders too; caches and hidden files are nobody's hand-out."""
    for name in ("figures/shape.svg", "__pycache__/x.pyc", ".DS_Store", "figures/.hidden"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("x", "utf-8")
    names = [path.relative_to(folder).as_posix() for path in written_files(folder)]
    assert names == sorted(names)
    assert "figures/shape.svg" in names
    assert not [name for name in names if name.startswith(("__", ".")) or "/." in name]
