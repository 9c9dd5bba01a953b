"""Figures over 10,000 threats and a million disruptions: dashboards, an extract as recorded on a past date, pages."""

import os
import time
from datetime import date
from statistics import median, quantiles
from typing import Any

from bench import database
from bench.result import Result, alternated

NAME = "fourfold_bench_performance"
THREATS = 10_000
DISRUPTIONS = 1_000_000
LINKED = 200
PAGES = 21
PAST = date(2023, 1, 4)
# The case-management system DFIR-IRIS 2.4 showed a case with 200 assets in this time on this kind of machine.
PEER_RECORD_MS = 996
BODIES = ("cheshire", "cumbria", "gmp", "lancashire", "merseyside", "north_wales", "nwrocu")
EMPTY = {"text": "''", "character varying": "''", "boolean": "false", "ARRAY": "'{}'", "jsonb": "'{}'"}
WORDS = "The couriers and the car are gone and nobody else holds the phone line, so deliveries have stopped for now. "
THREAT = {
    "reference": "'SOC-' || lpad(n::text, greatest(4, length(n::text)), '0')",
    "threat_type": "(array['OCG','OCG','OCG','PRIORITY_INDIVIDUAL','VULNERABILITY'])[1 + n % 5]",
    "name": "'Line ' || n",
    "summary": f"'{WORDS}'",
    "themes": "array['DRU.county_lines']",
    "owner_id": "b.pk",
    "tier": "(array['1','2','3','4','5'])[1 + n % 5]",
    "phase": "case when n % 10 = 0 then 'CLOSED_DORMANT' else 'ACTIVE_DISRUPTION' end",
    "phase_from": "date '2021-06-01'",
    "nominated_on": "date '2020-01-01' + n % 1000",
    "nominated_by_id": "{user}",
    "closed_on": "case when n % 10 = 0 then date '2022-12-01' end",
    "closing_ground": "case when n % 10 = 0 then 'CLOSED_DORMANT' else '' end",
    "because": "'Agreed at the monthly tasking meeting'",
}
ASSESSMENT = {
    "reference": "'ASM-' || lpad(n::text, 6, '0')",
    "threat_id": "n",
    "threat_type": "'OCG'",
    "kind": "'TACTICAL'",
    "soc": "n % 20 <> 0",
    "status": "case when n % 7 = 0 then 'SUBMITTED' else 'MODERATED' end",
    "round": "1",
    "decided_at": "case when n % 7 = 0 then null else timestamptz '2022-06-01' end",
    "because": "'Moderated as submitted'",
}
DISRUPTION = {
    "reference": "'DIS-' || lpad(n::text, 7, '0')",
    "threat_id": f"case when n <= {LINKED} then 1 else 2 + n % ({{threats}} - 1) end",
    "threat_type": "'OCG'",
    "role": "case when n % 12 = 0 then 'SUPPORT' else 'LEAD' end",
    "lead_agency_id": "b.pk",
    "event_on": "date '2019-01-01' + (n * 7 % 1700)::integer",
    "record_date": "date '2019-01-01' + (n * 7 % 1700)::integer",
    "added_at": "timestamptz '2019-01-03' + (n * 7 % 1700) * interval '1 day' + n % 40 * interval '1 day'",
    "category": "(array['MINOR','MODERATE','MINOR','MAJOR','NO_NOTICEABLE'])[1 + n % 5]",
    "original_category": "'MINOR'",
    "primary_p": "(array['PURSUE','PURSUE','PURSUE','PREVENT','PROTECT','PREPARE','PURSUE'])[1 + n % 7]",
    "happened": f"'{WORDS}'",
    "stopped": f"'{WORDS}'",
    "for_how_long": "'Three months at least'",
    "how_known": f"'{WORDS}'",
    "handling": "'P'",
    "state": "(array['RECORDED','VALIDATED','VALIDATED','MODERATED'])[1 + n % 4]",
    "late": "n % 40 > 28",
    "recorder_id": "{user}",
    "validated_by_id": "{user}",
    "because": "'Recorded'",
}


