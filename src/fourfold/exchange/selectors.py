"""Reads of exchange: layouts, the words of their lists, imports and their lines, records as lines of a file."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import batched, groupby
from typing import Any, Final

from django.db.models import Case, QuerySet, When
from django.db.models import Value as DbValue

from fourfold.assessments import rules as assessment_rules
from fourfold.disruptions import rules as disruption_rules
from fourfold.disruptions import selectors as disruptions
from fourfold.exchange import rules
from fourfold.exchange.models import Import, ImportLine
from fourfold.exchange.rules import Column, Kind, Layout, Value, Values, Wanted, Words
from fourfold.exchange.sheets import desks
from fourfold.exchange.sheets.desk import Desk, Work
from fourfold.exchange.sheets.threats import ThreatsDesk
from fourfold.plans.rules import P_NAMES
from fourfold.platform.errors import NotThere
from fourfold.platform.people.models import Organisation, User
from fourfold.platform.reference import selectors as reference
from fourfold.threats import rules as threat_rules
from fourfold.threats import selectors as threats

KIND: Final = "exchange_layout"
AT_ONCE: Final = 500
AUDIENCES: Final[Mapping[str, str]] = {
    "REGION": "Region",
    "OWN": "Own organisation",
    "NAMED": "Named organisations",
    "AGREEMENT": "Under an agreement",
}


def layouts(*, on: date | None = None) -> tuple[Layout, ...]:
    """The region's layouts in its order. The first is the one that is used where nobody chooses."""
    known = desks.fields()
    return tuple(
        rules.layout_of(
            term.detail,
            code=term.code,
            name=term.name,
            source=term.source,
            is_our_default=term.is_our_default,
            fields=known,
        )
        for term in reference.terms(KIND, on=on)
    )


def layout(code: str = "") -> Layout:
    """One layout, or the first. Raises `NotThere` where there is none of that code."""
    found = next((each for each in layouts() if code in {"", each.code}), None)
    if found is None:
        raise NotThere
    return found


def words(actor: User) -> Words:
    """The region's lists, each code with its word. Circles are those that the person is in."""
    region = threats.vocabulary()
    return {
        "threat_type": {code.value: names[0] for code, names in threat_rules.TYPE_NAMES.items()},
        "tier": {each.code: each.name for each in region.tiers.values()},
        "phase": {each.code: each.name for each in region.phases.values()},
        "theme": {code: region.theme_name(code) for code in region.themes},
        "organisation": {each.code: each.short_name or each.name for each in bodies()},
        "audience": AUDIENCES,
        "circle": {each.code: each.name for each in threats.circles_of(actor.pk)},
        "marking": {each: each for each in ("OFFICIAL", "OFFICIAL-SENSITIVE")},
        "p": {p.value: names[0] for p, names in P_NAMES.items()},
        "assessment_kind": assessment_rules.KIND_NAMES,
        "assessment_status": {s.value: assessment_rules.STATUS_NAMES[s] for s in sorted(assessment_rules.DECIDED)},
        "assessment_outcome": assessment_rules.OUTCOME_NAMES,
        "soc": {"SOC": "SOC", "NON_SOC": "Non-SOC"},
        "disruption_role": {each.value: name for each, name in disruption_rules.ROLE_NAMES.items()},
        "disruption_state": {each.value: name for each, name in disruption_rules.STATE_NAMES.items()},
        "handling": disruption_rules.HANDLING_NAMES,
        **_disruption_words(),
    }


def bodies() -> QuerySet[Organisation]:
    """The region's forces, its unit, agencies and partners."""
    return Organisation.objects.exclude(region="").order_by("name")


def _disruption_words() -> Words:
    region = disruptions.region_data().words
    return {
        "disruption_category": {each.code: each.name for each in region.categories.values()},
        "disruption_outcome": region.outcomes,
        "programme": region.programmes,
        "tactic": {each.code: each.name for each in region.tactics.values()},
    }


def lines(work: Work, wanted: Wanted) -> Mapping[Kind, Iterator[Values]]:
    """Records that the reader may see, as lines of each sheet. Read them inside the past date, if there is one."""
    return {
        sheet.kind: _lines(desks.desk(work, sheet), desks.narrowed(sheet.kind, wanted))
        for sheet in work.layout.sheets
        if sheet.kind in wanted.kinds
    }


def longest_sheet(work: Work, wanted: Wanted) -> int:
    """How many lines the longest sheet of an export would have."""
    sheets = [sheet for sheet in work.layout.sheets if sheet.kind in wanted.kinds]
    narrowed = (desks.narrowed(sheet.kind, wanted)(desks.desk(work, sheet).rows()) for sheet in sheets)
    return max((rows.order_by().count() for rows in narrowed), default=0)


