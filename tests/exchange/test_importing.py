"""Lines become records by the rules of the screens: all, the good ones when asked, or none; nothing is overwritten."""

from datetime import date
from typing import Any

import pytest

from fourfold.disruptions import selectors as disruptions
from fourfold.exchange import selectors, services
from fourfold.exchange.models import Import, ImportLine, KeptUrn
from fourfold.intake.storage import Store
from fourfold.plans import selectors as plans
from fourfold.plans.models import Aim
from fourfold.platform.audit.models import Entry
from fourfold.platform.errors import NotThere, RuleBroken
from fourfold.platform.reference.models import ReferenceTerm
from fourfold.platform.visibility.scope import acting_as
from fourfold.platform.visibility.services import label_for, let_into_compartment, make_compartment
from fourfold.threats import selectors as threats
from fourfold.threats import services as threat_services
from fourfold.threats.models import Closing
from tests.disruptions.conftest import nominate, record
from tests.disruptions.test_bulk_and_aims import plan
from tests.exchange.conftest import DISRUPTION, NOW, THREAT, TODAY, cells_of, workbook
from tests.exchange.layouts import OTHER

pytestmark = pytest.mark.django_db
GOOD = THREAT | {"URN": "N-1"}


def faults(of: Import) -> list[tuple[Any, ...]]:
    """Sheet, line, heading, value and code of everything that is refused."""
    found = []
    for line in selectors.lines_of(of):
        found += [(line.sheet, line.line, f["heading"], f["value"], f["code"]) for f in line.faults]
    return found


def fates(of: Import, kind: str = "threats") -> dict[str, int]:
    return {fate: count for fate, count in of.counts[kind].items() if count}


def test_a_workbook_becomes_threats_assessments_and_disruptions(universe, bring, confirm, take):
    lead = universe.nwrocu_rocu_lead
    content = workbook(
        {
            "Threats": [GOOD | {"Owner": "NWROCU"}],
            "Assessments": [
                {
                    "URN": "A-1",
                    "Threat URN": "N-1",
                    "Type": "Tactical",
                    "Moderation status": "Moderated",
                    "SOC": "SOC",
                    "Tier": "Tier 2",
                    "Decided at": "2022-05-01 10:00",
                }
            ],
            "Disruptions": [DISRUPTION | {"Threat URN": "N-1", "URN": "D-1", "People arrested": 3.0}],
        }
    )
    with acting_as(lead):
        came = bring(lead, content)
        assert (came.state, came.sentence, faults(came)) == ("CHECKED", "", [])
        assert not threats.threats().exists()
        done = confirm(lead, came)
        assert [fates(done, kind) for kind in done.counts] == [{"NEW": 1}] * 3
        (made,) = threats.threats()
        assert (made.name, made.phase, made.nominated_on) == ("Harbour line", "DEVELOPMENT", THREAT["Nominated on"])
        (record,) = disruptions.disruptions()
        assert (record.threat, record.facts) == (made, {"arrests": 3})
        cells = cells_of(take(lead))
    assert [cells[sheet][1][0] for sheet in ("Threats", "Assessments", "Disruptions")] == ["N-1", "A-1", "D-1"]
    assert cells["Disruptions"][1][1] == cells["Assessments"][1][1] == "N-1"


def test_each_line_says_what_is_wrong_where_and_by_which_rule(universe, bring):
    manager = universe.merseyside_intelligence_manager
    lines = [
        GOOD | {"Tier": "Tier 9"},
        GOOD | {"URN": "N-2", "Summary": "too short"},
        GOOD | {"URN": "N-3", "Nominated on": date(2027, 1, 1)},
        GOOD | {"URN": "N-4", "Owner": "GMP"},
        GOOD | {"URN": "N-5", "Lead responsible officer": "nobody@nowhere.test"},
        GOOD | {"URN": "N-2"},
        GOOD | {"URN": "N-7", "Name": "=HYPERLINK()"},
        GOOD | {"URN": "N-8", "Phase": "Closed – dormant", "In phase since": date(2021, 1, 1)},
    ]
    with acting_as(manager):
        came = bring(manager, workbook({"Threats": lines}))
        assert faults(came) == [
            ("Threats", 2, "Tier", "Tier 9", "EX21"),
            ("Threats", 3, "Summary", "too short", "TH3"),
            ("Threats", 4, "Nominated on", "01/01/2027", "TH9"),
            ("Threats", 5, "Owner", "GMP", "TH11"),
            ("Threats", 6, "Lead responsible officer", "nobody@nowhere.test", "EX30"),
            ("Threats", 7, "URN", "N-2", "EX32"),
            ("Threats", 8, "Name", "=HYPERLINK()", "EX27"),
            ("Threats", 9, "In phase since", "01/01/2021", "TH18"),
        ]


