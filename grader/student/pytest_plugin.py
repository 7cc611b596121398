"""Lets pytest run the public tests of a lab's folder: at a prompt, or by an editor's button.

Every pytest where shardlab is installed imports this, as its entry point `pytest11` says. So it
imports nothing of ours before it meets a `test_public.py` beside the hidden part of a lab's
folder, and it leaves every other file alone.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

if TYPE_CHECKING:
    from grader.suite.finding import CaseResult

_SUITE, _OWN = "test_public.py", ".shardlab"


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makemodule(
    module_path: Path, parent: pytest.Collector
) -> "pytest.Collector | None":
    """The public tests of a lab's folder, in the place of a module of pytest's own."""
    if module_path.name == _SUITE and (module_path.parent / _OWN / "lab").is_dir():
        # pytest asks for a Module; a File has all that its session and an editor look at
        found: pytest.Collector = PublicTests.from_parent(parent, path=module_path)
        return found
    return None


class PublicTests(pytest.File):
    """The cases of a lab's public tests; the first that is run has all of them judged."""

    _judged: "dict[str, CaseResult] | None" = None

    def collect(self) -> Iterable["PublicCase"]:
        """The cases in the order in which the lab is built, each at its line of the file."""
        from grader.errors import ShardlabError  # noqa: PLC0415 - see above
        from grader.sandbox import probe  # noqa: PLC0415
        from grader.student.checking import PublicChecks  # noqa: PLC0415
        from grader.student.workspace import workspace_in  # noqa: PLC0415

        try:
            here = workspace_in(self.path.parent)
            with PublicChecks(here, probe().level) as checks:
                cases = checks.suite(self.path).cases
        except ShardlabError as error:
            raise self.CollectError(str(error)) from None
        lines = _lines(self.path)
        for item, nodeid in cases:
            name = nodeid.rpartition("::")[2] if "[" not in nodeid else _name(nodeid)
            case: PublicCase = PublicCase.from_parent(self, name=name)
            case.item, case.line = item, lines.get(name.partition("[")[0], 1)
            yield case

    def judged(self) -> "dict[str, CaseResult]":
        """What each case that was judged came to, by its name."""
        from grader.errors import ShardlabError  # noqa: PLC0415 - see above
        from grader.sandbox import probe  # noqa: PLC0415
        from grader.student.checking import check_once, work_of  # noqa: PLC0415
        from grader.student.workspace import workspace_in  # noqa: PLC0415

        if self._judged is None:
            here = workspace_in(self.path.parent)
            work = work_of(here)
            try:
                if work.problem:
                    raise Unpassed(f"{here.file}: {work.problem}")
                run = check_once(here, probe().level, submission=work, stop_early=False)
            except ShardlabError as error:
                raise Unpassed(str(error)) from None
            self._judged = {each.case: each for each in run.results}
        return self._judged


class PublicCase(pytest.Item):
    """One case. It is skipped where the lab's own rules say that it tells nothing."""

    item = ""
    line = 1

    def runtest(self) -> None:
        """Passes, fails with the message of `shardlab check`, or is skipped, with the reason."""
        from grader.results import Verdict  # noqa: PLC0415 - see above
        from grader.suite.explain.message import message_of  # noqa: PLC0415

        assert isinstance(self.parent, PublicTests)
        judged = self.parent.judged()
        lost = (each for each in judged.values() if each.item == self.item and not _passed(each))
        result = judged.get(self.name) or next(lost)
        if result.verdict is Verdict.BLOCKED:
            _skip(result.finding.note)
        if result.finding.open:
            _skip(f"open: {result.finding.got}")
        if result.case != self.name:
            _skip(f"{result.case}, of the same item, fails")
        if not _passed(result):
            raise Unpassed(message_of(result.finding))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The message alone, without a traceback into the grader."""
        if isinstance(excinfo.value, Unpassed):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where an editor shows the case."""
        return self.path, self.line - 1, self.name


class Unpassed(Exception):  # noqa: N818 - a finding about the student's work, not an error
    """Ends a case that the student's work did not pass, with its message."""


def _passed(result: "CaseResult") -> bool:
    return result.verdict == "passed"


def _skip(reason: str) -> NoReturn:
    """Ends the case as one that tells nothing; the place that is told is the case's own."""
    raise pytest.skip.Exception(reason, _use_item_location=True)


def _name(nodeid: str) -> str:
    """The case's own name; what stands in its brackets may have colons, too."""
    before, bracket, inside = nodeid.partition("[")
    return before.rpartition("::")[2] + bracket + inside


def _lines(path: Path) -> dict[str, int]:
    """The line of each function in the file."""
    return dict(_functions(path))


def _functions(path: Path) -> Iterator[tuple[str, int]]:
    import ast  # noqa: PLC0415 - every pytest imports this module

    for node in ast.parse(path.read_bytes()).body:
        if isinstance(node, ast.FunctionDef):
            yield node.name, node.lineno
