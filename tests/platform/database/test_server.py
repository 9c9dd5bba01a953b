"""The embedded server: started by many at once, killed, restarted, by any account, from any folder."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from fourfold.platform.database import roles, server, where


@pytest.fixture
def data(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A data folder of its own, short enough for a socket and open to the server's account."""
    folder = Path(tempfile.mkdtemp(prefix="ff"))
    folder.chmod(0o755)
    monkeypatch.setenv("FOURFOLD_DATA", str(folder))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    yield folder
    server.stop()


def _start_elsewhere() -> subprocess.Popen[str]:
    program = "from fourfold.platform.database import server; print(server.start())"
    return subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, env=os.environ.copy())


def _ask(query: str, place: where.Place | None = None) -> object:
    with roles.connect(place or server.superuser()) as connection:
        row = connection.execute(query).fetchone()
        assert row is not None
        return row[0]


def test_four_processes_at_once_start_one_server(data: Path) -> None:
    answers = [process.communicate(timeout=120)[0].strip() for process in [_start_elsewhere() for _ in range(4)]]
    assert sorted(answers) == ["False", "False", "False", "True"]
    assert _ask("select 1") == 1


def test_a_killed_server_starts_again_with_every_acknowledged_write(data: Path) -> None:
    server.start()
    with roles.connect(server.superuser(), autocommit=True) as connection:
        connection.execute("alter system set synchronous_commit = on")
        connection.execute("select pg_reload_conf()")
        connection.execute("create table kept (n int)")
        connection.execute("insert into kept select generate_series(1, 1000)")
    main_process = int((server.find().cluster / "postmaster.pid").read_text().splitlines()[0])
    os.kill(main_process, signal.SIGKILL)
    assert server.start() is True
    assert _ask("select count(*) from kept") == 1000


def test_a_start_that_was_killed_half_way_leaves_nothing_in_the_way(data: Path) -> None:
    first = _start_elsewhere()
    time.sleep(0.4)
    first.kill()
    first.communicate()
    server.start()
    assert _ask("select 1") == 1


def test_a_data_folder_with_a_long_path_gets_a_short_socket(tmp_path: Path) -> None:
    long = tmp_path / ("very" * 30)
    folder = where.socket_folder(long)
    assert len(os.fsencode(folder)) <= where.LONGEST_SOCKET_FOLDER
    assert folder == where.socket_folder(long)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to run the server as another account")
def test_root_can_keep_its_data_where_the_server_account_may_not_enter(data: Path) -> None:
    closed = data / "closed"
    closed.mkdir(mode=0o700)
    os.environ["FOURFOLD_DATA"] = str(closed)
    try:
        server.start()
        assert _ask("select 1") == 1
        assert not server.find().cluster.is_relative_to(closed)
        server.stop()
    finally:
        os.environ["FOURFOLD_DATA"] = str(data)


def test_only_the_servers_account_can_reach_its_socket(data: Path) -> None:
    server.start()
    assert where.socket_folder(data).stat().st_mode & 0o077 == 0


def test_the_application_role_owns_nothing_and_cannot_see_past_policies(data: Path) -> None:
    server.start()
    roles.prepare(simulation=False)
    app = where.place("app")
    assert (
        _ask(
            "select rolsuper or rolbypassrls or rolcreaterole from pg_roles where rolname = current_user",
            app,
        )
        is False
    )
    with roles.connect(app) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("create table mine (n int)")


def test_production_refuses_a_server_where_time_can_be_set(data: Path) -> None:
    server.start()
    roles.prepare(simulation=True)
    with roles.connect(where.place("app")) as connection, pytest.raises(roles.WrongServer, match="fourfold_simulation"):
        roles.check_production(connection)


def test_production_refuses_a_role_that_sees_past_policies(data: Path) -> None:
    server.start()
    roles.prepare(simulation=False)
    with roles.connect(server.superuser()) as connection, pytest.raises(roles.WrongServer, match="sees past"):
        roles.check_production(connection)


def test_an_older_postgresql_is_refused_with_a_sentence(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server.start()
    monkeypatch.setattr(where, "MINIMUM_VERSION", 99)
    with roles.connect(server.superuser()) as connection, pytest.raises(roles.WrongServer, match="needs 99 or later"):
        roles.check_version(connection)


def test_a_folder_without_postgres_is_refused_with_a_sentence(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOURFOLD_PG_BINDIR", str(data))
    with pytest.raises(server.CannotStart, match="holds no postgres program"):
        server.start()
    monkeypatch.delenv("FOURFOLD_PG_BINDIR")


def test_production_takes_its_addresses_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://app:p%40ss@db.example:6432/fourfold?sslmode=require")
    assert where.place() == where.Place("db.example", "6432", "fourfold", "app", "p@ss", (("sslmode", "require"),))
    monkeypatch.delenv("FOURFOLD_OWNER_DATABASE_URL", raising=False)
    with pytest.raises(LookupError, match="FOURFOLD_OWNER_DATABASE_URL"):
        where.place("owner")
    with pytest.raises(LookupError, match="no simulation role"):
        where.place("simulation")