def test_agencies_that_helped_come_in_and_go_out_and_one_that_is_not_known_is_refused_by_its_line(
    universe, bring, confirm, take
):
    helped = {"URN": "D-1", "Supporting agencies": "GMP: lent a search team; Cheshire: kept the road shut"}
    unknown = {"URN": "D-2", "Supporting agencies": "Nobody at all: x"}
    lead = universe.nwrocu_rocu_lead
    with acting_as(lead):
        lines = [DISRUPTION | {"Threat URN": "N-1"} | each for each in (helped, unknown)]
        refused = bring(lead, workbook({"Threats": [GOOD], "Disruptions": lines}))
        assert faults(refused) == [("Disruptions", 3, "Supporting agencies", "Nobody at all", "EX21")]
        confirm(lead, bring(lead, workbook({"Threats": [GOOD], "Disruptions": lines[:1]})))
        (made,) = disruptions.disruptions()
        said = [(each.agency.code, each.benefit) for each in disruptions.parts_of(made).supports]
        assert said == [("gmp", "lent a search team"), ("cheshire", "kept the road shut")]
        heads, row, *_ = cells_of(take(lead))["Disruptions"]
    assert row[heads.index("Supporting agencies")] == helped["Supporting agencies"]


def test_a_line_whose_threat_is_refused_in_the_same_file_says_where(universe, bring):
    manager = universe.merseyside_intelligence_manager
    sheets = {"Threats": [GOOD | {"Name": ""}, GOOD], "Disruptions": [DISRUPTION | {"Threat URN": "N-2"}]}
    sheets["Threats"][0]["URN"] = "N-2"
    with acting_as(manager):
        last = faults(bring(manager, workbook(sheets)))[-1]
    assert last == ("Disruptions", 2, "Threat URN", "N-2", "EX42")


def test_nothing_is_half_imported(universe, bring, confirm):
    manager = universe.merseyside_intelligence_manager
    lines = [GOOD, GOOD | {"URN": "N-2", "Name": ""}]
    with acting_as(manager):
        came = bring(manager, workbook({"Threats": lines}))
        with pytest.raises(RuleBroken, match="only the good lines"):
            confirm(manager, came)
        assert not threats.threats().exists()
        assert not KeptUrn.objects.exists()
        done = confirm(manager, came, only_good=True)
        assert done.only_good
        assert fates(done) == {"NEW": 1, "REFUSED": 1}
        assert threats.threats().count() == 1
        with pytest.raises(RuleBroken, match="decided already"):
            confirm(manager, came, only_good=True)


def test_a_check_leaves_nothing_behind(universe, bring):
    manager = universe.merseyside_intelligence_manager
    with acting_as(manager):
        before = Entry.objects.count()
        bring(manager, workbook({"Threats": [GOOD], "Disruptions": [DISRUPTION | {"Threat URN": "N-1"}]}))
        assert not threats.threats().exists()
        assert not disruptions.disruptions().exists()
        assert Entry.objects.count() == before + 1


def test_the_same_file_again_changes_nothing(universe, bring, confirm):
    manager = universe.merseyside_intelligence_manager
    content = workbook({"Threats": [GOOD, THREAT | {"Name": "Without a number"}]})
    with acting_as(manager):
        confirm(manager, bring(manager, content))
        again = bring(manager, content)
        assert fates(again) == {"SAME": 1, "REFUSED": 1}
        assert faults(again) == [("Threats", 3, "URN", "", "EX31")]
        with pytest.raises(RuleBroken, match="no line to add"):
            confirm(manager, again, only_good=True)
        assert threats.threats().count() == 2


