"""`shardlab watch`, driven as a student does: through a terminal, and through a pipe."""

import os
import re
import select
import signal
import subprocess
import sys
import termios
import time
from contextlib import suppress
from pathlib import Path

import pytest
from click.testing import CliRunner

from grader.cli import main
from grader.course import load_course
from grader.student.workspace import start

_BOUND_S = 30.0
# What a terminal and a shell do for a session leader, however these tests were started (`nohup`
# and a shell's background ignore signals, which is inherited); the command is the ordinary one.
_COMMAND = """
import fcntl, signal, sys, termios
from grader.cli import main
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)
if sys.stdin.isatty():
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
{extra}
main(["watch"], prog_name="shardlab")
"""

ADD = "def add(x, y):\n    return {}\n\n\n"
TOTAL = "def total(x, group):\n    return group.all_reduce({})\n"
RIGHT = ADD.format("x + y") + TOTAL.format("x")
WRONG = ADD.format("x - y") + TOTAL.format("x")
BOTH_WRONG = ADD.format("x - y") + TOTAL.format("x + 1")
ENDLESS = ADD.format("x + y").replace("    return", "    while True:\n        pass\n    return")
PASSED = "Public checks passed"
KEYS = "Keys: h hint, n next failing item, r run again, q quit"


class Watching:
    """A `shardlab watch` that runs: what it prints, and what can be done to it."""

    def __init__(self, folder: Path, *, terminal: bool, extra: str = "") -> None:
        self.folder = folder
        self.printed = ""  # everything
        self._read = 0  # how much of it `until` has passed
        if terminal:
            self._near, self.far = os.openpty()
            self.before = termios.tcgetattr(self.far)
            ends = {"stdin": self.far, "stdout": self.far, "stderr": self.far}
        else:
            self._near, self.far = os.pipe()
            ends = {"stdin": subprocess.DEVNULL, "stdout": self.far, "stderr": self.far}
        command = [sys.executable, "-c", _COMMAND.format(extra=extra)]
        self.process = subprocess.Popen(command, cwd=folder, start_new_session=True, **ends)

    def until(self, text: str) -> str:
        """What is printed next, up to and with that text; fails where it does not come."""
        deadline = time.monotonic() + _BOUND_S
        while text not in self.printed[self._read :]:
            left = deadline - time.monotonic()
            ready, _, _ = select.select([self._near], [], [], max(0.0, left))
            assert ready, f"no {text!r} in time in:\n{self.printed[self._read :]}"
            self.printed += os.read(self._near, 1 << 16).decode().replace("\r\n", "\n")
        begin = self._read
        self._read = self.printed.index(text, begin) + len(text)
        return self.printed[begin : self._read]

    def says_something_within(self, seconds: float) -> bool:
        return bool(select.select([self._near], [], [], seconds)[0])

    def press(self, keys: str) -> None:
        os.write(self._near, keys.encode())

    def save(self, text: str, name: str = "adding.py") -> None:
        """As most editors do it: whole, by renaming."""
        draft = self.folder / ".draft"
        draft.write_text(text)
        draft.replace(self.folder / name)

    def exit_code(self) -> int:
        """Waits for the end, and reads the rest."""
        code = self.process.wait(_BOUND_S)
        while select.select([self._near], [], [], 0)[0] and self._drain():
            pass
        return code

    def _drain(self) -> int:
        part = os.read(self._near, 1 << 16).decode().replace("\r\n", "\n")
        self.printed += part
        return len(part)

    @property
    def terminal_is_as_it_was(self) -> bool:
        return termios.tcgetattr(self.far) == self.before

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def close(self) -> None:
        with suppress(ProcessLookupError):
            self.process.kill()
        self.process.wait()
        os.close(self._near)
        os.close(self.far)