def run(scale: float) -> list[Result]:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fourfold.entry.settings")
    database.make(NAME)
    try:
        import django  # noqa: PLC0415  the settings read FOURFOLD_DATA, which the caller has set by now

        django.setup()
        _connect()
        filled = _fill(int(THREATS * scale), int(DISRUPTIONS * scale))
        return [*_extract(filled), *_dashboards(filled), *_pages()]
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
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    reference.load(settings.REGION, settings.REGIONS, today=clock.today())
    people.create_user(
        email="reader@bench.test",
        name="Regional lead",
        organisation=Organisation.objects.get(code="nwrocu"),
        roles=["rocu_lead"],
        held_from=date(2019, 1, 1),
    )


def _fill(threats: int, disruptions: int) -> dict[str, int]:
    """Rows as the services would leave them, and of every other disruption what it said before, in bulk.

    Triggers are off while they go in, so that they can have been recorded at any time; indexes are made afterwards.
    """
    from fourfold.platform.people.models import Organisation, User  # noqa: PLC0415
    from fourfold.platform.visibility.services import label_for  # noqa: PLC0415

    user = User.objects.get(email="reader@bench.test").pk
    owners = [Organisation.objects.get(code=code) for code in BODIES]
    labels = [(label_for(owner=o).pk, label_for(owner=o, audience="OWN").pk) for o in owners]
    bodies = ", ".join(f"({at}, {o.pk}, {labels[at][0]}, {labels[at][1]})" for at, o in enumerate(owners))
    join = f"join (values {bodies}) b(at, pk, region, own) on b.at = n % {len(owners)}"
    facts = {"user": user, "threats": threats}
    added, table = DISRUPTION["added_at"], "disruptions_disruption_was"
    again = f"greatest({added}, timestamptz '2023-03-01' + n % 90 * interval '1 day')"
    was = DISRUPTION | {"category": "'MINOR'", "recorded_to": again, "label_was": "b.region"}
    changed = f"where n % 2 = 0 and {added} < {again}"
    with database.superuser(NAME) as free:
        free.execute("set session_replication_role = replica")
        few, many = (f"generate_series(1, {rows}) n {join}" for rows in (threats, disruptions))
        _insert(free, "threats_threat", THREAT | {"recorded_from": "timestamptz '2021-06-01'"}, few, facts)
        _insert(free, "assessments_assessment", ASSESSMENT | {"recorded_from": "timestamptz '2022-06-01'"}, few, facts)
        kept = _without_indexes(free, ("disruptions_disruption", table))
        latest = f"case when n % 2 = 0 then {again} else {added} end"
        _insert(free, "disruptions_disruption", DISRUPTION | {"recorded_from": latest}, many, facts)
        _insert(free, table, was | {"recorded_from": added}, f"{many} {changed}", facts)
        for statement in kept:
            free.execute(statement)
        free.execute("set session_replication_role = origin")
        for named in ("threats_threat", "assessments_assessment", "disruptions_disruption", table):
            free.execute(f"vacuum analyze {named}")
        versions = free.execute(f"select count(*) from {table}").fetchone()
    assert versions is not None
    return {"threats": threats, "disruptions": disruptions, "versions": disruptions + versions[0]}


def _insert(free: database.Connection, table: str, given: dict[str, str], source: str, facts: dict[str, int]) -> None:
    """Each column by its expression; one that may be null is null, one that may not is empty of its kind."""
    said = given | {"id": "n", "label_id": "case when n % 20 = 0 then b.own else b.region end"}
    columns = free.execute(
        "select column_name, data_type, is_nullable from information_schema.columns "
        "where table_schema = 'public' and table_name = %s order by ordinal_position",
        [table],
    ).fetchall()
    chosen = {
        name: said.get(name) or ("null" if nullable == "YES" else EMPTY[kind]) for name, kind, nullable in columns
    }
    listed = ", ".join(f'"{name}"' for name in chosen)
    statement = f"insert into {table} ({listed}) select {', '.join(chosen.values())} from {source}"
    for name, value in facts.items():
        statement = statement.replace(f"{{{name}}}", str(value))
    free.execute(statement)


def _without_indexes(free: database.Connection, tables: tuple[str, ...]) -> list[str]:
    """Drop what is not a constraint's; answers the statements that make them again."""
    found = free.execute(
        "select c.relname, pg_get_indexdef(i.indexrelid) from pg_index i join pg_class c on c.oid = i.indexrelid "
        "where i.indrelid = any(%s::regclass[]) and not exists (select from pg_constraint k where k.conindid = c.oid)",
        [[f"public.{table}" for table in tables]],
    ).fetchall()
    for name, _ in found:
        free.execute(f'drop index "{name}"')
    return [str(definition) for _, definition in found]


