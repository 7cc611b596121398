"""The kinds of mistakes: what each makes of a line, all of it."""

import ast
from pathlib import Path

import pytest

from grader.validation.mutation.game import mutants_of
from grader.validation.mutation.places import File

EXPECTED = [
    ("comparison", "def f(a, b):\n    return a < b",
     ["return a <= b", "return a != b", "return a > b"]),
    ("comparison", "def f(a, b):\n    return a <= b",
     ["return a < b", "return a == b", "return a >= b"]),
    ("comparison", "def f(a, b):\n    return a == b",
     ["return a != b", "return a <= b", "return a >= b"]),
    ("comparison", 'def f(a):\n    return a == "F"', ['return a != "F"']),
    ("comparison", "def f(a):\n    return a is None", ["return a is not None"]),
    ("comparison", "def f(a, b):\n    return a not in b", ["return a in b"]),
    ("comparison", "def f(a):\n    return 0 < a is b",
     ["return 0 <= a is b", "return 0 != a is b", "return 0 > a is b", "return 0 < a is not b",
      "return 0 < a", "return a is b"]),
    ("condition", "def f(a, b):\n    return a and b", ["return a or b", "return b", "return a"]),
    ("condition", "def f(a, b, c):\n    return a or b or c",
     ["return a and b and c", "return b or c", "return a or c", "return a or b"]),
    ("condition", "def f(a):\n    return not a", ["return a"]),
    ("condition", "def f(a):\n    return ~a", ["return a"]),
    ("branch", "def f(a):\n    if a:\n        raise ValueError", ["if False:", "if True:"]),
    ("branch", "def f(a, b):\n    return a if b else 1",
     ["return a if False else 1", "return a if True else 1"]),
    ("branch", "def f(a):\n    while a:\n        a.pop()", ["while False:"]),
    ("branch", "def f(a):\n    return [x for x in a if x]", ["return [x for x in a if True]"]),
    ("branch", "def f(a, b):\n    return a or b", ["return True or b", "return a or True"]),
    ("constant", "def f(n=3):\n    return n", ["def f(n=4):", "def f(n=2):", "def f(n=0):"]),
    ("constant", "X = -1", ["X = -2", "X = -0"]),
    ("constant", "X = 0.5", ["X = 1.0", "X = 0.25", "X = 1.5", "X = 0.0"]),
    ("constant", "X = True", ["X = False"]),
    ("constant", "def f(a, b):\n    return zip(a, b, strict=True)", []),
    ("arithmetic", "def f(a, b):\n    return a + b", ["return a - b", "return a", "return b"]),
    ("arithmetic", "def f(a, b):\n    return a - b",
     ["return a + b", "return b - a", "return a", "return b"]),
    ("arithmetic", "def f(a, b):\n    return a // b",
     ["return a * b", "return a / b", "return b // a", "return a", "return b"]),
    ("arithmetic", "def f(a, b):\n    return a @ b",
     ["return a * b", "return b @ a", "return a", "return b"]),
    ("arithmetic", "def f(a):\n    return -a", ["return a"]),
    ("arithmetic", "def f(a, b):\n    a += b", ["a -= b", "a = b"]),
    ("arguments", "def f(a, b, c):\n    return g(a, b, k=c)",
     ["return g(b, a, k=c)", "return g(a, b)", "return g(a, k=c)"]),
    ("arguments", "def f(a):\n    return g(a, a)", ["return g(a)"]),
    ("arguments", "def f(a, b):\n    return zip(a, b, strict=True)",
     ["return zip(b, a, strict=True)", "return zip(a, strict=True)"]),
    ("arguments", "def f(a, b):\n    raise ValueError(a, b)", []),
    ("call", "def f(a):\n    return int(a)", ["return a"]),
    ("call", "def f(a):\n    return a.copy()", ["return a"]),
    ("call", 'def f(a):\n    return check("a", a)', ['return "a"', "return a"]),
    ("call", "def f(a):\n    return max(a)", ["return a", "return min(a)"]),
    ("call", "import numpy as np\n\n\ndef f(a):\n    return np.maximum(a, 0)",
     ["return a", "return 0", "return np.minimum(a, 0)"]),
    ("call", "def f(a):\n    check(a)", []),
    ("name", "def f(a, b):\n    c = a\n    return c", ["c = b", "return a"]),
    ("dtype", "import numpy as np\n\n\ndef f(a):\n    return a.astype(np.float64)",
     ["return a.astype(np.float32)"]),
    ("dtype", "def f(a, b):\n    return a.astype(b.dtype)",
     ["return a.astype(np.float64)", "return a.astype(np.float32)"]),
    ("dtype", "import torch\n\n\ndef f(a, b):\n    return a.to(b.dtype)",
     ["return a.to(torch.float64)", "return a.to(torch.float32)"]),
    ("axis", "def f(a):\n    return a.sum(axis=-1)", ["return a.sum(axis=0)"]),
    ("axis", "def f(a, d):\n    return a.sum(axis=d)",
     ["return a.sum(axis=0)", "return a.sum(axis=1)", "return a.sum(axis=-1)"]),
    ("axis", "def f(a):\n    return a.T", ["return a"]),
    ("collective", "def f(a, group):\n    return group.all_reduce(a)",
     ["return group.all_gather(a)", "return group.reduce_scatter(a)"]),
    ("sequence", "def f(a, b):\n    return a, b", ["return (b, a)"]),
    ("sequence", "X = [1, 2]", ["X = [2, 1]"]),
    ("sequence", 'X = {"a": 1, "b": 2}', ['X = {"b": 2, "a": 1}']),
    ("sequence", "def f(a):\n    return isinstance(a, (int, str))", []),
    ("sequence", "def f(a):\n    return a in (1, 2)", []),
    ("iteration", "def f(a):\n    for x in a:\n        g(x)",
     ["for x in list(a)[::-1]:", "for x in list(a)[1:]:", "for x in list(a)[:-1]:",
      "for x in list(a)[:10]:"]),
    ("iteration", "def f(n):\n    return [i for i in range(n)]",
     ["return [i for i in list(range(n))[::-1]]", "return [i for i in list(range(n))[1:]]",
      "return [i for i in list(range(n))[:-1]]", "return [i for i in list(range(n))[:10]]",
      "return [i for i in range(n + 1)]"]),
    ("iteration", "def f(group):\n    for i in range(group.world_size):\n        group.barrier()",
     ["for i in list(range(group.world_size))[::-1]:",
      "for i in list(range(group.world_size))[1:]:",
      "for i in list(range(group.world_size))[:-1]:", "for i in range(group.world_size + 1):"]),
    ("iteration", "def f(a):\n    return sum(x for x in (a, 1))",
     ["return sum(x for x in list((a, 1))[1:])", "return sum(x for x in list((a, 1))[:-1])"]),
    ("iteration", 'def f(a):\n    return {x for x in "qk"}',
     ['return {x for x in list("qk")[1:]}', 'return {x for x in list("qk")[:-1]}']),
    ("extent", "def f(a, n):\n    return a[n:9]",
     ["return a[:9]", "return a[n + 1:9]", "return a[n - 1:9]", "return a[n:]"]),
    ("statement", "def f(a):\n    check(a)\n    return a", ["pass"]),
    ("statement", "def f(a):\n    b = 1\n    b = a\n    c = b", ["pass", "pass"]),
    ("statement", "def f(a):\n    a[0] = 1", ["pass"]),
    ("statement", "def f(a):\n    if a:\n        raise ValueError", []),
    ("statement", "def f(a):\n    g()\n    raise ValueError", ["pass", "pass"]),
    ("statement", "def f(a):\n    for x in a:\n        break", ["pass", "continue"]),
    ("statement", "def f(a):\n    for x in a:\n        continue", ["pass", "break"]),
    ("returned", "def f(a):\n    return a", ["return None"]),
    ("returned", "def f(a, group):\n    return a",
     ["return None", "return a if group.rank == 0 else None"]),
    ("exception", "def f(a):\n    raise ValueError(a)", ["raise TypeError(a)"]),
    ("exception", "def f(a):\n    raise TypeError", ["raise ValueError"]),
    ("message", 'def f(size):\n    raise ValueError(f"size must be 1, got {size}")',
     ['raise ValueError(f" must be 1, got {size}")', 'raise ValueError(f"size must be 1, got ")']),
    ("message", 'def f(size):\n    raise ValueError("size is wrong")',
     ['raise ValueError(" is wrong")']),
    ("message", 'def f(a):\n    return a[f"{a}.w"]', ['return a[f".w"]']),
    ("text", 'def f(a):\n    return "one" if a else "two"',
     ['return "two" if a else "two"', 'return "one" if a else "one"']),
    ("text", 'def f(a):\n    return "one"', ['return ""']),
    ("text", 'def f(a):\n    """Says what."""\n    return ""', ['return "x"']),
    ("inputs", "def f(a, n):\n    return a.shape[0] * n",
     ['return [a.shape[0] * n, getattr(a, "fill", int)(0)][0]']),
    ("inputs", "def f(many, group):\n    for each in many:\n        g(each)",
     ['    getattr(many, "clear", getattr(many, "zero_", int))()']),
    ("inputs", "def _f(a):\n    return a.shape", []),
]  # fmt: skip