def test_a_record_that_differs_stays_unless_the_file_is_chosen(universe, bring, confirm, store):
    manager = universe.merseyside_intelligence_manager
    with acting_as(manager):
        confirm(manager, bring(manager, workbook({"Threats": [GOOD]})))
        changed = GOOD | {"Tier": "Tier 2", "Name": "Harbour line two", "Places": "Formby", "Phase": "Closed – dormant"}
        came = bring(manager, workbook({"Threats": [changed, GOOD | {"URN": "N-2"}]}))
        (line,) = selectors.lines_of(came)
        assert (line.fate, line.unlike) == ("DIFFERS", ["Name", "Tier", "Phase", "Places"])
        work = services.work_of(manager, selectors.layout(), came, now=NOW, today=TODAY)
        (shown,) = selectors.differences(work, [line]).values()
        assert [(d.heading, d.here, d.file) for d in shown][:2] == [
            ("Name", "Harbour line", "Harbour line two"),
            ("Tier", "Untiered", "Tier 2"),
        ]
        services.choose(actor=manager, of=came, lines={line.pk: True})
        services.check(actor=manager, of=came, layout=selectors.layout(), store=store, now=NOW, today=TODAY)
        done = confirm(manager, came)
        assert fates(done) == {"NEW": 1, "CHANGED": 1}
        found = threats.threats().get(name="Harbour line two")
        assert (found.tier, found.phase, [p.name for p in found.places.all()]) == ("2", "DEVELOPMENT", ["Formby"])
        assert found.because == "Imported from exchange.xlsx, line 2"


CLOSED = {"Phase": "Closed – dormant", "In phase since": date(2023, 5, 2)}


def test_a_closing_in_a_file_of_the_own_force_waits_for_a_moderator(universe, bring, confirm, store):
    manager, moderator = universe.merseyside_intelligence_manager, universe.nwrocu_rocta_moderator
    with acting_as(manager):
        confirm(manager, bring(manager, workbook({"Threats": [GOOD]})))
        came = bring(
            manager, workbook({"Threats": [GOOD | CLOSED, GOOD | CLOSED | {"URN": "N-2", "Name": "Old line"}]})
        )
        services.choose(actor=manager, of=came, lines={line.pk: True for line in selectors.lines_of(came)})
        services.check(actor=manager, of=came, layout=selectors.layout(), store=store, now=NOW, today=TODAY)
        done = confirm(manager, came)
        assert fates(done) == {"NEW": 1, "CHANGED": 1}
        assert done.notes[-1] == (
            "Threats, lines 2, 3: the threats are closed in the file. Each stays open here with a proposal to close "
            "it, which waits for a moderator."
        )
        assert {each.closed_on for each in threats.threats()} == {None}
        asked = {each.threat.name: each for each in Closing.objects.select_related("threat")}
        assert {(each.ground, each.closed_on) for each in asked.values()} == {("CLOSED_DORMANT", date(2023, 5, 2))}
        again = bring(manager, workbook({"Threats": [GOOD | CLOSED]}))
        services.choose(actor=manager, of=again, lines={line.pk: True for line in selectors.lines_of(again)})
        again = services.check(actor=manager, of=again, layout=selectors.layout(), store=store, now=NOW, today=TODAY)
        assert [fault[4] for fault in faults(again)] == ["TH44"]
    with acting_as(moderator):
        for each in asked.values():
            threat_services.confirm_closing(actor=moderator, closing=each, now=NOW, today=TODAY)
    with acting_as(manager):
        assert {(each.phase, each.phase_from) for each in threats.threats()} == {("CLOSED_DORMANT", date(2023, 5, 2))}
        assert fates(bring(manager, workbook({"Threats": [GOOD | CLOSED]}))) == {"SAME": 1}


@pytest.mark.parametrize("who", ["nwrocu_rocu_lead", "nwrocu_rocta_moderator"])
def test_who_writes_for_the_region_keys_in_a_closing(universe, bring, confirm, who):
    actor = getattr(universe, who)
    with acting_as(actor):
        done = confirm(actor, bring(actor, workbook({"Threats": [GOOD | CLOSED | {"Owner": "Merseyside"}]})))
        assert not any("waits for a moderator" in note for note in done.notes)
        assert not Closing.objects.exists()
        assert threats.threats().get().closed_on == date(2023, 5, 2)


def test_a_merge_is_not_proposed_from_a_file(universe, bring):
    manager = universe.merseyside_intelligence_manager
    with acting_as(manager):
        came = bring(manager, workbook({"Threats": [GOOD | CLOSED | {"Phase": "Closed – merged"}]}))
        assert [fault[4] for fault in faults(came)] == ["TH56"]
        assert not any("waits for a moderator" in note for note in came.notes)


