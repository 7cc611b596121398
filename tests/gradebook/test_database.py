"""Opening a gradebook, moving it on, and what is said when it can't be used."""

import multiprocessing
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from alembic.config import Config
from alembic.script import ScriptDirectory

from grader.errors import StoreError
from grader.gradebook import attempts, migrate, people, work
from grader.gradebook.attempts import Arrival
from grader.gradebook.rows import Student
from grader.gradebook.store import Gradebook, url_of
from grader.gradebook.tables import metadata
from grader.submissions import Submission


def names(book):
    """The ids of everyone in it."""
    return [each.id for each in book.students()]


# -- where it is ---------------------------------------------------------------------------


def test_the_gradebook_is_where_it_is_said_to_be(tmp_path, monkeypatch):
    """--db before SHARDLAB_DB before the course's own file."""
    monkeypatch.delenv("SHARDLAB_DB", raising=False)
    assert url_of(tmp_path, None) == str(tmp_path / "gradebook.sqlite3")
    monkeypatch.setenv("SHARDLAB_DB", "elsewhere")
    assert url_of(tmp_path, None) == "elsewhere"
    assert url_of(tmp_path, "given") == "given"


def test_a_path_and_a_url_name_the_same_file(tmp_path):
    """Also one with characters that mean something in a URL."""
    path = tmp_path / "a %20? #book.sqlite3"
    with Gradebook.open(str(path)) as book:
        book.add_students([Student("ann")])
    assert path.is_file()
    with Gradebook.open(str(path)) as book:
        assert names(book) == ["ann"]
    plain = tmp_path / "book.sqlite3"
    with Gradebook.open(f"sqlite:///{plain}"):
        assert plain.is_file()


def test_every_way_to_write_postgresql_is_understood(postgres_server):
    """With the driver's name and without it."""
    url = postgres_server.url
    with Gradebook.open(url) as book:
        book.add_students([Student("ann")])
    for scheme in ("postgresql://", "postgres://"):
        with Gradebook.open(url.replace("postgresql+psycopg://", scheme)) as book:
            assert names(book) == ["ann"]


def test_grades_are_not_for_everyone_to_read(tmp_path):
    """A new file may be read by its owner and their group."""
    with Gradebook.open(str(tmp_path / "book.sqlite3")):
        assert (tmp_path / "book.sqlite3").stat().st_mode & 0o007 == 0


def test_opening_says_nothing(book_url, capfd, caplog):
    """Migrations run without a word."""
    Gradebook.open(book_url).close()
    assert capfd.readouterr() == ("", "")
    assert caplog.records == []


# -- tables --------------------------------------------------------------------------------


def test_code_and_migrations_agree_on_the_columns(book):
    """Names, null or not, primary keys: what queries count on is what the steps have made."""
    found = sa.inspect(book._database._engine)
    assert set(found.get_table_names()) == {*metadata.tables, migrate.VERSION_TABLE}
    for name, table in metadata.tables.items():
        made = {each["name"]: each for each in found.get_columns(name)}
        assert list(made) == [each.name for each in table.columns]
        for column in table.columns:
            assert made[column.name]["nullable"] == column.nullable, (name, column.name)
        key = found.get_pk_constraint(name)["constrained_columns"]
        assert set(key) == {each.name for each in table.primary_key}


def test_the_newest_step_is_the_one_that_the_code_knows():
    """A step that is added must be named in `migrate`, too."""
    config = Config()
    config.set_main_option("script_location", str(migrate._STEPS))
    assert ScriptDirectory.from_config(config).get_current_head() == migrate.HEAD


def test_what_is_there_is_kept(book_url):
    """Opening again neither makes tables anew nor migrates."""
    with Gradebook.open(book_url) as book:
        book.add_students([Student("ann")])
    with Gradebook.open(book_url) as book:
        assert names(book) == ["ann"]


def _open_and_add(url, name):
    with Gradebook.open(url) as book:
        book.add_students([Student(name)])