def made(source, kind=None):
    return [each for each in mutants_of(File.of(source.encode())) if kind in (None, each.kind)]


@pytest.mark.parametrize(("kind", "source", "expected"), EXPECTED)
def test_a_kind_makes_these_mistakes_and_no_others(kind, source, expected):
    """The line as it reads afterwards, for each mutant of the kind, in order."""
    assert [each.diff[-1].removeprefix("+ ") for each in made(source + "\n", kind)] == expected


def test_what_no_program_reads_is_left_alone():
    """Docstrings, annotations, names of types, imports and decorators: no mistakes there."""
    source = '''\
"""The file's docstring."""
import numpy as np

Order = list[tuple[str, 1]]


@cache
def f(a: "A | None", b: Literal[1, 2]) -> "int":
    """The function's docstring."""
    x: "Some[3]" = a
    return x
'''
    assert [each.after for each in made(source)] == ['x: "Some[3]" = b', "return None", "return a"]


def test_the_words_of_a_message_do_not_count():
    """Only the names of parameters, the values and the class of an exception are contract."""
    source = "def f(n):\n    raise ValueError(f'{n} is not {g(n) + 1} at all', 7)\n"
    assert [each.after for each in made(source)] == [
        "pass",
        "raise TypeError(f'{n} is not {g(n) + 1} at all', 7)",
        'raise ValueError(f" is not {g(n) + 1} at all", 7)',
        'raise ValueError(f"{n} is not at all", 7)',
    ]


@pytest.mark.parametrize("path", sorted((Path(__file__).parents[2] / "solutions").glob("*/*.py")),
                         ids=lambda path: path.stem)  # fmt: skip
def test_mutants_of_the_labs_are_all_different_programs(path):
    """Each has a name of its own, and is another program than the solution and all others.

    Of the trees every ninth is compared: all of them take longer than making them.
    """
    mutants = mutants_of(File.of(path.read_bytes()))
    assert len({each.identity for each in mutants}) == len(mutants)
    assert len({path.read_bytes(), *(each.source for each in mutants)}) == len(mutants) + 1
    some = [ast.dump(ast.parse(each.source)) for each in mutants[::9]]
    assert len({*some, ast.dump(ast.parse(path.read_bytes()))}) == len(some) + 1
