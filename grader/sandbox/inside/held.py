"""Keeps modules of ours ready for a child, which can no longer read our files.

Each of them is about a library and imports it. Imported in advance, they would cost a lab that
does not preload numpy that import in every child. So the zygote only compiles them (`hold`), and
whoever first meets a value of that library runs them (`need`).
"""

import importlib
import importlib.util
import sys
from collections.abc import Iterable
from types import CodeType, ModuleType

_held: dict[str, CodeType] = {}


def hold(names: Iterable[str]) -> None:
    """Have the modules of these names ready, without running them."""
    for name in names:
        full = f"{__package__}.{name}"
        spec = importlib.util.find_spec(full)
        assert spec is not None
        assert spec.loader is not None
        code = spec.loader.get_code(full)  # type: ignore[attr-defined]
        assert code is not None
        _held[full] = code


def need(name: str) -> ModuleType:
    """The module of this name, which runs now unless it has; outside a sandbox, it is imported."""
    full = f"{__package__}.{name}"
    if full in sys.modules:
        return sys.modules[full]
    if full not in _held:
        return importlib.import_module(full)
    module = ModuleType(full)
    module.__package__ = __package__
    sys.modules[full] = module
    try:
        exec(_held[full], module.__dict__)  # noqa: S102  our own
    except BaseException:
        del sys.modules[full]
        raise
    return module
