"""Many submissions: workers that grade them, and the workers' faults.

Theory of operation
-------------------
A worker takes one submission at a time and keeps one judge warm (`work`). `local` has processes on
this machine, `cluster` those of a dask cluster; both are `Workers`: they answer `submit` with a
future. So `stream` feeds either: it takes submissions from an iterator only as workers come free,
and gives results as they come. `pending` does so from the gradebook and into it. Whatever happens
to a worker, a submission's future ends with a result: graded, or withheld with the reason after
the second try. What came of a submission does not depend on who graded it.
"""

from collections.abc import Callable, Sequence

from grader.grading.local import Local
from grader.grading.stream import Crew, Workers, in_order, stream
from grader.grading.work import Settings, grade_here
from grader.results import Result
from grader.submissions import Submission

__all__ = ["Crew", "Local", "Settings", "Workers", "grade_all", "grade_here", "in_order", "stream"]


def grade_all(
    settings: Settings,
    submissions: Sequence[Submission],
    jobs: int,
    on_result: Callable[[Result], None] = lambda _: None,
) -> list[Result]:
    """The results of all submissions, in their order, by workers on this machine."""
    if not submissions:
        return []
    with Local(settings, min(jobs, len(submissions))) as workers:
        return in_order(workers, submissions, on_result)
