"""A batch that is another lab's is asked about, not taken in: names and content tell."""

import zipfile

import pytest

from grader.course import load_course
from grader.gradebook.rows import Student
from grader.gradebook.store import Gradebook
from grader.intake.finds import Intake, IntakeRefusal
from grader.intake.taking import take_in

MULTIPLYING = '''\
"""The stub."""


def multiply(x, y):
    """The product."""
    raise NotImplementedError("multiply: the product of both")
'''
ADDS = b"def add(x, y):\n    return x + y\n"
MULTIPLIES = b"def multiply(x, y):\n    return x * y\n"


@pytest.fixture
def two_labs(course):
    """The tiny course with a second lab, whose file is `multiplying.py`."""
    own, other = (course.root / "assignments" / name for name in ("adding", "multiplying"))
    other.mkdir()
    for path in own.iterdir():
        if path.is_file() and path.name != "adding.py":
            text = path.read_text("utf-8").replace('"adding', '"multiplying')
            (other / path.name).write_text(text, "utf-8")
    (other / "multiplying.py").write_text(MULTIPLYING, "utf-8")
    toml = course.root / "course.toml"
    toml.write_text(toml.read_text().replace('["adding"]', '["adding", "multiplying"]'))
    return load_course(course.root)


@pytest.fixture
def book(two_labs):
    with Gradebook.open(str(two_labs.root / "gradebook.sqlite3"), who="staff") as opened:
        opened.add_students([Student(f"s{n}", lms_id=f"{n}") for n in range(10, 14)])
        yield opened


@pytest.fixture
def canvas(tmp_path):
    """Writes Canvas's download of what each of four students uploaded."""

    def write(file, *contents, name="download.zip"):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            for number, content in enumerate(contents, 10):
                archive.writestr(f"doe{number}_{number}_9{number}_{file}", content)
        return tmp_path / name

    return write


@pytest.fixture
def collect(two_labs, book, now):
    """Collects, and gives how many were taken in and why others were not."""

    def run(*paths, **options):
        got = list(take_in(two_labs, book, paths, **{"now": now} | options))
        taken = [each for each in got if isinstance(each, Intake)]
        return len(taken), [each.reason for each in got if isinstance(each, IntakeRefusal)]

    return run


def test_files_that_are_named_like_another_lab_s_are_refused(collect, book, canvas):
    """Once for the whole batch, with what mends it; nothing is taken in."""
    batch = canvas("multiplying.py", b"x = 1\n", b"x = 2\n")
    taken, (why,) = collect(batch, lab="adding")
    assert taken == 0
    assert "2 files: what is here is by name or content for multiplying, not for adding" in why
    assert "--lab multiplying" in why
    assert "--yes" in why
    assert book.attempts() == []
    assert collect(batch, lab="multiplying") == (2, [])


def test_files_that_define_another_lab_s_functions_are_refused(collect, canvas):
    """Whatever they are called."""
    batch = canvas("solution.py", MULTIPLIES, MULTIPLIES + b"# two\n", b"x = 1\n")
    taken, (why,) = collect(batch, lab="adding")
    assert (taken, "2 of 3 files" in why) == (0, True)


def test_the_content_decides_against_the_name(collect, canvas):
    """A file that defines this lab's functions is this lab's, whatever it is called."""
    assert collect(canvas("multiplying.py", ADDS, ADDS + b"# 2\n"), lab="adding") == (2, [])


def test_one_student_s_mistake_is_no_doubt_about_the_batch(collect, canvas):
    """It is taken in, and graded as it is."""
    batch = canvas("solution.py", ADDS, ADDS + b"# two\n", MULTIPLIES)
    assert collect(batch, lab="adding") == (3, [])


def test_whoever_is_sure_has_it_taken_in(collect, canvas):
    """The question is asked once, and says what is odd."""
    asked = []
    batch = canvas("multiplying.py", b"x = 1\n", b"x = 2\n")
    taken, refused = collect(batch, lab="adding", sure=lambda doubt: not asked.append(doubt))
    assert (taken, refused, len(asked)) == (2, [], 1)
    assert "multiplying" in asked[0]


def test_a_batch_that_was_another_lab_s_is_refused(collect, canvas):
    """Byte for byte what was handed in for that one, of which nothing else tells."""
    contents = (b"x = 1\n", b"x = 2\n")
    assert collect(canvas("solution.py", *contents), lab="multiplying") == (2, [])
    taken, (why,) = collect(canvas("solution.py", *contents, name="again.zip"), lab="adding")
    assert taken == 0
    assert "was handed in for multiplying" in why
    more = canvas("solution.py", *contents, b"x = 3\n", name="more.zip")
    assert collect(more, lab="adding") == (3, [])


def test_plain_files_are_looked_at_too(collect, tmp_path):
    """`grade adding multiplying.py` is a slip."""
    path = tmp_path / "multiplying.py"
    path.write_bytes(b"x = 1\n")
    taken, (why,) = collect(path, lab="adding", as_named=True, strangers="take")
    assert (taken, "1 file:" in why) == (0, True)
    path.write_bytes(ADDS)
    assert collect(path, lab="adding", as_named=True, strangers="take") == (1, [])


def test_a_batch_whose_names_say_the_lab_is_looked_at(collect, canvas):
    """Also without a lab that staff say."""
    taken, (why,) = collect(canvas("multiplying.py", ADDS, ADDS + b"# 2\n"))
    assert (taken, "is by name or content for adding, not for multiplying" in why) == (0, True)


def test_the_other_paths_are_taken_in(collect, canvas, tmp_path):
    """A refused batch keeps back no other."""
    bad = canvas("multiplying.py", b"x = 1\n", name="bad.zip")
    good = canvas("adding.py", b"x = 2\n", name="good.zip")
    taken, refused = collect(bad, good, lab="adding")
    assert (taken, len(refused)) == (1, 1)
