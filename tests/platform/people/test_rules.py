from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest

from fourfold.platform.errors import RuleBroken
from fourfold.platform.people import rules
from fourfold.platform.people.rules import Held

NOW = datetime(2023, 11, 10, 12, tzinfo=UTC)
DAY = date(2023, 11, 10)


@dataclass(frozen=True)
class Someone:
    capabilities: frozenset[str]


def test_a_person_may_what_one_of_their_roles_allows():
    someone = Someone(frozenset({"threat.nominate"}))
    assert rules.may(someone, "threat.nominate")
    assert not rules.may(someone, "threat.manage")


@pytest.mark.parametrize(
    ("held_from", "held_to", "is_held"),
    [
        (DAY, None, True),
        (DAY, DAY, False),
        (DAY - timedelta(days=9), DAY, False),
        (DAY - timedelta(days=9), DAY + timedelta(days=1), True),
        (DAY + timedelta(days=1), None, False),
    ],
)
def test_a_role_is_held_from_its_first_day_to_before_its_last(held_from, held_to, is_held):
    assert ("lro" in rules.roles_on([Held("lro", held_from, held_to)], DAY)) is is_held


def ago(minutes: int, times: int) -> list[datetime]:
    return [NOW - timedelta(minutes=minutes)] * times


@pytest.mark.parametrize(
    ("failed", "from_address", "refused"),
    [
        (ago(1, 4), ago(1, 4), False),
        (ago(1, 5), ago(1, 5), True),
        (ago(15, 5), ago(15, 5), False),
        ([], ago(1, 49), False),
        ([], ago(1, 50), True),
    ],
)
def test_too_many_wrong_passwords_are_refused_by_rule_p1(failed, from_address, refused):
    def attempt() -> None:
        rules.check_may_try(failed_at=failed, from_address_at=from_address, now=NOW)

    if not refused:
        attempt()
        return
    with pytest.raises(RuleBroken) as broken:
        attempt()
    assert broken.value.code == "P1"
