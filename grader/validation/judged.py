"""The checks of a lab's own submissions: what the results of each kind prove, or what is wrong."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TypeGuard

from grader.course import Lab
from grader.results import GRADED, Result
from grader.validation.lab_files import silent_functions, stub_problems, unread_files
from grader.validation.marks import mark_of, mark_problems
from grader.validation.rot import rotten
from grader.validation.trial import STUDENTS, TrialResult
from grader.validation.wording import by_cause, cause_of, count, full, several, told, why_not_loaded

REPETITIONS = 5


@dataclass(frozen=True)
class Check:
    """One thing that must hold for a lab; `detail` says by how much, or what is wrong."""

    lab: str
    name: str
    passed: bool
    detail: str
    problems: tuple[str, ...] = ()


class _Graded(NamedTuple):
    """The result of a submission of the course's own."""

    kind: str
    name: str
    result: Result

    def __str__(self) -> str:
        alone = self.kind in ("solution", "stub")
        return f"the {self.kind}" if alone else f"{self.kind} {self.name}"


def judged(
    lab: Lab, folder: Path, by_kind: Mapping[str, Sequence[tuple[str, Result]]]
) -> Iterator[Check]:
    """The checks of all kinds. A fault of ours that withheld a score is told once, not judged."""
    slug = lab.slug
    own = [_Graded(kind, *each) for kind in by_kind if kind != "garbage" for each in by_kind[kind]]
    withheld = [each for each in own if each.result.status != GRADED]
    if withheld:
        yield _grading(slug, withheld, len({str(each) for each in own}))
    fit = {
        kind: [each for each in named if each[1].status == GRADED]
        for kind, named in by_kind.items()
    }
    if len(fit["solution"]) == len(by_kind["solution"]):  # else nothing is known of all its runs
        yield _solution(slug, fit["solution"])
    if fit["stub"]:
        yield _stub(lab, folder, fit["stub"][0][1])
    for kind, check in (("variant", _variants), ("mutant", _mutants)):
        if fit[kind] or not by_kind[kind]:
            yield check(lab, folder, fit[kind])
    known = {cause_of(each.result) for each in withheld}
    if garbage := [each for each in by_kind["garbage"] if cause_of(each[1]) not in known]:
        yield _garbage(slug, garbage)


def _grading(slug: str, withheld: Sequence[_Graded], total: int) -> Check:
    """Why some of the course's own submissions can't be graded: each cause, with whom it hits."""
    causes = by_cause((str(each), each.result) for each in withheld).values()
    problems = tuple(f"{several([name for name, _ in hit])}: {told(hit[0][1])}" for hit in causes)
    hit_once = {str(each) for each in withheld}  # the solution is graded many times
    detail = f"{len(hit_once)}/{total} of the course's own submissions can't be graded"
    return Check(slug, "grading", passed=False, detail=detail, problems=problems)


def _solution(slug: str, results: Sequence[tuple[str, Result]]) -> Check:
    plain = [result for _, result in results if not isinstance(result, TrialResult)]
    wrong = [told(result) for result in plain if not full(result)]
    problems = [
        f"the solution earns {text}, in {wrong.count(text)} of {len(plain)} runs"
        for text in dict.fromkeys(wrong)
    ]
    same = f"the same in {REPETITIONS} runs and for {len(STUDENTS)} students"
    detail = f"solution 100/100, {same}"
    if problems:
        detail = f"solution {min(result.score or 0 for result in plain)}/100 at worst"
    unlucky = [each for _, each in results if isinstance(each, TrialResult) and not full(each)]
    if unlucky and not problems:
        detail = "solution 100/100, but not for every student"
        problems = [_by_luck(each) for each in unlucky]
    return Check(slug, "solution", not problems, detail, tuple(problems))


def _by_luck(result: TrialResult) -> str:
    losing = result.students - len(result.kept_for)
    return (
        f"the solution loses points for {losing} of {result.students} students "
        f"(first: {result.lost})"
    )


