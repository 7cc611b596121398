"""What a submission returns crosses alike, at every level and whatever its lab preloads.

A student checks without isolation, on any machine; the grader runs the same file locked down.
"""

import importlib.util
import sys
from fractions import Fraction

import numpy as np
import pytest

from grader.sandbox import BadReturn, Level, Limits, Raised, Returned, Sandbox, Tensor

from .conftest import call
from .test_wire import same

TORCH = importlib.util.find_spec("torch") is not None
PRELOADS = [
    (),
    ("numpy",),
    *([pytest.param(("numpy", "torch"), marks=pytest.mark.slow)] if TORCH else []),
]

# What is returned, and what the host has of it.
PLAIN = {
    "None": None,
    "True": True,
    "-(2**70)": -(2**70),
    "1.5": 1.5,
    "float('-inf')": float("-inf"),
    "'é\\x00'": "é\x00",
    "b'\\xff'": b"\xff",
    "complex(-0.0, 2)": complex(-0.0, 2),
    "Fraction(-3, 4)": Fraction(-3, 4),
    "[1, (2, [3.0]), {'a': {4}}]": [1, (2, [3.0]), {"a": {4}}],
    "frozenset({(1, 'F')})": frozenset({(1, "F")}),
    "{(0, 'F', 1): (Fraction(0), Fraction(1))}": {(0, "F", 1): (Fraction(0), Fraction(1))},
    "Op('F', 1)": ("F", 1),
    "[Kind.F, Flag.A | Flag.B]": [7, 3],
    "Word.F": "f",
    "OrderedDict(b=1, a=2)": {"b": 1, "a": 2},
    "defaultdict(list, {1: [2]})": {1: [2]},
    "Counter('aab')": {"a": 2, "b": 1},
    "Half(1, 2)": Fraction(1, 2),
    "Text('x')": "x",
    "Imaginary(1, -0.0)": complex(1, -0.0),
}
NUMPY = {
    **{f"np.{kind}(1)": getattr(np, kind)(1) for kind in (
        "bool_", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64",
        "float16", "float32", "float64", "complex64", "complex128",
    )},
    "np.longlong(1)": np.int64(1),
    **{f"np.ones((2, 3), '{code}')": np.ones((2, 3), code) for code in (
        "?", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8", "c8", "c16",
    )},
    "np.str_('x')": "x",
    "np.bytes_(b'x')": b"x",
    "np.array(3)": np.array(3),
    "np.zeros((0, 3))": np.zeros((0, 3)),
    "np.arange(6).reshape(2, 3).T": np.arange(6).reshape(2, 3).T.copy(),
    "np.ones(2, '>f8')": np.ones(2),
    "np.matrix([[1, 2]])": np.array([[1, 2]]),
    "np.ma.masked_array([1, 2])": np.array([1, 2]),
    "np.broadcast_to(np.float32(1), (2, 2))": np.ones((2, 2), "f4"),
    "[np.int64(1), (np.bool_(False), {'a': np.float32(2)})]":
        [np.int64(1), (np.bool_(False), {"a": np.float32(2)})],
    "np.divmod(7, 2)": (np.int64(3), np.int64(1)),
    "list(np.arange(2))": [np.int64(0), np.int64(1)],
    "Fraction(np.int64(3), 4)": Fraction(3, 4),
    "Fraction(np.int64(6), np.uint8(4))": Fraction(3, 2),
    "Fraction(np.bool_(True), 2) if hasattr(np.bool_, 'numerator') else Fraction(True, 2)":
        Fraction(1, 2),
    "Fraction(np.float64(0.5))": Fraction(1, 2),
    "[Fraction(np.int64(1), 3) * np.int64(2)]": [Fraction(2, 3)],
    "Half(np.int64(1), 2)": Fraction(1, 2),
    "complex(np.float32(1), np.int64(2))": 1 + 2j,
    "Imaginary(np.float64(1), 2)": 1 + 2j,
    "{np.int64(1): 'a', np.float32(0.5): 'b', np.bool_(False): 'c', np.str_('d'): 'd'}":
        {1: "a", 0.5: "b", False: "c", "d": "d"},
    "{(np.int64(0), 'F', np.uint8(2)): np.int64(3)}": {(0, "F", 2): np.int64(3)},
    "{np.int64(1), (np.float64(2.5),)}": {1, (2.5,)},
    "frozenset({np.complex64(1j)})": frozenset({1j}),
    "{frozenset({np.int16(3)}): 1}": {frozenset({3}): 1},
    "dict.fromkeys(np.arange(40_000), 0)": dict.fromkeys(range(40_000), 0),
    "{(i, 'F', j): 0 for i in np.arange(11) for j in range(900)}":
        {(i, "F", j): 0 for i in range(11) for j in range(900)},
}  # fmt: skip
TORCHS = {
    **{f"torch.ones(2, dtype=torch.{name})": Tensor(np.ones(2, name)) for name in (
        "bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64",
    )},
    "torch.ones(1, dtype=torch.bfloat16)": Tensor(np.array([0x3F80], "u2"), "bfloat16"),
    "torch.tensor(3)": Tensor(np.array(3)),
    "torch.zeros(0, 3)": Tensor(np.zeros((0, 3), "f4")),
    "torch.arange(4).reshape(2, 2).T": Tensor(np.array([[0, 2], [1, 3]])),
    "torch.nn.Parameter(torch.ones(1))": Tensor(np.ones(1, "f4")),
    "torch.ones(2, requires_grad=True) * 2": Tensor(np.full(2, 2, "f4")),
    "{'a': [torch.ones(1), (np.int64(2),)]}": {"a": [Tensor(np.ones(1, "f4")), (np.int64(2),)]},
    "torch.Size([2, 3])": (2, 3),
    "torch.ones(2).shape[0]": 2,
    "torch.ones(2).numpy()": np.ones(2, "f4"),
}  # fmt: skip
REFUSED = {
    "object()": "an object",
    "Kind": "an EnumType",
    "Colour.RED": "a Colour",
    "Decimal(1)": "a Decimal",
    "range(3)": "a range",
    "bytearray(1)": "a bytearray",
    "memoryview(b'x')": "a memoryview",
    "(i for i in ())": "a generator",
    "{}.keys()": "a dict_keys",
    "Pretender()": "a Pretender",
}
REFUSED_NUMPY = {
    "np.array(['x'])": "an array of dtype str32",
    "np.array([None])": "an array of dtype object",
    "np.zeros(1, 'f8,i4')": "an array of dtype void96",
    "np.datetime64('2026-01-01')": "a number of dtype datetime64[D]",
    "[np.timedelta64(1, 's')]": "a number of dtype timedelta64[s]",
    "np.array(['2026'], 'M8[Y]')": "an array of dtype datetime64[Y]",
    "np.longdouble(1)": "a number of dtype longdouble",
    "np.ones(1, np.clongdouble)": "an array of dtype clongdouble",
    "{np.longdouble(1): 1}": "a number of dtype longdouble",
    "np.ma.masked_array([1, 2], [0, 1])": "a masked array with masked entries",
    "np.ma.masked": "a masked array with masked entries",
    "np.dtype('f4')": "a Float32DType",
    "Made(np.float64(3), 4)": "a Fraction of other parts than integers",
    "Made(3, np.int8(-4))": "a Fraction whose denominator is -4",
    "{(i, 0): 0 for i in range(33_000)}":
        "more than 32768 keys that are neither text nor small whole numbers",
}  # fmt: skip
REFUSED_TORCH = {
    "torch.float32": "a dtype",
    "torch.ones(1, dtype=torch.complex64)": "a tensor of dtype complex64",
    "torch.ones(2, 2).to_sparse()": "a cpu tensor of layout torch.sparse_coo",
    "torch.ones(1, device='meta')": "a meta tensor of layout torch.strided",
    "torch.nn.Linear(1, 1)": "a Linear",
    "torch.nested.nested_tensor([torch.ones(1), torch.ones(2)])":
        "a Tensor without entries of its own",
}  # fmt: skip
SUBMISSION = """
import enum
from collections import Counter, OrderedDict, defaultdict, namedtuple
from decimal import Decimal
from fractions import Fraction

Op = namedtuple("Op", "kind number")
class Kind(enum.IntEnum): F = 7
class Flag(enum.IntFlag): A = 1; B = 2
class Word(enum.StrEnum): F = "f"
class Colour(enum.Enum): RED = 1
class Half(Fraction):
    numerator = property(lambda self: 99)
class Text(str):
    def __str__(self): return "lie"
class Imaginary(complex):
    def __complex__(self): return 99j
    real = property(lambda self: 99)
class Pretender:
    __module__ = "torch"
def Made(numerator, denominator):
    made = Fraction.__new__(Fraction)
    made._numerator, made._denominator = numerator, denominator
    return made

def f(expression):
    if "np." in expression:
        import numpy as np
    if "torch." in expression:
        import torch
    return eval(expression, globals() | locals())
"""
PATIENT = Limits(call_time_s=120.0)  # a call may import torch
EVERYTHING = PLAIN | NUMPY | (TORCHS if TORCH else {})
NOTHING = REFUSED | REFUSED_NUMPY | (REFUSED_TORCH if TORCH else {})


