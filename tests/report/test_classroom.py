"""The class report: rows, groups that fail alike, what needs a person, and anonymity."""

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from grader.gradebook.rows import Override, Student
from grader.report.classroom import _Naming, class_report
from grader.report.pages import class_page
from grader.report.text import report_lines
from grader.results import Finding

KEY = b"a key"


def report_of(rows, grades, **options):
    (lab,) = class_report("A course", [(rows.lab, grades)], **options).labs
    return lab


def test_each_student_has_a_row_with_a_letter_an_item(rows):
    """Lost, waiting, decided by a person, missing: all are told without a colour."""
    due = rows.grade("x").due
    override = Override("add", 40, "a reason", "prof", due)
    grades = [
        rows.grade("a", rows.result(add="failed", total="blocked"), name="Ann"),
        rows.grade("b", rows.result(add="failed"), overrides=(override,)),
        rows.grade("c"),
    ]
    lab = report_of(rows, grades, link=lambda slug, who: f"{slug}/{who}.html")
    assert [row.cells for row in lab.rows] == ["F-", "O·", "  "]
    assert [row.who for row in lab.rows] == ["Ann (a)", "b", "c"]
    assert [row.status for row in lab.rows] == ["graded", "graded", "missing"]
    assert lab.rows[0].link == "adding/a.html"


def test_students_with_the_same_losses_are_a_group(rows):
    """The same items in the same way; the largest group first, with its commonest finding."""
    grades = [rows.grade(s, rows.result(add="failed", finding=Finding(got="1"))) for s in "abc"]
    grades.append(rows.grade("d", rows.result(add="failed", finding=Finding(got="2"))))
    grades += [rows.grade(s, rows.result(add="raised")) for s in "ef"]
    grades.append(rows.grade("g", rows.result()))
    first, second = report_of(rows, grades).groups
    assert first.students == ("a", "b", "c", "d")
    assert first.lost == ("add failed",)
    assert first.finding == Finding(got="1")
    assert (second.students, second.cells) == (("e", "f"), "E·")


def test_what_is_slow_or_hostile_is_named(rows):
    """Time-outs, crashes and the like with their seconds, worst first; then what was slow."""
    grades = [rows.grade(f"s{n}", rows.result(seconds=0.2)) for n in range(9)]
    grades.append(rows.grade("slow", rows.result(seconds=4.0)))
    grades.append(rows.grade("bomb", rows.result(add="out_of_memory", total="timeout")))
    bomb, slow = report_of(rows, grades).troubles
    assert (bomb.who, bomb.what) == ("bomb", "out of memory (1 item), timed out (1 item)")
    assert (slow.who, slow.what, slow.seconds) == ("slow", "slow", 4.0)


def test_a_fault_of_ours_waits_for_a_person(rows):
    """With its text, which staff may read, and never as a lost item."""
    held = replace(rows.result(add="grader_fault"), status="withheld", score=None, note="KeyError")
    lab = report_of(rows, [rows.grade("a", held)])
    assert [(each.who, each.note) for each in lab.faults] == [("a", "KeyError")]
    assert not lab.groups
    assert "GRADER FAULT" in " ".join(
        report_lines(class_report("", [(rows.lab, [rows.grade("a", held)])]))
    )


# -- for showing in class ------------------------------------------------------------------

TELLING = ("s001", "Ann", "Ottilie", "ann@", "secret.py")


def a_telling_class(rows):
    """Students whose names stand wherever a student can write one."""
    finding = Finding(
        text="Ottilie handed it in", called="add(x, y)", got="'Ottilie was here'", error="Ottilie",
        source="ann = 1", broken="I1: it", printed="I am Ann Ottilie", remark="see Ottilie",
        where="secret.py:1",
    )  # fmt: skip
    student = Student("s001", "Ann Ottilie", "ann@school.example", "red", "77")
    held = replace(rows.result(), status="withheld", score=None, note="secret.py of Ottilie")
    results = [rows.result(add="failed", finding=finding)] * 4
    grades = [rows.grade(f"s00{n}", result) for n, result in enumerate(results, 1)]
    return [*(replace(each, student=replace(student, id=each.student.id)) for each in grades),
            replace(rows.grade("s009", held), student=replace(student, id="s009")),
            rows.grade("s010", rows.result("secret.py does not load: Ottilie", add="failed",
                                           finding=Finding(error="Ottilie")))]  # fmt: skip


