"""The roster's commands as an instructor types them; and what a new id leaves as it was."""

import json
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner

from grader.cli import main
from grader.gradebook.rows import Student
from grader.gradebook.store import Gradebook
from grader.intake.bundle import pack
from grader.intake.inbox import deliver
from grader.intake.receipts import public_key, read_receipt, verify
from grader.sandbox import probe
from grader.submissions import from_source


@pytest.fixture
def run(course, monkeypatch):
    """Types a command at the course; gives what it says, no line of it wider than a terminal."""
    monkeypatch.delenv("SHARDLAB_DB", raising=False)

    def invoke(*words, code=0):
        result = CliRunner().invoke(main, [str(each) for each in ("--course", course.root, *words)])
        assert result.exit_code == code, result.output
        if result.exception is not None:
            assert isinstance(result.exception, SystemExit), result.exception
        for line in result.output.splitlines():
            assert line.isprintable()
            assert code or len(line) <= 80 or str(course.root.parent) in line, line
        return result.output

    return invoke


@pytest.fixture
def book(course):
    """The course's own gradebook, with Ann and Ben."""
    with Gradebook.open(str(course.root / "gradebook.sqlite3"), who="staff") as book:
        book.add_students([Student("ann", "Ann", "a@x", "", "1"), Student("ben", "Ben")])
        yield book


@pytest.fixture
def file(tmp_path):
    """Writes a roster; its path."""

    def write(text):
        path = tmp_path / "students.csv"
        path.write_text(text, "utf-8")
        return path

    return write


def ids(book):
    return [each.id for each in book.students()]


def entry(said):
    """The number by which what was said is taken back."""
    return said.rpartition("shardlab undo ")[2].split()[0]


# -- a file --------------------------------------------------------------------------------


def test_a_file_is_taken_by_its_name_alone(run, book, file):
    """As it always was; the way back is named, and leads back."""
    said = run("roster", file("id,name\nann,Ann B.\ncy,Cy\n"))
    assert said.splitlines()[0] == "1 new, 1 changed, 0 as before."
    assert "In the gradebook, not in this file, and kept: ben." in said
    run("undo", entry(said))
    assert [(each.id, each.name) for each in book.students()] == [("ann", "Ann"), ("ben", "Ben")]


def test_a_dry_run_tells_all_and_changes_nothing(run, book, file):
    """Who is new, what changes from what, who is missing."""
    path = file("id,name\nann,Ann B.\ncy,Cy\n")
    log = book.audit()
    said = run("roster", path, "--dry-run", "--json", path.with_suffix(".json")).splitlines()
    assert said == [
        "Nothing is changed now. It would be: 1 new, 1 changed, 0 as before.",
        "  changed  ann  name 'Ann' -> 'Ann B.'",
        "  new      cy  Cy",
        "In the gradebook, not in this file, and kept: ben.",
    ]
    assert (book.audit(), ids(book)) == (log, ["ann", "ben"])
    told = json.loads(path.with_suffix(".json").read_text())
    assert (told["dry_run"], told["entry"], told["missing"][0]["id"]) == (True, None, "ben")
    assert told["joining"][0]["differences"] == {"name": ["Ann", "Ann B."]}


def test_an_unknown_column_changes_nothing(run, book, file):
    """The example of the instructor's: `naem`."""
    said = run("roster", file("id,naem\nann,Ann B.\ncy,Cy\n"), code=2)
    assert "'naem' is unknown; did you mean 'name'?" in " ".join(said.split())
    assert ids(book) == ["ann", "ben"]
    assert "1 new" in run("roster", file("id,naem\ncy,Cy\n"), "--column", "name=naem")
    assert book.students()[-1] == Student("cy", "Cy")


