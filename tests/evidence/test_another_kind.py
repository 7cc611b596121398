"""A lab with evidence of a kind that the engine has never seen, from release to grade.

Nothing of `grader/` was written for it: what is special about its log lies in its own folders.
"""

import json
import shutil
import zipfile

import pytest
from click.testing import CliRunner

from grader.cli import main
from grader.cli.results import progress
from grader.evidence import nonce_of
from grader.sandbox import Level
from grader.validation import validate

SLUG = "timing"


@pytest.fixture
def desk(timing, tmp_path, monkeypatch):
    """Ada's folder, started from what was released; the course is out of her reach."""
    for name in ("SHARDLAB_STUDENT", "SHARDLAB_INBOX", "SHARDLAB_DB", "SHARDLAB_COURSE_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SHARDLAB_ISOLATION", "none")
    monkeypatch.chdir(tmp_path)
    assert staff(timing, "release", SLUG).exit_code == 0
    with zipfile.ZipFile(f"{SLUG}.zip") as archive:
        archive.extractall("released")
    nonce = nonce_of(timing.lab(SLUG).key, SLUG, "ada")
    assert run("--course", "released", "start", SLUG, "--nonce", nonce).exit_code == 0
    shutil.rmtree("released")
    folder = tmp_path / SLUG
    shutil.copy(timing.solutions(timing.lab(SLUG)) / "timing.py", folder)
    monkeypatch.chdir(folder)
    return folder


def run(*words):
    return CliRunner().invoke(main, [str(each) for each in words])


def staff(course, *words):
    return run("--course", course.root, *words)


def handed_in_and_graded(course):
    """What `grade` prints once the file was handed in and taken in."""
    told = run("submit", "--student", "ada")
    assert told.exit_code == 0, told.output
    told = staff(course, "collect", course.inbox)
    assert told.exit_code == 0, told.output
    return staff(course, "grade", SLUG, "--jobs", "1", "--isolation", "none", "--messages").output


def test_from_a_capture_to_all_points(desk, timing):
    """The log is captured offline, shown by its own checks and picture, and earns its points."""
    told = run("capture")
    assert told.exit_code == 0, told.output
    assert "Running on this machine: the times are its own." in told.output
    assert "  three runs\n" in told.output
    assert [line.split()[-1] for line in told.output.splitlines() if "PASS" in line] == [
        "answers",
        "times",
    ]
    assert "run 2: " in told.output
    assert "Trace consistent." in told.output
    assert run("check", "--isolation", "none").exit_code == 0
    assert "100/100" in handed_in_and_graded(timing)
    told = staff(timing, "grades", SLUG, "--json", desk / "grades.json")
    assert told.exit_code == 0, told.output


def test_a_flaw_costs_its_own_item(desk, timing):
    """An edited time is found on both sides, in the kind's own words."""
    run("capture")
    log = json.loads((desk / "timing.trace").read_bytes())
    log["runs"][1]["seconds"] = -2
    (desk / "timing.trace").write_text(json.dumps(log))
    told = run("check", "--isolation", "none")
    assert told.exit_code == 1
    assert "-2 s is no time" in told.output
    graded = handed_in_and_graded(timing)
    assert "90/100" in graded
    assert "-2 s is no time" in graded


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"[]", "the trace can't be read. log: TypeError"),
        (b'{"nonce": "00", "made_up": false, "runs": []}', "it is no log of yours"),
        (None, "there is no trace beside the file"),
    ],
    ids=["unreadable", "another's", "none"],
)
def test_what_costs_every_check_costs_the_code_nothing(desk, timing, raw, words):
    """60 points are left, and the reason is told."""
    if raw is not None:
        (desk / "timing.trace").write_bytes(raw)
    graded = handed_in_and_graded(timing)
    assert "60/100" in graded
    assert words in graded


def test_a_log_that_says_it_is_made_up_earns_nothing(desk, timing):
    """What `validate` hands in with the solution is no way to points for a student."""
    from grader.evidence import Challenge, synthetic_trace

    lab = timing.lab(SLUG)
    challenge = Challenge(SLUG, nonce_of(timing.lab(SLUG).key, SLUG, "ada"))
    raw = synthetic_trace(lab.folder, lab.hidden_suite, challenge)
    (desk / "timing.trace").write_bytes(raw)
    assert "60/100" in handed_in_and_graded(timing)


def test_a_problem_of_the_capture_is_told(desk):
    """In the student's words; no trace is written, and the exit code is that of a failing check."""
    (desk / "timing.py").write_text("def total(numbers):\n    raise ValueError('not today')\n")
    told = run("capture", "--unchecked")
    assert told.exit_code == 1
    assert "No trace: ValueError: not today" in told.output
    assert not (desk / "timing.trace").exists()


def test_a_live_run_makes_the_log_that_was_not_handed_in(desk, timing):
    """`grade --live` captures by the kind's own way, and refuses where that is no GPU."""
    run("submit", "--student", "ada")
    staff(timing, "collect", timing.inbox)
    words = ("grade", SLUG, "--jobs", "1", "--isolation", "none", "--live")
    told = staff(timing, *words)
    assert "LIVE, WITHOUT ISOLATION: this machine: the times are its own." in told.output
    assert "100/100" in told.output
    kind = timing.lab(SLUG).folder / "evidence" / "__init__.py"
    kind.write_text(kind.read_text().replace("on_gpu=not cpu", "on_gpu=False"))
    told = staff(timing, *words)
    assert told.exit_code == 2
    assert "there is none on this machine" in told.output


def test_the_course_proves_itself(timing):
    """Solution, variant and mutant with synthetic logs; nothing hidden is in the bundle."""
    checks = list(validate(timing, [SLUG], Level.NONE, 1, progress))
    assert [check.detail for check in checks if not check.passed] == []
    assert {"solution", "variants", "mutants", "release"} <= {check.name for check in checks}


def test_what_is_staffs_is_neither_released_nor_started(desk, tmp_path):
    """Students get what captures and reads a log, and not what makes one up or tests it."""
    with zipfile.ZipFile(tmp_path / f"{SLUG}.zip") as archive:
        names = archive.namelist()
    assert f"assignments/{SLUG}/evidence/worker.py" in names
    texts = [path.read_text() for path in desk.rglob("*") if path.is_file()]
    assert any("Runs the student's file" in text for text in texts)
    for secret in ("runs that never were", "Numbers for hidden cases", "rng.integers"):
        assert not [text for text in texts if secret in text]
    assert not [name for name in names if "synthetic" in name or "numbers_of" in name]
    assert not (desk / "evidence").exists()
