"""The bundle for students holds their lab, and nothing of the instructor's."""

import re
import shutil
import zipfile

import pytest

from grader import __version__
from grader.course import load_course
from grader.errors import CourseError, UsageError
from grader.validation.labs_bundle import OLDEST_PYTHON, START_HERE, members
from grader.validation.release import (
    PACKAGE,
    hidden_inputs,
    leaks,
    release,
    solution_lines,
)


@pytest.fixture
def lab(course):
    return course.lab("adding")


def append(path, text):
    with path.open("a", encoding="utf-8") as file:
        file.write(text)


# -- the bundle ----------------------------------------------------------------------------


def test_a_bundle_is_a_course_that_can_be_worked(course, lab, tmp_path):
    """Unpacked, it is a course of one lab; a student can start from it and can't grade."""
    names = release(course, [lab], tmp_path / "adding.zip")
    with zipfile.ZipFile(tmp_path / "adding.zip") as archive:
        assert archive.namelist() == names
        archive.extractall(tmp_path / "student")
    student = load_course(tmp_path / "student")
    assert student.lab("adding").stub.read_bytes() == lab.stub.read_bytes()
    with pytest.raises(CourseError):
        _ = student.lab("adding").hidden_suite


def test_equal_courses_give_equal_bundles(course, lab, tmp_path):
    """No time of day and no place gets in, so a bundle can be compared by its bytes."""
    release(course, [lab], tmp_path / "a.zip")
    lab.stub.touch()
    release(course, [lab], tmp_path / "b.zip")
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert {member.date_time for member in archive.infolist()} == {(2000, 1, 1, 0, 0, 0)}


@pytest.mark.parametrize("name", ['The "new" course', "back\\slash", "zwölf Labs ☃"])
def test_any_name_of_a_course_survives(course, lab, tmp_path, name):
    """Quotes in it don't break the bundle's course.toml."""
    (course.root / "course.toml").write_text(f"name = '{name}'\nlabs = ['adding']\n", "utf-8")
    held = dict(members(load_course(course.root), [lab]))
    (tmp_path / "course.toml").write_bytes(held["course.toml"])
    assert load_course(tmp_path).name == name


def test_a_release_that_leaks_writes_nothing(course, lab, tmp_path):
    """The old bundle stays as it was."""
    target = tmp_path / "adding.zip"
    target.write_bytes(b"old")
    append(lab.stub, "# the_whole_sum = group.all_reduce(x)\n")
    with pytest.raises(CourseError, match=r"not released:\n.*adding\.py holds a line of"):
        release(course, [lab], target)
    assert target.read_bytes() == b"old"


def test_a_place_that_cannot_be_written_is_told(course, lab, tmp_path):
    """By its name, and without a draft left behind."""
    with pytest.raises(UsageError, match=r"adding\.zip can't be written: No such file"):
        release(course, [lab], tmp_path / "gone" / "adding.zip")
    (tmp_path / "folder.zip").mkdir()
    with pytest.raises(UsageError, match="can't be written"):
        release(course, [lab], tmp_path / "folder.zip")
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".folder")]


# -- the bundle of all labs ------------------------------------------------------------------


def two_labs(root):
    """The course with one more lab and a guide to both."""
    for folder in ("assignments", "solutions", "tests/hidden"):
        shutil.copytree(root / folder / "adding", root / folder / "second")
    path = root / "assignments/second/assignment.toml"
    text = path.read_text("utf-8").replace('slug = "adding"', 'slug = "second"')
    path.write_text(text.replace("order = 1", "order = 2"), "utf-8")
    (root / "course.toml").write_text('name = "Two"\nlabs = ["second", "adding"]\n', "utf-8")
    (root / "assignments/figures").mkdir()
    (root / "assignments/figures/a b.svg").write_text("<svg/>", "utf-8")
    (root / "assignments/figures/unused.svg").write_text("<svg/>", "utf-8")
    guide = "# Guide\n[more](MORE.md#top) ![a](figures/a%20b.svg) [lab](adding/README.md)\n"
    (root / "assignments/README.md").write_text(f"{guide}[site](https://example.org)\n", "utf-8")
    (root / "assignments/MORE.md").write_text("# More\n", "utf-8")
    (root / "README.md").write_text("for instructors", "utf-8")
    return load_course(root)