def test_what_an_import_may_not_change_is_refused_when_it_is_chosen(universe, bring, confirm, store):
    manager = universe.merseyside_intelligence_manager
    with acting_as(manager):
        confirm(manager, bring(manager, workbook({"Threats": [GOOD | {"Places": "Formby; Bootle"}]})))
        later = GOOD | {"Nominated on": date(2022, 4, 1), "Places": "Formby; Bootle"}
        came = bring(manager, workbook({"Threats": [later, GOOD | {"URN": "N-2"}]}))
        services.choose(actor=manager, of=came, lines={line.pk: True for line in selectors.lines_of(came)})
        checked = services.check(actor=manager, of=came, layout=selectors.layout(), store=store, now=NOW, today=TODAY)
        assert [fault[2:] for fault in faults(checked)] == [("Nominated on", "01/04/2022", "EX33")]


def test_a_later_decision_never_takes_a_standing_ones_place_unasked(universe, bring, confirm, store):
    lead = universe.nwrocu_rocu_lead
    decided = {"Threat URN": "N-1", "Type": "Tactical", "Moderation status": "Moderated", "SOC": "SOC"}
    with acting_as(lead):
        first = {"Threats": [GOOD], "Assessments": [decided | {"URN": "A-1", "Tier": "Tier 2"}]}
        confirm(lead, bring(lead, workbook(first)))
        came = bring(lead, workbook({"Assessments": [decided | {"URN": "A-2", "Tier": "Tier 1"}]}))
        (line,) = selectors.lines_of(came)
        assert (line.fate, line.unlike) == ("DIFFERS", ["Moderation status"])
        services.choose(actor=lead, of=came, lines={line.pk: True})
        services.check(actor=lead, of=came, layout=selectors.layout(), store=store, now=NOW, today=TODAY)
        assert fates(confirm(lead, came), "assessments") == {"CHANGED": 1}


# Labels: nobody learns from a file that something hidden is there


@pytest.fixture
def hidden(universe):
    """A threat that only people in a circle see, and that another system calls X-1."""
    head = universe.nwrocu_rocta_head
    lead = universe.nwrocu_rocu_lead
    circle = make_compartment(code="op_lantern", name="Operation Lantern", owner=universe.organisation("nwrocu"))
    for each in (head, lead):
        let_into_compartment(compartment=circle, user=each, held_from=date(2021, 1, 1))
    return circle


def test_an_aim_that_fewer_may_see_is_left_out_of_their_file(universe, take):
    analyst = universe.merseyside_analyst
    with acting_as(analyst):
        threat = nominate(universe)
        plan(universe, threat)
        shown, hidden = plans.aims_of(threat)
        record(universe, threat, aims=(shown.pk, hidden.pk))
        own = label_for(owner=analyst.organisation, audience="OWN")
        assert Aim.objects.filter(pk=hidden.pk).update(label=own) == 1
        ours = cells_of(take(analyst))["Disruptions"]
    reader = universe.gmp_analyst
    with acting_as(reader):
        theirs = cells_of(take(reader))["Disruptions"]
    ((at,),) = [[place for place, heading in enumerate(ours[0]) if "aim" in str(heading).lower()]]
    assert (shown.text in ours[1][at], hidden.text in ours[1][at]) == (True, True)
    assert (shown.text in theirs[1][at], hidden.text in theirs[1][at]) == (True, False)


def test_a_hidden_urn_is_no_collision_and_says_nothing(universe, bring, confirm, take, hidden):
    lead, analyst = universe.nwrocu_rocu_lead, universe.merseyside_analyst
    secret = GOOD | {"URN": "X-1", "Name": "Lantern", "Owner": "NWROCU", "Need to know": "Operation Lantern"}
    with acting_as(lead):
        done = confirm(lead, bring(lead, workbook({"Threats": [secret]})))
        assert fates(done) == {"NEW": 1}
        (made,) = threats.threats()
        assert made.label.compartment == hidden
        reference = made.reference
    with acting_as(analyst):
        assert not threats.threats().exists()
        assert not KeptUrn.objects.exists()
        fresh = workbook({"Threats": [GOOD | {"URN": "X-1"}, GOOD | {"URN": reference}]})
        came = bring(analyst, fresh)
        assert fates(came) == {"NEW": 2}
        confirm(analyst, came)
        rows = cells_of(take(analyst))["Threats"][1:]
        assert [row[0] for row in rows] == ["X-1", reference]
        assert "Lantern" not in str(rows)
    with acting_as(lead):
        rows = cells_of(take(lead))["Threats"][1:]
        assert {row[2] for row in rows} == {"Lantern", "Harbour line"}
        assert rows[0][0] == "X-1"
        assert len({row[0] for row in rows}) == 3


