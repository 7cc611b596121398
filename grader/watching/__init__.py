"""Checking again at every save: what is kept warm between checks, and word of each save.

Theory of operation
-------------------
Most of a check is what comes before any of the student's code: starting a sandbox, and pytest
collecting the public tests. `WarmCheck` keeps both and opens only fresh processes. It works in a
thread (`Checks`), and so does the watch over the files (`Saves`), so that whoever waits for
`Events` always answers: to a save, a key or a signal.
"""

from grader.watching.checks import Checks
from grader.watching.events import Ended, Event, Events, Judged, Quit, Saved
from grader.watching.saves import Saves
from grader.watching.warm import WarmCheck

__all__ = ["Checks", "Ended", "Event", "Events", "Judged", "Quit", "Saved", "Saves", "WarmCheck"]