def _lines(desk: Desk, narrowed: Callable[[Any], Any]) -> Iterator[Values]:
    for rows in batched(narrowed(desk.rows()).iterator(chunk_size=AT_ONCE), AT_ONCE):
        yield from desk.lines_of(rows)


def open_threats(work: Work, *, owner: str) -> tuple[tuple[str, str], ...]:
    """URN and name of a force's open threats, for the list from which a line's threat is chosen."""
    sheet = work.layout.sheets[0]
    rows = list(threats.threats().filter(owner__code=owner, closed_on=None).order_by("name", "pk"))
    urns = ThreatsDesk(work, sheet).urns({row.pk: row.reference for row in rows})
    return tuple((urns[row.pk], row.name) for row in rows)


def imports_of(actor: User) -> QuerySet[Import]:
    """What somebody imported, newest first. A report quotes lines, so it is its importer's alone."""
    return Import.objects.filter(imported_by=actor).select_related("imported_by__organisation").order_by("-pk")


def import_of(pk: int, *, actor: User) -> Import:
    found = imports_of(actor).filter(pk=pk).first()
    if found is None:
        raise NotThere
    return found


def earlier_import(of: Import) -> Import | None:
    """The same bytes, imported before by the same person."""
    same = Import.objects.filter(sha256=of.sha256, imported_by=of.imported_by_id, state=rules.State.IMPORTED)
    return same.exclude(pk=of.pk).order_by("pk").first()


def lines_of(of: Import) -> QuerySet[ImportLine]:
    """Lines that want looking at, in the order of the file."""
    sheets = Case(*(When(kind=kind, then=DbValue(at)) for at, kind in enumerate(Kind)))
    return ImportLine.objects.filter(of=of).order_by(sheets, "line")


def line_of(of: Import, pk: int) -> ImportLine:
    found = ImportLine.objects.filter(of=of, pk=pk).first()
    if found is None:
        raise NotThere
    return found


@dataclass(frozen=True)
class Difference:
    """One fact in which a line and the record here differ, both as the layout writes them."""

    heading: str
    here: str
    file: str


def differences(work: Work, some: Iterable[ImportLine]) -> dict[int, tuple[Difference, ...]]:
    """What each of some lines says otherwise than the record that is here now, by key. Read afresh under the policy."""
    found: dict[int, tuple[Difference, ...]] = {}
    for kind, lines in groupby(some, key=lambda each: Kind(each.kind)):
        sheet = work.layout.sheet(kind)
        if sheet is not None:
            found |= _differences(work, desks.desk(work, sheet), tuple(lines))
    return found


def _differences(work: Work, desk: Desk, some: Sequence[ImportLine]) -> dict[int, tuple[Difference, ...]]:
    columns = [c for c in desk.sheet.columns if not c.field.for_the_reader]
    read = {each.pk: desk.read(each.line, {**each.cells, **each.mended}, columns, from_1904=False) for each in some}
    known = desk.known({line.urn for line in read.values()} - {""})
    found: dict[int, tuple[Difference, ...]] = {}
    for each in some:
        here = known.get(read[each.pk].urn)
        if here is None:
            found[each.pk] = (Difference(", ".join(each.unlike), each.record, "This line would take its place"),)
            continue
        found[each.pk] = tuple(
            Difference(
                column.heading,
                _shown(column, here.values.get(column.field.name), work),
                _shown(column, read[each.pk].values.get(column.field.name), work),
            )
            for column in columns
            if column.heading in each.unlike
        )
    return found


def _shown(column: Column, value: Value, work: Work) -> str:
    return rules.as_text(rules.write(column, value, layout=work.layout, words=work.words), layout=work.layout)


def headings(of: Layout) -> Mapping[Kind, tuple[str, ...]]:
    """Headings of what is read, by sheet."""
    return {s.kind: tuple(c.heading for c in s.columns if not c.field.for_the_reader) for s in of.sheets}


def allowed(of: Layout, known: Words) -> Mapping[tuple[Kind, str], tuple[str, ...]]:
    """Words that may stand in a column of codes, by sheet and heading."""
    return {
        (sheet.kind, column.heading): tuple(rules.words_of(column, known).values())
        for sheet in of.sheets
        for column in sheet.columns
        if column.field.shape is rules.Shape.CODE
    }


def report_rows(some: Iterable[ImportLine]) -> Iterator[tuple[str | int, ...]]:
    """The report as lines of a file: one for each fault, one for each line that differs."""
    for line in some:
        fate = rules.FATE_NAMES[rules.Fate(line.fate)]
        if line.fate == rules.Fate.REFUSED:
            for fault in line.faults:
                said = (fault[name] for name in ("heading", "value", "code", "sentence", "to_do"))
                yield line.sheet, line.line, fate, *said
        else:
            why = f"{line.record} says otherwise here"
            yield line.sheet, line.line, fate, ", ".join(line.unlike), "", "", why, "Decide about it on the page"
