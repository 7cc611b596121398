"""Makes a gradebook's tables if there are none, and upgrades old ones.

Processes that open it at the same time wait for each other: the check and every step run in one
transaction that holds the database's write lock (SQLite) or an advisory lock (PostgreSQL).
"""

import threading
from pathlib import Path

import sqlalchemy as sa

from grader.errors import StoreError

HEAD = "0004"  # the newest step; a test holds that the migrations end there
VERSION_TABLE = "shardlab_version"  # not alembic's own name: other programs' databases have that
LOCK = 0x5AD1AB  # of PostgreSQL's advisory locks, by agreement among openers
_STEPS = Path(__file__).parent / "migrations"
_alembic = threading.Lock()  # its environment is one a process


def is_current(connection: sa.Connection, shown: str) -> bool:
    """Whether the tables are up to date; refuses another program's or a newer database."""
    names = set(sa.inspect(connection).get_table_names())
    if VERSION_TABLE not in names:
        if names:
            raise StoreError(
                f"{shown} is a database, but no gradebook: it holds {', '.join(sorted(names)[:3])}…"
                "; name another with --db"
            )
        return False
    return _version(connection, shown) == HEAD


def upgrade(connection: sa.Connection) -> None:
    """Runs the missing steps on a connection whose transaction the caller ends."""
    # takes longer to import than most commands, and hardly any has something to upgrade
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    with _alembic:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(_STEPS).replace("%", "%%"))
        command.upgrade(config, HEAD)


def _version(connection: sa.Connection, shown: str) -> str | None:
    table = sa.table(VERSION_TABLE, sa.column("version_num"))
    version: str | None = connection.execute(sa.select(table.c.version_num)).scalar()
    if version is not None and version > HEAD:
        raise StoreError(
            f"{shown} was made by a newer Shardlab (its tables are at step {version}, this one "
            f"knows up to {HEAD}); upgrade Shardlab, or name another gradebook with --db"
        )
    return version
