"""The casework played through the services: what the product counts is what a plain replay of the acts counts."""

from collections import Counter
from datetime import date
from typing import Any

import pytest
from django.db.models import Q

from fourfold.assessments import selectors as assessments
from fourfold.disruptions import selectors as disruptions
from fourfold.entry import demo, demo_build
from fourfold.platform import clock
from fourfold.platform.history.rewind import as_recorded_on
from fourfold.platform.people.services import service_user
from fourfold.platform.visibility.scope import acting_as
from fourfold.threats import selectors as threats
from tests import played
from tests.played import Played

DAYS = (date(2021, 9, 30), date(2022, 6, 30), date(2023, 1, 4), date(2023, 4, 1), date(2023, 7, 13), played.UNTIL)
COUNTED = ("MAJOR", "MODERATE", "MINOR")

pytestmark = pytest.mark.slow


def counted_threats() -> Counter[tuple[str, str]]:
    standing = assessments.moderated().values("threat")
    rows = threats.threats().filter(pk__in=standing, closed_on=None).exclude(tier="5")
    return Counter(rows.values_list("owner__code", "threat_type"))


def counted_disruptions() -> Counter[tuple[str, str]]:
    of_the_year = Q(record_date__gte=date(2022, 1, 1), record_date__lt=date(2023, 1, 1))
    rows = disruptions.standing().filter(of_the_year, role="LEAD", category__in=COUNTED)
    return Counter(rows.values_list("lead_agency__code", "primary_p"))


def test_nothing_that_the_casework_does_is_refused(region: Played) -> None:
    already_there = demo_build.SAID_OF["TM10"]
    assert not [line for line in region.told if "not recorded" in line and already_there not in line]
    assert any("acts of officers played" in line for line in region.told)


@pytest.mark.parametrize("day", DAYS, ids=str)
def test_the_product_counts_what_a_replay_counts(region: Played, day: date, django_db_blocker: Any) -> None:
    expected = region.on(day)
    with django_db_blocker.unblock(), acting_as(service_user("demo")), as_recorded_on(clock.close_of(day)):
        assert counted_threats() == expected.counted_threats()
        assert counted_disruptions() == expected.counted_disruptions(2022)


def test_every_post_can_sign_in_and_is_told(region: Played, django_db_blocker: Any) -> None:
    with django_db_blocker.unblock():
        lines = "\n".join(demo.who_to_sign_in_as())
    for mailbox in ("sio@merseyside", "sro@merseyside", "second-moderator@nwrocu", "rocta-head@nwrocu"):
        assert f"{mailbox}.example" in lines
    assert demo.PASSWORD in lines


def test_a_second_build_does_nothing(region: Played, django_db_blocker: Any) -> None:
    again: list[str] = []
    with django_db_blocker.unblock():
        demo_build.build(people=played.PEOPLE, seed=played.SEED, tell=again.append, until=played.UNTIL)
    assert again == ["The demonstration is built already."]
