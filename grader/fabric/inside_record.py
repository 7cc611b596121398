"""A record handed to submitted code: its fields are read as keys or as attributes."""

from collections.abc import Callable
from typing import Any


class Record(dict):  # type: ignore[type-arg]  # Python 3.11 in a sandbox without our types
    """A dict whose keys are attributes too."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"no field {name!r}; there are: {', '.join(self)}") from None


def make(_upcall: Callable[..., Any], **fields: Any) -> Record:
    """The record of these fields."""
    return Record(fields)
