"""What is alike and what is not: copies stay near 1, work of one's own does not."""

import ast
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.course import load_course
from grader.similarity import UnreadWork, Work, compare, facing, read_work
from grader.validation.overlay import paths_of, read_overlay
from grader.validation.statements import Module

LAB = "tp-sharding"


@pytest.fixture(scope="module")
def lab(request):
    """The first lab of this course."""
    return load_course(request.config.rootpath).lab(LAB)


@pytest.fixture(scope="module")
def sources(request):
    """Its solution and variants, each right in a way of its own, by name."""
    folder = request.config.rootpath / "solutions" / LAB
    solution = Module.read(folder / "tp_sharding.py")
    found = {path.stem: read_overlay(solution, path).source for path in paths_of(folder, "variant")}
    return found | {"solution": (folder / "tp_sharding.py").read_text()}


@pytest.fixture(scope="module")
def scored(lab):
    """A function from sources by name to the scores of all pairs, by the set of names."""
    contract = tuple(lab.functions)
    stub = read_work("stub", lab.stub.read_bytes(), contract)

    def score(texts):
        works = [read_work(name, text.encode(), contract) for name, text in texts.items()]
        report = compare(works, stub, top=10_000, least=0.0)
        return {frozenset({p.left.name, p.right.name}): p.similarity for p in report.pairs}

    return score


def renamed(source, contract, suffix="_other"):
    """The source with every chosen name changed, no comment, no docstring, another layout."""
    tree = ast.parse(source)
    chosen = {each.arg for each in ast.walk(tree) if isinstance(each, ast.arg)}
    chosen |= {
        each.id
        for each in ast.walk(tree)
        if isinstance(each, ast.Name) and not isinstance(each.ctx, ast.Load)
    }
    chosen |= {each.name for each in tree.body if isinstance(each, ast.FunctionDef)}
    for node in ast.walk(tree):
        _rename(node, chosen - set(contract), suffix)
    return ast.unparse(tree)


def _rename(node, chosen, suffix):
    for field in ("id", "arg", "name"):
        value = getattr(node, field, None)
        if isinstance(node, ast.keyword) or value not in chosen:
            continue
        setattr(node, field, value + suffix)
    if isinstance(node, ast.FunctionDef):
        node.returns = None
        if ast.get_docstring(node) is not None:
            node.body[0] = ast.Expr(ast.Constant("Another docstring."))
    if isinstance(node, ast.arg):
        node.annotation = None


def reordered(source):
    """The source with its functions in the opposite order."""
    tree = ast.parse(source)
    functions = [each for each in tree.body if isinstance(each, ast.FunctionDef)]
    rest = [each for each in tree.body if not isinstance(each, ast.FunctionDef)]
    return ast.unparse(ast.Module([*rest, *functions[::-1]], []))


@pytest.mark.parametrize("way", ["renamed", "reordered", "laid out"])
def test_a_disguised_copy_stays_near_one(lab, sources, scored, way):
    """Other names, another order, another layout: in a class of variants it is still found."""
    original = sources["loops"]
    copy = {
        "renamed": lambda: renamed(original, lab.functions),
        "reordered": lambda: reordered(original),
        "laid out": lambda: re.sub(r"^( +)", r"\1\1", original, flags=re.MULTILINE),
    }[way]()  # fmt: skip
    scores = scored(sources | {"copy": copy})
    best = max(scores, key=scores.get)
    assert best == {"copy", "loops"}
    assert scores[best] > 0.9
    assert scored({"loops": original, "copy": copy})[best] > 0.97


def test_work_of_ones_own_scores_clearly_lower(lab, sources, scored):
    """No two variants come near a renamed copy, though all grew from one solution."""
    scores = scored(sources | {"copy": renamed(sources["loops"], lab.functions)})
    copy = scores.pop(frozenset({"copy", "loops"}))
    assert max(scores.values()) < copy - 0.4


def test_order_of_submissions_does_not_matter(sources, scored):
    """The score of a pair is the same from both sides and in any order."""
    some = dict(list(sources.items())[:6])
    assert scored(some) == scored(dict(reversed(some.items())))


def test_the_stub_alone_matches_nobody(lab, sources, scored):
    """Students who wrote nothing are alike by the starter code only, which does not count."""
    texts = {"nothing": lab.stub.read_text(), "nothing too": lab.stub.read_text()}
    scores = scored(sources | texts)
    assert all(score == 0 for pair, score in scores.items() if pair & texts.keys())


def test_who_wrote_nothing_of_their_own_is_named(lab):
    """Nothing can be said of an empty stub, and that is said."""
    stub = read_work("stub", lab.stub.read_bytes(), tuple(lab.functions))
    assert compare([stub, stub], stub).plain == ("stub", "stub")


def test_what_most_wrote_counts_nothing():
    """A function that the whole class has is an idiom; the same function of two is a reason."""
    idiom = (
        "def f(xs):\n    total = 0\n    for x in xs:\n        total += x * x + 1\n"
        "    return total\n"
    )
    own = "def g{0}(a):\n    return a.method{0}(a[{0}], {0}) + a.other{0}({0} * a)\n"
    everybody = [read_work(str(n), (idiom + own.format(n)).encode()) for n in range(30)]
    assert not compare(everybody).pairs
    two = [
        read_work(str(n), ((idiom if n < 2 else "") + own.format(n)).encode()) for n in range(30)
    ]
    (pair,) = compare(two).pairs
    assert {pair.left.name, pair.right.name} == {"0", "1"}