@pytest.mark.parametrize("urn", ["X-1", "SOC-9999", "nothing at all"])
def test_a_threat_that_is_hidden_answers_as_one_that_is_not_there(universe, bring, confirm, hidden, urn):
    lead, analyst = universe.nwrocu_rocu_lead, universe.merseyside_analyst
    secret = GOOD | {"URN": "X-1", "Owner": "NWROCU", "Need to know": "Operation Lantern"}
    with acting_as(lead):
        confirm(lead, bring(lead, workbook({"Threats": [secret]})))
    with acting_as(analyst):
        came = bring(analyst, workbook({"Disruptions": [DISRUPTION | {"Threat URN": urn}]}))
        (line,) = selectors.lines_of(came)
        (fault,) = line.faults
        assert fault["sentence"] == f"There is no threat “{urn}” that you may name here"


def test_a_circle_that_the_importer_is_not_in_is_not_a_word_of_the_list(universe, bring, hidden):
    analyst = universe.merseyside_analyst
    with acting_as(analyst):
        came = bring(analyst, workbook({"Threats": [GOOD | {"Need to know": "Operation Lantern"}]}))
        assert [fault[2:] for fault in faults(came)] == [("Need to know", "Operation Lantern", "EX21")]


def test_an_import_has_the_importers_own_rights(universe, bring):
    analyst, lead = universe.merseyside_analyst, universe.nwrocu_rocu_lead
    line = GOOD | {"Owner": "GMP"}
    with acting_as(analyst):
        assert [f[-1] for f in faults(bring(analyst, workbook({"Threats": [line]})))] == ["TH11"]
    with acting_as(lead):
        assert faults(bring(lead, workbook({"Threats": [line]}))) == []


def test_an_export_holds_only_what_its_taker_may_see(universe, bring, confirm, take):
    gmp, merseyside = universe.gmp_intelligence_manager, universe.merseyside_intelligence_manager
    own = GOOD | {"Who may see it": "Own organisation", "Name": "Kept in"}
    with acting_as(gmp):
        confirm(gmp, bring(gmp, workbook({"Threats": [own, GOOD | {"URN": "N-2"}]})))
        assert len(cells_of(take(gmp))["Threats"]) == 3
    with acting_as(merseyside):
        assert [row[2] for row in cells_of(take(merseyside))["Threats"][1:]] == ["Harbour line"]


def test_somebody_who_does_not_exchange_neither_brings_nor_takes(universe, bring, take):
    officer = universe.merseyside_lro
    with acting_as(officer):
        with pytest.raises(RuleBroken, match="permission to exchange"):
            bring(officer, workbook({"Threats": [GOOD]}))
        with pytest.raises(RuleBroken, match="permission to exchange"):
            take(officer)


# Past dates, other layouts, bad files


def test_a_region_loads_another_layout_without_code(universe, bring, confirm, take):
    ReferenceTerm.objects.create(
        kind="exchange_layout",
        code="OTHER",
        name="Another layout",
        detail=OTHER,
        source="a body that knows it",
        mark="V",
        effective_from=date(2021, 1, 1),
        position=9,
    )
    manager = universe.merseyside_intelligence_manager
    line = {
        "TITLE": "Harbour line",
        "THEMES": "CL|GUNS",
        "NO": "N-1",
        "CLASS": "A",
        "WORDS": THREAT["Summary"],
        "STAGE": "Development",
        "FIRST SEEN": "2022.03.01",
    }
    event = {"WHEN": "2022.06.01", "IMPACT": "3", "FOUR P": "PU", "THREAT NO": "N-1", "NO": "D-1"}
    with acting_as(manager):
        assert [each.code for each in selectors.layouts()] == ["FF-APMIS-1", "OTHER"]
        content = workbook({"MASTER": [line], "DSR": [event]})
        came = bring(manager, content, layout="OTHER")
        assert (came.sentence, faults(came)) == ("", [])
        confirm(manager, came)
        (made,) = threats.threats()
        assert (made.themes, made.nominated_on) == (["DRU.county_lines", "FIR"], date(2022, 3, 1))
        cells = cells_of(take(manager, layout="OTHER"))
        assert cells["DSR"][1][3:5] == ("N-1", "D-1")
        assert cells_of(take(manager))["Threats"][1][0] == "N-1"