def test_wrong_lines_are_told_in_their_order(run, book, file):
    """Those that are wrong by themselves, and those that the gradebook knows better."""
    text = "id,lms_id\nANN,\nben,1\n,7\ncy,2\ndi,2\n"
    said = run("roster", file(text), code=2)
    lines = " ".join(said.split()).split("students.csv: ")[1:]
    assert [each.partition(":")[0] for each in lines] == [f"line {n}" for n in (2, 3, 4, 6)]
    assert all(len(each) <= 80 for each in said.splitlines() if "students.csv" not in each)
    assert ids(book) == ["ann", "ben", "cy"]


def test_a_canvas_gradebook_is_taken_for_what_it_is(run, book, file):
    """The example of the instructor's: its ID column is not our id."""
    text = 'Student,ID,SIS User ID,SIS Login ID,Section,Ring (12)\n"Doe, Jane",4711,D1,jdoe,S,90\n'
    said = run("roster", file(text))
    assert "id is 'SIS Login ID'" in said
    assert book.roster.people().find("jdoe") == Student("jdoe", "Doe, Jane", lms_id="4711")
    assert book.roster.people().find("4711") is None


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["renam", "ann", "ada"], "Did you mean 'rename'?"),
        (["nobody.csv"], "can't be read"),
        (["take", "x.csv", "--column", "naem=x"], "expected FIELD=TITLE"),
        (["rename", "ann", "a/b"], "can't be a student id"),
        (["add", "ANN"], "differs by case only from 'ann'"),
        (["add", "cy", "--lms-id", "1"], "that of 'ann'"),
    ],
)
def test_what_can_not_be_meant(run, book, words, told):
    """One line with the mend; nothing is changed."""
    assert told in " ".join(run("roster", *words, code=2).split())
    assert ids(book) == ["ann", "ben"]


# -- one by one ----------------------------------------------------------------------------


def test_the_list_says_who_is_who(run, book, tmp_path):
    """Ids, facts, attempts; other ids, merged records and who was dropped below."""
    book.add_students([Student("5903"), Student("dan")])
    book.roster.rename("ann", "ada")
    book.roster.merge("5903", "ada")
    book.roster.drop("dan")
    said = run("roster", "--json", tmp_path / "roster.json").splitlines()
    assert said[0].split() == ["student", "name", "email", "group", "lms_id", "attempts"]
    assert said[1].split() == ["ada", "Ann", "a@x", "1", "0"]
    assert said[2].strip() == "also ann; merged: 5903"
    assert said[3].split() == ["ben", "Ben", "0"]
    assert said[5].strip() == "dropped; back with: roster restore dan"
    assert said[-1] == "2 students, and 1 dropped."
    assert run("roster") == run("roster", "list")
    told = json.loads((tmp_path / "roster.json").read_text())
    assert told[0]["student"]["aliases"] == ["5903", "ann"]
    assert (told[0]["merged"], told[0]["attempts"]) == (["5903"], 0)


def test_every_verb_names_its_way_back(run, book):
    """And the way back leads back."""
    before = book.roster.entries()
    for words in (
        ["add", "cy", "--name", "Cy"],
        ["add", "ann", "--name", "Ann B."],
        ["rename", "ann", "ada"],
        ["merge", "ben", "ann"],
        ["drop", "ben"],
    ):
        run("undo", entry(run("roster", *words)))
        assert book.roster.entries() == before


def test_a_merge_says_the_scores_before_and_after(run, course, book, one_process, tmp_path):
    """For each lab that either has handed in something; so does taking them apart."""
    solution = (course.root / "solutions/adding/adding.py").read_text()
    for name, text in (("ann", solution.replace("x + y", "x - y")), ("5903", solution)):
        (tmp_path / f"{name}.py").write_text(text)
        grade(run, tmp_path / f"{name}.py", "--strangers", "take")
    before = (book.audit(), book.roster.entries())
    tried = run("roster", "merge", "5903", "ann", "--dry-run")
    assert (book.audit(), book.roster.entries()) == before
    said = run("roster", "merge", "5903", "ann")
    assert tried.splitlines()[1] == said.splitlines()[1]
    assert "  adding  ann 0 (1 attempt), 5903 100 (1 attempt) -> ann 100 (2 attempts)" in said
    listed = run("grades", "adding")
    assert "ann          100/100  1 of 2   handed in as 5903" in listed
    assert "5903 " not in listed
    said = run("roster", "split", "5903")
    assert "  adding  ann 100 (2 attempts) -> 5903 100 (1 attempt)" in said