def test_openers_that_come_at_once_make_one_gradebook(book_url):
    """Four threads, then four processes: each finds it whole."""
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(_open_and_add, [book_url] * 4, "abcd"))
    with Gradebook.open(book_url) as book:
        assert names(book) == list("abcd")


@pytest.mark.slow
def test_processes_that_open_a_new_one_at_once(book_url):
    """The same for processes, which share no lock but the database's."""
    code = (
        "import sys; from grader.gradebook.store import Gradebook as G;"
        "from grader.gradebook.rows import Student; sys.stdin.readline();"
        "b = G.open(sys.argv[1]); b.add_students([Student(sys.argv[2])]); b.close()"
    )
    started = [
        subprocess.Popen(
            [sys.executable, "-c", code, book_url, name],
            stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for name in "abcd"
    ]  # fmt: skip
    for each in started:
        each.stdin.write("go\n")
        each.stdin.flush()
    for each in started:
        assert each.communicate(timeout=60) == (None, "")
        assert each.returncode == 0
    with Gradebook.open(book_url) as book:
        assert names(book) == list("abcd")


# -- what can't be used --------------------------------------------------------------------


def refused(url, **options):
    """What is said when this is opened."""
    with pytest.raises(StoreError) as caught:
        Gradebook.open(str(url), **options).close()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_file_that_is_no_database_is_left_alone(tmp_path):
    """Its name and the mend are told, and it is not touched."""
    path = tmp_path / "grades.csv"
    path.write_text("student,score\nann,100\n" * 100)
    before = path.read_bytes()
    assert re.search(r"grades\.csv.*not a database.*--db", refused(path))
    assert path.read_bytes() == before


def test_another_programs_database_is_left_alone(tmp_path):
    """No tables of ours are put beside another's, not even where alembic was used for them."""
    path = tmp_path / "gradebook.db"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE alembic_version (version_num TEXT)")
        other.execute("CREATE TABLE grade (x)")
    other.close()
    assert "no gradebook" in refused(path)
    with sqlite3.connect(path) as other:
        assert len(other.execute("SELECT * FROM sqlite_master").fetchall()) == 2
    other.close()


def test_a_newer_gradebook_is_refused(book_url, raw):
    """With what would mend it; nothing is downgraded."""
    raw(f"UPDATE {migrate.VERSION_TABLE} SET version_num = '9999'")
    assert re.search("newer Shardlab.*9999.*upgrade", refused(book_url))


@pytest.mark.parametrize("place", ["", "no/such/folder/book.sqlite3"])
def test_a_place_where_no_file_can_be(tmp_path, place):
    """A folder, and a path through folders that aren't there."""
    assert "--db" in refused(tmp_path / place)


def _without_roots_rights():
    """What makes even root obey the rights of files, before a command; nothing for others."""
    if os.getuid() != 0:
        return []
    if not (setpriv := shutil.which("setpriv")):
        pytest.skip("root may write anywhere, and there is no setpriv to take that away")
    return [setpriv, "--bounding-set=-dac_override,-dac_read_search"]


OPEN = """\
import sys
from grader.errors import StoreError
from grader.gradebook.store import Gradebook
try:
    Gradebook.open(sys.argv[1]).close()
except StoreError as error:
    print(error)
"""


@pytest.mark.parametrize("mode", [0o444, 0o000])
def test_a_place_that_is_read_only(tmp_path, mode):
    """For someone who may read the gradebook but not write it, and one who may not even read."""
    folder = tmp_path / "shared"
    folder.mkdir()
    path = folder / "book.sqlite3"
    Gradebook.open(str(path)).close()
    path.chmod(mode)
    folder.chmod(0o555)
    command = [*_without_roots_rights(), sys.executable, "-c", OPEN, str(path)]
    told = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    folder.chmod(0o755)
    assert "you must be able to write" in told.stdout


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ann:s3cr3tword@127.0.0.1:1/course",
        "postgresql://127.0.0.1:1/course?user=ann&password=s3cr3tword",
        "postgresql://ann:s3cr3tword@no-such-host.invalid/course",
        "postgresql://ann:s3cr3tword@127.0.0.1:port/course",
        "postgresql://ann:s3cr3tword@127.0.0.1:1/course?no_such_option=s3cr3tword",
        "mysql://ann:s3cr3tword@127.0.0.1/course",
    ],
)
def test_a_server_that_does_not_answer(url):
    """What to do is told, and never the password, whichever part of the address is wrong."""
    pytest.importorskip("psycopg", reason="psycopg is absent (extra: shardlab[postgresql])")
    assert "s3cr3tword" not in refused(url)


