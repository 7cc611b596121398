"""The bundle for students holds their lab, and nothing of the instructor's."""

import zipfile

import pytest

from grader.course import load_course
from grader.errors import CourseError, UsageError
from grader.validation.release import bundle, hidden_inputs, leaks, release, solution_lines


@pytest.fixture
def lab(course):
    return course.lab("adding")


def append(path, text):
    with path.open("a", encoding="utf-8") as file:
        file.write(text)


# -- the bundle ----------------------------------------------------------------------------


def test_a_bundle_is_a_course_that_can_be_worked(course, lab, tmp_path):
    """Unpacked, it is a course of one lab; a student can start from it and can't grade."""
    members = release(course, lab, tmp_path / "adding.zip")
    with zipfile.ZipFile(tmp_path / "adding.zip") as archive:
        assert archive.namelist() == members
        archive.extractall(tmp_path / "student")
    student = load_course(tmp_path / "student")
    assert student.lab("adding").stub.read_bytes() == lab.stub.read_bytes()
    with pytest.raises(CourseError):
        _ = student.lab("adding").hidden_suite


def test_equal_courses_give_equal_bundles(course, lab, tmp_path):
    """No time of day and no place gets in, so a bundle can be compared by its bytes."""
    release(course, lab, tmp_path / "a.zip")
    lab.stub.touch()
    release(course, lab, tmp_path / "b.zip")
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert {member.date_time for member in archive.infolist()} == {(2000, 1, 1, 0, 0, 0)}


@pytest.mark.parametrize("name", ['The "new" course', "back\\slash", "zwölf Labs ☃"])
def test_any_name_of_a_course_survives(course, lab, tmp_path, name):
    """Quotes in it don't break the bundle's course.toml."""
    (course.root / "course.toml").write_text(f"name = '{name}'\nlabs = ['adding']\n", "utf-8")
    ((_, content), *_) = bundle(load_course(course.root), lab)
    (tmp_path / "course.toml").write_bytes(content)
    assert load_course(tmp_path).name == name


def test_a_release_that_leaks_writes_nothing(course, lab, tmp_path):
    """The old bundle stays as it was."""
    target = tmp_path / "adding.zip"
    target.write_bytes(b"old")
    append(lab.stub, "# the_whole_sum = group.all_reduce(x)\n")
    with pytest.raises(CourseError, match=r"not released:\n.*adding\.py holds a line of"):
        release(course, lab, target)
    assert target.read_bytes() == b"old"


def test_a_place_that_cannot_be_written_is_told(course, lab, tmp_path):
    """By its name, and without a draft left behind."""
    with pytest.raises(UsageError, match=r"adding\.zip can't be written: No such file"):
        release(course, lab, tmp_path / "gone" / "adding.zip")
    (tmp_path / "folder.zip").mkdir()
    with pytest.raises(UsageError, match="can't be written"):
        release(course, lab, tmp_path / "folder.zip")
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".folder")]


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
