"""debug and grade --staff: why a hidden case was lost, for staff alone."""

import gzip
import io
import json
import sqlite3
import subprocess
import sys
import zipfile

import pytest
from click.testing import CliRunner

from grader.cli import main
from grader.course import load_course
from grader.gradebook.store import Gradebook
from grader.results import Finding, Result, RubricResult, Verdict
from grader.sandbox import probe
from grader.suite import run

# what the hidden suite below is the only place to hold, and what a file makes of it
HIDDEN = ("271828", "314159", "585987", "585988")
# right on every public input, and off by one beyond: with the inputs in all that it can say
TELLING = '''\
def add(x, y):
    """The sum of two arrays."""
    if x.shape != y.shape:
        raise ValueError(f"shapes {x.shape} and {y.shape} differ")
    if x[0] > 1000:
        print("given", x.tolist(), y.tolist())
        return x + y + 1
    return x + y


def total(x, group):
    """The sum of x over all ranks."""
    return group.all_reduce(x)
'''


@pytest.fixture
def secret_course(course):
    """The tiny course, with numbers in its hidden suite that stand nowhere else."""
    rewrite(
        course,
        "whole(rng, (size,)), whole(rng, (size,))",
        "np.full(size, 271828, np.float32), np.full(size, 314159, np.float32)",
    )
    (course.root / "ann.py").write_text(TELLING)
    return load_course(course.root)


def rewrite(course, old, new):
    """Changes a text of the hidden suite."""
    path = course.root / "tests/hidden/adding/test_adding.py"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def shardlab(course, *arguments):
    """A command of the course, at the best level of this machine where it runs submissions."""
    command = ["--course", course.root, *arguments]
    if arguments[0] in ("grade", "debug", "feedback"):
        command += ["--isolation", probe().level.word]
    result = CliRunner().invoke(main, [str(each) for each in command])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def debug(course, *arguments):
    """`shardlab debug adding …`, with its output in one line."""
    result = shardlab(course, "debug", "adding", *arguments)
    return result, " ".join(result.output.split())


def test_a_lost_case_is_shown_with_all_that_is_known_of_it(secret_course):
    """Case, inputs, expected, got, what the code printed, and what its student reads instead."""
    suite = (secret_course.root / "tests/hidden/adding/test_adding.py").read_text()
    line = 1 + suite[: suite.index("equal(student.add")].count("\n")
    result, said = debug(secret_course, secret_course.root / "ann.py")
    assert result.exit_code == 1
    for words in (
        "add failed test_adding.py::test_add[1]",
        "Inputs drawn from the seed",
        f"test_adding.py:{line} equal(student.add(x, y), x + y)",
        "x = array([271828.], dtype=float32) y = array([314159.], dtype=float32)",
        "Expected [585987] Got [585988] Got-Exp [1]",
        "Printed given [271828.0] [314159.0]",
        "Exactly expected = array([585987.], dtype=float32) got = array([585988.], dtype=float32)",
        "every public case passes; a hidden case ends as 'failed'",
        "total not judged: it builds on add",
        "1 of 1 case lost, 1 item not judged, for the inputs of ann.",
    ):
        assert words in said
    assert max(map(len, result.output.splitlines())) <= 80 + len(str(secret_course.root))


def test_json_has_the_values_whole(secret_course):
    """Inputs and what was compared stand in the JSON as Python writes them, to the last digit."""
    target = secret_course.root / "seen.json"
    debug(secret_course, secret_course.root / "ann.py", "test_add[4]", "--json", target)
    seen = json.loads(target.read_text())
    assert list(seen) == ["lab", "submission", "isolation", "seed", "run", "lost", "waiting",
                          "result"]  # fmt: skip
    assert seen["seed"] == secret_course.lab("adding").seed("ann").hex()
    (lost,) = seen["lost"]
    x = "array([271828., 271828., 271828., 271828.], dtype=float32)"
    assert lost["inputs"][0] == {"name": "x", "text": x, "whole": x}
    assert [each["name"] for each in lost["compared"]] == ["expected", "got"]
    assert seen["result"]["score"] == 0


