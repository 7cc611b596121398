"""Results in words for an author: counts that are true, and one cause told once."""

from collections.abc import Iterable, Sequence

from grader.results import GRADED, Result, Verdict

_NAMED = 3  # how many are named before the others are counted


def full(result: Result) -> bool:
    """Whether it earned every point."""
    return result.status == GRADED and result.score == result.max_score


def told(result: Result) -> str:
    """`60/100 (total failed)`; for a file that does not load, the reason."""
    if result.status != GRADED:
        return f"a fault of ours: {result.note}"
    score = f"{result.score}/{result.max_score}"
    if result.note:
        return f"{score}: {result.note}"
    verdicts = ((each.item, each.verdict) for each in result.rubric)
    lost = [f"{item} {verdict}" for item, verdict in verdicts if verdict != Verdict.PASSED]
    return f"{score} ({', '.join(lost)})" if lost else score


def why_not_loaded(result: Result) -> str:
    """Why a file could not be run at all, as its result notes it."""
    return result.note.partition(" does not load: ")[2] or result.note


def cause_of(result: Result) -> str:
    """What a score is withheld for: the test, where it is a fault in a case; else the text."""
    case, parameters, _ = result.note.partition("[")
    return case if parameters and "::" in case and " " not in case else result.note


def by_cause(results: Iterable[tuple[str, Result]]) -> dict[str, list[tuple[str, Result]]]:
    """The results, each with a name, by the cause that withheld them."""
    found: dict[str, list[tuple[str, Result]]] = {}
    for name, result in results:
        found.setdefault(cause_of(result), []).append((name, result))
    return found


def several(names: Sequence[str]) -> str:
    """`a, b and c`, or `a, b, c and 4 more`, each name once."""
    once = list(dict.fromkeys(names))
    if len(once) > _NAMED + 1:
        once = [*once[:_NAMED], f"{len(once) - _NAMED} more"]
    return f"{', '.join(once[:-1])} and {once[-1]}" if once[1:] else "".join(once)


def count(number: int, noun: str, of: int | None = None) -> str:
    """`1 variant`, `13 variants`, or `12/13 variants` where that is not all of them."""
    share = f"{number}" if of is None or of == number else f"{number}/{of}"
    return f"{share} {noun}{'' if share == '1' else 's'}"
