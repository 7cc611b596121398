"""Workers of a dask cluster: on this machine, or wherever a scheduler has them.

Connections are TLS or nothing: over plain TCP, whoever reaches a scheduler has it run code. A
worker runs one submission at a time, in a sandbox of its own, from the course's folder, which
it sees under the same path. One that dies takes nothing with it: dask gives its submission to
another one, and after the second death the score is withheld.
"""

import threading
import time
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import dask
from distributed import Client, LocalCluster, Security
from distributed.scheduler import KilledWorker

from grader.errors import SandboxError, UsageError
from grader.grading.work import Settings, grade_here
from grader.judge import TRIES
from grader.results import Result
from grader.submissions import Submission

_JOIN_SECONDS = 60.0
_CONNECT_SECONDS = 15.0
_LOOK_S = 1.0  # between looks at how many workers there are


@dataclass(frozen=True)
class Credentials:
    """The files of a TLS identity: certificate authority, certificate, and its key."""

    ca: Path
    cert: Path
    key: Path

    def security(self) -> Security:
        """The same for dask; a file that is missing is named."""
        for path in (self.ca, self.cert, self.key):
            if not path.is_file():
                raise UsageError(f"{path}: no such file; TLS to a scheduler needs it")
        ca, cert, key = map(str, (self.ca, self.cert, self.key))
        names = {
            f"tls_{role}_{what}": value
            for role in ("client", "worker", "scheduler")
            for what, value in (("cert", cert), ("key", key))
        }
        return Security(tls_ca_file=ca, require_encryption=True, **names)


def _connect(address: str, credentials: Credentials | None) -> Client:
    if not address.startswith("tls://") or credentials is None:
        raise UsageError(
            f"{address}: expected tls://HOST:PORT with --tls-ca, --tls-cert and --tls-key; "
            "over plain TCP, whoever reaches a scheduler has it run code"
        )
    try:
        return Client(address, security=credentials.security(), timeout=_CONNECT_SECONDS)
    except OSError as error:
        raise SandboxError(
            f"{address}: no scheduler answers within {_CONNECT_SECONDS:g} s ({error}); "
            "look whether it runs, and whether its certificate is of the same authority"
        ) from None


class _Awaited(Future[Result]):
    """A result that comes in any case: withheld, if none came in the time of two tries.

    A scheduler blames a worker's death on every submission that the worker was given, so one
    that is blamed is sent once more before it is held to have done it.
    """

    def __init__(self, settings: Settings, submission: Submission, executor: Any) -> None:
        super().__init__()
        self._settings, self._submission, self._executor = settings, submission, executor
        self._seconds = 2 * settings.seconds
        self._once = threading.Lock()
        self._tries = 0
        self._theirs: Future[Result] | None = None
        self._timer = threading.Timer(self._seconds, self._give_up)
        self._timer.daemon = True
        self._timer.start()
        self._send()

    def _send(self) -> None:
        self._tries += 1
        try:
            theirs = self._executor.submit(grade_here, self._settings, self._submission)
        except Exception as error:  # noqa: BLE001 - a lost connection is this one's fault, told
            self._settle(self._fault(f"{type(error).__name__}: {error}"))
            return
        self._theirs = theirs
        theirs.add_done_callback(self._take)

    def cancel(self) -> bool:
        self._timer.cancel()
        if self._theirs is not None:
            self._theirs.cancel()
        return super().cancel()

    def _take(self, theirs: "Future[Result]") -> None:
        try:
            result = theirs.result()
        except KilledWorker:
            if self._tries < TRIES:
                self._send()
                return
            result = self._settings.lost(self._submission)
        except CancelledError:
            result = self._fault("it was cancelled")
        except Exception as error:  # noqa: BLE001 - one submission's fault is not the others'
            result = self._fault(f"{type(error).__name__}: {error}")
        if result.starved and self._tries < TRIES:  # another worker may have more time for it
            self._send()
            return
        self._settle(result)

    def _give_up(self) -> None:
        self._settle(self._fault(f"no worker answered within {self._seconds:g} s"))
        if self._theirs is not None:
            self._theirs.cancel()

    def _fault(self, what: str) -> Result:
        return self._settings.fault(self._submission, f"the cluster gave no result: {what}")

    def _settle(self, result: Result) -> None:
        self._timer.cancel()
        with self._once:
            if not self.done():
                self.set_result(result)


class Cluster:
    """The workers of the scheduler at `address`, or of a cluster on this machine."""

    def __init__(
        self,
        settings: Settings,
        jobs: int,
        *,
        address: str = "",
        credentials: Credentials | None = None,
    ) -> None:
        self._settings = settings
        self._looked = -_LOOK_S
        self._slots = 1
        self._own: LocalCluster | None = None
        try:
            self._client = _connect(address, credentials) if address else self._start(jobs)
            self._require_workers()
        except BaseException:
            self.close()
            raise
        self._executor = self._client.get_executor(pure=False)

    def _start(self, jobs: int) -> Client:
        """A cluster of processes on this machine, with a TLS identity made for it."""
        security = Security.temporary()
        dask.config.set(
            {
                "distributed.scheduler.allowed-failures": TRIES - 1,
                # one at a time for each worker: its death is blamed on all that it was given
                "distributed.scheduler.worker-saturation": 1.0,
            }
        )
        self._own = LocalCluster(
            n_workers=jobs,
            threads_per_worker=1,
            security=security,
            protocol="tls",
            dashboard_address="127.0.0.1:0",  # its page, for this machine only
            silence_logs="CRITICAL",
        )
        return Client(self._own, security=security)

    def _require_workers(self) -> None:
        """At least one worker, each of one thread: a sandbox serves one submission at a time."""
        try:
            self._client.wait_for_workers(1, timeout=_JOIN_SECONDS)
        except TimeoutError:
            raise SandboxError(
                f"no worker joined the scheduler within {_JOIN_SECONDS:g} s; start some with "
                "'dask worker ADDRESS --nthreads 1 --tls-ca-file … --tls-cert … --tls-key …'"
            ) from None
        for worker, threads in self._client.nthreads().items():
            if threads != 1:
                raise UsageError(
                    f"worker {worker} has {threads} threads; start it with --nthreads 1 "
                    "(and --nworkers for more at once)"
                )

    @property
    def slots(self) -> int:
        """How many workers there are now."""
        if time.monotonic() - self._looked >= _LOOK_S:
            self._slots = max(1, len(self._client.nthreads()))
            self._looked = time.monotonic()
        return self._slots

    def submit(self, submission: Submission) -> "Future[Result]":
        """The result; a withheld one where workers died over it or nobody answered in time."""
        return _Awaited(self._settings, submission, self._executor)

    def close(self) -> None:
        """Ends the connection, and the workers that were started here."""
        if client := getattr(self, "_client", None):
            client.close()
        if self._own is not None:
            self._own.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
