"""The inspection's two filters over a small region with known answers, and each trap of how they read."""

from datetime import date

import pytest

from fourfold.disruptions.rules import Support
from fourfold.performance import rules, selectors
from fourfold.performance.selectors import Asked
from fourfold.platform.errors import RuleBroken
from fourfold.platform.visibility.scope import acting_as

TODAY = date(2024, 1, 1)


def figure(world, code, *, on=None, body="", reading=""):
    with acting_as(world.universe.service("demo")):
        asked = Asked(TODAY, on, reading, body=body)
        return selectors.figure_of(selectors.measure(code), asked)


def counted(world, code, *, on=None, body="", reading=""):
    """The keys of the rows behind a figure."""
    with acting_as(world.universe.service("demo")):
        asked = Asked(TODAY, on, reading, body=body)
        with asked.applied():
            return set(selectors.rows_of(selectors.measure(code), asked).values_list("pk", flat=True))


def test_a_threat_counts_when_it_is_moderated_serious_not_of_tier_5_and_not_closed(world):
    kept = world.threat()
    world.moderate(kept, tier="2")
    not_scored = world.threat()
    not_moderated = world.threat()
    world.moderate(not_moderated, status="NOT_MODERATED")
    not_serious = world.threat()
    world.moderate(not_serious, soc=False)
    residual = world.threat()
    world.moderate(residual, tier="5")
    closed = world.threat()
    world.moderate(closed)
    world.close(closed)
    assert counted(world, "THREATS") == {kept.pk}
    assert figure(world, "THREATS").number == 1
    assert not counted(world, "THREATS") & {t.pk for t in (not_scored, not_moderated, not_serious, residual, closed)}


def test_a_threat_that_was_closed_or_moved_to_tier_5_later_still_counts_as_recorded_before(world):
    closed, residual = world.threat(), world.threat()
    for threat in (closed, residual):
        world.moderate(threat)
    world.at(date(2023, 2, 1))
    world.close(closed)
    world.tier(residual, "5")
    assert counted(world, "THREATS", on=date(2023, 1, 31)) == {closed.pk, residual.pk}
    assert counted(world, "THREATS", on=date(2023, 2, 1)) == set()
    assert counted(world, "THREATS") == set()


def test_reclassified_threats_are_vulnerabilities_only_from_then_on(world):
    """Row 4 of the inspection: 37 in April that were none in January."""
    threats = [world.threat() for _ in range(3)]
    for threat in threats:
        world.moderate(threat)
    world.at(date(2023, 3, 1))
    for threat in threats[:2]:
        world.reclassify(threat, "VULNERABILITY")
    assert figure(world, "VULNERABILITIES", on=date(2023, 1, 4), body="cheshire").number == 0
    assert figure(world, "VULNERABILITIES", on=date(2023, 4, 1), body="cheshire").number == 2
    assert figure(world, "THREATS", on=date(2023, 1, 4), body="cheshire").number == 3
    assert figure(world, "THREATS", on=date(2023, 4, 1), body="cheshire").number == 3


def test_trap_1_the_first_of_january_counts_unless_the_filter_is_read_literally(world):
    threat = world.threat()
    first = world.disruption(threat, date(2021, 12, 20), record_date=date(2022, 1, 1))
    second = world.disruption(threat, date(2022, 1, 2))
    world.at(date(2023, 1, 20))
    last = world.disruption(threat, date(2022, 12, 31))
    world.disruption(threat, date(2023, 1, 1))
    world.disruption(threat, date(2021, 12, 30), record_date=date(2021, 12, 31))
    assert counted(world, "DISRUPTIONS") == {first.pk, second.pk, last.pk}
    assert counted(world, "DISRUPTIONS", reading="literal") == {second.pk, last.pk}


def test_trap_2_the_record_date_is_a_business_date_and_the_day_it_was_added_decides_whether_it_was_there(world):
    threat = world.threat()
    in_time = world.disruption(threat, date(2022, 1, 5))
    world.at(date(2023, 3, 1))
    late = world.disruption(threat, date(2022, 11, 5))
    assert counted(world, "DISRUPTIONS", on=date(2023, 1, 4)) == {in_time.pk}
    assert counted(world, "DISRUPTIONS", on=date(2023, 7, 13)) == {in_time.pk, late.pk}


