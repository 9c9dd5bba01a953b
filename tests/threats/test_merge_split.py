"""Merging, splitting, linking and reopening: both records stay, linked, each with its own past."""

from datetime import date

import pytest

from fourfold.platform.audit import selectors as ledger
from fourfold.platform.errors import NotThere, RuleBroken
from fourfold.platform.visibility.scope import acting_as
from fourfold.pole import selectors as pole
from fourfold.threats import selectors, services
from fourfold.threats.models import ThreatLine, ThreatPlace
from tests.threats.conftest import EXPLOITED, TODAY, membership, nominate, nomination

pytestmark = pytest.mark.django_db
WHY = "They share their leader and their phones"
MANAGER = "merseyside_intelligence_manager"


def full(universe, picture, *, name="Harbour line", by=MANAGER, people=(("p1", {}), ("p2", EXPLOITED))):
    actor = universe.__getattr__(by)
    threat = nominate(universe, by=by, name=name)
    for key, said in people:
        services.add_member(
            actor=actor,
            threat=threat,
            record=pole.person_record(picture[key]),
            membership=membership(**said),
            reason=WHY,
            today=TODAY,
        )
    services.add_line(
        actor=actor, threat=threat, number="07700 900123", brand="Joey", from_on=TODAY, reason=WHY, today=TODAY
    )
    services.add_place(actor=actor, threat=threat, name="Quay Street, L3 4AA", from_on=TODAY, reason=WHY, today=TODAY)
    return threat


def test_a_merge_moves_people_and_lines_links_both_and_closes_one(universe, picture):
    manager = universe.merseyside_intelligence_manager
    with acting_as(manager):
        one = full(universe, picture)
        other = full(universe, picture, name="Quay line", people=(("p1", {}),))
        services.merge_threats(actor=manager, threat=one, into=other, reason=WHY, today=TODAY)
        one, other = selectors.threat(one.reference), selectors.threat(other.reference)
        assert (one.phase, one.closed_on, other.closed_on) == ("CLOSED_MERGED", TODAY, None)
        assert selectors.headcount(one) == selectors.Headcount()
        assert selectors.headcount(other) == selectors.Headcount(offender=1, protect=1)
        assert ThreatLine.objects.filter(threat=other, to_on=None).count() == 1
        assert not ThreatLine.objects.filter(threat=one, to_on=None).exists()
        assert ThreatPlace.objects.filter(threat=other, to_on=None).count() == 1
        assert [(link.one, link.kind, link.other) for link in selectors.links_of(one)] == [(one, "MERGED_INTO", other)]
        assert selectors.links_of(one) == selectors.links_of(other)
        assert selectors.merged_into(one) == other
        assert "merged" in [entry.details["change"] for entry in ledger.entries_about(one)]
        assert "took in another threat" in [entry.details["change"] for entry in ledger.entries_about(other)]


def test_nobody_exploited_becomes_an_offender_by_a_merge_or_a_split(universe, picture):
    manager = universe.merseyside_intelligence_manager
    with acting_as(manager):
        one = full(universe, picture, people=(("p2", EXPLOITED),))
        other = nominate(universe, by=MANAGER, name="Quay line")
        services.merge_threats(actor=manager, threat=one, into=other, reason=WHY, today=TODAY)
        assert selectors.headcount(other) == selectors.Headcount(protect=1)
        (moved,) = selectors.member_lines(other, today=TODAY)
        made = services.split_threat(
            actor=manager,
            threat=other,
            nomination=nomination(name="Third line", nominated_on=TODAY),
            parts=services.Parts(members=frozenset({moved.member.pk})),
            reason=WHY,
            today=TODAY,
        )
        assert selectors.headcount(made) == selectors.Headcount(protect=1)
        assert selectors.headcount(other) == selectors.Headcount()


def test_a_merge_needs_rights_over_both_and_two_open_threats(universe, picture):
    with acting_as(universe.gmp_intelligence_manager):
        theirs = nominate(universe, by="gmp_intelligence_manager", name="Their line")
    manager = universe.merseyside_intelligence_manager
    with acting_as(manager):
        ours = full(universe, picture)
        for into, code in ((theirs, "TH13"), (ours, "TH28")):
            with pytest.raises(RuleBroken) as refused:
                services.merge_threats(actor=manager, threat=ours, into=into, reason=WHY, today=TODAY)
            assert refused.value.code == code
        shut = nominate(universe, by=MANAGER, name="Shut")
        services.close_threat(
            actor=manager, threat=shut, ground="CLOSED_DORMANT", closed_on=TODAY, reason=WHY, today=TODAY
        )
        with pytest.raises(RuleBroken) as refused:
            services.merge_threats(actor=manager, threat=ours, into=shut, reason=WHY, today=TODAY)
        assert refused.value.code == "TH40"
        assert selectors.threat(ours.reference).closed_on is None
        assert selectors.headcount(ours).members == 1
    with acting_as(universe.nwrocu_rocta_moderator) as acting:
        services.merge_threats(actor=acting.user, threat=ours, into=theirs, reason=WHY, today=TODAY)
        assert selectors.merged_into(selectors.threat(ours.reference)) == theirs