WHOLE_FILES = {
    "headings alone": (workbook({"Threats": [dict.fromkeys(GOOD)]}), "The file holds headings and no lines"),
    "an empty workbook": (workbook({"Threats": []}), "No sheet has the headings"),
    "a column missing": (workbook({"Threats": [{"URN": "N-1", "Name": "x"}]}), "has no column Threat type, Summary"),
}


@pytest.mark.parametrize(("content", "sentence"), WHOLE_FILES.values(), ids=WHOLE_FILES.keys())
def test_a_file_that_cannot_be_taken_is_kept_as_refused(universe, bring, store, content, sentence):
    manager = universe.merseyside_intelligence_manager
    with acting_as(manager):
        came = bring(manager, content)
        assert came.state == "REFUSED"
        assert sentence in came.sentence
        assert store.path_of(came.sha256).read_bytes() == content


def test_a_sheet_that_is_missing_is_said_and_the_others_are_imported(universe, bring, confirm):
    manager = universe.merseyside_intelligence_manager
    with acting_as(manager):
        came = bring(manager, workbook({"Threats": [GOOD], "Notes": [{"Mine": 1}]}))
        assert "The file has no sheet Disruptions: nothing of it is imported." in came.notes
        assert fates(confirm(manager, came)) == {"NEW": 1}


def test_mended_cells_stand_beside_the_file_which_stays_as_it_came(universe, bring, confirm, store: Store):
    manager = universe.merseyside_intelligence_manager
    content = workbook({"Threats": [GOOD | {"Tier": "Tier 9", "Themes": "Nothing"}]})
    with acting_as(manager):
        came = bring(manager, content)
        (line,) = selectors.lines_of(came)
        cells = {line.pk: {"Tier": "Tier 2", "Themes": "Drugs"}}
        assert services.mend(actor=manager, of=came, cells=cells) == 1
        assert services.mend(actor=manager, of=came, cells=cells) == 0
        services.check(actor=manager, of=came, layout=selectors.layout(), store=store, now=NOW, today=TODAY)
        assert fates(confirm(manager, came)) == {"NEW": 1}
        (made,) = threats.threats()
        assert (made.tier, made.themes) == ("2", ["DRU"])
        (line,) = ImportLine.objects.filter(of=came)
        assert (line.fate, line.cells["Tier"], line.mended["Tier"]) == ("NEW", "Tier 9", "Tier 2")
        assert store.path_of(came.sha256).read_bytes() == content


def test_somebody_elses_import_is_not_there(universe, bring):
    manager, colleague = universe.merseyside_intelligence_manager, universe.merseyside_analyst
    with acting_as(manager):
        came = bring(manager, workbook({"Threats": [GOOD]}))
    with acting_as(colleague), pytest.raises(NotThere):
        services.drop(actor=colleague, of=came, now=NOW)


def test_likely_duplicates_are_named_by_their_line(universe, bring, confirm):
    manager = universe.merseyside_intelligence_manager
    line = DISRUPTION | {"Threat URN": "N-1", "Tactics": "Arrest or search warrant"}
    with acting_as(manager):
        came = bring(manager, workbook({"Threats": [GOOD], "Disruptions": [line | {"URN": "D-1"}, line]}))
        (fault,) = selectors.lines_of(came).get().faults
        assert fault["code"] == "DI20"
        assert "line 2" in fault["sentence"]
        answered = line | {"Not the same as": "Another address the same week"}
        came = bring(manager, workbook({"Threats": [GOOD], "Disruptions": [line | {"URN": "D-1"}, answered]}))
        assert faults(came) == []


def test_one_event_on_several_threats_is_one_event_across_the_file(universe, bring, confirm, monkeypatch):
    monkeypatch.setattr("fourfold.exchange.importing.AT_ONCE", 1)
    manager = universe.merseyside_intelligence_manager
    event = DISRUPTION | {"Shared event": "EVT-000001"}
    sheets = {
        "Threats": [GOOD, GOOD | {"URN": "N-2", "Name": "Quay line"}],
        "Disruptions": [event | {"Threat URN": "N-1"}, event | {"Threat URN": "N-2"}],
    }
    with acting_as(manager):
        came = bring(manager, workbook(sheets))
        assert faults(came) == []
        confirm(manager, came)
        assert len({record.shared_event for record in disruptions.disruptions()}) == 1
