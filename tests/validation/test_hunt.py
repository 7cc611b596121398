"""Hunts: all mutants of a tiny course, who survives, marks, samples, and the cache."""

import json

import pytest

from grader.course import load_course
from grader.validation.mutation import Sample, cache, hunt, lines_of, summary
from grader.validation.mutation.game import mutants_of
from grader.validation.mutation.places import File

pytestmark = pytest.mark.usefixtures("one_process")

SUITE = '''\
"""Sees that add adds, and no more; total may do what it likes on one rank."""

import numpy as np
import pytest

from grader.suite import GROUP, Shards, equal


@pytest.mark.rubric("add")
def test_add(student):
    """The same inputs for everyone."""
    equal(student.add(np.array([1.0, 2.0]), np.array([3.0, 5.0])), np.array([4.0, 7.0]))


@pytest.mark.rubric("total")
def test_total(ranks):
    """On one rank."""
    equal(ranks(1).total(Shards(np.ones((1, 2)), axis=0), GROUP).value, np.ones((1, 2)))
'''
SOLUTION = '''\
"""The solution."""


def add(x, y):
    if x.shape != y.shape:
        raise ValueError(f"shapes {x.shape} and {y.shape} differ")
    return x + y


def total(x, group):
    return group.all_reduce(x)
'''


@pytest.fixture
def small(course):
    """The tiny course with a suite that misses much."""
    (course.root / "tests/hidden/adding/test_adding.py").write_text(SUITE)
    (course.root / "solutions/adding/adding.py").write_text(SOLUTION)
    return load_course(course.root)


@pytest.fixture
def run(small, level):
    """A hunt in that course: what came of it, and how many mutants had to run."""

    def do(sample=None):
        counts = []
        found = hunt(
            load_course(small.root),
            "adding",
            level,
            2,
            sample,
            counts.append,
            lambda: counts.append("ran"),
        )
        assert counts[1:] == ["ran"] * counts[0]
        return found, counts[0]

    return do


def alive(found):
    return {(each.mutant.function, each.mutant.after) for each in found.survivors}


def mark(course, text):
    path = course.root / "solutions/adding/equivalent.toml"
    path.write_text(path.read_text() + text if path.exists() else text)


def test_what_no_case_tells_from_the_solution_survives(run):
    """The misses of the suite are found, what it tests is not among them."""
    found, ran = run()
    assert found.made == found.tried == ran == len(mutants_of(File.of(SOLUTION.encode())))
    assert found.killed == found.made - len(found.survivors)
    assert (found.equivalent, found.problems) == (0, ())
    survive = alive(found)
    assert ("add", "if False:") in survive
    assert ("add", 'raise TypeError(f"shapes {x.shape} and {y.shape} differ")') in survive
    assert ("total", "return x") in survive
    assert ("total", "return group.all_reduce(x) if group.rank == 0 else None") in survive
    assert ("add", "return x - y") not in survive
    assert ("total", "return None") not in survive
    items = {each.mutant.function: each.items for each in found.survivors}
    assert items == {"add": ("add",), "total": ("total",)}


def test_a_suite_that_tests_it_kills_it(run, small):
    """The case that was missing makes the difference; one for the other order still is."""
    path = small.root / "tests/hidden/adding/test_adding.py"
    path.write_text(SUITE.replace(
        "np.array([4.0, 7.0]))\n",
        'np.array([4.0, 7.0]))\n    student.raises(ValueError, naming=("(1,)", "(2,)"))'
        ".add(np.ones(1), np.ones(2))\n", 1))  # fmt: skip
    found, _ = run()
    assert {after for _, after in alive(found) if "if " in after and "group" not in after} == {
        "if x.shape < y.shape:"
    }


def test_the_killed_are_remembered_and_survivors_run_anew(run, small):
    """As long as neither the solution nor the suite nor the key has changed."""
    first, _ = run()
    again, ran = run()
    assert (ran, again) == (len(first.survivors), first)
    kept = json.loads((small.root / ".shardlab/mutants/adding.json").read_text())
    assert len(kept) == first.killed
    path = small.root / "tests/hidden/adding/test_adding.py"
    path.write_text(SUITE + "\n# another suite\n")
    assert run()[1] == first.made


def test_all_code_that_judges_belongs_to_a_key(repository):
    """Each part that the cache names is there: one that was renamed would count for nothing."""
    for name in cache._ENGINE:
        path = repository / "grader" / name
        assert path.is_file() or any(path.rglob("*.py")), name