# -- what a new id leaves as it was --------------------------------------------------------


def grade(run, *paths):
    return run("grade", "adding", "--isolation", probe().level.word, "--jobs", "1", *paths)


def test_a_new_id_regrades_nothing_and_changes_no_hidden_input(
    run, course, book, one_process, tmp_path
):
    """Seed and nonce are those of the first id; what is graded now is shown by the present one."""
    solution = (course.root / "solutions/adding/adding.py").read_text()
    (tmp_path / "ann.py").write_text(solution)
    seeds = [run("nonce", "adding", "ann"), seed_of(run, tmp_path / "ann.py", "ann")]
    grade(run, tmp_path / "ann.py")
    results = book.grade("ann", course.lab("adding")).attempts
    run("roster", "rename", "ann", "ada")
    said = grade(run)
    assert "Nothing to grade" in said
    after = book.grade("ada", course.lab("adding")).attempts
    assert [(each.attempt.id, each.raw) for each in after] == [
        (each.attempt.id, each.raw) for each in results
    ]
    renamed = [run("nonce", "adding", "ada"), seed_of(run, tmp_path / "ann.py", "ada")]
    assert renamed == [each.replace("ann", "ada") for each in seeds]
    (tmp_path / "ann.py").write_text(f"{solution}\n# again\n")
    assert "ada" in grade(run, tmp_path / "ann.py")
    (tmp_path / "ada.py").write_text(f"{solution}\n# and again\n")
    grade(run, tmp_path / "ada.py")
    assert [each.number for each in book.attempts("adding", "ann")] == [1, 2, 3]
    assert "ada 100 ->" in run("roster", "merge", "ben", "ada") or ids(book) == ["ada"]


def seed_of(run, path, student):
    said = run("grade", "adding", path, "--no-record", "--seed-for", student, "--jobs", "1",
               "--isolation", probe().level.word)  # fmt: skip
    return said.splitlines()[0]


def test_receipts_stay_as_they_were_signed(run, course, book, tmp_path):
    """Collected again, a receipt under the old id is the same to the byte, and verifies."""
    inbox, lab = tmp_path / "inbox", course.lab("adding")
    inbox.mkdir()

    def send(source):
        now = datetime.now(UTC)
        bundle = pack(lab, "ann", from_source(lab, "ann", source), now=now)
        path = deliver(inbox, bundle).path
        run("collect", inbox)
        return path.with_name(path.name.replace(".shardlab.zip", ".receipt.json"))

    first = send(b"x = 1\n")
    signed = first.read_bytes()
    run("roster", "rename", "ann", "ada")
    run("roster", "merge", "ben", "ada")
    first.unlink()
    second = send(b"x = 2\n")
    assert first.read_bytes() == signed
    key = public_key(course.root)
    receipts = [verify(read_receipt(each), key) for each in (first, second)]
    assert [(each.student, each.attempt) for each in receipts] == [("ann", 1), ("ann", 2)]
    assert [each.called for each in book.attempts("adding")] == ["ada", "ada"]