def test_one_bundle_holds_all_labs_and_the_guide(course, tmp_path):
    """Pages, what they show, each lab's hand-out, how to begin; and nothing else of the course."""
    whole = two_labs(course.root)
    names = release(whole, whole.labs(), tmp_path / "labs.zip")
    own = ("README.md", "adding.py", "assignment.toml", "hints.toml", "test_public.py")
    assert set(names) == {
        START_HERE,
        "course.toml",
        "assignments/README.md",
        "assignments/MORE.md",
        "assignments/figures/a b.svg",
        *(f"assignments/{lab}/{name}" for lab in ("adding", "second") for name in own),
    }
    with zipfile.ZipFile(tmp_path / "labs.zip") as archive:
        archive.extractall(tmp_path / "student")
    student = load_course(tmp_path / "student")
    assert [lab.slug for lab in student.labs()] == ["adding", "second"]


def test_a_bundle_of_one_lab_of_two_has_no_guide(course):
    """Which leads to labs that are not in it."""
    whole = two_labs(course.root)
    names = dict(members(whole, [whole.lab("second")]))
    assert {name.split("/")[1] for name in names if "/" in name} == {"second"}


def test_the_first_text_says_how_to_begin(course):
    """With the lab that comes first, whatever the order in course.toml, and what to read."""
    whole = two_labs(course.root)
    text = dict(members(whole, whole.labs()))[START_HERE].decode()
    for line in ("shardlab start adding", "assignments/MORE.md", "shardlab update NEWER.zip"):
        assert f"     {line}\n" in text
    assert "Your course says where to get it" in text
    assert max(map(len, text.splitlines())) <= 80


def test_the_oldest_python_is_the_package_s(repository):
    """Students are told what the package demands."""
    text = (repository / "pyproject.toml").read_text("utf-8")
    assert f'requires-python = ">={OLDEST_PYTHON}"' in text


@pytest.mark.parametrize("target", ["gone.md", "../README.md", "figures/gone.svg"])
def test_a_link_that_students_could_not_follow_is_told(course, target):
    """By page and target; validation tells it, too."""
    whole = two_labs(course.root)
    append(whole.root / "assignments/MORE.md", f"[there]({target})\n")
    with pytest.raises(CourseError, match=rf"MORE\.md: links to {re.escape(target)}"):
        dict(members(whole, whole.labs()))


@pytest.mark.parametrize("place", ["README.md", "MORE.md", "figures/a b.svg", "adding/README.md"])
def test_a_lab_s_secret_is_found_in_all_of_the_bundle(course, place, tmp_path):
    """In the guide, in its figures, and in another lab's hand-out."""
    whole = two_labs(course.root)
    solution = whole.root / "solutions/second/adding.py"
    line = "secret_of_the_second_lab = 12"
    solution.write_text(solution.read_text("utf-8") + f"\n{line}\n", "utf-8")
    append(whole.root / "assignments" / place, f"\n{line}\n")
    assert list(leaks(whole, whole.lab("adding"))) == []
    told = f"assignments/{place} holds a line of the solution: {line}"
    assert list(leaks(whole, whole.lab("second"))) == [told]
    with pytest.raises(CourseError, match="holds a line of the solution"):
        release(whole, whole.labs(), tmp_path / "labs.zip")


@pytest.mark.parametrize("slug", ["tp-sharding", "ring-cost", "pipeline-bubble", "two-way-tp"])
def test_this_course_s_bundle_holds_no_lab_s_secret(repository, slug, monkeypatch):
    """In no hand-out, and in no answer to an exercise: the guide goes to all students, too."""
    monkeypatch.setenv("SHARDLAB_COURSE_KEY", "a key for tests only")
    monkeypatch.setenv("SHARDLAB_RECEIPT_KEY", "ab" * 32)
    course = load_course(repository)
    assert list(leaks(course, course.lab(slug))) == []


# -- the wheel -----------------------------------------------------------------------------


def wheel_in(folder, **more):
    """A wheel of the package as it runs, with more files in it or other ones."""
    path = folder / f"shardlab-{__version__}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for each in sorted(PACKAGE.rglob("*.py")):
            archive.write(each, each.relative_to(PACKAGE.parent).as_posix())
        archive.writestr("shardlab-0.dist-info/METADATA", "Name: shardlab\n")
        for name, text in more.items():
            archive.writestr(name, text)
    return path


def test_a_wheel_goes_along_and_is_named(course, lab, tmp_path):
    """Then the bundle is all it takes: it says the line that installs it."""
    wheel = wheel_in(tmp_path)
    held = dict(members(course, [lab], wheel))
    release(course, [lab], tmp_path / "labs.zip", wheel)
    assert held[wheel.name] == wheel.read_bytes()
    assert f"     pipx install './{wheel.name}[sandbox]'\n" in held[START_HERE].decode()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("solutions/adding/adding.py", "x = 1"),
        ("grader/more.py", "x = 1"),
        ("grader/../solutions.py", "x = 1"),
        ("shardlab-0.dist-info/NOTES", "the_whole_sum = group.all_reduce(x)"),
        ("shardlab-0.dist-info/KEY", "a key for tests only"),
    ],
)
def test_a_wheel_that_holds_more_is_not_released(course, lab, tmp_path, name, text):
    """Compressed or not: what is not the package that runs here is refused or searched."""
    wheel = wheel_in(tmp_path, **{name: text})
    with pytest.raises(CourseError, match="not released"):
        release(course, [lab], tmp_path / "labs.zip", wheel)
    assert not (tmp_path / "labs.zip").exists()