def test_a_user_or_database_that_is_not_there(postgres_server):
    """The server's words, and that the address is to be checked."""
    url = postgres_server.url
    assert "check the user" in refused(url.replace("shardlab@", "nobody:s3cr3tword@"))
    assert "no_such" in refused(re.sub(r"course_\d+", "no_such", url))


def test_the_server_s_words_are_told_without_the_password(postgres_server):
    """Even where these quote it: it is in what was asked, say, or in a setting."""
    url = f"{postgres_server.url}&password=s3cr3tword"
    asks = sa.text("SELECT CAST('s3cr3tword' AS integer)")
    with Gradebook.open(url) as book, pytest.raises(StoreError) as caught:
        book._database.read(lambda connection: connection.execute(asks))
    assert 'invalid input syntax for type integer: "***"' in str(caught.value)
    assert "s3cr3tword" not in str(caught.value)


# -- faults while it is open ---------------------------------------------------------------


def test_what_was_handed_in_outlives_a_power_cut(tmp_path, classroom_at, monkeypatch):
    """It waits for the disk. A result, which can be had again, needs not: FULL is 2, NORMAL 1."""
    found = {}

    def watch(module, name):
        real = getattr(module, name)

        def looks(connection, *arguments, **options):
            found[name] = connection.execute(sa.text("PRAGMA synchronous")).scalar()
            return real(connection, *arguments, **options)

        monkeypatch.setattr(module, name, looks)

    watch(attempts, "take_in")
    watch(work, "record")
    with Gradebook.open(str(tmp_path / "gradebook.sqlite3")) as book:
        classroom = classroom_at(book)
        classroom.grade(classroom.hand_in("ann"))
    assert found == {"take_in": 2, "record": 1}


@pytest.mark.slow
def test_a_server_that_comes_back(postgres_server, classroom_at, noon):
    """What is recorded meanwhile waits, and then is there once; what is read next is right."""
    with Gradebook.open(postgres_server.url, patience_s=30) as book:
        classroom = classroom_at(book)
        ann, ben = classroom.hand_in("ann"), classroom.hand_in("ben")
        classroom.grade(ann)
        postgres_server.stop(crash=True)
        back = threading.Timer(0.5, postgres_server.start)
        back.start()
        assert classroom.grade(ben)
        back.join()
        assert not classroom.grade(ben)
        assert classroom.pending() == []


def test_a_server_that_stays_away(postgres_server, classroom_at):
    """After the patience there is an error with its mend; nothing is half-written."""
    with Gradebook.open(postgres_server.url, patience_s=30) as book:
        classroom = classroom_at(book)
        ann = classroom.hand_in("ann")
        postgres_server.stop()
        facts = {"suite": "s", "engine": "e", "isolation": "full", "patience_s": 0.3}
        with pytest.raises(StoreError, match="start the server"):
            book.record(ann, classroom.key(ann), classroom.result(), **facts)
        postgres_server.start()
        assert classroom.pending() == [ann]


