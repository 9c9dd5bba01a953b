"""Backup and restore: one consistent dump, the received files, and totals that a restore is checked against."""

import hashlib
import json
import os
import shutil
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from fourfold.platform.database import roles, server, where

DUMP, FILES, MANIFEST = "database.dump", "received.tar", "manifest.json"


class BackupRefused(LookupError):
    """A backup or restore that would lose or overwrite something. The message is a sentence."""


@dataclass(frozen=True)
class Totals:
    """What a backup holds, or what a restore brought back."""

    tables: int
    rows: int
    files: int


def _backup_place() -> where.Place:
    """Who may read every row: the embedded superuser, or in production a role made for backups."""
    if where.is_embedded():
        return server.superuser(where.place().name)
    if not os.environ.get("FOURFOLD_BACKUP_DATABASE_URL"):
        raise BackupRefused(
            "Set FOURFOLD_BACKUP_DATABASE_URL to a role with BYPASSRLS and pg_read_all_data; "
            "the application's own role sees no row without an actor, so its backup would be empty."
        )
    os.environ["DATABASE_URL"] = os.environ["FOURFOLD_BACKUP_DATABASE_URL"]
    return where.place()


def _run(program: str, place: where.Place, *arguments: str) -> None:
    programs = server.find().programs if where.is_embedded() else None
    command = [str(programs / program) if programs else program, "-h", place.host, "-U", place.user, *arguments]
    if place.port:
        command[1:1] = ["-p", place.port]
    done = subprocess.run(  # noqa: S603
        command, env=os.environ | {"PGPASSWORD": place.password}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise BackupRefused(
            f"{program} stopped: {done.stderr.strip().splitlines()[-1] if done.stderr.strip() else 'no reason given'}"
        )


def _totals(connection: psycopg.Connection[tuple[object, ...]]) -> dict[str, int]:
    tables = connection.execute(
        "select n.nspname, c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace "
        "where c.relkind in ('r', 'p') and n.nspname not in ('pg_catalog', 'information_schema') "
        "and n.nspname not like 'pg_%' order by 1, 2"
    ).fetchall()
    totals = {}
    for schema, table in tables:
        row = connection.execute(
            sql.SQL("select count(*) from {}.{}").format(sql.Identifier(str(schema)), sql.Identifier(str(table)))
        ).fetchone()
        totals[f"{schema}.{table}"] = int(str(row[0])) if row else 0
    return totals


def _digest(path: Path) -> str:
    with path.open("rb") as read:
        return hashlib.file_digest(read, "sha256").hexdigest()


def backup(folder: Path) -> Totals:
    """Write the database as one moment saw it, with the received files, to `folder`.

    Raises:
        BackupRefused: the folder exists, or nobody here may read every row.
    """
    if folder.exists():
        raise BackupRefused(f"{folder} is already there. Name a new folder; a backup is never written over another.")
    place = _backup_place()
    working = folder.with_name(folder.name + ".part")
    shutil.rmtree(working, ignore_errors=True)
    working.mkdir(parents=True, mode=0o700)
    with roles.connect(place) as connection:
        connection.execute("set transaction isolation level repeatable read read only")
        exported = connection.execute("select pg_export_snapshot()").fetchone()
        snapshot = str(exported[0]) if exported else ""
        _run("pg_dump", place, "-d", place.name, "-Fc", f"--snapshot={snapshot}", "-f", str(working / DUMP))
        totals = _totals(connection)
    received = Path(os.environ.get("FOURFOLD_INTAKE", where.data_folder() / "intake"))
    files = [path for path in sorted(received.rglob("*")) if path.is_file()] if received.exists() else []
    with tarfile.open(working / FILES, "w") as out:
        for path in files:
            out.add(path, arcname=str(path.relative_to(received)))
    manifest = {
        "rows": totals,
        "files": len(files),
        "sha256": {name: _digest(working / name) for name in (DUMP, FILES)},
    }
    (working / MANIFEST).write_text(json.dumps(manifest, indent=1, sort_keys=True))
    working.rename(folder)
    return Totals(len(totals), sum(totals.values()), len(files))


def restore(folder: Path, *, name: str, files: Path | None = None) -> Totals:
    """Restore `folder` into the new database `name`, and its received files into the new folder `files`.

    Raises:
        BackupRefused: the backup is damaged, the database or folder is already there, or a table's total differs.
    """
    manifest = json.loads((folder / MANIFEST).read_text())
    for part, digest in manifest["sha256"].items():
        if _digest(folder / part) != digest:
            raise BackupRefused(f"{folder / part} is not what was written: its checksum differs. Use another backup.")
    if files is not None and files.exists():
        raise BackupRefused(f"{files} is already there. Name a new folder for the received files.")
    if where.is_embedded():
        if not roles.prepare(name=name, simulation=os.environ.get("FOURFOLD_PRODUCTION") != "1"):
            raise BackupRefused(
                f"The database {name} is already there. Name a new one; nothing is restored over another."
            )
        place = server.superuser(name)
    else:
        place = _backup_place()
        place = where.Place(place.host, place.port, name, place.user, place.password, place.options)
    _run("pg_restore", place, "-d", name, "--exit-on-error", "--clean", "--if-exists", str(folder / DUMP))
    with roles.connect(place) as connection:
        found = _totals(connection)
    wrong = sorted(table for table in {*found, *manifest["rows"]} if found.get(table) != manifest["rows"].get(table))
    if wrong:
        raise BackupRefused(
            f"After the restore these tables differ from the backup: {', '.join(wrong)}. Do not use {name}."
        )
    if files is not None:
        files.mkdir(parents=True, mode=0o700)
        with tarfile.open(folder / FILES) as kept:
            kept.extractall(files, filter="data")
    return Totals(len(found), sum(found.values()), int(manifest["files"]))