def alike(got, expected) -> bool:
    """Equal in value and exact type, tensors too."""
    if isinstance(expected, Tensor):
        return (
            type(got) is Tensor and got.dtype == expected.dtype and same(got.array, expected.array)
        )
    if isinstance(expected, list | tuple) and type(got) is type(expected):
        return len(got) == len(expected) and all(map(alike, got, expected))
    if isinstance(expected, dict) and type(got) is dict:
        return alike(list(got.items()), list(expected.items()))
    if isinstance(expected, set | frozenset):
        kinds = sorted((type(each).__name__, repr(each)) for each in expected)
        return got == expected and sorted((type(e).__name__, repr(e)) for e in got) == kinds
    return same(got, expected)


@pytest.fixture(scope="module", params=PRELOADS, ids=lambda names: "+".join(names) or "nothing")
def preload(request):
    return request.param


@pytest.fixture(scope="module", params=list(Level), ids=lambda level: level.word)
def process(request, need, preload):
    """A process at each level that the machine has, for each set of preloaded libraries."""
    need(request.param)
    with Sandbox(request.param, preload=preload) as sandbox:
        yield sandbox.open({"work.py": SUBMISSION.encode()}, "work", PATIENT)


def test_plain_values_cross_alike(process):
    """Python's, numpy's and torch's, nested in each other: exact, or as the built-in they equal."""
    wrong = {}
    for expression, expected in EVERYTHING.items():
        got = call(process, "f", expression)
        if not isinstance(got, Returned) or not alike(got.value, expected):
            wrong[expression] = got
    assert not wrong