@pytest.fixture
def workspace(course, tmp_path):
    """A student's folder with a mistake in it; no item builds on another."""
    toml = course.root / "assignments/adding/assignment.toml"
    toml.write_text(toml.read_text().replace('builds_on = ["add"]\n', ""))
    made = start(load_course(course.root).lab("adding"), tmp_path)
    made.file.write_text(WRONG)
    return made


@pytest.fixture
def watching(workspace):
    """Makes a watch of the folder, and ends it."""
    made = []

    def begin(*, terminal=True, extra=""):
        made.append(Watching(workspace.folder, terminal=terminal, extra=extra))
        return made[-1]

    yield begin
    for each in made:
        each.close()


@pytest.fixture
def screen(watching):
    """A watch on a terminal that has shown its first result."""
    begun = watching()
    begun.until("Result: 0 pass, 1 fail, 1 waiting. Next: edit, or h for a hint")
    return begun


def test_the_first_failing_item_is_shown_as_check_shows_it(watching):
    """At once, with its whole message, and with the keys that there are."""
    shown = watching().until("Next: edit, or h for a hint")
    assert KEYS in shown
    for part in ("1/2  ", "FAIL", "add(x, y)", "Expected  [3]", "Got       [-1]", "2 + 2?"):
        assert part in shown, shown


def test_a_save_is_checked(screen):
    """The result of what was saved follows, without a key."""
    screen.save(RIGHT)
    assert "Got" not in screen.until(PASSED)
    screen.save(WRONG)
    assert "Got       [-1]" in screen.until("Result: 0 pass")


def test_the_newest_of_many_saves_is_what_stays(screen):
    """Twenty saves as fast as they can be made: the last result is the last save's."""
    for number in range(20):
        screen.save(ADD.format(f"x + y + {number}") + TOTAL.format("x"))
    screen.save(RIGHT)
    screen.until(PASSED)
    screen.press("h")
    assert "Result" not in screen.until("Nothing fails")


def test_a_save_half_done_is_not_judged(watching):
    """A file that is empty for a moment, as while an editor writes it, is no result."""
    screen = watching(extra="import grader.cli.watch as module\nmodule._SETTLE_S = 20.0")
    screen.until("Next: edit, or h for a hint\n")
    screen.folder.joinpath("adding.py").write_text("")
    assert not screen.says_something_within(0.5)
    screen.save(RIGHT)
    assert "empty" not in screen.until(PASSED)


def test_a_file_that_is_gone_comes_back(screen):
    """It is said in a line what mends it; when the file is back, it is checked."""
    screen.folder.joinpath("adding.py").unlink()
    assert "shardlab reset adding" in screen.until("adding.py is gone. To begin anew") + (
        screen.until("reset adding")
    )
    screen.save(RIGHT)
    screen.until(PASSED)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "is empty"),
        ("\0", "NUL bytes"),
        ("x" * (1 << 19), "larger than"),
        (None, "is a folder"),
    ],
)
def test_what_can_not_be_read_is_told_in_a_line(screen, content, told):
    """The watch goes on, and the next save is checked."""
    file = screen.folder / "adding.py"
    if content is None:
        file.unlink()
        file.mkdir()
    else:
        screen.save(content)
    screen.until(told)
    screen.press("hnr")
    screen.until(told)
    if content is None:
        file.rmdir()
    screen.save(RIGHT)
    screen.until(PASSED)


def test_a_syntax_error_in_the_middle_of_an_edit(screen):
    """It is shown with its line, and gone with the next save."""
    screen.save(RIGHT.replace("return", "retrun", 1))
    assert "SyntaxError" in screen.until("Result: 0 pass")
    screen.save(RIGHT)
    screen.until(PASSED)


def test_what_ends_the_import_is_named_until_it_is_mended(screen):
    """A file that ends Python is told with its line and the mend, and the next save is checked."""
    screen.save(f"{RIGHT}\nimport sys\nsys.exit(0)\n")
    said = screen.until("Result: 0 pass")
    assert "sys.exit() ended the import" in said
    assert 'if __name__ == "__main__":' in said
    screen.save(f'{RIGHT}\nimport sys\nif __name__ == "__main__":\n    sys.exit(0)\n')
    screen.until(PASSED)


