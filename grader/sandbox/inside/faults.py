"""What goes wrong in our own code beside a submission, told apart from what the submission raises.

It is no student's loss: the host takes it for a fault of ours and withholds the score. So that
nothing of the process's choosing reaches a reader, it is told by three facts that the host can
check: the module of ours, the line, and Python's name of the kind of error.
"""

import importlib
import os
from typing import Any

from .report import steps

_FOLDER = os.path.dirname(__file__)
# Python's own part in importing and in finding files, which is compiled into the interpreter.
_OURS_TOO = ("<frozen ", str(importlib.__file__))


def of(error: BaseException) -> list[Any] | None:
    """`[module, line, kind]` where no code but ours took part in `error`; else None.

    What a value's own methods raise is the submission's, and so is it to run out of memory or
    of stack, or to be interrupted: a submission sets its own limits and timers.
    """
    files = [step.tb_frame.f_code.co_filename for step in steps(error)]
    alone = all(_is_ours(file) or file.startswith(_OURS_TOO) for file in files)
    return certain(error) if alone else None


def certain(error: BaseException) -> list[Any] | None:
    """The same where no code of a submission can have had a part in it."""
    kinds = type(error).__mro__
    if Exception not in kinds or MemoryError in kinds or RecursionError in kinds:
        return None
    places = [(step.tb_frame.f_code.co_filename, step.tb_lineno) for step in steps(error)]
    ours = [(os.path.basename(file), line) for file, line in places if _is_ours(file)]
    kind = next(kind.__name__ for kind in kinds if kind.__module__ == "builtins")
    return [*ours[-1], kind] if ours else None


def _is_ours(file: str) -> bool:
    return file.startswith(f"{_FOLDER}/")
