"""Runs a lab's mutants against its hidden suite, in the workers that grade other submissions."""

from collections.abc import Callable
from contextlib import ExitStack

from grader.course import Course
from grader.errors import CourseError, SandboxError
from grader.grading import Local, Settings, stream
from grader.sandbox import Level, check_installed
from grader.validation.mutation.cache import Cache
from grader.validation.mutation.game import Game, Sample
from grader.validation.mutation.tally import Hunt, Tally
from grader.validation.trial import try_out

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
        lab = course.lab(slug)
        check_installed(lab.assignment.preload)
        game, cache = Game.of(course, lab), Cache(course.root, lab)
        chosen = sample.of(game.mutants) if sample else game.mutants
        fresh = [mutant for mutant in chosen if mutant.source not in cache]
        on_start(len(fresh))
        tally = Tally(game, chosen, fresh)
        trials = [game.solution, *map(game.trial, fresh)]
        settings = Settings(lab, level, synthetic=True, way=try_out)
        with ExitStack() as stack:
            stack.callback(tally.save, cache)  # also what an interrupt leaves
            workers = stack.enter_context(Local(settings, min(jobs, len(trials))))
            for index, result in stream(workers, trials):
                tally.add(index - 1, result)
                if tally.unfit:
                    break
                if index > 0:
                    on_step()
                if index % _SAVE_EVERY == 0:
                    tally.save(cache)
        return tally.hunt()
    except (CourseError, SandboxError) as error:
        return Hunt(slug, problems=(str(error),))
