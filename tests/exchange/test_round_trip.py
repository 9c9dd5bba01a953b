"""What goes out comes back: export, import into an empty region, export again, and every cell is the same."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fourfold.assessments import services as assessments
from fourfold.disruptions import rules as disruption_rules
from fourfold.disruptions import services as disruptions
from fourfold.exchange.models import ImportLine
from fourfold.platform.visibility.scope import acting_as
from fourfold.threats import rules as threat_rules
from fourfold.threats import selectors as threats
from fourfold.threats import services as threat_services
from tests.exchange.conftest import NOW, TODAY, cells_of
from tests.exchange.test_files import TRICKY

SHEETS = ("Threats", "Assessments", "Disruptions")
FEW = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
SIGNS = st.characters(exclude_characters="\x00", exclude_categories=("Cs",))
ANY = st.text(SIGNS, min_size=1, max_size=50) | TRICKY.filter(lambda text: "\x00" not in text)
LINE = ANY.map(lambda text: text[:100]).filter(lambda text: text.strip() == text and text)
PARAGRAPH = st.tuples(ANY, ANY).map(lambda pair: f"Who what where and harm {pair[0]}\n{pair[1]} end")
DAYS = st.dates(min_value=date(2021, 1, 1), max_value=TODAY - timedelta(days=400))


@st.composite
def threat(draw: Any) -> dict[str, Any]:
    nominated = draw(DAYS)
    return {
        "nomination": {
            "threat_type": draw(st.sampled_from([t.value for t in threat_rules.ThreatType])),
            "name": draw(LINE),
            "summary": draw(PARAGRAPH),
            "themes": tuple(
                draw(st.lists(st.sampled_from(["DRU", "DRU.county_lines", "CYB"]), min_size=1, unique=True))
            ),
            "tier": draw(st.sampled_from(["1", "5", "UNTIERED"])),
            "phase": draw(st.sampled_from(["IDENTIFIED", "DEVELOPMENT"])),
            "nominated_on": nominated,
            "aliases": tuple(draw(st.lists(LINE, max_size=3))),
        },
        "owner": draw(st.sampled_from(["nwrocu", "gmp", "north_wales"])),
        "lro": draw(st.sampled_from(["", "gmp_lro", "nwrocu_lro"])),
        "places": draw(st.lists(LINE, max_size=2)),
        "later": draw(
            st.none() | st.tuples(st.sampled_from(["ACTIVE_DISRUPTION", "CLOSED_DORMANT"]), st.integers(0, 300))
        ),
        "disruptions": draw(st.lists(disruption(), max_size=2)),
        "assessed": draw(st.none() | assessed()),
    }


@st.composite
def disruption(draw: Any) -> dict[str, Any]:
    support = draw(st.booleans())
    return {
        "role": "SUPPORT" if support else "LEAD",
        "days": draw(st.integers(0, 20)),
        "category": draw(st.sampled_from(["MAJOR", "MODERATE", "MINOR", "NOT_ASSESSED"])),
        "primary_p": draw(st.sampled_from(["PURSUE", "PREPARE"])),
        "secondary_ps": tuple(draw(st.lists(st.sampled_from(["PREVENT", "PROTECT"]), unique=True))),
        "stopped": draw(st.just("") | ANY),
        "for_how_long": draw(st.just("") | LINE),
        "how_known": draw(st.just("") | PARAGRAPH),
        "place": draw(st.just("") | LINE),
        "theme": draw(st.sampled_from(["", "CYB"])),
        "facts": draw(
            st.fixed_dictionaries(
                {},
                optional={
                    "arrests": st.integers(1, 99),
                    "cash_pounds": st.decimals(Decimal("0.01"), Decimal("99999999.99"), places=2).map(str),
                    "drugs_kg": st.decimals(Decimal("0.001"), Decimal("999.999"), places=3).map(str),
                },
            )
        ),
        "supports": tuple(
            disruption_rules.Support(agency="gmp", benefit=each)
            for each in draw(st.lists(LINE, min_size=1 if support else 0, max_size=2))
        ),
        "evidence": tuple(
            disruption_rules.Evidence(text=text, grade=grade, reference=reference)
            for text, grade, reference in draw(
                st.lists(
                    st.tuples(LINE, st.sampled_from(["1A", "2B", "3E"]), st.sampled_from(["", "CR/12", "a:b", "x\\y"])),
                    max_size=2,
                )
            )
        ),
        "effect_ends_on": draw(st.none() | st.just(TODAY)),
        "different_because": "Quite another event than the others",
    }


@st.composite
def assessed(draw: Any) -> dict[str, Any]:
    scores = st.decimals(Decimal(0), Decimal(100), places=draw(st.sampled_from([0, 1, 6])))
    return {
        "status": draw(st.sampled_from(["MODERATED", "NOT_MODERATED"])),
        "soc": draw(st.booleans()),
        "tier": draw(st.sampled_from(["", "2"])),
        "decided_at": draw(st.datetimes(datetime(2022, 1, 1), datetime(2026, 1, 1), timezones=st.just(NOW.tzinfo))),
        "confidence": draw(st.none() | st.integers(1, 4)),
        "harm": draw(st.none() | scores),
        "priority": draw(st.none() | scores),
        "reasons": draw(st.dictionaries(st.sampled_from(["physical", "trend"]), LINE, max_size=2)),
    }


def build(universe: Any, said: dict[str, Any]) -> None:
    """One threat with what stands on it, through the services, as the lead of the regional unit."""
    lead = universe.nwrocu_rocu_lead
    reason = "Made for the round trip"
    made = threat_services.nominate_threat(
        actor=lead,
        nomination=threat_rules.Nomination(**said["nomination"]),
        owner=universe.organisation(said["owner"]),
        leads=threat_services.Leads(lro=getattr(universe, said["lro"]) if said["lro"] else None),
        places=said["places"],
        reason=reason,
        today=TODAY,
    )
    for each in said["disruptions"]:
        if made.threat_type == "OCG":
            day = made.nominated_on + timedelta(days=each["days"])
            entry = {k: v for k, v in each.items() if k != "days"}
            disruptions.record_disruption(
                actor=lead,
                said=disruption_rules.Said(threat=made.reference, event_on=day, **entry),
                now=NOW,
                today=TODAY,
            )
    if said["assessed"]:
        entry = assessments.FromElsewhere(elsewhere="", threat=made, reason=reason, **said["assessed"])
        (kept,) = assessments.record_from_elsewhere(actor=lead, entries=[entry], now=NOW, today=TODAY)
        assert not isinstance(kept, Exception), kept
    if said["later"]:
        phase, days = said["later"]
        day = made.nominated_on + timedelta(days=days)
        if phase.startswith("CLOSED"):
            threat_services.close_threat(
                actor=lead, threat=made, ground=phase, closed_on=day, reason=reason, today=TODAY
            )
        else:
            threat_services.change_phase(actor=lead, threat=made, phase=phase, from_on=day, reason=reason, today=TODAY)


def faults(of: Any) -> list[Any]:
    return list(ImportLine.objects.filter(of=of).values_list("sheet", "line", "fate", "faults", "unlike"))


@pytest.mark.django_db
@FEW
@given(some=st.lists(threat(), min_size=1, max_size=3), form=st.sampled_from(["xlsx", "zip"]))
def test_export_import_export_gives_the_same_cells(universe, bring, confirm, take, *, some, form):
    lead = universe.nwrocu_rocu_lead
    with acting_as(lead):
        for said in some:
            build(universe, said)
        first, content = cells_of(take(lead)), take(lead, form=form)
        transaction.set_rollback(True)
    with acting_as(lead):
        assert not threats.threats().exists()
        came = bring(lead, content, name=f"file.{form}")
        assert not faults(came), came.sentence
        confirm(lead, came)
        again = cells_of(take(lead))
        assert threats.threats().count() == len(some)
        back = bring(lead, content, name=f"file.{form}")
        assert {fate for counts in back.counts.values() for fate, n in counts.items() if n} == {"SAME"}
        transaction.set_rollback(True)
    for sheet in SHEETS:
        assert again[sheet] == first[sheet]
