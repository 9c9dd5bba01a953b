"""Disruptions with policy, versions and ledger on: sent from the phone's form, listed among 100,000, keyed in bulk."""

import os
import time
import tracemalloc
from datetime import date, timedelta
from statistics import median
from uuid import uuid4

from bench import database
from bench.result import Result

from fourfold.entry.setup import lives_long

NAME = "fourfold_bench_disruptions"
ROWS = 100_000
THREATS = 200
AT_ONCE = 2_000
PAGES = 30
TO_SEND = "at most 40 ms"
PEER_CREATE_MS, PEER_LIST_MS = 74, 119  # DFIR-IRIS 2.4: create a case; list 25 of 1,000
WORDS = "The group can no longer deliver to the two coastal towns because both couriers and the car are gone"


def run(scale: float) -> list[Result]:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fourfold.entry.settings")
    database.make(NAME)
    try:
        import django  # noqa: PLC0415  the settings read FOURFOLD_DATA, which the caller has set by now

        django.setup()
        lives_long()
        _connect()
        rows = int(ROWS * scale)
        return [_keyed(rows), *_pages(rows), *_as_a_file(rows)]
    finally:
        from django.db import connection  # noqa: PLC0415

        connection.close()
        database.drop(NAME)


def _connect() -> None:
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
    settings.ALLOWED_HOSTS = ["testserver"]
    reference.load(settings.REGION, settings.REGIONS, today=clock.today())
    people.create_user(
        email="analyst@bench.test",
        name="Force analyst",
        organisation=Organisation.objects.get(code="gmp"),
        roles=["analyst"],
        held_from=date(2019, 1, 1),
    )


def _analyst():
    from fourfold.platform.people.models import User  # noqa: PLC0415

    return User.objects.select_related("organisation").get(email="analyst@bench.test")


def _said(reference: str, on: date, tactic: str):
    from fourfold.disruptions.rules import Said  # noqa: PLC0415

    return Said(
        threat=reference,
        event_on=on,
        category="MINOR",
        primary_p="PURSUE",
        tactics=(tactic,),
        facts={"arrests": 2, "cash_pounds": "1250.50"},
        happened="Warrant at the safe house, two arrests",
        stopped=WORDS,
        for_how_long="Three months at least, until somebody else is trusted with the phone",
        how_known="Two reports since then say that customers are sent away and the line rings out",
        different_because="Another event of the same days",
    )


def _keyed(rows: int) -> Result:
    """Fill the store through the service that bulk entry uses, and say how many lines a second it takes."""
    from fourfold.disruptions import selectors, services  # noqa: PLC0415
    from fourfold.platform import clock  # noqa: PLC0415
    from fourfold.platform.visibility.scope import acting_as  # noqa: PLC0415
    from fourfold.threats import rules as threat_rules  # noqa: PLC0415
    from fourfold.threats import services as threats  # noqa: PLC0415

    analyst, today = _analyst(), clock.today()
    with acting_as(analyst):
        tactic = next(iter(selectors.region_data().words.tactics))
        references = [
            threats.nominate_threat(
                actor=analyst,
                nomination=threat_rules.Nomination(
                    threat_type="OCG",
                    name=f"Group {number}",
                    summary="People moving class A drugs into two coastal towns",
                    themes=("DRU.county_lines",),
                    tier="UNTIERED",
                    phase="IDENTIFIED",
                    nominated_on=date(2020, 1, 1),
                ),
                owner=analyst.organisation,
                reason="Three linked seizures this month",
                today=today,
            ).reference
            for number in range(THREATS)
        ]
    taken = 0.0
    for start in range(0, rows, AT_ONCE):
        entries = [
            _said(references[n % THREATS], today - timedelta(days=n % 1_500), tactic)
            for n in range(start, min(start + AT_ONCE, rows))
        ]
        started = time.perf_counter()
        with acting_as(analyst):
            done = services.record_disruptions(actor=analyst, entries=entries, now=clock.now(), today=today)
        taken += time.perf_counter() - started
        assert all(outcome.disruption for outcome in done)
    note = f"{rows:,} lines, {AT_ONCE:,} at a time"
    return Result("disruptions: lines keyed in bulk a second", rows / taken, "/s", target="at least 300", note=note)