def _reader() -> Any:
    from fourfold.platform.people.models import User  # noqa: PLC0415

    return User.objects.get(email="reader@bench.test")


def _extract(filled: dict[str, int]) -> list[Result]:
    """The disruptions of 2022 by force and P, and the whole extract with its columns, of now and of a past date."""
    from fourfold.performance import selectors  # noqa: PLC0415
    from fourfold.platform import clock  # noqa: PLC0415
    from fourfold.platform.visibility.scope import acting_as  # noqa: PLC0415

    columns = ("pk", "reference", "threat_id", "lead_agency_id", "record_date", "category", "primary_p", "added_at")
    results = []
    with acting_as(_reader()):
        of = selectors.measure("DISRUPTIONS")
        now, past = selectors.Asked(clock.today()), selectors.Asked(clock.today(), PAST)

        def extract(asked: selectors.Asked) -> int:
            with asked.applied():
                return len(selectors.rows_of(of, asked).order_by().values_list(*columns))

        def figures(asked: selectors.Asked) -> object:
            return selectors.figures_of(of, asked)

        rows = extract(now), extract(past)
        assert rows[0] != rows[1]
        for what, work in (("extract of 2022 with its columns", extract), ("its figures by body", figures)):
            then, ours = alternated(lambda w=work: w(past), lambda w=work: w(now), rounds=7)  # type: ignore[misc]
            results.append(
                Result(
                    f"performance: {what} as recorded before, {filled['versions']:,} versions",
                    then * 1_000,
                    "ms",
                    "the same as of now",
                    ours * 1_000,
                    then / ours,
                    "at most 2x",
                    note=f"{rows[1]:,} rows then, {rows[0]:,} now",
                )
            )
    return results


def _dashboards(filled: dict[str, int]) -> list[Result]:
    from django.test import Client  # noqa: PLC0415
    from django.urls import reverse  # noqa: PLC0415

    client = Client()
    client.force_login(_reader())
    size = f"{filled['threats']:,} threats and {filled['disruptions']:,} disruptions"
    year = {"from": "2022-01-01", "to": "2022-12-31"}
    asked = (
        ("threats", "threats", {}),
        ("disruptions of a year", "disruptions", year),
        ("disruptions of a year, as recorded before", "disruptions", year | {"as_recorded_on": PAST.isoformat()}),
        ("threats, as recorded before", "threats", {"as_recorded_on": PAST.isoformat()}),
    )
    results = []
    for words, name, query in asked:
        taken = [_page(client, reverse(f"performance:{name}"), query) for _ in range(PAGES)][1:]
        p95 = quantiles(taken, n=20)[-1]
        note = f"p50 {median(taken):.0f} ms; whole page"
        target = "at most 500 ms" if "recorded" not in words else ""
        results.append(Result(f"performance: {words}, {size}, p95", p95, "ms", target=target, note=note))
    return results


def _pages() -> list[Result]:
    from django.test import Client  # noqa: PLC0415
    from django.urls import reverse  # noqa: PLC0415

    client = Client()
    client.force_login(_reader())
    results = []
    for words, name in (
        (f"threat with {LINKED} disruptions", "threats:detail"),
        ("its disruptions", "disruptions:of_threat"),
    ):
        address = reverse(name, kwargs={"reference": "SOC-0001"})
        taken = median([_page(client, address, {}) for _ in range(PAGES)][1:])
        results.append(
            Result(
                f"performance: {words}, p50",
                taken,
                "ms",
                "a case with 200 assets in DFIR-IRIS 2.4, as measured elsewhere",
                PEER_RECORD_MS,
                taken / PEER_RECORD_MS,
                "at most a third",
            )
        )
    return results


def _page(client: Any, address: str, query: dict[str, str]) -> float:
    started = time.perf_counter()
    answer = client.get(address, query)
    taken = time.perf_counter() - started
    assert answer.status_code == 200, (address, answer.status_code)
    return taken * 1_000