def test_trap_2_edits_count_as_of_their_day_too(world):
    threat = world.threat()
    downgraded, withdrawn, other_p = (
        world.disruption(threat, date(2022, 1, 5)),
        world.disruption(threat, date(2022, 1, 6)),
        world.disruption(threat, date(2022, 1, 7), primary_p="PREVENT"),
    )
    world.at(date(2023, 3, 1))
    world.recategorise(downgraded, "NO_NOTICEABLE")
    world.withdraw(withdrawn)
    assert counted(world, "DISRUPTIONS", on=date(2023, 1, 4)) == {downgraded.pk, withdrawn.pk, other_p.pk}
    assert counted(world, "DISRUPTIONS", on=date(2023, 7, 13)) == {other_p.pk}
    assert counted(world, "PURSUE", on=date(2023, 1, 4)) == {downgraded.pk, withdrawn.pk}


@pytest.mark.parametrize("category", ["NO_NOTICEABLE", "NEGATIVE", "UNKNOWN", "NOT_ASSESSED"])
def test_only_major_moderate_and_minor_count(world, category):
    threat = world.threat()
    world.disruption(threat, date(2022, 1, 5), category=category)
    assert counted(world, "DISRUPTIONS") == set()


def test_support_counts_for_nobody(world):
    threat = world.threat("cheshire")
    other = world.threat("nwrocu")
    world.disruption(other, date(2022, 1, 6))
    world.disruption(
        threat,
        date(2022, 1, 5),
        force="nwrocu",
        role="SUPPORT",
        supports=(Support(agency="cheshire", benefit="Surveillance for the force"),),
    )
    assert figure(world, "DISRUPTIONS").number == 1
    assert figure(world, "DISRUPTIONS", body="nwrocu").number == 1
    assert figure(world, "DISRUPTIONS", body="cheshire").number == 0


def test_trap_4_shares_are_whole_per_cent_of_the_same_rows(world):
    threat = world.threat()
    for number in range(5):
        world.disruption(threat, date(2022, 1, 3 + number))
    world.disruption(threat, date(2022, 1, 9), primary_p="PREVENT")
    found = figure(world, "PURSUE_SHARE", body="cheshire")
    assert (found.rows, found.of) == (5, 6)
    assert float(found.number) == pytest.approx(500 / 6)
    assert figure(world, "PURSUE_SHARE", body="cumbria").number is None


def test_every_figure_is_the_number_of_its_rows(world):
    for force in ("cheshire", "gmp"):
        threat = world.threat(force)
        world.moderate(threat)
        world.disruption(threat, date(2022, 1, 4))
    with acting_as(world.universe.service("demo")):
        for of in selectors.measures().values():
            asked = Asked(TODAY, period=None)
            figures = selectors.figures_of(of, asked)
            for body, value in figures.items():
                theirs = Asked(TODAY, body=body)
                assert value.rows == selectors.rows_of(of, theirs).count(), (of.code, body)


def test_days_before_records_begin_are_refused_and_not_reckoned_with():
    with pytest.raises(RuleBroken) as refused:
        rules.check_moments(date(1, 1, 1), date(1, 1, 2), today=date(2023, 12, 1))
    assert refused.value.code == "FG3"
    rules.check_moments(date(2000, 1, 1), date(2023, 1, 4), today=date(2023, 12, 1))


def test_figures_read_together_are_those_read_alone(filled):
    codes = ("LEAD_DISRUPTIONS", "LEAD_PURSUE_SHARE", "LATE_SHARE", "RECORD_LAG", "PER_1000")
    over = rules.Period(date(2022, 1, 1), date(2023, 1, 1))
    with acting_as(filled.universe.service("demo")):
        measures = selectors.measures()
        for on in (None, date(2023, 1, 4)):
            asked = Asked(TODAY, on, period=over)
            together = selectors.figures_together([measures[code] for code in codes], asked)
            assert together == {code: selectors.figures_of(measures[code], asked) for code in codes}
            with asked.applied():
                lead = measures["LEAD_DISRUPTIONS"]
                counts = selectors.counts_by(
                    measures["ALL_DISRUPTIONS"],
                    asked,
                    expressions={"leads": selectors.belongs_to(lead, asked)},
                    known=selectors.bodies(),
                )
            assert sum(rows for (leads,), rows in counts if leads) == together["LEAD_DISRUPTIONS"][""].rows