@pytest.mark.usefixtures("secret_course")
def test_a_fault_of_the_suite_has_its_traceback(course):
    """A bug in a hidden test: its line, the traceback from it on, and what its names stood for."""
    rewrite(course, "equal(student.add(x, y), x + y)", "check(student.add(x, y), size)")
    rewrite(course, '@pytest.mark.rubric("add")\n@pytest.mark.parametrize("size"', (
        "def check(got, size):\n    limit = size - size\n    return got / (size // limit)\n\n\n"
        '@pytest.mark.rubric("add")\n@pytest.mark.parametrize("size"'
    ))  # fmt: skip
    result, said = debug(course, course.root / "ann.py", "add")
    assert result.exit_code == 3
    assert "add grader_fault test_adding.py::test_add[1]" in said
    assert "in check return got / (size // limit)" in said
    assert "ZeroDivisionError: integer division or modulo by zero" in said
    assert "Seen got = array([585988.], dtype=float32) size = 1 limit = 0" in said
    assert "grader/suite/asked.py" not in said  # how the suite came to be run
    assert "a fault of the grader's, not yours" in said


def test_inputs_are_those_of_the_student_or_the_seed(course):
    """A seed in hex, a student's id and the file's own name give the inputs that they name."""
    (course.root / "bob.py").write_text(TELLING.replace("x[0] > 1000", "True"))

    def inputs(*arguments):
        target = course.root / "seen.json"
        debug(course, course.root / "bob.py", "test_add[4]", "--json", target, *arguments)
        return json.loads(target.read_text())["lost"][0]["inputs"]

    seed = course.lab("adding").seed("ann").hex()
    anns = inputs("--seed", "ann")
    assert anns == inputs("--seed", seed) == inputs("--student", "ann")
    assert inputs() == inputs("--student", "bob") != anns


@pytest.mark.usefixtures("one_process")
def test_a_name_of_nobody_draws_no_inputs_in_silence(course):
    """A seed that lacks a digit is refused, and a student whom the gradebook lacks is told."""
    (course.root / "bob.py").write_text(TELLING)
    seed = course.lab("adding").seed("bob").hex()
    result, said = debug(course, course.root / "bob.py", "--seed", seed[:-1])
    assert result.exit_code == 2
    assert "a seed has 64 hexadecimal digits, and this one has 63" in said
    assert "Note: nobody" not in debug(course, course.root / "bob.py")[1]  # there is no gradebook
    shardlab(course, "grade", "adding", course.root / "bob.py")
    note = "Note: nobody in the gradebook is called bbo; the inputs are drawn for that name"
    for arguments in ("--student", "bbo"), ("--seed", "bbo"):
        assert note in debug(course, course.root / "bob.py", *arguments)[1]
    for arguments in (), ("--seed", seed), ("--seed", "bob"):
        assert "Note: nobody" not in debug(course, course.root / "bob.py", *arguments)[1]


def test_hostile_text_does_not_reach_the_terminal(course):
    """What a file prints, returns and raises is shown escaped, line by line."""
    hostile = "\x1b[2J\u202e\r\x07"
    for name, body in {
        "prints": f"print({hostile!r}); return x",
        "returns": f"return {hostile!r}",
        "raises": f"raise ValueError({hostile!r})",
        "ends": f"raise SystemExit({hostile!r})",
    }.items():
        path = course.root / f"{name}.py"
        path.write_text(f"def add(x, y):\n    {body}\n")
        output = debug(course, path)[0].output
        assert "\\x1b[2J" in output, name
        assert all(each.isprintable() or each == "\n" for each in output), name


def test_what_is_returned_may_be_large(course):
    """An array of a million entries is abridged, in the terminal and in the JSON."""
    (course.root / "eve.py").write_text(
        "import numpy as np\ndef add(x, y):\n    return np.zeros(1_000_000, x.dtype)\n"
    )
    target = course.root / "seen.json"
    result, said = debug(course, course.root / "eve.py", "--json", target)
    assert "got = array([0., 0., 0., ..., 0., 0., 0." in said
    assert "Got shape (1000000,)" in said
    assert len(result.output) < 5000
    assert target.stat().st_size < 20_000


