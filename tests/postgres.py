"""A PostgreSQL server of the tests' own: in a folder of its own, behind a socket in that folder.

Nothing of a server that may already run on the machine is used or changed. It can be stopped
and started again while gradebooks are open, which is what it is for.
"""

import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg

_PLACES = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql*/bin")
_OWNERS = ("postgres", "nobody")  # the server refuses to run as root
_PATIENCE_S = 30.0


def binaries() -> Path | None:
    """The folder of `initdb` and `postgres`, or None where PostgreSQL isn't installed."""
    found = shutil.which("initdb")
    folders = [Path(found).resolve().parent] if found else []
    folders += [each for place in _PLACES for each in sorted(Path("/").glob(place[1:]))]
    return next((each for each in folders if (each / "postgres").exists()), None)


class PostgresServer:
    """A server that `start` starts and `stop` ends; `close` removes it with all it held."""

    def __init__(self, binaries: Path) -> None:
        self._binaries = binaries
        self._folder = Path(tempfile.mkdtemp(prefix="shardlab-pg-", dir="/tmp"))  # a short path
        self._as_owner = _another_user(self._folder)
        self._process: subprocess.Popen[bytes] | None = None
        self._numbers = itertools.count(1)
        command = [binaries / "initdb", "-D", self._folder / "base", "-U", "shardlab",
                   "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C"]  # fmt: skip
        subprocess.run(command, check=True, capture_output=True, timeout=120, **self._as_owner)
        self.start()

    @property
    def url(self) -> str:
        """The URL of an empty database that is made now."""
        name = f"course_{next(self._numbers)}"
        with psycopg.connect(self._conninfo("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return f"postgresql+psycopg://shardlab@/{name}?host={self._folder}"

    @property
    def running(self) -> bool:
        """Whether it has been started and not stopped."""
        return self._process is not None

    def start(self) -> None:
        """Returns when the server answers."""
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._binaries / "postgres", "-D", self._folder / "base", "-k", self._folder,
                 "-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=50"],
                stdout=log, stderr=log, stdin=subprocess.DEVNULL, **self._as_owner,
            )  # fmt: skip
        end = time.monotonic() + _PATIENCE_S
        while True:
            try:
                psycopg.connect(self._conninfo("postgres"), connect_timeout=2).close()
            except psycopg.OperationalError:
                if time.monotonic() > end or self._process.poll() is not None:
                    raise
                time.sleep(0.02)
            else:
                return

    def stop(self, *, crash: bool = False) -> None:
        """Ends the server and every connection; with `crash`, without any of its last works."""
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(signal.SIGQUIT if crash else signal.SIGINT)
        try:
            process.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(_PATIENCE_S)

    def close(self) -> None:
        """Ends the server and removes its folder."""
        self.stop(crash=True)  # nothing of it is needed any more
        shutil.rmtree(self._folder, ignore_errors=True)

    def _conninfo(self, database: str) -> str:
        return f"user=shardlab dbname={database} host={self._folder}"


def _another_user(folder: Path) -> dict[str, object]:
    """What starts a process as a user that is not root, to whom the folder is given."""
    if os.getuid() != 0:
        return {}
    names = {each.pw_name: each for each in pwd.getpwall()}
    user = next(names[each] for each in _OWNERS if each in names)
    os.chown(folder, user.pw_uid, user.pw_gid)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": [], "cwd": folder}