def test_whom_the_merger_could_not_see_stays_until_somebody_who_does_moves_them(universe, picture):
    with acting_as(universe.merseyside_intelligence_manager):
        ours = full(universe, picture, people=(("p1", {}), ("p3", {"role": "ASSOCIATE"})))
    with acting_as(universe.gmp_intelligence_manager):
        theirs = nominate(universe, by="gmp_intelligence_manager", name="Their line")
    with acting_as(universe.nwrocu_rocta_moderator) as acting:
        services.merge_threats(actor=acting.user, threat=ours, into=theirs, reason=WHY, today=TODAY)
        assert selectors.left_behind(selectors.threat(ours.reference)) == 0
    with acting_as(universe.merseyside_analyst) as acting:
        ours = selectors.threat(ours.reference)
        assert selectors.left_behind(ours) == 1
        assert services.move_what_was_left(actor=acting.user, threat=ours, reason=WHY, today=TODAY) == 1
        assert selectors.left_behind(ours) == 0
        assert selectors.headcount(theirs).members == 2
    with acting_as(universe.gmp_analyst):
        assert selectors.headcount(theirs).members == 1


def test_a_split_makes_a_threat_of_what_was_chosen_and_leaves_the_rest(universe, picture):
    manager = universe.merseyside_intelligence_manager
    with acting_as(manager):
        threat = full(universe, picture)
        (member, _) = sorted(selectors.member_lines(threat, today=TODAY), key=lambda line: line.member.role)
        (line,) = selectors.lines(threat)
        with pytest.raises(RuleBroken) as refused:
            split(manager, threat, services.Parts())
        assert refused.value.code == "TH41"
        made = split(manager, threat, services.Parts(frozenset({member.member.pk}), frozenset({line.pk})))
        assert [link.kind for link in selectors.links_of(threat)] == ["SPLIT_FROM"]
        assert (selectors.links_of(made)[0].one, selectors.links_of(made)[0].other) == (made, threat)
        assert [each.number for each in selectors.lines(made)] == ["+447700900123"]
        assert selectors.headcount(made).members + selectors.headcount(made).protect == 1
        assert selectors.threat(threat.reference).closed_on is None
        assert made.owner == threat.owner


def split(actor, threat, parts):
    return services.split_threat(
        actor=actor,
        threat=threat,
        nomination=nomination(name="Third line", nominated_on=TODAY),
        parts=parts,
        reason=WHY,
        today=TODAY,
    )


def test_a_split_takes_nothing_that_is_not_in_the_threat(universe, picture):
    manager = universe.merseyside_intelligence_manager
    with acting_as(manager):
        threat, other = full(universe, picture), full(universe, picture, name="Quay line")
        (stranger, *_) = selectors.lines(other)
        with pytest.raises(RuleBroken) as refused:
            split(manager, threat, services.Parts(lines=frozenset({stranger.pk})))
        assert refused.value.code == "TH42"
        assert not selectors.threats().filter(name="Third line").exists()


def test_a_reopened_threat_goes_on_in_a_new_phase_and_leaves_the_one_it_was_merged_into(universe, picture):
    manager = universe.merseyside_intelligence_manager
    with acting_as(manager):
        one = full(universe, picture)
        other = nominate(universe, by=MANAGER, name="Quay line")
        with pytest.raises(RuleBroken) as refused:
            services.reopen_threat(actor=manager, threat=one, phase="DEVELOPMENT", reason=WHY, today=TODAY)
        assert refused.value.code == "TH39"
        services.merge_threats(actor=manager, threat=one, into=other, reason=WHY, today=TODAY)
    with acting_as(manager):
        one = selectors.threat(one.reference)
        for phase, code in (("CLOSED_DORMANT", "TH19"), ("NONE", "TH7")):
            with pytest.raises(RuleBroken) as refused:
                services.reopen_threat(actor=manager, threat=one, phase=phase, reason=WHY, today=TODAY)
            assert refused.value.code == code
        opened = services.reopen_threat(actor=manager, threat=one, phase="DEVELOPMENT", reason=WHY, today=TODAY)
        assert (opened.phase, opened.phase_from, opened.closed_on, opened.closing_ground) == (
            "DEVELOPMENT",
            TODAY,
            None,
            "",
        )
        assert [link.to_on for link in selectors.links_of(opened)] == [TODAY]
        assert selectors.merged_into(opened) is None


