"""Cases that need nothing of pytest but to be called: most of them, and they are faster so.

Of a case that is judged in a millisecond, pytest's set-up, tear-down and reports take a third.
A plain function that asks for our fixtures and its parameters only can do without. Whatever else
a case has, be it a fixture of the suite's own, a mark or a hook of a `conftest.py`, is pytest's.
"""

from collections.abc import Callable, Mapping
from inspect import iscoroutinefunction, signature
from typing import Any

import pytest

_MARKS = {"rubric", "parametrize"}
_PHASES = (
    *("pytest_runtest_setup", "pytest_runtest_call", "pytest_runtest_teardown"),
    *("pytest_pyfunc_call", "pytest_fixture_setup", "pytest_fixture_post_finalizer"),
)

Makers = Mapping[str, Callable[[pytest.Item], Any]]


def arguments_of(case: pytest.Item, makers: Makers) -> Callable[[], dict[str, Any]] | None:
    """What makes the arguments to call the case with; None for a case that is pytest's.

    `makers` makes the value of each fixture that is ours.
    """
    if type(case) is not pytest.Function or case.cls is not None or _others_have_a_say(case):
        return None
    marks = list(case.iter_markers())
    parametrized = [mark for mark in marks if mark.name == "parametrize"]
    if not {mark.name for mark in marks} <= _MARKS or any(map(_is_indirect, parametrized)):
        return None
    parameters = dict(case.callspec.params) if hasattr(case, "callspec") else {}
    if set(parameters) != {name for mark in parametrized for name in _names(mark)}:
        return None
    wanted = set(signature(case.function).parameters)
    fixtures = {name: makers[name] for name in wanted & set(makers) - set(parameters)}
    if any(len(case._fixtureinfo.name2fixturedefs[name]) > 1 for name in fixtures):  # noqa: SLF001
        return None  # the suite has one of that name
    asked = set(case.fixturenames) - {"request"}  # which ours ask for
    if not wanted == asked == {*parameters, *fixtures} or iscoroutinefunction(case.function):
        return None
    return lambda: parameters | {name: make(case) for name, make in fixtures.items()}


def run(case: pytest.Item, arguments: Callable[[], dict[str, Any]]) -> pytest.CallInfo[None]:
    """Calls the case, and says how that ended, as pytest does of its phase `call`."""
    assert isinstance(case, pytest.Function)
    ending_all = (pytest.exit.Exception, KeyboardInterrupt)
    return pytest.CallInfo.from_call(lambda: case.function(**arguments()), "call", ending_all)


def _others_have_a_say(case: pytest.Item) -> bool:
    """Whether a hook that is not pytest's takes part in how the case runs."""
    hooks = [each for name in _PHASES for each in getattr(case.ihook, name).get_hookimpls()]
    return any(not each.function.__module__.startswith("_pytest.") for each in hooks)


def _is_indirect(mark: pytest.Mark) -> bool:
    return bool(mark.kwargs.get("indirect")) or len(mark.args) != 2


def _names(mark: pytest.Mark) -> list[str]:
    names = mark.args[0]
    return [name.strip() for name in names.split(",")] if isinstance(names, str) else list(names)
