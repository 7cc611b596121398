"""A lab through all of nbgrader, the real one: released, handed in, graded, exported."""

import shutil
from dataclasses import replace

import pytest

from grader.judge import grade
from grader.notebooks.pieces import join
from grader.results import GRADED, WITHHELD, Result
from grader.submissions import from_source

# nbgrader and what it stands on warn of one another's deprecations, which is not ours to mend
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

NO_EVIDENCE = '''\
"""A kind of evidence for which no bytes will do."""

from grader.evidence import TraceError

CHECKS = ("form",)


def way(*, cpu=False):
    raise NotImplementedError


capture = way


def read(raw, challenge, *, synthetic=False):
    raise TraceError("these bytes tell nothing")
'''


def test_nbgrader_makes_the_students_version(classroom, notebooks):
    """Its own generate_assignment gives back our stub, to the byte, and no line of a solution."""
    cell_of, _ = notebooks
    assert classroom.answers["generate"]["success"]
    assert classroom.answers["release"]["success"]
    notebook = classroom.released()
    texts = [cell_of(notebook, f"solution-{name}")["source"] for name in ("top", "add", "total")]
    assert join("".join(text) for text in texts) == classroom.lab.stub.read_text()
    assert "the_whole_sum" not in str(notebook)
    assert "SOLUTION" not in str(notebook)
    assert all("shardlab" not in cell["metadata"] for cell in notebook["cells"])


def test_items_are_locked_cells_with_their_points(classroom, notebooks):
    """Each rubric item is a cell that a student can't edit, worth what the rubric says."""
    cell_of, _ = notebooks
    notebook = classroom.released()
    for item in classroom.lab.rubric:
        cell = cell_of(notebook, item.item)
        assert cell["metadata"]["nbgrader"]["points"] == item.points
        assert (cell["metadata"]["editable"], cell["metadata"]["deletable"]) == (False, False)
    with classroom.api.gradebook as book:
        assert book.find_assignment("adding").max_score == 100


def test_partial_credit_and_our_messages(graded):
    """A notebook earns what its items earn, and each lost one is told in our words."""
    assert graded.answers["collect"]["success"]
    assert graded.answers["autograde"]["success"], graded.answers["autograde"]["error"]
    assert graded.points("nora") == {"add": 40, "total": 60}
    assert graded.points("nick") == {"add": 40, "total": 0}
    told = graded.text("nick", "total")
    assert told.startswith("total adds over ranks: 0 of 60 points (failed)\n")
    assert "Called    total(x, group)" in told
    assert "I2: every rank has the whole sum" in told
    assert graded.comment("nick") == "40/100 by autograding. Lost: total."


@pytest.mark.parametrize(("student", "points"), [("carl", 100), ("cleo", 0)])
def test_a_file_and_its_notebook_earn_the_same(graded, student, points, judge):
    """What came by our command line has in nbgrader the score of our own grading."""
    source = graded.solution
    if student == "cleo":
        source = source.replace("return x + y", "return x - y")
    submission = from_source(graded.lab, student, source.encode())
    result = grade(judge, submission)
    assert sum(graded.points(student).values()) == result.score == points
    assert {each.item: each.points for each in result.rubric} == graded.points(student)


def test_formgraders_own_queries_show_ours(graded):
    """Files from the command line stand in formgrader's lists beside notebooks, with scores."""
    rows = {row["student"]: row for row in graded.api.get_submissions("adding")}
    assert {"nora", "nick", "carl", "cleo", "cora"} <= rows.keys()
    assert (rows["carl"]["score"], rows["carl"]["autograded"]) == (100, True)
    assert rows["carl"]["timestamp"].startswith("2026-11-20T12:00:00")
    shown = {row["student"] for row in graded.api.get_notebook_submissions("adding", "adding")}
    assert {"carl", "nora"} <= shown


def test_what_could_not_be_read_says_so(graded, notebooks):
    """A submission with a problem is graded 0 by name, and the notebook shows the problem."""
    cell_of, _ = notebooks
    assert graded.points("cora") == {"add": 0, "total": 0}
    assert "no adding.py in it" in str(cell_of(graded.autograded("cora"), "solution-top"))


def test_nbgraders_csv_reads_our_scores(graded):
    """Its own export has our scores; so has its feedback, with our words."""
    rows = graded.csv()
    assert (rows["nick"]["score"], rows["nick"]["max_score"]) == ("40.0", "100.0")
    assert graded.api.generate_feedback("adding", "nick")["success"]
    page = (graded.folder / "feedback/nick/adding/adding.html").read_text()
    assert "total adds over ranks: 0 of 60 points (failed)" in page


def test_a_manual_grade_survives_autograding(graded):
    """autograde --force keeps what a person gave, and asks for a look."""
    graded.give("cleo", "add", 25.0)
    try:
        assert graded.autograde("cleo")["success"]
        assert graded.scores("cleo")["add"] == (0, 25.0, True)
    finally:
        graded.give("cleo", "add", None)


def test_nothing_runs_in_nbgraders_process_or_in_a_kernel(classroom, notebooks, tmp_path):
    """What a cell does at import and in a call, it does not do here."""
    _, solved = notebooks
    trace = tmp_path / "ran"
    deed = f"open({str(trace)!r}, 'w')"
    notebook = solved(classroom.released(), add=f"(x + y, {deed})[0]")
    notebook["cells"].insert(0, {"cell_type": "code", "metadata": {}, "outputs": [],
                                 "execution_count": None, "id": "x", "source": deed})  # fmt: skip
    classroom.hand_in_notebook("wendy", notebook)
    assert classroom.autograde("wendy")["success"]
    assert not trace.exists()
    assert classroom.points("wendy")["add"] == 0


