"""What staff see of a submission's hidden cases, and no result holds.

Theory of operation
-------------------
`examine` runs the hidden suite as `grade` does, in the same sandbox and behind the same boundary,
and keeps of each lost case what only the trusted process knows. Grading itself doesn't pass here:
a result is made without these details ever being at hand, so none can get into one. The import
contracts let only the commands for staff import this module.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from grader.course import Lab
from grader.errors import UsageError
from grader.judge.judge import Judge
from grader.judge.steps import grade
from grader.results import Result, Verdict
from grader.submissions import Submission
from grader.suite.examined import ExaminedCase
from grader.suite.finding import CaseResult
from grader.text.shown import one_line

PATIENCE_S = 10.0  # with a suite that hangs; see `grader.suite.run.Suite`
_SEED = re.compile(r"[0-9a-fA-F]{64}")
_NEARLY_A_SEED = re.compile(r"[0-9a-fA-F]{32,}")  # no student has such an id
_MOST_LISTED = 24
_Case = tuple[str, str]  # rubric item and id, as a suite has them


@dataclass(frozen=True)
class Examination:
    """A submission's lost hidden cases. For staff's eyes: keep it in no result and on no page.

    `run` is how many cases were run. `waiting` has each item that was not judged, and why.
    `result` is what its student is told instead. Where the file can't be run, no case was lost,
    and the result says why.
    """

    seed: bytes
    run: int
    lost: tuple[ExaminedCase, ...]
    waiting: tuple[tuple[str, str], ...]
    result: Result


def examine(
    judge: Judge,
    submission: Submission,
    seed: bytes,
    choose: Callable[[Sequence[_Case]], frozenset[str] | None] = lambda _: None,
) -> Examination:
    """Runs the hidden suite on the submission, with inputs drawn from the seed.

    As in grading, an item is lost at its first lost case. `choose` is asked once which of the
    suite's cases to run: these are all run then, each by itself.

    Raises:
        CourseError: the suite can't be collected, or breaks off.
        SandboxError: there is no sandbox to be had, or the machine is too busy.
        UsageError: `choose` can't.
    """
    suite = judge.suite(judge.lab.hidden_suite)
    ids = choose(suite.cases)
    if submission.problem:
        return Examination(seed, 0, (), (), grade(judge, submission, seed))
    lost: list[ExaminedCase] = []
    with judge.open(submission) as processes:
        evidence = judge.evidence(submission)
        run = suite.run(processes, seed, evidence=evidence, ids=ids, on_lost=lost.append)
        processes.check_time()
        unloadable = processes.load_failure is not None and not processes.fickle
    result = grade(judge, submission, seed)
    judged = [each for each in run.results if each.verdict is not Verdict.BLOCKED]
    kept = () if unloadable else tuple(lost)
    return Examination(seed, 0 if unloadable else len(judged), kept, _waiting(run.results), result)


def chosen(cases: Sequence[_Case], wanted: str) -> frozenset[str]:
    """The ids of the cases that are meant by a rubric item, a test, a case, or a part of a name.

    Raises:
        UsageError: it means none of them, or several; the text lists them.
    """
    named = _by_name(cases)
    of_file = frozenset(case for _, case in cases if case.partition("::")[0] == wanted)
    if of_file or wanted in named:
        return of_file or named[wanted]
    found = _matching(named, wanted)
    if len(found) == 1:
        return next(iter(found))
    if not found:
        items = ", ".join(dict.fromkeys(item for item, _ in cases))
        raise UsageError(f"the hidden suite has no case '{one_line(wanted)}'. Its items: {items}")
    raise UsageError(f"'{wanted}' may mean {_listed(found.values())}; say which")


def is_seed(given: str) -> bool:
    """Whether this is a seed as it is written, and no student's id."""
    return _SEED.fullmatch(given) is not None


def seed_of(lab: Lab, given: str) -> bytes:
    """The seed itself where it is given as 64 hexadecimal digits, else that of this student.

    Raises:
        UsageError: a digit of a seed is missing, or one too many.
    """
    if _NEARLY_A_SEED.fullmatch(given) and not is_seed(given):
        raise UsageError(f"a seed has 64 hexadecimal digits, and this one has {len(given)}")
    return bytes.fromhex(given) if is_seed(given) else lab.seed(given)


def _by_name(cases: Iterable[_Case]) -> dict[str, frozenset[str]]:
    """The cases of each item, test and case, by every name that a person may use for it."""
    named: dict[str, set[str]] = {}
    for item, case in cases:
        own = case.partition("::")[2]
        for name in (item, case, own, case.partition("[")[0], own.partition("[")[0]):
            named.setdefault(name, set()).add(case)
    return {name: frozenset(ids) for name, ids in named.items()}


def _matching(named: Mapping[str, frozenset[str]], wanted: str) -> dict[frozenset[str], str]:
    """The cases whose names begin with the text, else hold it, by their shortest such name.

    A case that a wider name stands for is not listed once more.
    """
    for fits in (str.startswith, str.__contains__):
        names = sorted((name for name in named if fits(name, wanted)), key=len, reverse=True)
        found = {named[name]: name for name in names}
        if found:
            return {ids: found[ids] for ids in found if not any(ids < each for each in found)}
    return {}


def _listed(names: Collection[str]) -> str:
    first = sorted(names)[:_MOST_LISTED]
    more = len(names) - len(first)
    return f"{', '.join(first)}{f' and {more} more' if more else ''}"


def _waiting(results: Sequence[CaseResult]) -> tuple[tuple[str, str], ...]:
    blocked = (each for each in results if each.verdict is Verdict.BLOCKED)
    return tuple((each.item, each.finding.note) for each in blocked)
