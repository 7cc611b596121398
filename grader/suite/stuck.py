"""Where a suite is that doesn't come to its end: seen from outside of its thread."""

import sys
import threading
import traceback
from pathlib import Path
from types import FrameType

from grader.sandbox import loop
from grader.text.shown import escaped


def waits_for_submission(thread: threading.Thread) -> bool:
    """Whether the thread waits for submitted code, which has limits of its own, or has ended."""
    frame = _frame_of(thread)
    while frame is not None and frame.f_globals.get("__name__") != loop.__name__:
        frame = frame.f_back
    return frame is not None or not thread.is_alive()


def stack_of(thread: threading.Thread, suite: Path) -> str:
    """The thread's calls from the suite's first file on, as a traceback has them, indented."""
    stack = traceback.extract_stack(_frame_of(thread))
    own = [number for number, each in enumerate(stack) if each.filename.startswith(str(suite))]
    told = traceback.format_list(stack[own[0] :] if own else stack[-1:])
    return escaped("".join(told), keep="\n").rstrip()


def _frame_of(thread: threading.Thread) -> FrameType | None:
    return sys._current_frames().get(thread.ident or 0)  # noqa: SLF001 - the only way to look
