"""Our own table and nbgrader's: the promised columns, and nothing where there is no score."""

import csv
import io

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.exports import csv as own
from grader.exports import nbgrader
from grader.exports.cells import inert
from grader.exports.exported import entries
from grader.exports.formats import ExportOrder

steady = settings(derandomize=True, deadline=None, max_examples=50)


def table(text):
    """The rows as dictionaries."""
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def test_the_columns_are_those_that_are_promised(make, rows):
    """The fixed ones in their order, then one for each rubric item."""
    heading = own.grades_csv([make.lab], rows).splitlines()[0]
    assert heading == (
        "student,name,group,lab,attempt,submitted_at,status,raw,penalty,late_days,overrides,"
        "score,max_score,published,time_from,remark,stale,adding/add,adding/total"
    )


def test_each_grade_is_a_line_with_everything(make, rows):
    """Raw score, penalty, days and overrides explain the score; items have points that count."""
    ann, bob, cy, dee = table(own.grades_csv([make.lab], rows))
    assert (ann["score"], ann["published"], ann["adding/total"]) == ("100", "100", "60")
    assert bob | {
        "attempt": "2", "submitted_at": "2026-11-22T14:03:00+00:00", "status": "graded",
        "raw": "70", "penalty": "10", "late_days": "1", "overrides": "total=30 (half is right)",
        "score": "60", "max_score": "100", "published": "65", "adding/total": "30",
    } == bob  # fmt: skip
    assert (cy["status"], cy["raw"], cy["score"], cy["adding/add"]) == ("withheld", "", "", "")
    assert (dee["status"], dee["attempt"], dee["score"]) == ("missing", "", "")


def test_several_labs_share_a_table(make, rows):
    """Each lab's items have their own columns, empty in the other's lines."""
    other = msgspec.structs.replace(make.lab, slug="other", items=("add",))
    more = entries([make.grade(None, make.result(), lab="other")])
    lines = table(own.grades_csv([make.lab, other], [*rows, *more]))
    assert (lines[0]["adding/add"], lines[0]["other/add"]) == ("40", "")
    assert (lines[-1]["adding/add"], lines[-1]["other/add"]) == ("", "40")


def test_nbgraders_columns(rows):
    """The heading is nbgrader's own, times are without an offset, scores are floats."""
    text = nbgrader.grades_csv(rows)
    assert text.splitlines()[0] == (
        "assignment,duedate,timestamp,student_id,last_name,first_name,email,raw_score,"
        "late_submission_penalty,score,max_score"
    )
    bob = table(text)[1]
    assert bob == {
        "assignment": "adding", "duedate": "2026-11-22 14:03:00",
        "timestamp": "2026-11-22 14:03:00", "student_id": "bob", "last_name": "Bob Doe",
        "first_name": "", "email": "bob@school.example", "raw_score": "70.0",
        "late_submission_penalty": "10.0", "score": "60.0", "max_score": "100.0",
    }  # fmt: skip


def test_nbgrader_without_a_score_has_none(rows):
    """Neither a withheld nor a missing grade is 0.0."""
    _, _, cy, dee = table(nbgrader.grades_csv(rows))
    for line in (cy, dee):
        assert (line["raw_score"], line["late_submission_penalty"], line["score"]) == ("", "", "")
    assert cy["timestamp"]
    assert not dee["timestamp"]


def test_a_name_is_split_where_it_says_how(make):
    """`Lovelace, Ada` has two parts; any other name is left in one piece."""
    named = make.student("ada", name="Lovelace, Ada")
    (line,) = table(nbgrader.grades_csv(entries([make.grade(named, make.result())])))
    assert (line["last_name"], line["first_name"]) == ("Lovelace", "Ada")


@pytest.mark.parametrize(("late", "score"), [({"penalty": 130}, "0.0"), ({"refused": True}, "0.0"),
                                             ({"penalty": 5}, "95.0")])  # fmt: skip
def test_nbgraders_rule_gives_the_score(make, late, score):
    """max(0, raw_score - late_submission_penalty) is the score, also past the cut-off."""
    (line,) = table(nbgrader.grades_csv(entries([make.grade(None, make.result(), **late)])))
    raw, penalty = float(line["raw_score"]), float(line["late_submission_penalty"])
    assert (line["score"], max(0.0, raw - penalty)) == (score, float(score))