def test_edited_tests_count_at_once(screen):
    """The student's own tests are collected anew, broken ones are told, mended ones run."""
    released = screen.folder.joinpath("test_public.py").read_text()
    screen.save(released.replace("x + y)", "x - y)"), "test_public.py")
    assert "not as released" in screen.until(PASSED)
    screen.save("def test_(:\n", "test_public.py")
    screen.until("Error: ")
    screen.save(released, "test_public.py")
    assert "not as released" not in screen.until("Result: 0 pass")


def test_an_endless_loop_costs_its_limit_only(screen):
    """It is told as a time-out, and the watch goes on."""
    screen.save(ENDLESS)
    screen.until("no answer within 1 s")
    screen.until("Result")
    screen.save(RIGHT)
    screen.until(PASSED)


@pytest.fixture
def patient(workspace):
    """The same folder, of a lab in which a call may take a minute."""
    toml = workspace.folder / ".shardlab/lab/assignment.toml"
    text = toml.read_text().replace("call_seconds = 1.0", "call_seconds = 60.0")
    toml.write_text(text.replace("submission_seconds = 10.0", "submission_seconds = 90.0"))
    return workspace


@pytest.mark.parametrize("endless", [ENDLESS, "while True:\n    pass\n"])
def test_a_save_overtakes_an_endless_loop(patient, screen, endless):
    """What is mended at once is checked at once: the loop's limit is not waited for."""
    screen.save(endless)
    screen.until("adding.py\n")
    screen.save(RIGHT)
    assert "Error" not in screen.until(PASSED)


def test_hints_are_the_ladder_of_the_command(screen, monkeypatch):
    """`h` takes the steps that `shardlab hint` would, and goes on where it left off."""
    screen.press("h?")
    assert "Hint 1 of 3" in screen.until(KEYS)
    monkeypatch.chdir(screen.folder)
    assert "Hint 2 of 3" in CliRunner().invoke(main, ["hint"]).output
    screen.press("h")
    screen.until("Hint 3 of 3")


def test_n_goes_through_what_fails(screen):
    """The next failing item is shown by its message, after the last the first again."""
    screen.save(BOTH_WRONG)
    screen.until("Result: 0 pass")
    screen.press("n")
    assert "total adds over ranks" in screen.until("Which collective sums?")
    screen.press("h")
    assert "total adds over ranks" in screen.until("Hint 1 of 3")
    screen.press("n")
    assert "the first again" in screen.until("2 + 2?")


def test_n_where_nothing_else_fails(screen):
    """It says so; and where all passes, that nothing fails."""
    screen.press("n")
    screen.until("No other item fails")
    screen.save(RIGHT)
    screen.until(PASSED)
    screen.press("n")
    screen.until("Nothing fails")


def test_r_runs_again(screen):
    """The same file is checked once more."""
    screen.press("r")
    screen.until("Result: 0 pass, 1 fail")


def test_keys_that_mean_nothing_are_answered_with_those_that_do(screen):
    """An arrow key is none, although its bytes hold letters; any other key shows the keys."""
    screen.press("\x1b[A\x1bOq?r")
    assert screen.until("Result: 0 pass").count(KEYS) == 1


@pytest.mark.parametrize("key", ["q", "Q", "\x03", "\x04"], ids=["q", "Q", "Ctrl-C", "Ctrl-D"])
def test_the_end_leaves_the_terminal_as_it_was(screen, key):
    """Whatever key it was, it ends with 0."""
    assert not screen.terminal_is_as_it_was
    screen.press(key)
    assert screen.exit_code() == 0
    assert screen.terminal_is_as_it_was


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_signals_leave_the_terminal_as_it_was(screen, number, code):
    """The exit code is the shell's for that signal."""
    screen.signal(number)
    assert screen.exit_code() == code
    assert screen.terminal_is_as_it_was


