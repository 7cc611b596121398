"""A dask cluster grades as local workers do, whatever becomes of its workers."""

import contextlib
import os
import signal
import subprocess
import sys
from dataclasses import replace

import pytest

from grader.errors import UsageError
from grader.grading import Settings, grade_all, stream
from grader.grading.work import grade_here
from grader.results import GRADED, WITHHELD
from grader.submissions import from_source

pytest.importorskip("distributed", reason="the extra 'cluster' is not installed")
import cloudpickle

from grader.grading.cluster import Cluster, Credentials

# dask closes its own sockets and event loops late; ours are closed in the tests of `local`
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("default")]

GOOD = """\
def add(x, y):
    if x.shape != y.shape:
        raise ValueError(f"{x.shape} {y.shape}")
    return x + y


def total(x, group):
    return group.all_reduce(x)
"""
WRONG = GOOD.replace("x + y", "x - y")


@pytest.fixture
def settings(course, level):
    return Settings(course.lab("adding"), level)


def work_of(course, count):
    """Right and wrong answers in turn."""
    lab = course.lab("adding")
    return [
        from_source(lab, f"s{n}", (WRONG if n % 3 == 0 else GOOD).encode()) for n in range(count)
    ]


def told(results):
    """What does not depend on the clock."""
    return [(r.submission, r.status, r.score, [i.verdict for i in r.rubric]) for r in results]


def results_of(workers, submissions, on_result=lambda _: None):
    found = {}
    for index, result in stream(workers, submissions):
        found[index] = result
        on_result(found)
    return [found[index] for index in range(len(submissions))]


def test_a_cluster_gives_the_same_results(course, settings):
    """The same scores and verdicts, submission by submission."""
    submissions = work_of(course, 8)
    with Cluster(settings, 2) as workers:
        assert told(results_of(workers, submissions)) == told(grade_all(settings, submissions, 2))


def test_a_worker_killed_in_the_middle_loses_and_doubles_nothing(course, settings):
    """kill -9 of one of two workers while they grade: every submission has its one result."""
    submissions = work_of(course, 12)
    with Cluster(settings, 2) as workers:
        killed = []

        def kill_one(found):
            if len(found) == 3:
                killed.append(next(iter(workers._client.run(os.getpid).values())))
                os.kill(killed[0], signal.SIGKILL)

        results = results_of(workers, submissions, kill_one)
    assert killed
    assert told(results) == told(grade_all(settings, submissions, 2))


def dies_over_s1(settings, submission):
    """What `grade_here` would be with a submission that kills whoever grades it."""
    if submission.name == "s1":
        os._exit(1)
    return grade_here(settings, submission)


def test_a_submission_that_kills_every_worker_is_withheld(course, settings, monkeypatch):
    """Its neighbours have their scores; it has none, and a reason."""
    monkeypatch.setattr("grader.grading.cluster.grade_here", dies_over_s1)
    cloudpickle.register_pickle_by_value(sys.modules[__name__])  # workers can't import this file
    with Cluster(settings, 2) as workers:
        results = results_of(workers, work_of(course, 4))
    assert [result.status for result in results] == [GRADED, WITHHELD, GRADED, GRADED]
    assert "by hand" in results[1].note


def dies_twice(settings, submission):
    """The same, with the first two workers that get one dying of something else."""
    deaths = len(list(settings.lab.root.glob("death-*")))
    if deaths < 2:
        (settings.lab.root / f"death-{deaths}").touch()
        os._exit(1)
    return grade_here(settings, submission)


def test_who_is_blamed_for_a_worker_s_death_is_sent_once_more(course, settings, monkeypatch):
    """The scheduler gives it up after the second death; but those may have been others' doing."""
    monkeypatch.setattr("grader.grading.cluster.grade_here", dies_twice)
    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    submissions = work_of(course, 2)[1:]
    with Cluster(settings, 1) as workers:
        (result,) = results_of(workers, submissions)
    assert (result.status, result.score) == (GRADED, 100)