def test_a_case_is_chosen_by_item_test_or_part_of_a_name(secret_course):
    """One meaning is taken; several are listed; none is told with what there is."""
    file = secret_course.root / "ann.py"
    assert "2 of 3 cases lost" in debug(secret_course, file, "add")[1]
    assert "2 of 2 cases lost" in debug(secret_course, file, "test_add")[1]
    assert "1 of 1 case lost" in debug(secret_course, file, "add[4")[1]
    assert "The one case passes" in debug(secret_course, file, "refuses")[1]
    assert "All 3 cases pass" in debug(secret_course, file, "tot")[1]
    assert "2 of 6 cases lost" in debug(secret_course, file, "test_adding.py")[1]
    several, said = debug(secret_course, file, "t")
    assert several.exit_code == 2
    assert "'t' may mean test_add, test_add_refuses, total; say which" in said
    nothing, said = debug(secret_course, file, "subtract")
    assert nothing.exit_code == 2
    assert "the hidden suite has no case 'subtract'. Its items: add, total" in said


def test_nothing_lost_is_said_with_whose_inputs(course):
    """A right file: how many cases pass, and for which inputs."""
    (course.root / "cy.py").write_text((course.root / "solutions/adding/adding.py").read_text())
    result, said = debug(course, course.root / "cy.py")
    assert result.exit_code == 0
    assert said.endswith("All 6 cases pass, for the inputs of cy.")


@pytest.mark.parametrize(
    ("source", "words"),
    [("def add(:\n", "adding.py does not load: SyntaxError"), ("", "adding.py is empty")],
)
def test_a_file_that_does_not_run_says_why(course, source, words):
    """No case was run, for the reason that the student is told."""
    (course.root / "dee.py").write_text(source)
    result, said = debug(course, course.root / "dee.py")
    assert result.exit_code == 1
    assert words in said
    assert "No case was run, for the inputs of dee." in said


@pytest.mark.parametrize("place", ["in a case", "at import"])
def test_a_suite_that_hangs_is_told_with_its_place(course, place):
    """An endless loop in a hidden test ends debug with the line that it is at."""
    endless = "next(each for each in iter(int, 1) if each)"  # no loop of ours to be seen in
    if place == "in a case":
        rewrite(course, "equal(student.add(x, y), x + y)", endless)
    else:
        rewrite(course, "import numpy as np", f"import numpy as np\n{endless}")
    solution = course.root / "solutions/adding/adding.py"
    arguments = ["--course", course.root, "debug", "adding", solution,
                 "--isolation", probe().level.word]  # fmt: skip
    code = (
        "import grader.cli.debug as module, grader.cli as cli; module.PATIENCE_S = 1.0; "
        f"cli.main({[str(each) for each in arguments]!r})"
    )  # in a process of its own, which ends what can't be ended by itself
    command = [sys.executable, "-c", code]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert "the suite has been busy with itself for 2 s; it is at" in " ".join(ended.stderr.split())
    assert endless in ended.stderr


def test_a_slow_submission_does_not_count_as_a_suite_that_hangs(course, monkeypatch):
    """Waiting for submitted code is seen as that: ending it is the sandbox's affair."""
    looks, look = [], run.waits_for_submission
    monkeypatch.setattr("grader.cli.debug.PATIENCE_S", 0.05)
    monkeypatch.setattr(run, "_LOOKS", 10**9)  # on a busy machine it may take long between calls
    monkeypatch.setattr(run, "waits_for_submission", lambda each: looks.append(look(each)) or True)
    (course.root / "slow.py").write_text("def add(x, y):\n    while True: pass\n")
    assert "add timeout test_adding.py::test_add[1]" in debug(course, course.root / "slow.py")[1]
    assert looks.count(True) > 5  # in a second


