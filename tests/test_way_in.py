"""A student's way on a fresh machine: the wheel, the bundle of labs, and nothing else."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ENTRY = "from grader.cli import main; main()"
HALF = """
def shard_columns(w, world_size):
    if w.ndim != 2 or w.shape[1] % world_size:
        raise ValueError(f"w has shape {w.shape}, which {world_size} ranks can't cut evenly")
    return np.hsplit(w, world_size)


def row_parallel_linear(x_shard, w_shard, group, bias=None):
    mine = x_shard @ w_shard
    breakpoint()
    return group.all_reduce(mine)
"""


def called(*command, **options):
    """The command's end, with what it printed."""
    words = [str(each) for each in command]
    return subprocess.run(
        words, capture_output=True, text=True, timeout=300, check=False, **options
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The package, built from a copy of what is in version control of it."""
    repository = Path(__file__).parent.parent
    source, folder = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("dist")
    for name in ("pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md"):
        shutil.copy(repository / name, source)
    without = shutil.ignore_patterns("__pycache__")
    shutil.copytree(repository / "grader", source / "grader", ignore=without)
    build = (sys.executable, "-m", "pip", "wheel", "--no-deps", "--wheel-dir", folder, source)
    ended = called(*build)
    if "No matching distribution found for hatchling" in ended.stderr:
        pytest.skip("no package index is to be reached, and hatchling builds the wheel")
    assert ended.returncode == 0, ended.stderr
    (made,) = folder.glob("shardlab-*.whl")
    return made


@pytest.fixture(scope="module")
def bundle(wheel, tmp_path_factory):
    """What staff upload: all labs, the guide, and the wheel."""
    repository = Path(__file__).parent.parent
    keys = {"SHARDLAB_COURSE_KEY": "a key for tests only", "SHARDLAB_RECEIPT_KEY": "ab" * 32}
    target = tmp_path_factory.mktemp("bundle") / "labs.zip"
    ended = called(
        *(sys.executable, "-c", ENTRY, "--course", repository),
        *("release", "--wheel", wheel, "--to", target),
        env=os.environ | keys,
    )
    assert ended.returncode == 0, ended.stderr
    return target


class Student:
    """Somebody with a home, a clean environment, and the folder that the bundle was unzipped to."""

    def __init__(self, bundle, home):
        self.home, self.labs = home, home / "labs"
        with zipfile.ZipFile(bundle) as archive:
            archive.extractall(self.labs)
        self.venv = home / "venv"
        self.env = {"HOME": str(home), "PATH": f"{self.venv / 'bin'}:/usr/bin:/bin"}

    def install(self):
        """What the bundle's text says, with the libraries of this environment in place of PyPI."""
        (wheel,) = self.labs.glob("*.whl")
        assert f"'./{wheel.name}[sandbox]'" in (self.labs / "START-HERE.txt").read_text()
        called(sys.executable, "-m", "venv", "--without-pip", self.venv)
        site = next(self.venv.glob("lib/python*/site-packages"))
        libraries = [path for path in sys.path if path.endswith("site-packages")]
        (site / "libraries.pth").write_text("\n".join(libraries))
        pip = (sys.executable, "-m", "pip", "--python", self.venv / "bin/python")
        ended = called(*pip, "install", "--no-deps", "--no-index", self.labs / wheel.name)
        assert ended.returncode == 0, ended.stderr

    def types(self, line, where="", **options):
        """A line, as typed in a folder below the labs'."""
        command = line.split() if isinstance(line, str) else line
        return called(*command, cwd=self.labs / where, env=self.env, **options)


@pytest.fixture(scope="module")
def student(bundle, tmp_path_factory):
    student = Student(bundle, tmp_path_factory.mktemp("home"))
    student.install()
    return student


@pytest.mark.slow
def test_the_wheel_holds_all_that_a_student_needs_and_nothing_of_the_course(wheel):
    """Templates and data files of the package; no solution, no test, no lab."""
    repository = Path(__file__).parent.parent
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    package = {
        path.relative_to(repository).as_posix()
        for path in (repository / "grader").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert {name for name in names if ".dist-info/" not in name} == package
    assert any(name.endswith(".html.j2") for name in package)


@pytest.mark.slow
def test_a_student_s_way(student):
    """Install, list, start, check, hint, pytest, run on two ranks in pdb, submit, status."""
    found = student.types(
        [student.venv / "bin/python", "-c", "import grader; print(grader.__file__)"]
    )
    assert found.stdout.startswith(str(student.venv)), "else it is not the wheel that is tried"
    text = (student.labs / "START-HERE.txt").read_text()
    assert all(f"     {line}\n" in text for line in ("shardlab list", "shardlab start tp-sharding"))

    listed = student.types("shardlab list")
    assert listed.returncode == 0, listed.stderr
    for slug in ("tp-sharding", "ring-cost", "pipeline-bubble", "two-way-tp"):
        assert f"  {slug} " in listed.stdout
    assert student.types("shardlab start tp-sharding").returncode == 0
    file = student.labs / "tp-sharding/tp_sharding.py"

    first = student.types("shardlab check tp-sharding/")
    assert (first.returncode, first.stderr) == (1, "")
    assert "not written yet: shard_columns" in first.stdout
    assert "Hint 1 of 3" in student.types("shardlab hint", "tp-sharding").stdout

    own = file.read_text() + HALF
    file.write_text(own)
    second = student.types("shardlab check", "tp-sharding")
    assert "1/14  PASS" in second.stdout
    assert "2/14  FAIL" in second.stdout

    button = student.types([student.venv / "bin/python", "-m", "pytest", "-q"], "tp-sharding")
    assert button.returncode == 1, button.stderr
    assert "Called    " in button.stdout
    assert " failed, " in button.stdout
    assert " passed, " in button.stdout

    words = ("Shards(np.ones((2, 4)), axis=1)", "Shards(np.eye(4), axis=0)")
    debugged = student.types(
        ["shardlab", "run", "tp_sharding.py", "row_parallel_linear", "--ranks", "2", *words],
        "tp-sharding",
        input="p group.rank, mine.shape\nc\np group.rank, mine.shape\nc\n",
    )
    assert debugged.returncode == 0, debugged.stderr
    assert "(0, (2, 4))" in debugged.stdout
    assert "(1, (2, 4))" in debugged.stdout
    assert "row_parallel_linear on 2 ranks returned:" in debugged.stdout

    inbox = student.home / "inbox"
    inbox.mkdir()
    sent = student.types(f"shardlab submit --student s041 --to {inbox}", "tp-sharding")
    assert sent.returncode == 0, sent.stderr
    assert "Public 1/14." in sent.stdout
    (delivered,) = inbox.rglob("*.shardlab.zip")
    status = student.types("shardlab status tp-sharding")
    assert "its receipt, when it comes:" in status.stdout
    assert str(delivered.parent) in status.stdout
    assert "started; last check 1 of 14; handed in" in student.types("shardlab list").stdout
    assert file.read_text() == own


@pytest.mark.slow
def test_a_newer_bundle_comes_in(student, bundle, tmp_path):
    """Hand-out and tests are new, the file is the student's, and so it is a second time."""
    student.types("shardlab start ring-cost")
    file = student.labs / "ring-cost/ring_cost.py"
    file.write_text("mine = 1\n")
    newer = tmp_path / "newer"
    with zipfile.ZipFile(bundle) as archive:
        archive.extractall(newer)
    lab = newer / "assignments/ring-cost"
    (lab / "README.md").write_text("# A better text\n")
    with (lab / "ring_cost.py").open("a") as stub:
        stub.write('\n\ndef tree(n):\n    raise NotImplementedError("tree: its depth")\n')
    packed = shutil.make_archive(str(tmp_path / "newer"), "zip", newer)
    ended = student.types(["shardlab", "update", packed, "--json", "-"])
    assert ended.returncode == 0, ended.stderr
    done = {each["lab"]: each for each in json.loads(ended.stdout)["updated"]}["ring-cost"]
    assert [each["name"] for each in done["functions"]] == ["tree"]
    assert file.read_text() == "mine = 1\n"
    assert (file.parent / "README.md").read_text() == "# A better text\n"
    again = student.types(["shardlab", "update", packed])
    assert "ring-cost: nothing new." in again.stdout
    assert "brought" not in again.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    "line", ["shardlab demo", "shardlab validate", "shardlab grade tp-sharding"]
)
def test_what_a_student_s_copy_can_not_do_is_told(student, line):
    """In words, with no traceback: what is missing is the instructor's."""
    ended = student.types(line)
    assert ended.returncode != 0
    assert "instructor" in " ".join((ended.stdout + ended.stderr).split())
    assert "Traceback" not in ended.stderr


@pytest.mark.slow
def test_a_page_of_feedback_is_made_from_the_wheel(student):
    """Its templates are in it."""
    student.types("shardlab start pipeline-bubble")
    ended = student.types("shardlab feedback pipeline-bubble")
    assert ended.returncode == 0, ended.stderr
    assert "<html" in (student.labs / "pipeline-bubble/feedback.html").read_text()
