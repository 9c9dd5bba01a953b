"""Exchange: lines of a workbook out and in, beside openpyxl alone writing and reading the same cells."""

import io
import os
import tempfile
import time
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from bench import database
from bench.result import Result

NAME = "fourfold_bench_exchange"
THREATS = 200
LINES = 3_000
WANTED_A_SECOND = 300
NOW, TODAY = datetime(2026, 10, 1, 9, tzinfo=UTC), date(2026, 10, 1)


def run(scale: float) -> list[Result]:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fourfold.entry.settings")
    database.make(NAME)
    try:
        import django  # noqa: PLC0415  the settings read FOURFOLD_DATA, which the caller has set by now

        django.setup()
        with tempfile.TemporaryDirectory() as folder:
            return _measured(Path(folder), max(100, int(LINES * scale)))
    finally:
        from django.db import connection  # noqa: PLC0415

        connection.close()
        database.drop(NAME)


def _connect() -> Any:
    """The application's connection, the region's words, and the lead of the regional unit."""
    from django.conf import settings  # noqa: PLC0415
    from django.db import connection  # noqa: PLC0415

    from fourfold.platform import clock  # noqa: PLC0415
    from fourfold.platform.database import where  # noqa: PLC0415
    from fourfold.platform.people import services as people  # noqa: PLC0415
    from fourfold.platform.people.models import Organisation  # noqa: PLC0415
    from fourfold.platform.reference import services as reference  # noqa: PLC0415

    connection.close()
    place = where.place("app", name=NAME)
    connection.settings_dict.update({"NAME": place.name, "USER": place.user, "HOST": place.host, "PORT": place.port})
    settings.DEBUG = False
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    reference.load(settings.REGION, settings.REGIONS, today=clock.today())
    return people.create_user(
        email="lead@bench.test",
        name="Lead",
        organisation=Organisation.objects.get(code="nwrocu"),
        roles=["rocu_lead"],
        held_from=date(2021, 1, 1),
    )


def _workbook(sheet: str, lines: list[dict[str, Any]]) -> bytes:
    from openpyxl import Workbook  # noqa: PLC0415

    book = Workbook(write_only=True)
    made = book.create_sheet(sheet)
    made.append(list(lines[0]))
    for line in lines:
        made.append(list(line.values()))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _threats() -> bytes:
    lines = [
        {
            "URN": f"N-{at}",
            "Threat type": "OCG",
            "Name": f"Line {at}",
            "Summary": "People moving class A drugs into two coastal towns",
            "Themes": "Drugs: County lines",
            "Phase": "Development",
            "Nominated on": date(2022, 1, 1),
        }
        for at in range(THREATS)
    ]
    return _workbook("Threats", lines)


def _disruptions(count: int) -> bytes:
    lines = [
        {
            "URN": f"D-{at}",
            "Threat URN": f"N-{at % THREATS}",
            "Event date": date(2022, 2 + at // 28 % 10, 1 + at % 28),
            "Category": "Minor",
            "Primary P": "Pursue",
            "What they can no longer do": "They cannot use the lock-up behind the quay for a month or longer",
            "People arrested": at % 5,
            "Supporting agencies": "GMP: lent a search team",
            "Evidence": "2B CR/1234: seizure record",
        }
        for at in range(count)
    ]
    return _workbook("Disruptions", lines)


def _seconds(act: Any) -> tuple[float, Any]:
    started = time.perf_counter()
    done = act()
    return time.perf_counter() - started, done


def _peer_read(content: bytes) -> int:
    """Every cell of every sheet, as the library gives it."""
    from openpyxl import load_workbook  # noqa: PLC0415

    book = load_workbook(io.BytesIO(content), read_only=True)
    return sum(len(row) for sheet in book.worksheets for row in sheet.iter_rows(values_only=True))


def _peer_write(content: bytes) -> float:
    """Seconds in which the same cells go into a new workbook, without meaning."""
    from openpyxl import Workbook, load_workbook  # noqa: PLC0415

    rows = {s.title: list(s.iter_rows(values_only=True)) for s in load_workbook(io.BytesIO(content)).worksheets}
    started = time.perf_counter()
    book = Workbook(write_only=True)
    for title, lines in rows.items():
        sheet = book.create_sheet(title)
        for line in lines:
            sheet.append(line)
    book.save(io.BytesIO())
    return time.perf_counter() - started


def _measured(folder: Path, count: int) -> list[Result]:
    from fourfold.exchange import selectors, services  # noqa: PLC0415
    from fourfold.intake.storage import Store  # noqa: PLC0415
    from fourfold.platform.visibility.scope import acting_as  # noqa: PLC0415

    lead, store, when = _connect(), Store(folder), {"now": NOW, "today": TODAY}

    def bring(content: bytes) -> Any:
        with acting_as(lead):
            given = {"layout": selectors.layout(), "store": store, **when}
            return services.receive(actor=lead, stream=io.BytesIO(content), name="bench.xlsx", **given)

    def confirm(came: Any) -> Any:
        with acting_as(lead):
            given = {"layout": selectors.layout(), "store": store, "only_good": False, **when}
            return services.confirm(actor=lead, of=came, **given)

    def take() -> bytes:
        out = io.BytesIO()
        with acting_as(lead):
            given = {"form": "xlsx", "layout": selectors.layout(), "wanted": selectors.Wanted(), **when}
            services.export(actor=lead, out=out, reason="To be measured here", **given)
        return out.getvalue()

    confirm(bring(_threats()))
    content = _disruptions(count)
    checked, came = _seconds(lambda: bring(content))
    imported, _ = _seconds(lambda: confirm(came))
    again, _ = _seconds(lambda: bring(content))
    written, exported = _seconds(take)
    read_peer, _ = _seconds(lambda: _peer_read(content))
    write_peer = _peer_write(exported)
    out = count + THREATS
    target = f"at least {WANTED_A_SECOND}/s"
    return [
        Result(
            workload,
            lines / taken,
            "lines/s",
            against=f"openpyxl alone {verb} the same cells",
            against_value=lines / peer,
            ratio=taken / peer,
            target=aim,
        )
        for workload, lines, taken, peer, verb, aim in (
            (f"exchange: check {count:,} lines of a force", count, checked, read_peer, "reads", target),
            (f"exchange: import {count:,} lines of a force", count, imported, read_peer, "reads", target),
            (f"exchange: the same {count:,} lines again, nothing changed", count, again, read_peer, "reads", ""),
            (f"exchange: take {out:,} lines as a workbook", out, written, write_peer, "writes", ""),
        )
    ]
