"""A lab's mutants against its hidden suite, in workers as those of any other batch."""

from collections.abc import Callable, Iterator, Sequence

from grader.course import Course
from grader.errors import CourseError, SandboxError
from grader.grading import Local, Settings, stream
from grader.results import Result
from grader.sandbox import Level, check_installed
from grader.validation.mutation.cache import Cache
from grader.validation.mutation.game import Game, Sample
from grader.validation.mutation.tally import Hunt, Tally
from grader.validation.trial import Trial, try_out

_SAVE_EVERY = 50


def hunt(
    course: Course,
    slug: str,
    level: Level,
    jobs: int,
    sample: Sample | None = None,
    on_start: Callable[[int], None] = lambda _: None,
    on_step: Callable[[], None] = lambda: None,
) -> Hunt:
    """Tries the lab's mutants, or a sample of them; `on_start` is told how many have to run.

    What is wrong with the lab itself, or is not installed here, is a problem of the hunt's.
    """
    try:
        return _hunt(course, slug, level, jobs, sample, on_start, on_step)
    except (CourseError, SandboxError) as error:
        return Hunt(slug, problems=(str(error),))


def _hunt(
    course: Course,
    slug: str,
    level: Level,
    jobs: int,
    sample: Sample | None,
    on_start: Callable[[int], None],
    on_step: Callable[[], None],
) -> Hunt:
    lab = course.lab(slug)
    check_installed(lab.assignment.preload)
    game = Game.of(course, lab)
    chosen = sample.of(game.mutants) if sample else game.mutants
    cache = Cache(course.root, lab)
    fresh = [mutant for mutant in chosen if mutant.source not in cache]
    on_start(len(fresh))
    settings = Settings(lab, level, synthetic=True, way=try_out)
    tally = Tally(game, chosen, fresh)
    try:
        for index, result in _results(settings, [game.solution, *map(game.trial, fresh)], jobs):
            tally.add(index - 1, result)
            if tally.unfit:
                break
            if index > 0:
                on_step()
            if index % _SAVE_EVERY == 0:
                tally.save(cache)
    finally:
        tally.save(cache)
    return tally.hunt()


def _results(
    settings: Settings, trials: Sequence[Trial], jobs: int
) -> Iterator[tuple[int, Result]]:
    with Local(settings, min(jobs, len(trials))) as workers:
        yield from stream(workers, trials)
