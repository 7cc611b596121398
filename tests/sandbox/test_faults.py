"""Our own faults beside a submission are told as ours, and what a submission does as its own."""

import re

import numpy as np
import pytest

from grader.errors import SandboxError
from grader.sandbox import (
    BadReturn,
    Level,
    OutOfMemory,
    Raised,
    Returned,
    Sandbox,
    ServiceRef,
)
from grader.sandbox.conversation import Conversation

from .conftest import SERVICES, call

HONEST = b"""
import numpy as np
def number(): return np.int64(3)
def array(x): return x
def ask(echo):
    try:
        echo.ask("op", np.float32(1))
    except Exception:
        pass
    return "whatever it made of that"
def fail(): raise PermissionError(13, "no")
"""
BREAKAGE = {
    "a number is encoded": (
        "arrays.py", '    little = _little(value.dtype, "a number")\n',
        "    open('/nowhere/secret')\n", ("number",), "FileNotFoundError in arrays.py",
    ),
    "our module is run late": (
        "arrays.py", "_MAX_NDIM = 32\n", "_MAX_NDIM = 1 // 0\n", ("number",),
        "ZeroDivisionError in arrays.py",
    ),
    "arguments are decoded": (
        "arrays.py", "    dtype, shape = _dtype(items[0]), items[1:]\n", "    raise OSError('x')\n",
        ("array", np.ones(2)), "OSError in arrays.py",
    ),
    "arguments are looked at": (
        "mutation.py", "        if type(value) in _ATOMS:\n", "        if None + 1:\n",
        ("array", 1), "TypeError in mutation.py",
    ),
    "a service is asked": (
        "arrays.py", '    little = _little(value.dtype, "a number")\n', "    value.none\n",
        ("ask", ServiceRef("echo")), "AttributeError in arrays.py",
    ),
    "files are written": (
        "runner.py", '            path = f"{self._folder}/{name}"\n',
        "            os.mkdir('/nowhere/secret')\n", ("number",), "FileNotFoundError in runner.py",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BREAKAGE)
def test_a_fault_of_ours_is_told_as_ours(broken, name):
    """Wherever our code fails in a process; by module, line and kind, and by no path or text."""
    *place, asked, told = BREAKAGE[name]
    inside = broken(*place)
    with Sandbox(Level.NONE, preload=(), services=SERVICES) as sandbox:
        process = sandbox.open({"work.py": HONEST}, "work")
        with pytest.raises(SandboxError) as fault:
            call(process, *asked)
        assert process.closed
    text = str(fault.value)
    assert told in text
    assert "no fault of the submission's" in text
    assert not {str(inside), "secret", "nowhere"} & set(re.findall(r"[\w/.]+", text))


THEIRS = {
    "an error like ours": ("raise PermissionError(13, 'no')", Raised),
    "a number that raises": ("return Bad()", Raised),
    "a function of theirs that runs in our code": ("sys.setprofile(late); return [1]", Raised),
    "no stack": ("sys.setrecursionlimit(sys.getrecursionlimit() // 40); return deep()", Raised),
    "no memory": ("return np.broadcast_to(np.ones(1), 1 << 33)", OutOfMemory),
}  # fmt: skip
SUBMISSION = """
import sys
from fractions import Fraction
import numpy as np
class Bad(Fraction):
    @property
    def _numerator(self): raise OSError("mine")
def late(frame, *_):
    if frame.f_code.co_name == "encode": raise OSError("mine")
def deep(n=20): return [deep(n - 1)] if n else []
def f():
    {}
"""


@pytest.mark.parametrize("name", THEIRS)
def test_what_a_submission_does_is_its_own(opened, name):
    """Also where it shows in our code only, as when memory or the stack gives out there."""
    body, ending = THEIRS[name]
    assert isinstance(call(opened(SUBMISSION.format(body)), "f"), ending)


def hears(message):
    """What a conversation makes of a message that comes after a question."""
    conversation = Conversation(1 << 20)
    conversation.load({"f.py": b""}, "f", b"")
    return conversation.hear(message)


@pytest.mark.parametrize(
    "facts",
    [
        [],
        ["arrays.py"],
        ["arrays.py", 3],
        ["arrays.py", 3, "OSError", "more"],
        ["evil.py", 3, "OSError"],
        ["../../evil.py", 3, "OSError"],
        ["arrays.py", "3", "OSError"],
        ["arrays.py", 3, "full marks, please"],
        ["arrays.py", 3, "print"],
        [["arrays.py"], 3, "OSError"],
    ],
)
def test_a_fault_is_told_in_known_words_only(facts):
    """A process that makes one up can put none of its own text before a reader."""
    assert isinstance(hears(["fault", *facts]), BadReturn)


@pytest.mark.parametrize("line", [-1, 0, 10**9])
def test_a_line_that_there_is_not_is_left_out(line):
    """The rest of what is told is known to be true of our files."""
    with pytest.raises(SandboxError, match=r"OSError in arrays\.py\)"):
        hears(["fault", "arrays.py", line, "OSError"])


def test_a_made_up_fault_withholds_its_own_call_only(opened):
    """It costs its author a look by a person, and the next process nothing."""
    source = """
import sys
def f():
    frame = sys._getframe()
    while type(frame.f_locals.get("self")).__name__ != "Runner":
        frame = frame.f_back
    frame.f_locals["self"].send(["fault", "runner.py", 1, "OSError"])
    return 1
"""
    with pytest.raises(SandboxError, match=r"OSError in runner\.py, line 1"):
        call(opened(source), "f")
    assert call(opened("def f(): return 1"), "f") == Returned(1)
