"""Changed arguments: whatever a call changes of what it was given is seen, and nothing else."""

import copy
import sys
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.fabric.inside_record import make
from grader.sandbox import Returned
from grader.sandbox.inside.mutation import Snapshot

from .conftest import call

CHANGES = {
    "a list emptied": ("a.clear()", [1, 2]),
    "a list sorted": ("a.sort()", [2, 1]),
    "a list reversed": ("a.reverse()", [(0, 1), (2, 3)]),
    "an entry popped": ("a.pop()", [1, 2]),
    "an entry added": ("a.append(3)", []),
    "an entry replaced": ("a[0] = 2", [1]),
    "an entry of another type": ("a[0] = 1.0", [1]),
    "a bool for a number": ("a[0] = True", [1]),
    "an inner list": ("a[1][0].append(None)", [0, ([],)]),
    "a list in a tuple": ("a[0][1].pop()", (("F", [1]),)),
    "a list put within itself": ("a[0] = a", [[1]]),
    "a dict emptied": ("a.clear()", {"x": 1}),
    "a value replaced": ("a['x'] = 2", {"x": 1}),
    "a key deleted": ("del a['x']", {"x": 1, "y": 2}),
    "a key added": ("a['y'] = 1", {"x": 1}),
    "another order of keys": ("a['x'] = a.pop('x')", {"x": 1, "y": 1}),
    "a list in a dict": ("a['x'].pop()", {"x": [1]}),
    "a set added to": ("a.add(3)", {1, 2}),
    "a member replaced": ("a.discard(1); a.add(2)", {1}),
    "an array in a dict in a list": ("a[0]['x'][0] = 1", [{"x": np.zeros(2)}]),
    "an array for another": ("a[0] = a[0] + 1", [np.zeros(2)]),
    "an array of another dtype": ("a[0] = a[0].astype('f4')", [np.zeros(2)]),
    "a numpy number for a number": ("a[0] = np.int64(1)", [1]),
    "an object that equals all": ("a[0] = type('E', (), {'__eq__': lambda *_: True})()", [1]),
    "a field": ("a.x = 2", make(None, x=1)),
    "a key of fields": ("a['x'] = 2", make(None, x=1)),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_seen(name):
    """Whatever was changed, however deep, and by whatever way."""
    change, value = CHANGES[name]
    value = copy.deepcopy(value)
    before = Snapshot((0, value), {"more": [1]})
    exec(change, {"a": value, "np": np})
    assert before.mutated() == ["1"]


NO_CHANGES = {
    "nothing": ("pass", [1, {"x": (2, [3])}, np.ones(2)]),
    "a copy sorted": ("sorted(a)", [2, 1]),
    "sorted already": ("a.sort()", [1, 2]),
    "put back": ("a.append(a.pop())", [1, 2]),
    "equal numbers": ("a[:] = [x + 0 for x in a]", [10**9, 1.5, Fraction(1, 3), 1j]),
    "equal lists": ("a[:] = [list(x) for x in a]", [[1], [2, [3]]]),
    "equal tuples, sets and dicts": (
        "a[:] = [tuple(a[0]), set(a[1]), dict(a[2]), frozenset(a[3])]",
        [(1, [2]), {1}, {"x": [1]}, frozenset({2})],
    ),
    "equal arrays": ("a[:] = [x.copy() for x in a]", [np.ones(2), np.zeros((0, 3))]),
    "equal numpy numbers": ("a[0] = np.float32(a[0])", [np.float32(0.1)]),
    "another NaN": ("a[0] = -float('-nan')", [float("nan")]),
    "a value set again": ("a['x'] = a['x'] * 1", {"x": 10**9, "y": 1}),
    "a set's order": ("a.discard(1); a.add(1)", {1, 9, 17}),
}  # fmt: skip


@pytest.mark.parametrize("name", NO_CHANGES)
def test_what_comes_out_the_same_is_no_change(name):
    """Judged by value and type, as the bytes of arrays are."""
    change, value = NO_CHANGES[name]
    value = copy.deepcopy(value)
    before = Snapshot((value,), {})
    exec(change, {"a": value, "np": np})
    assert before.mutated() == []


_LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.fractions()
_VALUES = st.recursive(
    _LEAVES,
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.lists(inner).map(tuple),
    max_leaves=12,
)


def _places(value):
    """Every list and dict in the value."""
    if isinstance(value, list | dict):
        yield value
    if isinstance(value, list | tuple | dict):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _places(each)


@given(_VALUES, st.data())
@settings(max_examples=200, deadline=None)
def test_any_change_anywhere_is_seen(value, data):
    """One more entry, or one less, in any list or dict of a value, and only where there is one."""
    args = (copy.deepcopy(value), value)
    before = Snapshot(args, {})
    places = list(_places(value))
    if places:
        place = places[data.draw(st.integers(0, len(places) - 1))]
        if place and data.draw(st.booleans()):
            place.popitem() if isinstance(place, dict) else place.pop()
        elif isinstance(place, dict):
            place["one\0more"] = 0
        else:
            place.append(0)
    assert before.mutated() == (["1"] if places else [])


def test_arguments_of_a_call_are_watched(opened):
    """In the process, where they are: by position and keyword; a service's objects are left out."""
    process = opened("def f(a, b, *, c, d):\n    a.clear()\n    c['x'].pop()\n")
    outcome = call(process, "f", [1, 2], [1, 2], c={"x": [1]}, d={"x": [1]})
    assert outcome == Returned(None, ("0", "c"))


def test_a_list_that_was_nested_in_itself_is_told(opened):
    """By its place, and not as a stack that gave out."""
    process = opened(
        "def f(a, b):\n    a[0][0] = a\n    b[0] = a[0]\n    b.append(b)\n    a.append(a)\n"
    )
    assert call(process, "f", [[1]], [[1]]) == Returned(None, ("0", "1"))


def test_large_inputs_are_compared_without_a_look_at_each_number(monkeypatch):
    """Numbers that are still the same objects are told by that, as a list may have a million."""
    value = [float(n) for n in range(10_000)]
    before = Snapshot((value,), {})
    seen = []
    sys.setprofile(lambda *event: seen.append(event))
    try:
        assert before.mutated() == []
    finally:
        sys.setprofile(None)
    assert len(seen) < 100
