"""Landing: the door of the pipeline. Bytes kept, hashes and totals checked, text made of them, all or nothing."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from fourfold.pipeline.canonical.sources import family_named
from fourfold.pipeline.catalogue import CATALOGUE
from fourfold.pipeline.delivery import (
    LANDED_JSON,
    Caps,
    Finding,
    Landed,
    LandedFile,
    LandedTable,
    Layout,
    Refused,
)
from fourfold.pipeline.landing.bytes_kept import KeptFile, digest, keep
from fourfold.pipeline.landing.csv_text import CsvFile
from fourfold.pipeline.landing.record_text import RecordFile
from fourfold.pipeline.landing.set_aside import SetAside
from fourfold.pipeline.landing.table_text import land_parquet, land_rows
from fourfold.pipeline.whole_folder import whole_folder

MANIFEST = "manifest.json"
_MANIFEST_BYTES = 5_000_000


def land(path: Path, *, into: Path, family: str | None = None, caps: Caps | None = None, link: bool = False) -> Landed:
    """Take a delivery: a folder, a zip or one file. `into` becomes the landing, whole or not at all.

    Args:
        path: What was delivered.
        into: Folder the landing will be. If it already holds this very delivery, that landing is returned.
        family: Source family; may be left out when the manifest names it.
        caps: Limits beyond which a delivery is refused.
        link: Link the delivered files into the landing; only where they never change.

    Raises:
        Refused: with a code of the catalogue and a sentence.
    """
    with whole_folder(into) as partial:
        landed = _Landing(partial, caps or Caps()).take(path, family, link=link)
        if (into / LANDED_JSON).exists() and Landed.open(into).sha256 == landed.sha256:
            shutil.rmtree(partial)
    return Landed.open(into)


class _Landing:
    """One delivery being landed into a folder of its own."""

    def __init__(self, folder: Path, caps: Caps) -> None:
        self.folder, self.caps = folder, caps
        self.aside = SetAside()
        self.findings: list[Finding] = []
        self.expected: dict[str, int] = {}

    def take(self, path: Path, family: str | None, *, link: bool) -> Landed:
        kept = keep(path, self.folder / "files", self.caps, link=link)
        manifest = self._manifest(kept)
        code = self._family(manifest, family)
        layouts = family_named(code).layouts
        if manifest:
            self._check_manifest(manifest, kept)
        self.expected = {item["name"]: item["rows"] for item in manifest.get("files", [])}
        listed = self.expected.keys()
        data = [item for item in kept if item.name != MANIFEST and (not manifest or item.name in listed)]
        (self.folder / "text").mkdir()
        files = self._read_all(data, layouts)
        self._check_totals(files)
        self.aside.write(self.folder / "quarantine.parquet")
        landed = Landed(self.folder, code, digest(kept), manifest, tuple(files), tuple(self.findings))
        (self.folder / LANDED_JSON).write_text(landed.as_json(), "utf-8")
        return landed

    def _find(self, code: str, file: str, **values: object) -> None:
        self.findings.append(Finding(code, file, CATALOGUE[code].format(name=file, **values)))

    def _manifest(self, kept: Sequence[KeptFile]) -> dict[str, Any]:
        found = next((item for item in kept if item.name == MANIFEST), None)
        if found is None:
            return {}
        if found.bytes > _MANIFEST_BYTES:
            raise Refused("Q-MANIFEST-01", why="it is too large")
        try:
            manifest = json.loads(found.path.read_bytes().decode("utf-8-sig"))
        except (ValueError, RecursionError) as wrong:
            raise Refused("Q-MANIFEST-01", why="it is not JSON") from wrong
        files = manifest.get("files") if isinstance(manifest, dict) else None
        if not isinstance(files, list) or not all(_is_entry(item) for item in files):
            raise Refused("Q-MANIFEST-01", why="it does not list the files with name, rows, bytes and sha256")
        return dict(manifest)

    def _family(self, manifest: Mapping[str, Any], family: str | None) -> str:
        named = manifest.get("family")
        if family is None and not isinstance(named, str):
            raise Refused("Q-MANIFEST-08")
        if family is not None and named is not None and named != family:
            raise Refused("Q-MANIFEST-07", found=named, expected=family)
        return family or str(named)

    def _check_manifest(self, manifest: Mapping[str, Any], kept: Sequence[KeptFile]) -> None:
        there = {item.name: item for item in kept}
        for entry in manifest["files"]:
            item = there.get(entry["name"])
            if item is None:
                raise Refused("Q-MANIFEST-02", name=entry["name"])
            if item.bytes != entry["bytes"]:
                raise Refused("Q-MANIFEST-04", name=item.name, found=item.bytes, expected=entry["bytes"])
            if item.sha256 != entry["sha256"].lower():
                raise Refused("Q-MANIFEST-03", name=item.name)
        listed = {entry["name"] for entry in manifest["files"]}
        for name in sorted(there.keys() - listed - {MANIFEST}):
            self._find("Q-MANIFEST-06", name)

    def _check_totals(self, files: Sequence[LandedFile]) -> None:
        expected = self.expected
        for item in files:
            found = item.rows + item.bad_rows
            if item.name in expected and expected[item.name] != found:
                self._find("Q-MANIFEST-05", item.name, found=found, expected=expected[item.name])
            elif found == 0 and expected.get(item.name) != 0:
                self._find("Q-FILE-15", item.name)

    def _read_all(self, data: Sequence[KeptFile], layouts: Sequence[Layout]) -> list[LandedFile]:
        files: list[LandedFile] = []
        seen: set[str] = set()
        for item in data:
            matching = tuple(layout for layout in layouts if fnmatchcase(item.name, layout.file))
            if not matching:
                self._find("Q-MANIFEST-06", item.name)
                continue
            seen.update(layout.table for layout in matching)
            files.append(self._read(item, matching))
        for layout in layouts:
            if layout.required and layout.table not in seen:
                raise Refused("Q-FILE-13", name=layout.file)
        return files

    def _read(self, item: KeptFile, layouts: tuple[Layout, ...]) -> LandedFile:
        if item.bytes == 0 and not (layouts[0].format == "jsonl" and self.expected.get(item.name) == 0):
            raise Refused("Q-FILE-02", name=item.name)
        slug = re.sub(r"[^A-Za-z0-9_.-]", "_", item.name)
        names = {layout.table: f"{slug}.{layout.table}.parquet" for layout in layouts}
        targets = {table: self.folder / "text" / name for table, name in names.items()}
        layout = layouts[0]
        unknown: tuple[str, ...] = ()
        if layout.format == "csv":
            reader = CsvFile(item.path, item.name, layout, self.caps, self.aside)
            reader.land(targets[layout.table])
            rows, columns, unknown = {layout.table: reader.rows}, tuple(reader.header), reader.unknown
        elif layout.format == "parquet":
            rows = {
                layout.table: land_parquet(item.path, item.name, layout, targets[layout.table], self.caps.memory_mb)
            }
            columns = layout.fields
        elif layout.format == "rows":
            rows = {layout.table: land_rows(item.path, item.name, layout, targets[layout.table])}
            columns = layout.fields
        else:
            records = RecordFile(item.path, item.name, layouts, self.caps, self.aside)
            records.land(targets)
            rows, columns, unknown = records.rows, ("body",), records.unknown
        for column in unknown:
            self._find("Q-FILE-16", item.name, column=column)
        tables = tuple(LandedTable(table, item.name, names[table], rows[table], columns) for table in names)
        return LandedFile(item.name, item.bytes, item.sha256, sum(rows.values()), self.aside.count(item.name), tables)


def _is_entry(item: object) -> bool:
    if not isinstance(item, dict):
        return False
    numbers = all(isinstance(item.get(key), int) for key in ("rows", "bytes"))
    return numbers and isinstance(item.get("name"), str) and isinstance(item.get("sha256"), str)