def test_the_end_does_not_wait_for_an_endless_loop(patient, screen):
    """The limit of a minute is not waited for, and no process of the sandbox stays behind."""
    screen.save(ENDLESS)
    screen.until("adding.py\n")
    children = _children(screen.process.pid)
    screen.press("q")
    assert screen.exit_code() == 0
    assert children
    assert not [pid for pid in children if Path(f"/proc/{pid}").exists()]


def test_a_fault_of_ours_leaves_the_terminal_as_it_was(watching):
    """An exception that nobody foresaw ends the watch, not the terminal."""
    extra = "from grader.cli import hints\nhints.say_hint = None"
    screen = watching(extra=extra)
    screen.until("Result: 0 pass")
    screen.press("h")
    screen.until("TypeError")
    assert screen.exit_code() != 0
    assert screen.terminal_is_as_it_was


def test_ctrl_z_gives_the_terminal_back(screen):
    """While it is stopped, the shell has its own terminal; then keys work again."""
    screen.press("\x1a")
    os.waitpid(screen.process.pid, os.WUNTRACED)
    assert screen.terminal_is_as_it_was
    screen.signal(signal.SIGCONT)
    screen.press("r")
    screen.until("Result: 0 pass")
    assert not screen.terminal_is_as_it_was


def test_a_sandbox_that_was_killed_is_opened_anew(screen):
    """The next check says what it would have said."""
    for pid in _children(screen.process.pid):
        os.kill(pid, signal.SIGKILL)
    screen.save(RIGHT)
    assert "Error" not in screen.until(PASSED)


def test_only_lines_are_added_on_a_terminal(screen):
    """Colours apart, no control sequence: nothing is cleared, nothing is overwritten."""
    screen.save(RIGHT)
    screen.until(PASSED)
    screen.press("hnq")
    screen.exit_code()
    plain = re.sub(r"\x1b\[[0-9;]*m", "", screen.printed)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", plain)
    assert max(map(len, plain.splitlines())) <= 80


def test_a_pipe_gets_plain_lines(watching):
    """No keys, no colours, no control sequence, whatever comes; the end of input is no end."""
    pipe = watching(terminal=False)
    first = pipe.until("Next: edit and save\n")
    assert "Keys:" not in first
    assert "Ctrl-C ends it." in first
    for text in (RIGHT, "def", BOTH_WRONG, ""):
        pipe.save(text)
        pipe.until("adding.py\n")
    pipe.until("is empty")
    pipe.save(RIGHT)
    pipe.until(PASSED)
    pipe.signal(signal.SIGINT)
    assert pipe.exit_code() == 0
    assert all(each.isprintable() for each in pipe.printed.splitlines())
    assert max(map(len, pipe.printed.splitlines())) <= 80


def test_a_pipe_that_nobody_reads_ends_it(watching, workspace):
    """Without a reader there is nobody to watch for; the end is quiet."""
    near, far = os.pipe()
    command = [sys.executable, "-c", _COMMAND.format(extra="")]
    errors = workspace.folder / "errors"
    with errors.open("w") as stderr, subprocess.Popen(
        command, cwd=workspace.folder, stdin=subprocess.DEVNULL, stdout=far, stderr=stderr
    ) as process:  # fmt: skip
        os.close(far)
        os.read(near, 10)
        os.close(near)
        assert process.wait(_BOUND_S) == 1
    assert "Traceback" not in errors.read_text()


def test_without_a_lab_it_says_where_to_go(watching, workspace):
    """Usage is told in one line."""
    (workspace.folder / ".shardlab").rename(workspace.folder / "elsewhere")
    pipe = watching(terminal=False)
    assert pipe.exit_code() == 2
    assert pipe.printed.startswith("Error: no folder of a lab here")


def _children(pid: int) -> list[int]:
    paths = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(each) for path in paths for each in path.read_text().split()]