def test_every_table_and_page_shows_the_present_id(run, course, book, one_process, tmp_path):
    """Exports, feedback, similarity and the class page; old and new id both find the student."""
    solution = (course.root / "solutions/adding/adding.py").read_text()
    for name in ("ann", "5903", "ben"):
        (tmp_path / f"{name}.py").write_text(f"{solution}\n# {name}\n")
        grade(run, tmp_path / f"{name}.py", "--strangers", "take")
    run("roster", "rename", "ann", "ada")
    run("roster", "merge", "5903", "ada")
    target = tmp_path / "out.csv"
    run("export", "adding", target, "--to", "csv")
    assert [line.split(",")[0] for line in target.read_text().splitlines()[1:]] == ["ada", "ben"]
    for name in ("ann", "ada", "5903"):
        run("export", "adding", target, "--to", "csv", "--student", name)
        assert target.read_text().splitlines()[1].startswith("ada,")
        run("feedback", "adding", name, "--no-pictures", "--to", tmp_path / "pages")
        assert [each.name for each in (tmp_path / "pages/adding").iterdir()] == ["ada.html"]
    run("report", "--to", tmp_path / "pages")
    page = (tmp_path / "pages/index.html").read_text("utf-8")
    for said in (run("similar", "adding"), run("grades", "adding"), page):
        assert "ada" in said
        assert "ann " not in said
        assert "5903 " not in said
    run("roster", "drop", "ann")
    run("export", "adding", target, "--to", "csv")
    assert [line.split(",")[0] for line in target.read_text().splitlines()[1:]] == ["ben"]
    assert "2 submissions" not in run("similar", "adding")
    assert "no submission of 'ann'" in run("regrade", "adding", "ann", code=2)


def test_a_bundle_under_the_old_id_may_come_through_an_lms(run, course, book, tmp_path):
    """Canvas says that number 1 sent it, who is Ada now; the bundle says Ann. They are one."""
    lab = course.lab("adding")
    bundle = pack(lab, "ann", from_source(lab, "ann", b"x = 1\n"), now=datetime.now(UTC))
    (tmp_path / "download").mkdir()
    (tmp_path / "download" / f"ann_1_22_{bundle.stem}.shardlab.zip").write_bytes(bundle.raw)
    run("roster", "rename", "ann", "ada")
    run("collect", tmp_path / "download")
    assert [(each.student, each.called) for each in book.attempts("adding")] == [("ann", "ada")]


def test_who_was_dropped_hands_in_as_a_stranger(run, course, book, tmp_path):
    """It is kept aside, and taken once they are back; nothing is made under the id meanwhile."""
    inbox, lab = tmp_path / "inbox", course.lab("adding")
    inbox.mkdir()
    now = datetime.now(UTC)
    deliver(inbox, pack(lab, "ann", from_source(lab, "ann", b"x = 1\n"), now=now))
    run("roster", "rename", "ann", "ada")
    run("roster", "drop", "ada")
    said = run("collect", inbox, code=1)
    assert "roster restore ada" in said
    assert book.attempts("adding") == []
    run("roster", "restore", "ann")
    run("collect", inbox)
    assert [(each.student, each.called) for each in book.attempts("adding")] == [("ann", "ada")]


# -- the log -------------------------------------------------------------------------------


def test_undo_without_a_number_takes_back_the_last_thing(run, book):
    """Done by the same person; again and again, it goes further back."""
    run("roster", "rename", "ann", "ada")
    run("roster", "drop", "ben")
    who = book.history.entries()[-1].entry.who
    assert "drop ben" in run("undo", "--as", who)
    assert ids(book) == ["ada", "ben"]
    assert "rename ann" in run("undo")
    assert ids(book) == ["ann", "ben"]
    assert "nothing of carl's" in run("undo", "--as", "carl", code=2)


def test_the_log_says_what_can_be_and_what_was_undone(run, book, tmp_path):
    """A star by the number, and the number of the entry that did it."""
    said = run("roster", "drop", "ben")
    number = entry(said)
    tried = run("undo", number, "--dry-run")
    assert tried.startswith("Nothing is changed now. It would be:")
    assert f"{number}*" in run("audit")
    back = entry(run("undo", number))
    said = run("audit", "--json", tmp_path / "audit.json")
    assert f"(undone by {back})" in said
    assert f"{number}*" not in said
    told = {each["id"]: each for each in json.loads((tmp_path / "audit.json").read_text())}
    assert told[int(number)]["undone_by"] == int(back)
    assert (told[int(back)]["undoes"], told[int(back)]["undoable"]) == (int(number), True)