def _stub(lab: Lab, folder: Path, result: Result) -> Check:
    problems = [] if result.score == 0 else [f"the stub earns {told(result)}"]
    silent = [] if result.note else list(silent_functions(lab, result))
    problems += [f"the stub does not load: {why_not_loaded(result)}"] if result.note else []
    problems += [
        f"the stub of {name} does not say NotImplementedError('{name}: …')" for name in silent
    ]
    problems += stub_problems(lab, folder / lab.assignment.file)
    saying = 0 if result.note else len(lab.functions) - len(silent)
    said = f"{count(saying, 'function', len(lab.functions))} say{'s' * (saying == 1)}"
    detail = f"stub {result.score}/100, {said} what is to be done"
    return Check(lab.slug, "stub", not problems, detail, tuple(problems))


def _variants(lab: Lab, folder: Path, results: Sequence[tuple[str, Result]]) -> Check:
    rot = rotten(lab, folder, "variant")
    problems = [] if results else ["there are no variants"]
    for name, result in results:
        problems += rot.get(name) or _of_variant(name, result)
    passing = sum(1 for _, each in results if full(each))
    problems += unread_files(folder / "variants", "variant")
    detail = f"{count(passing, 'variant', len(results))} pass{'es' * (len(results) == 1)}"
    return Check(lab.slug, "variants", not problems, detail, tuple(problems))


def _of_variant(name: str, result: Result) -> list[str]:
    if full(result):
        return []
    if result.note:
        return [f"variant {name} does not load: {why_not_loaded(result)}"]
    return [f"variant {name} is right, but earns {told(result)}"]


def _mutants(lab: Lab, folder: Path, results: Sequence[tuple[str, Result]]) -> Check:
    rot = rotten(lab, folder, "mutant")
    problems = [] if results else ["there are no mutants"]
    for name, result in results:  # what is wrong with the file is mended first
        problems += rot.get(name) or _of_mutant(lab, folder / "mutants" / name, result)
    problems += unread_files(folder / "mutants", "mutant")
    caught = sum(1 for _, each in results if not (full(each) or each.note or _is_luck(each)))
    detail = f"{caught}/{count(len(results), 'mutant')} fail{'s' * (len(results) == 1)}"
    return Check(lab.slug, "mutants", not problems, detail, tuple(problems))


def _of_mutant(lab: Lab, path: Path, result: Result) -> Iterable[str]:
    """What is wrong with one mutant: it must load, and lose what its line 1 says."""
    if result.note:  # what does not load is no wrong answer that a case could catch
        return [f"mutant {path.name} does not load: {why_not_loaded(result)}"]
    mark = mark_of(path)
    called = f'mutant {path.name} ("{mark.mistake}")'
    if _is_luck(result):
        share = f"{len(result.kept_for)} of {result.students} students"
        luck = "whether it costs points is luck; add a case whose inputs are not drawn"
        kept = " or ".join(f"'{each}'" for each in mark.items) or "100/100"
        return [f"{called} keeps {kept} for {share}: {luck}"]
    if full(result):
        return [
            f"{called} keeps {told(result)}: no case of the hidden suite tells it from the solution"
        ]
    return [f"{called}: {problem}" for problem in mark_problems(lab, mark, result)]


def _is_luck(result: Result) -> TypeGuard[TrialResult]:
    """Whether it depends on the student if points are lost."""
    return isinstance(result, TrialResult) and 0 < len(result.kept_for) < result.students


def _garbage(slug: str, results: Sequence[tuple[str, Result]]) -> Check:
    wrong = [each for each in results if each[1].status != GRADED or full(each[1])]
    problems = tuple(
        f"functions that return {several([name for name, _ in hit])}: {told(hit[0][1])}"
        for hit in by_cause(wrong).values()
    )
    detail = f"{count(len(results) - len(wrong), 'kind', len(results))} of garbage are graded"
    return Check(slug, "garbage", not problems, detail, problems)