def test_nobody_is_named_where_a_class_looks_on(rows):
    """No id, name, address, file name or link in the struct, the page, the text or the JSON."""
    grades = a_telling_class(rows)
    named = class_report("A course", [(rows.lab, grades)], link=lambda *_: "adding/s001.html")
    hidden = class_report(
        "A course", [(rows.lab, grades)], link=lambda *_: "adding/s001.html", anonymous=KEY
    )
    for report, expected in ((named, True), (hidden, False)):
        json = msgspec.json.encode(report).decode()
        text = " ".join(report_lines(report))
        for form in (json, text, class_page(report)):
            assert any(word in form for word in TELLING) is expected


def test_what_several_were_told_word_for_word_may_be_shown(rows):
    """Without the facts in which a student's own text may stand."""
    (group, *_) = report_of(rows, a_telling_class(rows), anonymous=KEY).groups
    assert group.finding == Finding(called="add(x, y)", broken="I1: it")
    two = a_telling_class(rows)[:2]
    assert report_of(rows, two, anonymous=KEY).groups[0].finding == Finding()


def test_a_name_in_our_own_words_keeps_a_finding_back(rows):
    """A student called Add is not told by what `add` was called with."""
    grades = [
        rows.grade(s, rows.result(add="failed", finding=Finding(called="add(x, y)")), name=name)
        for s, name in (("a1", "Add Er"), ("b1", "Bea"), ("c1", "Cy"))
    ]
    assert report_of(rows, grades, anonymous=KEY).groups[0].finding == Finding()


def test_times_that_tell_are_left_out(rows):
    """How often and how late somebody came, and the score of who came alone on a day."""
    late = rows.grade("a", rows.result(), rows.result())
    late = replace(late, counts=replace(late.counts, late_days=3))
    lab = report_of(rows, [late], anonymous=KEY)
    assert (lab.rows[0].attempts, lab.rows[0].late_days) == (0, 0)
    assert [each.median for each in lab.facts.periods] == [None]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(st.randoms())
def test_the_order_tells_nothing(rows, random):
    """It follows from key and id alone: not from the roster's order, nor from scores."""
    ids = [f"s{n:02}" for n in range(20)]
    results = [rows.result(**({"add": "failed"} if n % 2 else {})) for n in range(20)]
    grades = [rows.grade(s, result) for s, result in zip(ids, results, strict=True)]
    rows_of = [row.cells for row in report_of(rows, grades, anonymous=KEY).rows]
    random.shuffle(grades)
    assert [row.cells for row in report_of(rows, grades, anonymous=KEY).rows] == rows_of
    in_order = ["··" if n % 2 == 0 else "F·" for n in range(20)]
    assert rows_of not in (in_order, sorted(in_order), sorted(in_order, reverse=True))
    assert [r.cells for r in report_of(rows, grades, anonymous=b"another").rows] != rows_of


def test_a_student_has_another_number_in_each_lab(rows, real_rows):
    """So that nobody who is known in one lab is known in all."""
    ids = [f"s{n:02}" for n in range(12)]
    one = [rows.grade(s, rows.result(seconds=n)) for n, s in enumerate(ids)]
    other = [real_rows.grade(s, real_rows.result(seconds=n)) for n, s in enumerate(ids)]
    orders = [
        [int(g.counts.result.seconds) for g in _Naming.of(r.lab, g, lambda *_: "", KEY).grades]
        for r, g in ((rows, one), (real_rows, other))
    ]
    assert sorted(orders[0]) == sorted(orders[1])
    assert orders[0] != orders[1]


@pytest.mark.parametrize("anonymous", [None, KEY])
def test_a_large_class_makes_a_small_page(real_rows, anonymous):
    """A row a student and no more than what it tells: 1,000 of them are below half a megabyte."""
    report = class_report(
        "A course", [(real_rows.lab, real_rows.a_class(1000))], anonymous=anonymous
    )
    assert len(class_page(report)) < 500_000
