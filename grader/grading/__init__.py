"""Many submissions: workers that grade them, and the workers' faults.

Theory of operation
-------------------
Workers take one submission at a time and keep a sandbox and collected suites warm. `Local` has
processes on this machine, `Cluster` those of a dask cluster; both answer `submit` with a future,
so `stream` feeds either: it takes submissions from an iterator only as workers come free, and
gives results as they come. Whatever happens to a worker, a submission's future ends with a
result: graded, or withheld with the reason after the second try. What came of a submission does
not depend on who graded it.
"""

from collections.abc import Callable, Sequence

from grader.grading.local import Local
from grader.grading.stream import Workers, stream
from grader.grading.work import Settings
from grader.results import Result
from grader.submissions import Submission

__all__ = ["Local", "Settings", "Workers", "grade_all", "stream"]


def grade_all(
    settings: Settings,
    submissions: Sequence[Submission],
    jobs: int,
    on_result: Callable[[Result], None] = lambda _: None,
) -> list[Result]:
    """The results of all submissions, in their order; `on_result` sees each when it is there."""
    if not submissions:
        return []
    results: dict[int, Result] = {}
    with Local(settings, min(jobs, len(submissions))) as workers:
        for index, result in stream(workers, submissions):
            results[index] = result
            on_result(result)
    return [results[index] for index in range(len(submissions))]