def test_a_wheel_of_another_version_is_refused(course, lab, tmp_path):
    """And what is no wheel at all."""
    other = wheel_in(tmp_path).rename(tmp_path / "shardlab-0.0.1-py3-none-any.whl")
    with pytest.raises(UsageError, match="make wheel"):
        dict(members(course, [lab], other))
    broken = tmp_path / f"shardlab-{__version__}-py3-none-any.whl"
    broken.write_bytes(b"PK")
    with pytest.raises(CourseError, match="no wheel"):
        release(course, [lab], tmp_path / "labs.zip", broken)


# -- leaks ---------------------------------------------------------------------------------


def test_the_course_as_written_leaks_nothing(course, lab):
    """Stub and solution share imports, signatures and docstrings: that is no leak."""
    assert list(leaks(course, lab)) == []


LEAKS = {
    "a line": ("adding.py", "the_whole_sum = group.all_reduce(x)", "a line of the solution"),
    "reflowed": ("README.md", "the_whole_sum=group . all_reduce(\n  x)", "a line of the solution"),
    "in a hint": ("hints.toml", "# the_whole_sum = group.all_reduce(x)", "a line of the solution"),
    "the key": ("README.md", "a key for tests only", "the course key"),
    "the key in hex": ("README.md", b"a key for tests only".hex(), "the course key"),
    "an input": (
        "test_public.py",
        "X = [[31, 41, 59],\n  [26, 53, 58]]",
        "an input of test_adding",
    ),
}


@pytest.mark.parametrize("name", LEAKS)
def test_each_leak_is_found_wherever_it_is(course, lab, name):
    """White space hides nothing; the file and what it holds are told."""
    file, text, words = LEAKS[name]
    hidden = lab.hidden_suite / "test_adding.py"
    append(hidden, "\nX = [[31, 41, 59], [26, 53, 58]]\n")
    append(lab.folder / file, f"\n{text}\n")
    found = list(leaks(course, lab))
    assert found
    assert all(f"/{file} holds {words}" in each for each in found)


def test_a_leak_is_found_whatever_its_comment(course, lab):
    """A line is its code: another comment behind it, or none, makes it no other line."""
    solution = course.solutions(lab) / "adding.py"
    text = solution.read_text("utf-8")
    line = "the_whole_sum = group.all_reduce(x)"
    solution.write_text(text.replace(line, f"{line}  # every rank has a part"), "utf-8")
    append(lab.stub, f"\n{line}\n")
    assert len(list(leaks(course, lab))) == 1


# -- what is secret ------------------------------------------------------------------------

SOLUTION = '''\
"""A docstring that is longer than twenty characters."""

from dataclasses import dataclass, field, replace
from functools import (
    lru_cache as cached_by_its_arguments,
)


@dataclass(frozen=True, slots=True)
class Link:
    """A link between two of the ranks."""

    latency_of_the_link: float = 1e-6


@cached_by_its_arguments(maxsize=None)
def steps_of_a_ring(
    world_size_of_the_ring: int,
) -> int:
    """The number of steps that it takes."""
    # a comment that is longer than twenty characters
    short = 1
    return 2 * (world_size_of_the_ring - short)  # twice around
'''


def test_only_lines_that_answer_are_secret(tmp_path):
    """Not imports, decorators, signatures, docstrings, comments and short lines."""
    path = tmp_path / "ring.py"
    path.write_text(SOLUTION, "utf-8")
    assert [line.strip() for line in solution_lines(path)] == [
        "latency_of_the_link: float = 1e-6",
        "return 2 * (world_size_of_the_ring - short)",
    ]


def test_many_numbers_together_are_an_input(tmp_path):
    """Six or more written out; world sizes, flags and names are not telling."""
    path = tmp_path / "test_x.py"
    path.write_text(
        "A = [1, 2, -3, 4.5, 5, 6]\nB = [1, 2, 3, 4, 8]\nC = [True] * 3 + [False, True, True]\n"
        "D = (1, {'a': 2, 'b': 3}, [4, 5, 6])\nE = [False, True, True, True, True, True]\n",
        "utf-8",
    )
    assert hidden_inputs(path) == ["[1, 2, -3, 4.5, 5, 6]", "(1, {'a': 2, 'b': 3}, [4, 5, 6])"]
