"""The casework adds up to the published figures whatever the seed and the number of people, and could have happened."""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from fourfold.assessments.rules import score
from fourfold.assessments.rules.definition import model_of
from fourfold.simulation import calibration, oracle
from fourfold.simulation.casework import matrix
from fourfold.simulation.casework.book import words
from fourfold.simulation.chance import Chance
from fourfold.simulation.run import simulate

REGION = Path(__file__).parents[2] / "regions" / "north_west"
LAST = date(2026, 10, 31)
WORLDS = [(600, 1), (600, 2), (600, 3), (600, 4), (600, 5), (1800, 1), (6000, 1)]
PUBLISHED = {"cheshire": (373, 312), "lancashire": (635, 540), "gmp": (490, 343)}


@dataclass(frozen=True)
class Told:
    """A world's acts, read once."""

    acts: list[Mapping[str, Any]]
    restricted: frozenset[str]

    def on(self, day: date) -> oracle.Replay:
        return oracle.replay(self.acts, day)


@pytest.fixture(scope="module", params=WORLDS, ids=lambda world: f"{world[0]} people, seed {world[1]}")
def told(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Told:
    people, seed = request.param
    made = tmp_path_factory.mktemp("casework")
    simulate(people, seed, made, days=[date(2024, 3, 31), LAST])
    with (made / "nominations.jsonl").open(encoding="utf-8") as lines:
        restricted = {f"n{number}" for number, line in enumerate(lines) if json.loads(line)["compartment"]}
    return Told(oracle.acts_of(made), frozenset(restricted))


@pytest.fixture(scope="module")
def known() -> calibration.Calibration:
    return calibration.read()


def by_force(counts: Counter[tuple[str, str]]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for (force, kind), number in counts.items():
        found[force][kind] = number
    return found


def shares(counts: Mapping[str, Mapping[str, int]], p: str) -> dict[str, float]:
    return {force: found.get(p, 0) / sum(found.values()) for force, found in counts.items() if force != "nwrocu"}


def test_no_word_of_what_officers_write_is_left_to_be_filled_in(told: Told) -> None:
    assert not [act for act in told.acts if re.search(r"\{\w+\}", json.dumps(act, default=str))]


def test_threats_on_the_first_day_are_those_published(told: Told, known: calibration.Calibration) -> None:
    found = by_force(told.on(date(2023, 1, 4)).counted_threats())
    assert sum(sum(kinds.values()) for kinds in found.values()) == 938
    assert sum(found["cheshire"].values()) == 118
    assert "VULNERABILITY" not in found["cheshire"]
    assert sum(found["lancashire"].values()) == 243
    for force, kinds in known.threats.by_force.items():
        assert found[force] == {kind: number for kind, number in kinds.items() if number}


def test_one_forces_weaknesses_are_called_so_by_the_second_day(told: Told) -> None:
    counts = {
        day: told.on(date.fromisoformat(day)).counted_threats()["cheshire", "VULNERABILITY"]
        for day in ("2023-02-05", "2023-03-01", "2023-04-01")
    }
    assert counts["2023-02-05"] == 0
    assert 0 < counts["2023-03-01"] < 37
    assert counts["2023-04-01"] == 37


def test_only_that_force_reads_its_list_again_and_only_then(told: Told) -> None:
    owners = {act["key"]: act["owner"] for act in told.acts if act["act"] == "list"}
    read_again = [act for act in told.acts if act["act"] == "reclassify"]
    assert len(read_again) >= 37
    assert {owners[act["threat"]] for act in read_again} == {"cheshire"}
    assert all("2023-02-01" < act["on"] < "2023-04-01" for act in read_again)


def test_disruptions_at_the_second_extraction_are_those_published(told: Told, known: calibration.Calibration) -> None:
    found = by_force(told.on(date(2023, 7, 13)).counted_disruptions(2022))
    for force, (total, pursue) in PUBLISHED.items():
        assert (sum(found[force].values()), found[force]["PURSUE"]) == (total, pursue)
    assert {force: dict(ps) for force, ps in known.disruptions.by_force.items()} == found
    prevent = shares(found, "PREVENT")
    assert round(prevent["cumbria"] * 100) == 30
    assert max(prevent, key=lambda force: prevent[force]) == "cumbria"


def test_at_the_first_extraction_every_force_had_recorded_fewer(told: Told, known: calibration.Calibration) -> None:
    found = by_force(told.on(date(2023, 1, 4)).counted_disruptions(2022))
    totals = {force: sum(ps.values()) for force, ps in found.items()}
    assert all(totals[force] < known.disruptions.total(force) for force in known.forces)
    del totals["nwrocu"]
    assert min(totals, key=lambda force: totals[force]) == "north_wales"


def test_asked_today_the_year_is_another_number(told: Told, known: calibration.Calibration) -> None:
    today = by_force(told.on(LAST).counted_disruptions(2022))
    assert all(today[force] != dict(known.disruptions.by_force[force]) for force in ("cheshire", "lancashire", "gmp"))
    assert sum(today["lancashire"].values()) != 635


def test_every_line_of_the_filters_leaves_something_out(told: Told) -> None:
    state = told.on(date(2023, 1, 4))
    threats = state.threats.values()
    assert {"OCG", "PRIORITY_INDIVIDUAL", "VULNERABILITY"} == {threat.kind for threat in threats}
    for left_out in (
        [threat for threat in threats if threat.moderated and threat.tier == "5"],
        [threat for threat in threats if threat.moderated and not threat.soc],
        [threat for threat in threats if not threat.moderated],
        [threat for threat in threats if threat.moderated and threat.closed],
    ):
        assert len(left_out) > 15
    rows = told.on(date(2023, 7, 13)).disruptions.values()
    assert {row.role for row in rows} == {"LEAD", "SUPPORT"}
    assert {row.lead for row in rows if row.role == "SUPPORT"} == {"nwrocu"}
    assert {"NO_NOTICEABLE", "UNKNOWN", "NOT_ASSESSED", "NEGATIVE"} < {row.category for row in rows}
    counted = [row for row in rows if row.counts(2022)]
    assert sum(row.record_date == date(2022, 1, 1) for row in counted) >= 12
    assert sum(row.record_date == date(2022, 12, 31) for row in counted) >= 12
    grounds = {act.get("ground") for act in told.acts if act["act"] == "close" and act["on"] < "2023-01-04"}
    assert len(grounds) >= 5


def test_nothing_restricted_is_in_the_casework(told: Told) -> None:
    moderated = {act["threat"] for act in told.acts if act["act"] == "moderate"}
    assert not told.restricted & moderated


def test_disruptions_keep_the_rules_of_their_day(told: Told) -> None:
    """Only groups may carry one before 2024, forces lead, and no date comes before the one it follows from."""
    state = oracle.Replay()
    listed: dict[str, str] = {}
    order = [*told.acts]
    order.sort(key=lambda act: act["on"])
    count = 0
    for act in told.acts:
        if act["act"] == "list":
            listed[act["key"]] = act["on"]
        if act["act"] == "disrupt":
            count += 1
            threat = state.threats[act["threat"]]
            assert listed[act["threat"]] <= act["event_on"] <= act["record_date"] <= act["on"]
            assert threat.kind == "OCG" or act["event_on"] >= "2024-01-01"
            assert act["role"] == "LEAD" or act["lead"] == "nwrocu"
            assert act["lead"] in {threat.owner, "nwrocu"}
        if act["act"] == "change" and "disruption" in act and "record_date" in act["change"]:
            assert act["change"]["record_date"] <= act["on"]
        state.do(act)
    assert count > 3000


def test_nobody_passes_a_disruption_that_they_said_differently(told: Told) -> None:
    said: dict[str, set[str]] = defaultdict(set)
    passed = 0
    for act in told.acts:
        if act["act"] in {"change", "recategorise"} and "disruption" in act:
            said[act["disruption"]].add(act["actor"])
        if act["act"] in {"validate", "moderate_disruption"} and act["disruption"] in said:
            passed += 1
            assert act["actor"] not in said[act["disruption"]]
    assert passed > 20


def test_nothing_happens_to_a_threat_before_it_is_listed_or_after_it_is_closed(told: Told) -> None:
    closed: dict[str, str] = {}
    listed: dict[str, str] = {}
    for act in told.acts:
        if act["act"] == "list":
            listed[act["key"]] = act["on"]
        elif "threat" in act:
            assert listed[act["threat"]] <= act["on"], act
            if act["act"] != "disrupt":
                assert closed.get(act["threat"], "9999") > act["on"], act
        if act["act"] in {"close", "merge"}:
            closed[act["threat"]] = act["on"]


def test_values_lead_to_the_tier_that_the_act_says() -> None:
    """The simulation's own matrix agrees with the model that is shipped."""
    model = model_of(yaml.safe_load((REGION / "assessment_models" / "FF-TAC-1.yaml").read_text()))
    chance = Chance("matrix")
    for tier in ("1", "2", "3", "4", "5"):
        for theme in ("DRU.county_lines", "ECO.fraud_person", "SAC.plant", "FIR.supply", "VIO"):
            for _ in range(8):
                values = matrix.values_for(chance, theme, tier)
                assert score(model, values).tier == tier
                other, changed = matrix.moved(chance, values, tier)
                assert score(model, other).tier == tier
                assert all(other[key] != values[key] for key in changed)
    assert set(values) == set(model.by_key)


def test_impact_statements_say_enough() -> None:
    said = words("disruption_words")
    long = min(len(sentence.split()) for sentences in said["for_how_long"].values() for sentence in sentences)
    known = min(len(sentence.split()) for sentence in said["how_known"])
    for tactics in said["tactics"].values():
        assert all(len(entry["stopped"].split()) + long + known >= 40 for entry in tactics)


def test_words_are_the_regions(known: calibration.Calibration) -> None:
    def codes(kind: str) -> set[str]:
        return {item["code"] for item in yaml.safe_load((REGION / f"{kind}.yaml").read_text())["items"]}

    disruptions, plans = words("disruption_words"), words("plan_words")
    tactics = {entry["code"] for entries in disruptions["tactics"].values() for entry in entries}
    assert tactics | {entry["tactic"] for entry in plans["actions"]} <= codes("tactics")
    facts = {code for entries in disruptions["tactics"].values() for entry in entries for code in entry["facts"]}
    assert facts <= codes("disruption_facts")
    assert {each for kinds in disruptions["outcomes"].values() for each in kinds} <= codes("disruption_outcomes")
    threats = words("threat_words")
    themes = {entry["theme"] for kind in ("groups", "individuals", "vulnerabilities") for entry in threats[kind]}
    assert themes | set(words("assessment_words")["themes"]) <= codes("themes")
    assert set(words("management_words")["phases"]) | set(words("management_words")["closed"]) <= codes("phases")
    assert set(known.forces) <= {
        each["code"] for each in yaml.safe_load((REGION / "region.yaml").read_text())["organisations"]
    }


def test_the_same_seed_gives_the_same_acts_and_another_seed_others(tmp_path: Path) -> None:
    days = [LAST - timedelta(days=400), LAST]
    for name, seed in (("one", 4), ("again", 4), ("other", 5)):
        simulate(100, seed, tmp_path / name, days=days)
    one, again, other = ((tmp_path / name / "casework.jsonl").read_bytes() for name in ("one", "again", "other"))
    assert one == again
    assert one != other


def test_a_world_that_ends_early_has_no_acts_after_its_end(tmp_path: Path) -> None:
    simulate(100, 1, tmp_path, days=[date(2022, 6, 30)])
    with (tmp_path / "casework.jsonl").open(encoding="utf-8") as lines:
        days = {json.loads(line)["on"] for line in lines}
    assert max(days) <= "2022-06-30"
    assert len(days) > 100