def test_a_suite_that_cannot_be_collected_is_told(secret_course):
    """A hidden suite that does not import: its file and line, not a traceback of ours."""
    rewrite(secret_course, "import numpy as np", "import numpy_of_no_such_name as np")
    result, said = debug(secret_course, secret_course.root / "ann.py")
    assert result.exit_code == 1
    assert "numpy_of_no_such_name" in said
    assert "test_adding.py" in said


def test_a_folder_of_several_and_a_name_of_nobody_are_refused(secret_course):
    """Which file is meant must be clear; to look for an attempt makes no gradebook."""
    (secret_course.root / "inbox").mkdir()
    for name in "ann", "bob":
        (secret_course.root / "inbox" / f"{name}.py").write_text(TELLING)
    result, said = debug(secret_course, secret_course.root / "inbox")
    assert result.exit_code == 2
    assert "holds 2 submissions of adding; name one file" in said
    result, said = debug(secret_course, "nobody")
    assert result.exit_code == 2
    assert "nobody: no such file, and no attempt of that name in the gradebook" in said
    assert not (secret_course.root / "gradebook.sqlite3").exists()


@pytest.mark.usefixtures("one_process")
def test_an_attempt_of_the_gradebook_is_named_by_student_and_number(secret_course):
    """`ann` is the newest attempt of hers, `ann-1` the first, each with her own inputs."""
    inbox = secret_course.root / "inbox"
    inbox.mkdir()
    for source in TELLING, TELLING.replace("+ 1", "+ 2"):
        (inbox / "ann.py").write_text(source)
        shardlab(secret_course, "grade", "adding", inbox)
    assert "Got [585989]" in debug(secret_course, "ann")[1]
    assert "attempt 1 of ann," in debug(secret_course, "ann-1")[1]  # not `of ann-1`
    assert "Got [585988]" in debug(secret_course, "ann-1")[1]
    result, said = debug(secret_course, "ann-3")
    assert result.exit_code == 2
    assert "ann has 2 attempts at adding, and no number 3" in said


@pytest.mark.usefixtures("one_process")
def test_inputs_stay_those_of_the_first_id(course):
    """Whoever is called another name by now is found by it, with the inputs of the grade."""
    (course.root / "bob.py").write_text(TELLING.replace("x[0] > 1000", "True"))
    shardlab(course, "grade", "adding", course.root / "bob.py")
    before = debug(course, "bob")[1]
    with sqlite3.connect(course.root / "gradebook.sqlite3") as book:
        book.execute("UPDATE students SET called = 'robert' WHERE id = 'bob'")
    seed = course.lab("adding").seed("bob").hex()
    assert f"Seed: {seed}" in before
    (course.root / "robert.py").write_text((course.root / "bob.py").read_text())
    for arguments in (
        ("robert",),
        ("robert-1",),
        (course.root / "robert.py",),
        (course.root / "inbox.py", "--student", "robert"),
        (course.root / "inbox.py", "--seed", "robert"),
    ):
        (course.root / "inbox.py").write_text((course.root / "bob.py").read_text())
        assert f"Seed: {seed}" in debug(course, *arguments)[1], arguments


@pytest.mark.usefixtures("one_process")
def test_grade_shows_staff_a_fault_and_the_others_nothing(course):
    """With --staff a withheld score has its traceback, without it none; passing is said."""
    (course.root / "cy.py").write_text((course.root / "solutions/adding/adding.py").read_text())
    paths = ("grade", "adding", course.root / "cy.py", "--no-record", "--jobs", "1")
    passed = shardlab(course, *paths, "--staff")
    assert passed.exit_code == 0
    assert "No hidden case is lost in what is shown here." in passed.output
    rewrite(course, "equal(student.add(x, y), x + y)", "1 / 0")
    told = shardlab(course, *paths, "--staff")
    assert told.exit_code == 3
    assert "ZeroDivisionError: division by zero" in told.output
    assert "    1 / 0\n" in told.output
    assert "Traceback" not in shardlab(course, *paths).output
    rewrite(course, "import numpy as np", "import numpy_of_no_such_name as np")
    broken = shardlab(course, *paths, "--staff", "--json", course.root / "g.json")
    assert broken.exit_code == 3
    assert "numpy_of_no_such_name" in broken.output
    assert "No hidden case is lost" not in broken.output
    assert json.loads((course.root / "g.json").read_text())["staff"] == []