def test_what_is_not_plain_is_refused_alike(process):
    """Politely, by name, and the process goes on."""
    told = {expression: call(process, "f", expression) for expression in NOTHING}
    refused = {
        expression: BadReturn(f"f returned {what}, which is not plain data")
        for expression, what in NOTHING.items()
    }
    assert told == refused


@pytest.mark.parametrize("level", list(Level), ids=lambda level: level.word)
def test_a_library_that_is_not_installed_is_told_alike(need, level):
    """As Python tells it, at the line that imports it, and by no file that may not be read."""
    need(level)
    source = b"def f():\n    import no_such_library\n"
    with Sandbox(level, preload=()) as sandbox, sandbox.open({"work.py": source}, "work") as it:
        outcome = call(it, "f")
    assert isinstance(outcome, Raised)
    assert outcome.types[0] == "ModuleNotFoundError"
    assert outcome.message == "No module named 'no_such_library'"
    assert outcome.line == 2


def test_numpy_costs_nothing_where_nobody_asks_for_it(need):
    """A lab that preloads nothing has processes without it, our own part of it included."""
    need(Level.FULL)
    source = b"""
import sys
class Pretender: __module__ = "numpy"
def pretend(): return Pretender()
def f(): return sorted(name for name in sys.modules if "numpy" in name)
"""
    with Sandbox(Level.FULL, preload=()) as sandbox:
        process = sandbox.open({"work.py": source}, "work")
        assert isinstance(call(process, "pretend"), BadReturn)
        assert call(process, "f") == Returned([])


@pytest.mark.parametrize(
    "value", [np.ones(2), np.int64(3), *([Tensor(np.ones(2))] if TORCH else [])]
)
def test_what_the_host_sends_brings_its_library(need, value):
    """Into a process that has not imported it, and it comes back."""
    need(Level.FULL)
    with Sandbox(Level.FULL, preload=()) as sandbox:
        process = sandbox.open({"work.py": b"def f(x): return x"}, "work", PATIENT)
        outcome = call(process, "f", value)
    assert isinstance(outcome, Returned)
    assert alike(outcome.value, value)


def test_the_table_is_not_of_this_machine_s_making():
    """The host, which decodes, has not imported torch for any of this."""
    assert "torch" not in sys.modules