def test_a_commit_whose_answer_is_lost(postgres_server, classroom_at):
    """It was carried out, and the connection died: the repeated one knows its own row."""
    with Gradebook.open(postgres_server.url, patience_s=30) as book:
        classroom = classroom_at(book)
        ann = classroom.hand_in("ann")
        lost = []

        def lose(dialect, connection):
            dialect.__class__.do_commit(dialect, connection)
            if not lost:
                lost.append(connection)
                import psycopg

                connection.dbapi_connection.close()
                raise psycopg.OperationalError("server closed the connection unexpectedly")

        engine = book._database._engine
        engine.dialect.do_commit = lambda connection: lose(engine.dialect, connection)
        assert classroom.grade(ann)
        assert lost
        lost.clear()
        with pytest.raises(StoreError, match="shardlab audit"):
            book.roster.take([Student("ben")])
        assert names(book) == ["ann", "ben"]


def test_a_locked_file_is_waited_for(tmp_path, classroom_at):
    """Another program holds the write lock for a while."""
    path = tmp_path / "book.sqlite3"
    with Gradebook.open(str(path), patience_s=20) as book:
        classroom = classroom_at(book)
        ann = classroom.hand_in("ann")
        other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        other.execute("BEGIN IMMEDIATE")
        release = threading.Timer(0.3, other.rollback)
        release.start()
        assert classroom.grade(ann)
        release.join()
        other.close()


def test_a_full_disk(tmp_path, classroom_at, raw_pragma):
    """Nothing is half-written; with room again, the same call goes through."""
    with Gradebook.open(str(tmp_path / "book.sqlite3"), patience_s=0.2) as book:
        classroom = classroom_at(book)
        ann = classroom.hand_in("ann", "x" * 20000)
        ((pages,),) = raw_pragma(book, "PRAGMA page_count")
        raw_pragma(book, f"PRAGMA max_page_count = {pages}")
        with pytest.raises(StoreError, match="make room"):
            [classroom.hand_in(f"s{number}", "y" * 9000) for number in range(100)]
        kept = len(book.attempts())
        raw_pragma(book, "PRAGMA max_page_count = 1000000")
        assert len(names(book)) == kept
        assert classroom.grade(ann)


@pytest.fixture
def raw_pragma():
    """Runs a pragma on the one connection that the gradebook's pool holds."""

    def run(book, pragma):
        with book._database._engine.connect() as connection:
            return connection.exec_driver_sql(pragma).all()

    return run


def test_what_is_read_is_of_one_moment(book_url):
    """What another one writes between two questions of a report is in neither answer."""
    with Gradebook.open(book_url) as book, Gradebook.open(book_url) as other:

        def twice(connection):
            first = people.all_students(connection)
            other.add_students([Student("ann")])
            return first, people.all_students(connection)

        assert book._database.read(twice) == ([], [])
        assert names(book) == ["ann"]


def test_readers_do_not_wait_for_a_writer(tmp_path):
    """While another process writes, what was there before is read."""
    path = tmp_path / "book.sqlite3"
    with Gradebook.open(str(path), patience_s=0) as book:
        book.add_students([Student("ann")])
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        other.execute("INSERT INTO students SELECT 'ben', '', '', '', '', '', '', 'enrolled'")
        assert names(book) == ["ann"]
        other.execute("COMMIT")
        other.close()
        assert names(book) == ["ann", "ben"]


def _record_until_killed(url):
    from datetime import UTC, datetime

    with Gradebook.open(url) as book:
        for number in range(100_000):
            submission = Submission("ann", {"a.py": b"%d" % number})
            book.take_in("adding", [Arrival(submission, datetime.now(UTC))])


@pytest.mark.slow
def test_a_killed_writer_leaves_whole_attempts(book_url):
    """Numbers without a gap, each with its file, whatever moment it died at."""
    Gradebook.open(book_url).close()
    process = multiprocessing.get_context("spawn").Process(
        target=_record_until_killed, args=(book_url,)
    )
    process.start()
    with Gradebook.open(book_url) as book:
        end = time.monotonic() + 60
        while len(book.attempts()) < 20:
            assert time.monotonic() < end
        process.kill()
        process.join(10)
        found = book.attempts()
        assert [each.number for each in found] == list(range(1, len(found) + 1))
        assert all(book.submission(each).files for each in found)
        process.close()