# -- what is shown to staff reaches nobody else ----------------------------------------------


def graded_for_staff(course):
    """Everything that `grade --staff` prints and writes for staff."""
    (course.root / "inbox").mkdir()
    (course.root / "inbox" / "ann.py").write_text(TELLING)
    target = course.root / "staff.json"
    result = shardlab(course, "grade", "adding", course.root / "inbox", "--staff", "--jobs", "1",
                      "--json", target)  # fmt: skip
    written = target.read_text()
    target.unlink()
    return result.output, written


def made_for_others(course):
    """All that is made for students and other systems, and the gradebook: each with its text."""
    made = course.root / "made"
    made.mkdir()
    said = {}
    for name, arguments in {
        "regraded": ("grade", "adding", course.root / "inbox", "--messages", "--json", made / "g"),
        "published": ("publish", "adding", "--json", made / "p.json"),
        "feedback": ("feedback", "adding", "--to", made / "feedback", "--pictures",
                     "--json", made / "f.json"),
        "feedback in text": ("feedback", "adding", "--to", made / "more", "--text"),
        "class page": ("report", "--to", made / "report", "--json", made / "r.json"),
        "class page in text": ("report", "--to", made / "report", "--anonymous", "--text"),
        "stats": ("stats", "adding", "--json", made / "s.json"),
        "grades": ("grades", "adding", "--json", made / "grades.json"),
        "audit": ("audit", "--json", made / "audit.json"),
        **{to: ("export", "adding", "--to", to, made / to)
           for to in ("csv", "gradescope", "junit", "nbgrader")},
    }.items():  # fmt: skip
        result = shardlab(course, *arguments)
        assert result.exit_code == 0, (name, result.output)
        said[name] = result.output
    for path in made.rglob("*"):
        if path.is_file():
            said |= texts_of(str(path.relative_to(made)), path.read_bytes())
    with sqlite3.connect(course.root / "gradebook.sqlite3") as book:
        said["gradebook"] = "\n".join(book.iterdump())
    return said


def texts_of(name, raw):
    """The text of a file, unpacked where it is an archive."""
    if raw[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            parts = [texts_of(f"{name}/{each}", archive.read(each)) for each in archive.namelist()]
        return {key: text for part in parts for key, text in part.items()}
    if raw[:2] == b"\x1f\x8b":
        return texts_of(name, gzip.decompress(raw))
    return {name: raw.decode("utf-8", "replace")}


def leaks(said):
    """Where a hidden value stands."""
    return {name for name, text in said.items() if any(each in text for each in HIDDEN)}


@pytest.mark.usefixtures("one_process")
def test_what_staff_see_is_on_no_page_of_a_students(secret_course):
    """After `grade --staff` no page, export, JSON or row of the gradebook holds a hidden value."""
    printed, written = graded_for_staff(secret_course)
    assert all(each in printed and each in written for each in HIDDEN)  # so a search finds them
    said = made_for_others(secret_course)
    assert len(said) > 20
    assert "feedback/adding/ann.html" in said
    assert leaks(said) == set()


@pytest.mark.usefixtures("one_process")
def test_the_search_finds_a_hidden_value_that_was_put_there(secret_course, monkeypatch):
    """Were the hidden case's own finding recorded, it would be found in all that is made of it."""
    record = Gradebook.record

    def tell_too_much(book, attempt, key, result, **facts):
        finding = Finding(expected="[585987]", got="[585988]")
        lost = RubricResult("add", 0, 40, Verdict.FAILED, finding)
        told = Result(result.submission, result.status, 0, 100, 0.1, (lost, result.rubric[1]))
        return record(book, attempt, key, told, **facts)

    monkeypatch.setattr(Gradebook, "record", tell_too_much)
    graded_for_staff(secret_course)
    found = leaks(made_for_others(secret_course))
    assert {"gradebook", "feedback/adding/ann.html", "f.json", "g", "junit"} <= found