def test_what_was_published_is_all_that_goes_out(make, class_of_four):
    """With a newer score than the published one, no number of the newer one is there."""
    bob = table(own.grades_csv([make.lab], entries(class_of_four, published=True)))[1]
    assert (bob["score"], bob["raw"], bob["penalty"], bob["adding/add"]) == ("65", "", "", "")
    bob = table(nbgrader.grades_csv(entries(class_of_four, published=True)))[1]
    assert (bob["score"], bob["raw_score"], bob["late_submission_penalty"]) == (
        "65.0",
        "65.0",
        "0.0",
    )


def test_a_zero_for_nothing_says_so(make):
    """Score 0 of work that is missing, in both tables."""
    rows = entries([make.missing(make.student())], missing_as=0)
    (line,) = table(own.grades_csv([make.lab], rows))
    assert (line["status"], line["score"], line["raw"], line["attempt"]) == ("missing", "0", "", "")
    (line,) = table(nbgrader.grades_csv(rows))
    assert (line["raw_score"], line["score"], line["timestamp"]) == ("0.0", "0.0", "")


def test_halves_of_points_are_numbers(make):
    """7.5 is 7.5, and a whole number that came as 60.0 is 60."""
    rows = entries([make.grade(None, make.result(), raw=raw) for raw in (7.5, 60.0, 0.1 + 0.2)])
    assert [each["score"] for each in table(own.grades_csv([make.lab], rows))] == [
        "7.5", "60", "0.3",
    ]  # fmt: skip


@pytest.mark.parametrize("form", [own.FORMAT, nbgrader.FORMAT])
def test_an_id_that_is_a_formula_is_named(make, form):
    """It can't be written as it is; what stands in its place is told."""
    rows = entries([make.grade(make.student(each), make.result()) for each in ("=1+1", "ann")])
    made = form.make(ExportOrder((make.lab,), tuple(rows)))
    assert made.notes == ("=1+1: written as '=1+1, so that no spreadsheet takes it for a formula",)


def test_three_hundred_names_come_back(make, crowd):
    """By id with the score, and with the name as a spreadsheet may hold it."""
    rows = entries([make.grade(who, make.result(), raw=i / 4) for i, who in enumerate(crowd)])
    lines = table(own.grades_csv([make.lab], rows))
    assert {line["student"]: float(line["score"]) for line in lines} == {
        who.id: i / 4 for i, who in enumerate(crowd)
    }
    assert [line["name"] for line in lines] == [inert(who.name) for who in crowd]
    lines = table(nbgrader.grades_csv(rows))
    assert {line["student_id"]: float(line["score"]) for line in lines} == {
        who.id: i / 4 for i, who in enumerate(crowd)
    }


ANY = st.text(st.characters(exclude_categories=()) | st.sampled_from("=+-@;,\"'\r\n\t\0"))


@given(name=ANY, group=ANY)
@steady
def test_hostile_names_stay_in_their_cell(make, name, group):
    """Whatever a name holds, the table has as many lines and columns as it should."""
    who = make.student("eve", name=name, group=group)
    rows = entries([make.grade(who, make.result()), make.missing(make.student())])
    for text in (own.grades_csv([make.lab], rows), nbgrader.grades_csv(rows)):
        eve, ann = table(text)
        assert None not in eve
        assert None not in ann
        assert ann.get("student", ann.get("student_id")) == "ann"


def test_nbgraders_own_export_has_the_same_columns():
    """The heading that nbgrader's exporter writes into an empty gradebook's file is ours."""
    plugin = pytest.importorskip(
        "nbgrader.plugins.export", reason="needs nbgrader: pip install 'shardlab[nbgrader]'"
    )
    from types import SimpleNamespace

    target = io.StringIO()
    exporter = plugin.CsvExportPlugin()
    target.close = lambda: None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plugin, "open", lambda *_: target, raising=False)
        exporter.export(SimpleNamespace(assignments=[], students=[]))
    assert target.getvalue().splitlines() == [",".join(nbgrader.COLUMNS)]
