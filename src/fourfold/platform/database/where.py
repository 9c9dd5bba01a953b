"""Where the database is and who connects to it: decided from the environment alone, without Django or a connection."""

import hashlib
import os
import pwd
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qsl, unquote, urlsplit

Role = Literal["owner", "app", "simulation"]

MINIMUM_VERSION = 17
ROLE_NAMES: dict[Role, str] = {"owner": "fourfold_owner", "app": "fourfold_app", "simulation": "fourfold_simulation"}
# PostgreSQL keeps a socket's path in about 107 bytes, of which the file name takes 16.
LONGEST_SOCKET_FOLDER = 88


@dataclass(frozen=True)
class Place:
    """One database as one role sees it. `host` is a folder for a Unix socket; empty values are left to libpq."""

    host: str
    port: str
    name: str
    user: str
    password: str = ""
    options: tuple[tuple[str, str], ...] = ()

    def conninfo(self) -> dict[str, str]:
        parts = {
            "host": self.host,
            "port": self.port,
            "dbname": self.name,
            "user": self.user,
            "password": self.password,
        }
        return {k: v for k, v in parts.items() if v} | dict(self.options)


@dataclass(frozen=True)
class Account:
    """Who the embedded server runs as. `uid` is None where it is whoever runs this."""

    uid: int | None = None
    gid: int | None = None

    def options(self) -> dict[str, object]:
        """What `subprocess` takes to run a program as this account."""
        if self.uid is None:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def account() -> Account:
    """Who the embedded server runs as: PostgreSQL refuses root, so for root it is `postgres` or `nobody`.

    Raises:
        LookupError: this is root and neither account exists.
    """
    if os.geteuid() != 0:
        return Account()
    for name in ("postgres", "nobody"):
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(found.pw_uid, found.pw_gid)
    raise LookupError("PostgreSQL does not run as root and this machine has neither a postgres nor a nobody account.")


def may_enter(folder: Path, who: Account) -> bool:
    """Whether the account can pass through every folder on the way to `folder`."""
    if who.uid is None:
        return True
    for step in (folder, *folder.parents):
        if not step.exists():
            continue
        facts = step.stat()
        if not facts.st_mode & (0o100 if facts.st_uid == who.uid else 0o001):
            return False
    return True


def source_root() -> Path:
    """The checkout, or the folder the package is installed in."""
    return Path(__file__).resolve().parents[4]


def data_folder() -> Path:
    """Everything that is kept: database, received files. `FOURFOLD_DATA`, or `var/` in the checkout."""
    named = os.environ.get("FOURFOLD_DATA")
    return Path(named).expanduser().resolve() if named else source_root() / "var"


def is_embedded() -> bool:
    return not os.environ.get("DATABASE_URL")


def socket_folder(data: Path) -> Path:
    """The folder of the server's socket: beside the data, or a hashed one where that path is too long or closed."""
    beside = data / "run"
    if len(os.fsencode(beside)) <= LONGEST_SOCKET_FOLDER and may_enter(data, account()):
        return beside
    digest = hashlib.sha256(os.fsencode(data)).hexdigest()[:16]
    return Path("/tmp") / f"fourfold-{digest}"  # noqa: S108  the launcher makes it with mode 0700 and checks its owner


def place(role: Role = "app", *, name: str | None = None) -> Place:
    """The database for `role`.

    In production `DATABASE_URL` is the application role's address and `FOURFOLD_OWNER_DATABASE_URL` the migrating
    owner's. Without them the embedded server is meant, whose roles have fixed names and need no password because only
    the account that runs it can reach its socket.

    Raises:
        LookupError: the owner is asked for in production and `FOURFOLD_OWNER_DATABASE_URL` is not set.
    """
    if is_embedded():
        return Place(
            str(socket_folder(data_folder())),
            "5432",
            name or os.environ.get("FOURFOLD_DATABASE", "fourfold"),
            ROLE_NAMES[role],
        )
    variable = "FOURFOLD_OWNER_DATABASE_URL" if role == "owner" else "DATABASE_URL"
    address = os.environ.get(variable)
    if not address:
        raise LookupError(f"Set {variable} to the address of the role that owns the database, then run this again.")
    if role == "simulation":
        raise LookupError("A production database has no simulation role. Unset DATABASE_URL to build a demonstration.")
    parts = urlsplit(address)
    return Place(
        unquote(parts.hostname or ""),
        str(parts.port or ""),
        name or unquote(parts.path.lstrip("/")),
        unquote(parts.username or ""),
        unquote(parts.password or ""),
        tuple(parse_qsl(parts.query)),
    )