def test_a_worker_with_another_key_grades_nothing(course, settings):
    """Its hidden inputs would be others: withheld with what mends it, never a wrong score."""
    foreign = replace(settings, stamp="0" * 64)
    with Cluster(foreign, 1) as workers:
        (result,) = results_of(workers, work_of(course, 1))
    assert result.status == WITHHELD
    assert "every worker the same folder" in result.note


def test_plain_tcp_is_refused(settings):
    """Whoever reaches such a scheduler has it run code."""
    with pytest.raises(UsageError, match="over plain TCP"):
        Cluster(settings, 1, address="tcp://127.0.0.1:8786")


def test_a_missing_certificate_is_named(settings, tmp_path):
    """The file that is not there, before anything is tried."""
    identity = Credentials(tmp_path / "ca.pem", tmp_path / "cert.pem", tmp_path / "key.pem")
    with pytest.raises(UsageError, match="no such file"):
        Cluster(settings, 1, address="tls://127.0.0.1:8786", credentials=identity)


# -- a scheduler and workers of their own, over TLS ----------------------------------------


@pytest.fixture
def identity(tmp_path):
    """One self-signed identity that scheduler, workers and client share."""
    from distributed import Security

    made = Security.temporary()
    (tmp_path / "ca.pem").write_text(made.tls_ca_file)
    (tmp_path / "cert.pem").write_text(made.tls_client_cert)
    (tmp_path / "key.pem").write_text(made.tls_client_key)
    return Credentials(tmp_path / "ca.pem", tmp_path / "cert.pem", tmp_path / "key.pem")


@contextlib.contextmanager
def started(*command):
    """A process of dask's own command line; ended with all that it started."""
    process = subprocess.Popen(
        [sys.executable, "-m", "distributed.cli." + command[0], *map(str, command[1:])],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
    )  # fmt: skip
    with process:
        try:
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def tls(identity):
    return ["--tls-ca-file", identity.ca, "--tls-cert", identity.cert, "--tls-key", identity.key]


def address_in(process):
    """What the scheduler says that it listens at."""
    for line in process.stdout:
        if "Scheduler at:" in line:
            return line.split("Scheduler at:")[1].strip()
    raise AssertionError("the scheduler ended without saying where it listens")


def test_workers_of_another_command_grade_over_tls(course, settings, identity):
    """A scheduler and two workers that were started by hand, as README says, one killed."""
    submissions = work_of(course, 8)
    listening = ["--host", "tls://127.0.0.1", "--port", "0", "--no-dashboard", *tls(identity)]
    with started("dask_scheduler", *listening) as scheduler:
        address = address_in(scheduler)
        joining = [address, "--nthreads", "1", "--no-dashboard", *tls(identity)]
        with (
            started("dask_worker", *joining) as first,
            started("dask_worker", *joining),
            Cluster(settings, 2, address=address, credentials=identity) as workers,
        ):
            workers._client.wait_for_workers(2, timeout=30)

            def kill_one(found):
                if len(found) == 2:
                    os.killpg(first.pid, signal.SIGKILL)

            results = results_of(workers, submissions, kill_one)
    assert told(results) == told(grade_all(settings, submissions, 2))


def test_a_worker_of_two_threads_is_refused(course, settings, identity):
    """Two submissions at once in one sandbox: said before anything is graded."""
    listening = ["--host", "tls://127.0.0.1", "--port", "0", "--no-dashboard", *tls(identity)]
    with started("dask_scheduler", *listening) as scheduler:
        address = address_in(scheduler)
        joining = [address, "--nthreads", "2", "--no-dashboard", *tls(identity)]
        with (
            started("dask_worker", *joining),
            pytest.raises(UsageError, match="start it with --nthreads 1"),
        ):
            Cluster(settings, 2, address=address, credentials=identity)
