"""The drill: back up, lose everything, restore, and check that nothing is missing."""

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from fourfold.platform.database import backup, roles, server, where


@pytest.fixture
def data(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="ff"))
    folder.chmod(0o755)
    monkeypatch.setenv("FOURFOLD_DATA", str(folder))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.delenv("FOURFOLD_INTAKE", raising=False)
    server.start()
    roles.prepare(simulation=False)
    with roles.connect(where.place("owner")) as connection:
        connection.execute("create table kept (id bigint primary key, label_id bigint, words text)")
        connection.execute("insert into kept select n, n % 3, 'row ' || n from generate_series(1, 500) n")
        connection.execute("alter table kept enable row level security, force row level security")
        connection.execute("create policy reads on kept for select using (false)")
        connection.execute("grant select on kept to fourfold_app")
    (folder / "intake" / "ab").mkdir(parents=True)
    (folder / "intake" / "ab" / "extract.csv").write_bytes(b"Id,Name\r\n1,\xe9\r\n")
    yield folder
    server.stop()


def test_the_drill_brings_back_every_row_every_policy_and_every_file(data: Path) -> None:
    kept = backup.backup(data / "backup")
    assert (kept.rows, kept.files) == (500, 1)
    roles.drop_database("fourfold")

    restored = backup.restore(data / "backup", name="fourfold", files=data / "received")

    assert restored == kept
    assert (data / "received" / "ab" / "extract.csv").read_bytes() == b"Id,Name\r\n1,\xe9\r\n"
    with roles.connect(where.place("owner")) as connection:
        forced = connection.execute(
            "select relforcerowsecurity, pg_get_userbyid(relowner) from pg_class where relname = 'kept'"
        ).fetchone()
    assert forced == (True, "fourfold_owner")
    with roles.connect(where.place("app")) as connection:
        assert connection.execute("select count(*) from kept").fetchone() == (0,)


def test_a_damaged_backup_is_refused(data: Path) -> None:
    backup.backup(data / "backup")
    dump = data / "backup" / backup.DUMP
    whole = bytearray(dump.read_bytes())
    whole[len(whole) // 2] ^= 1
    dump.write_bytes(whole)
    with pytest.raises(backup.BackupRefused, match="checksum differs"):
        backup.restore(data / "backup", name="elsewhere")


def test_a_restore_that_misses_rows_says_which_table(data: Path) -> None:
    backup.backup(data / "backup")
    manifest = data / "backup" / backup.MANIFEST
    said = json.loads(manifest.read_text())
    said["rows"]["public.kept"] = 501
    manifest.write_text(json.dumps(said))
    with pytest.raises(backup.BackupRefused, match=r"public\.kept"):
        backup.restore(data / "backup", name="elsewhere")


def test_nothing_is_written_over(data: Path) -> None:
    backup.backup(data / "backup")
    with pytest.raises(backup.BackupRefused, match="already there"):
        backup.backup(data / "backup")
    with pytest.raises(backup.BackupRefused, match="already there"):
        backup.restore(data / "backup", name="fourfold")
