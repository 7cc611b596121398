"""Which exceptions are told as a rule of the sandbox, and which are a student's own."""

import pytest

from grader.sandbox import Crashed, Raised
from grader.suite.explain.forbidden import crashed_by, forbidden_by

RULES = [
    ("BdbQuit", "", "x", "breakpoint() works there"),
    ("EOFError", "EOF when reading a line", "input()", "input() works there"),
    ("ModuleNotFoundError", "No module named 'mine'", "import mine", "goes into this one"),
    ("ImportError", "attempted relative import with no known parent package", "", "this one"),
    ("RuntimeError", "can't start new thread", "t.start()", "threads"),
    ("URLError", "<urlopen error [Errno -3] no>", "f()", "uses no network"),
    ("gaierror", "[Errno -3] no", "f()", "uses no network"),
    ("PermissionError", "[Errno 1] Operation not permitted", "socket.socket()", "no network"),
    ("PermissionError", "[Errno 1] Operation not permitted", "os.fork()", "no other process"),
    ("PermissionError", "[Errno 13] Permission denied: '/'", "os.listdir('/')", "empty folder"),
    ("FileNotFoundError", "[Errno 2] No such file or directory: 'a'", "open('a')", "no test"),
    ("FileNotFoundError", "[Errno 2] No such file or directory: 'ls'", "subprocess.run(['ls'])",
     "no other process"),
    ("OSError", "[Errno 28] No space left on device", "f.write(b)", "16 MB"),
    ("OSError", "[Errno 27] File too large", "f.write(b)", "16 MB"),
    ("OSError", "400 requested and 20 written", "np.save(f, x)", "16 MB"),
]  # fmt: skip
OWN = [
    ("EOFError", "my own", "raise EOFError('my own')"),
    ("RuntimeError", "no", "raise RuntimeError('no')"),
    ("FileNotFoundError", "no rank 3", "raise FileNotFoundError('no rank 3')"),
    ("PermissionError", "no", "raise PermissionError('no')"),
    ("OSError", "no", "raise OSError('no')"),
    ("ImportError", "cannot import name 'x' from 'numpy'", "from numpy import x"),
    ("ValueError", "[Errno 1] Operation not permitted", "raise ValueError"),
]


def raised(kind, message, source):
    return Raised((kind, "Exception"), message, 3, source)


@pytest.mark.parametrize(("kind", "message", "source", "words"), RULES)
def test_what_is_forbidden_has_its_words_and_a_question(kind, message, source, words):
    """What is so, and what to do instead."""
    rule = forbidden_by(raised(kind, message, source))
    assert words in rule.note
    assert rule.nudge


@pytest.mark.parametrize(("kind", "message", "source"), OWN)
def test_a_students_own_exception_breaks_no_rule(kind, message, source):
    """Its kind alone says nothing: it may be raised for a reason."""
    assert forbidden_by(raised(kind, message, source)) is None


def test_too_many_threads_are_told_alike_at_every_level():
    """Whether the kernel refuses the thread, or the host ends the process for it."""
    refused = forbidden_by(raised("RuntimeError", "can't start new thread", "t.start()"))
    assert crashed_by(Crashed("the process started more than 32 threads")) == refused
    assert crashed_by(Crashed("the process was ended by SIGSEGV")) is None
