"""With what to grade: the options that say it, and the workers that they ask for."""

import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from grader.cli import shell

if TYPE_CHECKING:
    from grader.course import Course
    from grader.grading import Settings, Workers

_file = click.Path(path_type=Path, dir_okay=False)


def how(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say with what to grade: workers, isolation, gradebook."""
    for option in reversed((
        click.option("--jobs", type=click.IntRange(1, 64), default=lambda: os.cpu_count() or 1,
                     help="Submissions graded at once; one per core by default."),
        click.option("--executor", type=click.Choice(["local", "dask"]), default="local",
                     help="Processes on this machine, or a dask cluster (extra: cluster)."),
        click.option("--scheduler", default="", metavar="tls://HOST:PORT",
                     help="With dask: the scheduler; else a cluster on this machine."),
        click.option("--tls-ca", type=_file, metavar="FILE", help="Authority of its certificate."),
        click.option("--tls-cert", type=_file, metavar="FILE", help="Certificate of this side."),
        click.option("--tls-key", type=_file, metavar="FILE", help="Key of that certificate."),
        shell.isolation_option,
        shell.db_option,
        shell.json_option,
    )):  # fmt: skip
        command = option(command)
    return command


@dataclass(frozen=True)
class CrewOptions:
    """The workers that the options ask for."""

    jobs: int
    executor: str
    scheduler: str
    tls: tuple[Path | None, Path | None, Path | None]

    def __call__(self, settings: "Settings") -> AbstractContextManager["Workers"]:
        if self.executor == "local":
            from grader.grading import Local

            return Local(settings, self.jobs)
        from grader.sandbox import check_installed

        check_installed(["distributed"])
        from grader.grading.cluster import Cluster, Credentials

        ca, cert, key = self.tls
        identity = Credentials(ca, cert, key) if ca and cert and key else None
        return Cluster(settings, self.jobs, address=self.scheduler, credentials=identity)


def crew_of(options: dict[str, Any]) -> CrewOptions:
    """The workers that these options ask for; those that can't go together are refused."""
    tls = options["tls_ca"], options["tls_cert"], options["tls_key"]
    if options["scheduler"] and options["executor"] != "dask":
        raise click.UsageError("--scheduler needs --executor dask")
    return CrewOptions(options["jobs"], options["executor"], options["scheduler"], tls)


def require_gpu(course: "Course") -> None:
    """Says on which device submissions without a trace are run; there must be one."""
    from grader.errors import UsageError
    from grader.evidence import kind_of
    from grader.sandbox import check_installed

    traced = [lab for lab in course.labs() if lab.assignment.trace]
    if not traced:
        raise UsageError("--live runs what has no trace, and no lab of this course asks for one")
    for lab in traced:
        check_installed(lab.assignment.preload)
        way = kind_of(lab).way()
        if not way.on_gpu:
            raise UsageError("--live runs submissions on a GPU, and there is none on this machine")
        shell.say(f"LIVE, WITHOUT ISOLATION: {way.meaning}")
