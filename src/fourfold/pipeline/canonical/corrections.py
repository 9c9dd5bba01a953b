"""A person's repairs laid over the landed text, before any rule: the same rules then judge the repaired row."""

from __future__ import annotations

import csv
import io
import json
from collections import defaultdict
from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Any
from xml.etree.ElementTree import ParseError

import duckdb
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from fourfold.pipeline.canonical.family import Correction
from fourfold.pipeline.delivery import Landed, LandedTable, Layout
from fourfold.pipeline.landing.record_text import element_as_record

Fields = dict[str, Any]


class Unrepaired(Exception):
    """A repaired line that still cannot be split."""

    def __init__(self, rule: str, **values: object) -> None:
        self.rule, self.values = rule, values
        super().__init__(rule)


class Repairs:
    """The repaired rows of one delivery, by landed table."""

    def __init__(self, landed: Landed, layouts: Sequence[Layout], corrections: Sequence[Correction]) -> None:
        self._landed, self._layouts = landed, layouts
        self.rows: dict[str, dict[tuple[str, int], Fields]] = defaultdict(dict)
        self.unrepaired: list[tuple[Correction, Unrepaired]] = []
        by_row: dict[tuple[str, int], list[Correction]] = defaultdict(list)
        for correction in corrections:
            by_row[(correction.source_file, correction.source_line)].append(correction)
        for place, of_row in sorted(by_row.items()):
            self._repair(place, of_row)

    def touched(self) -> set[tuple[str, int]]:
        """File and line of every repaired row."""
        return {place for rows in self.rows.values() for place in rows}

    def _repair(self, place: tuple[str, int], corrections: list[Correction]) -> None:
        table: str = ""
        fields: Fields = {}
        try:
            for correction in corrections:
                if correction.column is None:
                    table, fields = self._split(correction)
            if not table:
                table, fields = self._delivered(place)
        except Unrepaired as still:
            self.unrepaired.append((corrections[-1], still))
            return
        for correction in corrections:
            if correction.column is not None:
                _put(
                    fields,
                    correction.column.split(".") if not self._is_flat(table) else [correction.column],
                    correction.value,
                )
        self.rows[table][place] = fields

    def _is_flat(self, table: str) -> bool:
        return not self._layout(table).shape

    def _layout(self, table: str) -> Layout:
        return next(layout for layout in self._layouts if layout.table == table)

    def _tables(self, file: str) -> list[LandedTable]:
        return [table for item in self._landed.files if item.name == file for table in item.tables]

    def _delivered(self, place: tuple[str, int]) -> tuple[str, Fields]:
        """The row as landed, or as landing set it aside when it could be split."""
        file, line = place
        with duckdb.connect() as db:
            for table in self._tables(file):
                found = db.execute(
                    "SELECT * EXCLUDE (source_line, source_row) FROM read_parquet($source) WHERE source_line = $line",
                    {"source": str(self._landed.parquet(table)), "line": line},
                )
                names = [column[0] for column in found.description or ()]
                rows = found.fetchall()
                if rows:
                    fields = dict(zip(names, rows[0], strict=True))
                    return table.table, json.loads(fields["body"]) if names == ["body"] else fields
            aside = db.execute(
                "SELECT row_json FROM read_parquet($source) WHERE source_file = $file AND source_line = $line",
                {"source": str(self._landed.quarantine), "file": file, "line": line},
            ).fetchall()
        if aside and "" not in (fields := json.loads(aside[0][0])):
            return self._tables(file)[0].table, fields
        raise Unrepaired("Q-ROW-06")

    def _split(self, correction: Correction) -> tuple[str, Fields]:
        layouts = [layout for layout in self._layouts if fnmatchcase(correction.source_file, layout.file)]
        if not layouts:
            raise Unrepaired("Q-ROW-06")
        if layouts[0].format == "csv":
            return layouts[0].table, self._csv_row(correction, layouts[0])
        if layouts[0].format == "xml":
            return _xml_record(correction.value, layouts)
        try:
            record = json.loads(correction.value)
        except (ValueError, RecursionError) as wrong:
            raise Unrepaired("Q-ROW-07", why=str(wrong)) from wrong
        if not isinstance(record, dict):
            raise Unrepaired("Q-ROW-07", why="it holds one value and no named fields")
        return layouts[0].table, record

    def _csv_row(self, correction: Correction, layout: Layout) -> Fields:
        header = self._tables(correction.source_file)[0].columns
        try:
            rows = list(csv.reader(io.StringIO(correction.value, newline=""), delimiter=layout.delimiter, strict=True))
        except csv.Error as wrong:
            raise Unrepaired("Q-ROW-06") from wrong
        if len(rows) != 1:
            raise Unrepaired("Q-ROW-06")
        if len(rows[0]) != len(header):
            rule = "Q-ROW-01" if len(rows[0]) < len(header) else "Q-ROW-02"
            raise Unrepaired(rule, found=len(rows[0]), expected=len(header))
        return dict(zip(header, rows[0], strict=True))


def _xml_record(text: str, layouts: Sequence[Layout]) -> tuple[str, Fields]:
    try:
        element = fromstring(text, forbid_dtd=True)
    except (ParseError, DefusedXmlException) as wrong:
        raise Unrepaired("Q-ROW-06") from wrong
    for layout in layouts:
        if layout.record.rpartition("/")[2] == element.tag:
            return layout.table, element_as_record(element, layout.shape)
    raise Unrepaired("Q-ROW-10", column=element.tag)


def _put(fields: Fields, trail: list[str], value: str) -> None:
    for name in trail[:-1]:
        below = fields.get(name)
        if not isinstance(below, dict):
            below = fields[name] = {}
        fields = below
    fields[trail[-1]] = value