def _pages(rows: int) -> list[Result]:
    from django.db import connection  # noqa: PLC0415
    from django.test import Client  # noqa: PLC0415
    from django.urls import reverse  # noqa: PLC0415

    from fourfold.disruptions import selectors  # noqa: PLC0415
    from fourfold.platform import clock  # noqa: PLC0415
    from fourfold.platform.visibility.scope import acting_as  # noqa: PLC0415

    analyst = _analyst()
    with database.superuser(NAME) as admin:
        admin.execute("vacuum analyze")
    connection.close()
    client = Client()
    client.force_login(analyst)
    with acting_as(analyst):
        tactic = next(iter(selectors.region_data().words.tactics))
    today = clock.today()

    def send(number: int) -> float:
        said = _said(f"SOC-{number % THREATS + 1:04d}", today - timedelta(days=number), tactic)
        answers = {
            "act": "send",
            "q": said.threat,
            "threat": said.threat,
            "often": [tactic],
            "when": "TODAY",
            "primary_p": said.primary_p,
            "role": "LEAD",
            "category": said.category,
            "happened": said.happened,
            "stopped": said.stopped,
            "for_how_long": said.for_how_long,
            "how_known": said.how_known,
            "fact_arrests": "2",
            "different_because": said.different_because,
        }
        address = reverse("disruptions:form", kwargs={"key": uuid4()})
        started = time.perf_counter()
        answer = client.post(address, answers)
        taken = time.perf_counter() - started
        assert answer.status_code == 302, answer.content.decode()[:2_000]
        return taken * 1_000

    def page(**query: str) -> float:
        started = time.perf_counter()
        answer = client.get(reverse("disruptions:list"), query)
        taken = time.perf_counter() - started
        assert answer.status_code == 200, answer
        return taken * 1_000

    sent = median([send(number) for number in range(PAGES)][1:])
    listed = median([page() for _ in range(PAGES)][1:])
    found = median([page(p="PURSUE", agency="gmp", late="late") for _ in range(PAGES)][1:])
    peer = "DFIR-IRIS 2.4, as measured elsewhere"
    return [
        Result(
            "disruptions: a form sent and recorded, p50",
            sent,
            "ms",
            peer,
            PEER_CREATE_MS,
            sent / PEER_CREATE_MS,
            TO_SEND,
        ),
        Result(
            f"disruptions: 25 of {rows:,}, p50",
            listed,
            "ms",
            peer,
            PEER_LIST_MS,
            listed / PEER_LIST_MS,
            "at most 40 ms",
        ),
        Result("disruptions: the same with three filters on, p50", found, "ms"),
    ]


def _as_a_file(rows: int) -> list[Result]:
    """The whole list as CSV, sent row by row, beside the same made whole before it is sent."""
    from django.test import Client  # noqa: PLC0415
    from django.urls import reverse  # noqa: PLC0415

    from fourfold.platform.ui import exports  # noqa: PLC0415

    client = Client()
    client.force_login(_analyst())
    usual = exports.ROWS_AT_ONCE

    def take(*, row_by_row: bool) -> tuple[float, int]:
        """Seconds to the first piece, and bytes in all."""
        exports.ROWS_AT_ONCE = usual if row_by_row else 10 * rows
        started = time.perf_counter()
        answer = client.get(reverse("disruptions:list"), {"export": "csv"})
        pieces = iter(answer)
        size = len(next(pieces))
        first = time.perf_counter() - started
        return first, size + sum(map(len, pieces))

    def most_kept(*, row_by_row: bool) -> float:
        """Megabytes that Python kept at once, at most."""
        tracemalloc.start()
        try:
            take(row_by_row=row_by_row)
            return tracemalloc.get_traced_memory()[1] / 1e6
        finally:
            tracemalloc.stop()

    if rows <= usual:
        return []
    try:
        take(row_by_row=True)
        before = time.process_time()
        first, size = take(row_by_row=True)
        spent = time.process_time() - before
        whole, _ = take(row_by_row=False)
        kept, kept_whole = most_kept(row_by_row=True), most_kept(row_by_row=False)
    finally:
        exports.ROWS_AT_ONCE = usual
    peer = "made whole before it is sent"
    note = f"{size / 1e6:.1f} MB in {spent:.1f} s of the processor"
    return [
        Result(f"disruptions: {rows:,} as CSV, first rows", first * 1_000, "ms", peer, whole * 1_000, first / whole),
        Result(f"disruptions: {rows:,} as CSV, kept", kept, "MB", peer, kept_whole, kept / kept_whole, note=note),
    ]