def test_a_ring_of_copies_is_found_in_a_class(sources):
    """Four of a class with one solution: all six pairs come out on top."""
    ring = {f"ring{n}": sources["einsum"].replace("partial", f"part{n}") for n in range(4)}
    report = compare([read_work(k, v.encode()) for k, v in (sources | ring).items()], least=0.3)
    assert all({pair.left.name, pair.right.name} <= {*ring, "einsum"} for pair in report.pairs[:10])


def test_matches_say_which_functions_and_why(lab, sources):
    """A renamed helper is found by its body; short functions are excused as such."""
    contract = tuple(lab.functions)
    copy = renamed(sources["loops"], contract)
    texts = sources | {"copy": copy}
    pair = compare([read_work(k, v.encode(), contract) for k, v in texts.items()]).pairs[0]
    found = {frozenset({each.left.name, each.right.name}): each for each in pair.matches}
    assert frozenset({"_matmul", "_matmul_other"}) in found
    assert "look here first" in found[frozenset({"_matmul", "_matmul_other"})].why
    assert all(each.why for each in pair.matches)


def test_same_statements_face_each_other():
    """A statement between does not shift the rest; lines keep their numbers."""
    left = b"def f(a):\n    b = a + 1\n    return b * 2\n"
    right = b"# head\ndef g(x):\n    y = x + 1\n    print(y)\n\n    return y * 2\n"
    one, other = read_work("l", left), read_work("r", right)
    lines = facing(one, one.sections[0], other, other.sections[0])
    shown = [(each.left_number, each.right_number, each.same) for each in lines]
    assert shown == [(1, 2, True), (2, 3, True), (None, 4, False), (3, 5, True), (None, 6, True)]


NAMES = st.from_regex(r"[a-z]{1,6}_[0-9]", fullmatch=True)
TEMPLATE = """\
def shard({a}, {b}):
    if {a}.ndim != 2 or {b} < 1:
        raise ValueError("no")
    {c} = [{d} for {d} in range({b}) if {d} % {e}({b})]
    for {f} in {c}:
        {a}.append({f} + {g}({b}={f}))
    return {c}


def {e}({b}):
    {h} = {b} // 2
    return {h}


def {g}({b}):
    return lambda {d}: {b} @ {d}
"""


@given(st.lists(NAMES, min_size=8, max_size=8, unique=True))
@settings(derandomize=True, deadline=None)
def test_consistent_renaming_changes_nothing(names):
    """Parameters, locals, helpers and keywords: the shapes are the same, whatever the names."""
    before = read_work(
        "a", TEMPLATE.format(**dict(zip("abcdefgh", "ABCDEFGH", strict=True))).encode()
    )
    after = read_work("b", TEMPLATE.format(**dict(zip("abcdefgh", names, strict=True))).encode())
    assert before.shapes == after.shapes
    assert compare([before, after]).pairs[0].similarity > 0.9


def test_names_of_libraries_and_attributes_are_no_choice():
    """np.sum and np.prod differ; what numpy is called does not."""
    source = "import numpy as np\ndef f(x):\n    return np.sum(x + 1, axis=0) / x.size\n"
    same, other = source.replace("np", "n"), source.replace("sum", "prod")
    work = read_work("a", source.encode())
    assert work.shapes == read_work("b", same.encode()).shapes
    assert work.shapes != read_work("c", other.encode()).shapes


HOSTILE = {
    "nothing but brackets": b"x=" + b"(" * 30_000,
    "deep": b"x=" + b"-" * 60_000 + b"1",
    "a sum without end": b"x=1" + b"+1" * 30_000,
    "many branches": b"if 1:\n pass\n" + b"elif 1:\n pass\n" * 4_000,
    "zeros": b"x = 1\0",
    "not text": b"\xff\xfe\xfa",
    "no Python": b"def f(:\n",
    "a line of 200 kB": b"x = [" + b"1," * 100_000 + b"]",
    "many nodes": b"x=[" + b"[]," * 20_000 + b"]",
    "many functions": b"def f():0\n" * 5_000,
}


@pytest.mark.parametrize("source", HOSTILE.values(), ids=HOSTILE)
def test_what_can_not_be_read_is_listed_with_the_reason(source, counted):
    """No exception, little work, and not dropped."""
    with counted:
        unread = read_work("eve", source)
    assert counted.count < 10**6  # 20,000 nodes at most are looked at
    assert isinstance(unread, UnreadWork)
    assert unread.why
    assert compare([unread, unread]).unread == (unread, unread)


@pytest.mark.parametrize(
    "source",
    [b"", b"\xef\xbb\xbfx = 1\n", b"x = '\\d'\n", b'f"' + b"{x}" * 9_000 + b'"',
     b"x = 1\n" * 9_000, b"x = 0x" + b"f" * 50_000, b"def f():\n" + b"    a = b + c\n" * 4_000],
)  # fmt: skip
def test_what_is_odd_is_compared(source):
    """Warnings, repetition and huge numbers are no reason to fail."""
    work = read_work("odd", source)
    assert isinstance(work, Work)
    report = compare([work, read_work("too", source)], least=0.0)
    for pair in report.pairs:
        for match in pair.matches:
            facing(pair.left, match.left, pair.right, match.right)


def test_a_class_is_compared_whole(lab, sources):
    """40 submissions, each with its own names: all are read, and copies are found."""
    contract = tuple(lab.functions)
    texts = [renamed(text, contract, f"_{n}") for n, text in enumerate(list(sources.values()) * 22)]
    works = [read_work(str(n), text.encode(), contract) for n, text in enumerate(texts[:40])]
    report = compare(works, None)
    assert report.compared == 40
    assert report.pairs
