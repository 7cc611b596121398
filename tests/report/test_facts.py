"""A class in numbers: what is counted, and what is kept apart."""

from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from grader.report.facts import facts_of
from grader.report.text import lab_lines, summary_lines
from grader.results import Finding


def test_invariants_are_counted_by_student(rows):
    """I1 broke for whoever lost `add`, however often; what only waits has broken nothing."""
    grades = [
        rows.grade("a", rows.result(add="failed", total="blocked")),
        rows.grade("b", rows.result(add="raised")),
        rows.grade("c", rows.result(total="failed")),
        rows.grade("d", rows.result()),
    ]
    facts = facts_of(rows.lab, grades)
    assert [(each.invariant, each.students) for each in facts.invariants] == [("I1", 2), ("I2", 1)]
    assert summary_lines(facts)[0] == "I1 broke for 2 students; I2 for 1."


def test_the_hardest_item_stands_first_with_how_it_was_lost(rows):
    """Counts by verdict; who waits is counted apart."""
    grades = [rows.grade(s, rows.result(add="failed", total="blocked")) for s in "abc"]
    grades.append(rows.grade("d", rows.result(add="timeout", total="failed")))
    first, second = facts_of(rows.lab, grades).hardest
    assert (first.item, first.lost, first.verdicts) == ("add", 4, {"failed": 3, "timeout": 1})
    assert (second.item, second.lost, second.waiting) == ("total", 1, 3)


def test_work_that_does_not_load_breaks_no_invariant(rows):
    """It is counted as such: it says nothing of what was understood."""
    broken = rows.result("does not load", add="failed", total="failed")
    facts = facts_of(rows.lab, [rows.grade("a", broken)])
    assert facts.counts["not runnable"] == 1
    assert not facts.invariants
    assert not facts.hardest


def test_results_of_another_rubric_are_counted_as_far_as_they_go(rows):
    """A lab whose rubric was changed has facts before it is graded again."""
    result = rows.result(add="failed", total="blocked")
    renamed = replace(result, rubric=(replace(result.rubric[0], item="old"),))
    facts = facts_of(rows.lab, [rows.grade("a", result), rows.grade("b", renamed)])
    assert [(each.lost, each.waiting) for each in facts.items] == [(1, 0), (0, 1)]
    assert [(each.invariant, each.students) for each in facts.invariants] == [("I1", 1)]


def test_an_item_that_fails_alone_and_unseen_is_a_warning(rows):
    """Two students who lost nothing else and pass all they can see; one alone is chance."""
    unseen = Finding(note="a hidden case ends as 'failed'", unseen=True)
    alone = [rows.grade(s, rows.result(finding=unseen, total="failed")) for s in "ab"]
    facts = facts_of(rows.lab, alone)
    assert facts.warnings == ["rubric 'total' fails alone for 2: look at the bound."]
    assert not facts_of(rows.lab, alone[:1]).warnings
    both = [rows.grade(s, rows.result(finding=unseen, add="failed", total="failed")) for s in "cd"]
    seen = [rows.grade(s, rows.result(total="failed")) for s in "ef"]
    assert not facts_of(rows.lab, [*both, *seen, alone[0]]).warnings
    assert facts_of(rows.lab, [*both, *seen, alone[0]]).items[1].alone == 3


def test_students_are_counted_by_what_became_of_them(rows):
    """Missing, ungraded, withheld, late: none of them is a zero in the distribution."""
    held = replace(rows.result(), status="withheld", score=None, note="ours")
    grades = [rows.grade("a"), rows.grade("b", None), rows.grade("c", held)]
    grades.append(rows.grade("d", rows.result()))
    facts = facts_of(rows.lab, grades)
    assert [facts.counts[k] for k in ("missing", "ungraded", "withheld", "graded")] == [1] * 4
    assert facts.spread.count == 1
    assert facts.spread.mean == 100


def test_attempts_are_counted_on_their_day_or_week(rows):
    """Days while they are few; weeks where a term lies between the first and the last."""
    grade = rows.grade("a", rows.result(), rows.result(add="failed"))
    facts = facts_of(rows.lab, [grade])
    assert [(each.start, each.attempts, each.due) for each in facts.periods] == [
        ("2026-11-22", 2, True)
    ]
    assert facts.periods[0].median == 80
    first = grade.attempts[0]
    early = first.attempt.submitted_at - timedelta(days=60)
    old = replace(first, attempt=replace(first.attempt, submitted_at=early))
    facts = facts_of(rows.lab, [replace(grade, attempts=(old, grade.attempts[1]))])
    assert facts.weekly
    assert [each.start for each in facts.periods] == ["2026-09-21", "2026-11-16"]


def test_nobody_is_no_error(rows):
    """An empty class has facts, too."""
    facts = facts_of(rows.lab, [])
    assert facts.spread is None
    assert lab_lines(facts)[0].startswith("Adding up (adding): 0 students")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(0, 100), min_size=1, max_size=80))
def test_every_score_is_in_the_distribution(rows, scores):
    """Once each; the middle lies between the ends, and the text fits a terminal."""
    grades = []
    for number, score in enumerate(scores):
        grade = rows.grade(f"s{number}", rows.result())
        counts = replace(grade.counts, raw=score)
        grades.append(replace(grade, attempts=(counts,), counts=counts))
    facts = facts_of(rows.lab, grades)
    spread = facts.spread
    assert sum(spread.tenths) == len(scores)
    assert spread.tenths[10] == scores.count(100)
    ends = (spread.least, spread.lower, spread.median, spread.upper, spread.most)
    assert list(ends) == sorted(ends)
    assert max(map(len, lab_lines(facts))) <= 80