def test_a_withheld_score_is_no_zero(graded, monkeypatch):
    """nbgrader says that it failed, keeps no old score and no notebook, and can try again."""
    fault = Result("nick", WITHHELD, None, 100, 0.1, (), "the suite broke")
    with monkeypatch.context() as patched:
        patched.setattr("grader.notebooks.preprocess.grade_here", lambda *_: fault)
        answer = graded.autograde("nick")
    assert not answer["success"]
    assert "score withheld: the suite broke" in answer["log"]
    assert graded.scores("nick") == {"add": (None, None, True), "total": (None, None, True)}
    rows = {row["student"]: row for row in graded.api.get_submissions("adding")}
    assert not rows["nick"]["autograded"]
    assert graded.api.autograde("adding", "nick", force=False)["success"]
    assert graded.points("nick") == {"add": 40, "total": 0}


def test_another_rubric_is_refused(graded, monkeypatch):
    """A notebook that was generated of other points is not graded, and the mend is told."""
    path = graded.course.root / "assignments/adding/assignment.toml"
    before = path.read_text()
    path.write_text(before.replace("points = 40", "points = 30").replace("= 60", "= 70"))
    try:
        answer = graded.autograde("nora")
    finally:
        path.write_text(before)
    assert not answer["success"]
    assert "40 points there, 30 points here; run 'shardlab notebook'" in answer["log"]
    assert graded.scores("nora")["add"] == (None, None, True)
    assert graded.autograde("nora")["success"]
    assert graded.points("nora") == {"add": 40, "total": 60}


def test_an_item_without_a_result_never_passes(graded, monkeypatch):
    """nbgrader gives full points to a cell without output; an incomplete result is refused."""
    result = Result("nora", GRADED, 0, 100, 0.1, ())
    with monkeypatch.context() as patched:
        patched.setattr("grader.notebooks.preprocess.grade_here", lambda *_: result)
        assert not graded.autograde("nora")["success"]
    assert graded.points("nora") == {"add": None, "total": None}
    assert graded.autograde("nora")["success"]


def test_stock_nbgrader_gives_no_points(graded, notebooks):
    """Where somebody forgot our configuration, the locked cells fail instead of passing."""
    cell_of, solved = notebooks
    code = "".join(cell_of(graded.released(), "shardlab")["source"])
    namespace = {"add": solved, "total": solved}
    exec(code, namespace)
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("NBGRADER_EXECUTION", "autograde")
        with pytest.raises(RuntimeError, match="configure"):
            namespace["graded_in_the_sandbox"]("add")


def test_a_trace_goes_along(classroom):
    """What `shardlab capture` wrote is beside the notebook, and is looked at as ever."""
    folder = classroom.course.root / "assignments/adding"
    path, kind = folder / "assignment.toml", folder / "evidence/__init__.py"
    before = path.read_text()
    kind.parent.mkdir()
    kind.write_text(NO_EVIDENCE)
    path.write_text(before.replace("minutes = 5", "minutes = 5\ntrace = true"))
    submission = from_source(classroom.lab, "tracy", classroom.solution.encode())
    try:
        classroom.hand_in_file("tracy", replace(submission, trace=b"no trace at all"))
        assert classroom.autograde("tracy")["success"]
        with_one = classroom.comment("tracy")
        (classroom.folder / "submitted/tracy/adding/adding.trace").unlink()
        assert classroom.autograde("tracy")["success"]
    finally:
        path.write_text(before)
        shutil.rmtree(kind.parent)
    assert with_one.startswith("100/100 by autograding. ")
    assert "these bytes tell nothing" in with_one
    assert classroom.comment("tracy") != with_one


def test_other_notebooks_are_executed_as_ever(classroom):
    """A course may have assignments that are not ours: stock nbgrader's rules hold for them."""
    from nbformat import v4, writes

    base = {"schema_version": 3, "task": False}
    own = {"grade_id": "work", "grade": False, "solution": True, "locked": False}
    test = {"grade_id": "test", "grade": True, "solution": False, "locked": True, "points": 2}
    notebook = v4.new_notebook(cells=[
        v4.new_code_cell("### BEGIN SOLUTION\nx = 1\n### END SOLUTION", id="a",
                         metadata={"nbgrader": base | own}),
        v4.new_code_cell("assert x == 1", id="b", metadata={"nbgrader": base | test}),
    ])  # fmt: skip
    source = classroom.folder / "source/plain/plain.ipynb"
    source.parent.mkdir(parents=True)
    source.write_text(writes(notebook))
    assert classroom.api.generate_assignment("plain")["success"]
    released = (classroom.folder / "release/plain/plain.ipynb").read_text()
    assert "# YOUR CODE HERE" in released
    for student, text in (("pat", "x = 1"), ("pia", "x = 2")):
        target = classroom.folder / "submitted" / student / "plain/plain.ipynb"
        target.parent.mkdir(parents=True)
        target.write_text(released.replace("raise NotImplementedError()", text))
    assert classroom.api.autograde("plain", "p*")["success"]
    with classroom.api.gradebook as book:
        scores = {row["student"]: row["score"] for row in book.submission_dicts("plain")}
    assert scores == {"pat": 2, "pia": 0}
