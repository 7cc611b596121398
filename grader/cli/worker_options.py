"""With what to grade: the options that say it, and the workers that they ask for."""

from collections.abc import Callable
from typing import Any

import click

from grader.cli import shell
from grader.cli.levels import isolation_option
from grader.course import Course
from grader.errors import UsageError
from grader.evidence import kind_of
from grader.grading import Local, OpenWorkers
from grader.sandbox import check_installed

_OPTIONS = (
    shell.jobs_option,
    click.option(
        "--executor",
        type=click.Choice(["local", "dask"]),
        default="local",
        help="Processes on this machine, or a dask cluster (extra: cluster).",
    ),
    click.option(
        "--scheduler",
        default="",
        metavar="tls://HOST:PORT",
        help="With dask: the scheduler; else a cluster on this machine.",
    ),
    click.option("--tls-ca", type=shell.FILE, metavar="FILE", help="Authority of its certificate."),
    click.option("--tls-cert", type=shell.FILE, metavar="FILE", help="Certificate of this side."),
    click.option("--tls-key", type=shell.FILE, metavar="FILE", help="Key of that certificate."),
    isolation_option,
    shell.db_option,
    shell.json_option,
)
live_option = click.option(
    "--live",
    is_flag=True,
    help="Run what has no trace on this machine's GPU to make "
    "one. WITHOUT ISOLATION: on a machine that holds nothing else.",
)


def how(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say with what to grade: workers, isolation, gradebook."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def workers_from(options: dict[str, Any]) -> OpenWorkers:
    """What opens the workers that these options ask for; those that don't fit are refused."""
    if options["executor"] == "local":
        if options["scheduler"]:
            raise click.UsageError("--scheduler needs --executor dask")
        return lambda settings: Local(settings, options["jobs"])
    check_installed(["distributed"])
    from grader.grading.cluster import Cluster, Credentials  # noqa: PLC0415 - an extra

    ca, cert, key = (options[f"tls_{each}"] for each in ("ca", "cert", "key"))
    identity = Credentials(ca, cert, key) if ca and cert and key else None
    scheduler = options["scheduler"]
    return lambda settings: Cluster(
        settings, options["jobs"], address=scheduler, credentials=identity
    )


def require_gpu(course: Course) -> None:
    """Says on which device submissions without a trace are run; there must be one."""
    traced = [lab for lab in course.labs() if lab.assignment.trace]
    if not traced:
        raise UsageError("--live runs what has no trace, and no lab of this course asks for one")
    for lab in traced:
        check_installed(lab.assignment.preload)
        way = kind_of(lab).way()
        if not way.on_gpu:
            raise UsageError("--live runs submissions on a GPU, and there is none on this machine")
        shell.say(f"LIVE, WITHOUT ISOLATION: {way.meaning}")