def test_a_spoilt_cache_is_no_cache(run, small):
    """Whatever stands there, nothing is taken for killed that is not."""
    first, _ = run()
    path = small.root / ".shardlab/mutants/adding.json"
    for spoilt in (b"", b"[1, 2", b'{"a": 1}', b"\xff\xfe", b"7"):
        path.write_bytes(spoilt)
        found, ran = run(Sample(3, "x"))
        assert ran == 3
        assert found.tried == 3
    assert run()[0] == first


def test_a_marked_survivor_is_equivalent(run, small):
    """Once, with its reason; the others stay survivors."""
    before, _ = run()
    mark(small, '[[equivalent]]\nfunction = "total"\nfrom = "group.all_reduce(x)"\nto = "x"\n'
                'reason = "for the sake of this test"\n')  # fmt: skip
    found, _ = run()
    assert alive(before) - alive(found) == {("total", "return x")}
    assert (found.equivalent, found.problems, found.passed) == (1, (), False)


def test_a_mark_of_what_a_case_kills_is_a_problem(run, small):
    """Nobody marks away what the suite can tell; and it is not remembered as killed."""
    mark(small, '[[equivalent]]\nfunction = "add"\nfrom = "x + y"\nto = ["x - y", "x"]\n'
                'reason = "wrong"\n')  # fmt: skip
    found, _ = run()
    assert len(found.problems) == 2
    assert 'a case tells "return x - y" from the solution' in found.problems[0]
    assert "equivalent.toml" in found.problems[0]
    assert run()[1] == len(found.survivors) + 2


def test_a_mark_that_fits_nothing_is_a_problem(run, small):
    """In a sample, too: it is about all mutants that there are."""
    mark(small, '[[equivalent]]\nfunction = "add"\nfrom = "z"\nto = "y"\nreason = "gone"\n')
    found, _ = run(Sample(1, "a"))
    assert len(found.problems) == 1
    assert not found.passed


def test_a_solution_that_the_suite_refuses_proves_nothing(small, level):
    """Else everything would be killed, and all be well. Nothing is remembered."""
    path = small.root / "solutions/adding/adding.py"
    path.write_text(SOLUTION.replace("x + y", "x - y"))
    found = hunt(load_course(small.root), "adding", level, 2)
    assert not found.passed
    assert found.problems == (
        "the solution itself loses points (add, test_add, for student-0): mend that first",
    )
    assert not (small.root / ".shardlab/mutants/adding.json").exists()


def test_a_fault_of_the_suite_is_told_once(run, small):
    """With the first mutant that brought it out, and how many more there are."""
    path = small.root / "tests/hidden/adding/test_adding.py"
    path.write_text(SUITE.replace("equal(student.add", "equal(0 + student.add"))
    found, _ = run()
    (problem,) = [each for each in found.problems if "TypeError" in each]
    assert "a fault of ours with" in problem
    assert "unsupported operand" in problem


def test_a_sample_is_the_same_for_the_same_seed(run):
    """And another one for another seed; each as large as was asked, if there are so many."""
    mutants = mutants_of(File.of(SOLUTION.encode()))
    assert Sample(7, "a").of(mutants) == Sample(7, "a").of(mutants)
    assert Sample(7, "a").of(mutants) != Sample(7, "b").of(mutants)
    assert len(Sample(7, "a").of(mutants)) == 7
    assert Sample(10**6, "a").of(mutants) == mutants
    found, ran = run(Sample(7, "a"))
    assert (found.tried, ran) == (7, 7)
    assert found.made == len(mutants)


def test_what_a_sample_chose_stays_chosen_when_others_come(run):
    """A mutant's lot is its own: a new one changes no more than it must."""
    mutants = mutants_of(File.of(SOLUTION.encode()))
    fewer = Sample(9, "a").of(mutants[1:])
    assert len(set(Sample(9, "a").of(mutants)) - set(fewer)) <= 1


def test_a_solution_that_is_no_python_is_told_by_its_line(small, level):
    """The author's mistake, not a traceback of ours."""
    path = small.root / "solutions/adding/adding.py"
    path.write_text("def add(x, y:\n    return 1\n")
    (problem,) = hunt(small, "adding", level, 2).problems
    assert problem.startswith(f"{path}:1: ")


def test_survivors_are_shown_in_80_columns(run):
    """Where, what was done to the line, and whose cases should have seen it."""
    found, _ = run()
    lines = list(lines_of(found))
    assert max(map(len, lines)) <= 80
    start = lines.index("add, line 5: branch; items add")
    assert lines[start + 1 : start + 3] == [
        "    - if x.shape != y.shape:",
        "    + if False:",
    ]
    count = len(found.survivors)
    assert (
        summary(found) == f"made {found.made}, killed {found.killed}, equivalent 0, survive {count}"
    )