def test_a_link_shows_on_both_and_to_nobody_who_may_not_see_both(universe):
    manager = universe.merseyside_intelligence_manager
    with acting_as(manager):
        shown = nominate(universe, by=MANAGER)
        hidden = nominate(universe, by=MANAGER, name="Hidden line", audience="OWN")
        link = services.link_threats(actor=manager, one=hidden, other=shown, kind="SUPPLIER", reason=WHY, today=TODAY)
        assert selectors.links_of(shown) == selectors.links_of(hidden) == (link,)
        with pytest.raises(RuleBroken) as refused:
            services.link_threats(actor=manager, one=hidden, other=shown, kind="SUPPLIER", reason=WHY, today=TODAY)
        assert refused.value.code == "TH30"
    with acting_as(universe.gmp_analyst):
        assert selectors.links_of(shown) == ()
        with pytest.raises(NotThere):
            selectors.link(link.pk, of=shown)
    with acting_as(manager):
        ended = services.end_link(actor=manager, link=link, to_on=TODAY, reason=WHY, today=TODAY)
        assert ended.to_on == TODAY
        with pytest.raises(RuleBroken) as refused:
            services.end_link(actor=manager, link=link, to_on=TODAY, reason=WHY, today=TODAY)
        assert refused.value.code == "TH33"


@pytest.mark.parametrize(("kind", "code"), [("MERGED_INTO", "TH31"), ("SPLIT_FROM", "TH31"), ("FRIENDS", "TH31")])
def test_only_known_links_are_made_by_hand(universe, kind, code):
    manager = universe.merseyside_intelligence_manager
    with acting_as(manager):
        one, other = (nominate(universe, by=MANAGER, name=name) for name in ("One line", "Other line"))
        with pytest.raises(RuleBroken) as refused:
            services.link_threats(actor=manager, one=one, other=other, kind=kind, reason=WHY, today=TODAY)
        assert refused.value.code == code


def test_a_force_may_link_its_threat_to_one_of_another_force_that_it_sees(universe):
    with acting_as(universe.gmp_intelligence_manager):
        theirs = nominate(universe, by="gmp_intelligence_manager", name="Their line")
        both_theirs = nominate(universe, by="gmp_intelligence_manager", name="Their other line")
    with acting_as(universe.merseyside_analyst) as acting:
        ours = nominate(universe)
        for one, other in ((ours, theirs), (theirs, ours)):
            services.link_threats(actor=acting.user, one=one, other=other, kind="SUPPLIER", reason=WHY, today=TODAY)
        with pytest.raises(RuleBroken) as refused:
            services.link_threats(
                actor=acting.user, one=theirs, other=both_theirs, kind="RIVAL", reason=WHY, today=TODAY
            )
        assert refused.value.code == "TH13"
    with acting_as(universe.cheshire_analyst):
        assert len(selectors.links_of(theirs)) == 2


def test_lines_and_places_end_on_a_day_and_say_what_they_are(universe):
    manager = universe.merseyside_intelligence_manager
    with acting_as(manager):
        threat = nominate(universe, by=MANAGER)
        line = services.add_line(
            actor=manager, threat=threat, number="07700 900123", from_on=date(2026, 9, 1), reason=WHY, today=TODAY
        )
        assert line.number == "+447700900123"
        for number, code in (("07700900123", "TH37"), ("12", "TH36")):
            with pytest.raises(RuleBroken) as refused:
                services.add_line(actor=manager, threat=threat, number=number, from_on=TODAY, reason=WHY, today=TODAY)
            assert refused.value.code == code
        assert services.end_line(actor=manager, line=line, to_on=TODAY, reason=WHY, today=TODAY).to_on == TODAY
        with pytest.raises(RuleBroken) as refused:
            services.end_line(actor=manager, line=line, to_on=TODAY, reason=WHY, today=TODAY)
        assert refused.value.code == "TH33"
        place = services.add_place(
            actor=manager, threat=threat, name="///daring.lion.race", from_on=TODAY, reason=WHY, today=TODAY
        )
        assert place.postcode == ""
        with pytest.raises(RuleBroken) as refused:
            services.add_place(
                actor=manager, threat=threat, name="Quay", postcode="XX", from_on=TODAY, reason=WHY, today=TODAY
            )
        assert refused.value.code == "TH35"
        with pytest.raises(RuleBroken) as refused:
            services.end_place(actor=manager, place=place, to_on=date(2026, 1, 1), reason=WHY, today=TODAY)
        assert refused.value.code == "TH34"
