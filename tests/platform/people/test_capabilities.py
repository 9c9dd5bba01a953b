"""What a role allows is what its term says on the day."""

from datetime import timedelta

import pytest

from fourfold.platform import clock
from fourfold.platform.people.models import User
from fourfold.platform.reference.models import ReferenceTerm
from fourfold.platform.visibility import selectors


def allowed(user: User) -> tuple[bool, bool]:
    """Whether the user may write, by the user's own account and by what the policy is told."""
    fresh = User.objects.get(pk=user.pk)
    reader, _ = selectors.reader_of(fresh, today=clock.today())
    return "record.write" in fresh.capabilities, "record.write" in reader.capabilities


@pytest.mark.parametrize(("ends_in_days", "still"), [(-1, False), (0, False), (1, True)])
def test_a_role_allows_until_its_term_ends(db, universe, ends_in_days, still):
    analyst = universe.merseyside_analyst
    assert allowed(analyst) == (True, True)
    ends = clock.today() + timedelta(days=ends_in_days)
    assert ReferenceTerm.objects.filter(kind="role", code="analyst").update(effective_to=ends) == 1
    assert allowed(analyst) == (still, still)


def test_a_role_allows_nothing_before_its_term_begins(db, universe):
    begins = clock.today() + timedelta(days=1)
    ReferenceTerm.objects.filter(kind="role", code="analyst").update(effective_from=begins)
    assert allowed(universe.merseyside_analyst) == (False, False)
