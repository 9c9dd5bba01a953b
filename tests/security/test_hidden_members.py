"""A membership on a record that became hidden is gone from every page, with the words that were said about it."""

from datetime import UTC, date, datetime, timedelta

import pytest

from fourfold.platform.visibility.scope import acting_as
from fourfold.pole import selectors as pole
from fourfold.threats import selectors, services
from fourfold.threats.models import Threat
from tests.pole.canonical import Batch, published
from tests.threats.conftest import PEOPLE, TODAY, membership, nominate, publish_people


@pytest.fixture
def restricted(universe, tmp_path):
    """A threat that the region reads, whose one member's record the force has restricted since."""
    picture = publish_people(universe, tmp_path)
    with acting_as(universe.merseyside_analyst):
        threat = nominate(universe)
        services.add_member(
            actor=universe.merseyside_analyst,
            threat=threat,
            record=pole.person_record(picture["p1"]),
            membership=membership(),
            reason="Told us himself in an interview",
            today=TODAY,
        )
    batch = Batch(tmp_path / "restricting" / "canonical", force="merseyside")
    batch.person("p1", PEOPLE[0], date(1990, 1, 2), audience="OWN")
    published(universe, batch, now=datetime.now(UTC), number=2)
    return threat


@pytest.mark.django_db
def test_history_does_not_tell_of_a_member_whose_record_is_hidden(universe, client_for, restricted):
    page = client_for(universe.gmp_analyst).get(f"/threats/{restricted.reference}/history/").content.decode()
    assert "Told us himself" not in page
    ours = client_for(universe.merseyside_analyst).get(f"/threats/{restricted.reference}/history/").content.decode()
    assert "Told us himself" in ours


@pytest.mark.django_db
def test_a_threat_with_only_hidden_members_is_one_without_members(universe, restricted):
    with acting_as(universe.gmp_analyst):
        found = Threat.objects.filter(selectors.has_no_members(), pk=restricted.pk)
        assert found.exists() == (selectors.headcount(restricted).members == 0)
    with acting_as(universe.merseyside_analyst):
        assert not Threat.objects.filter(selectors.has_no_members(), pk=restricted.pk).exists()


def test_what_changed_does_not_repeat_words_about_a_hidden_member(lasting_db, universe, restricted):
    before = restricted.recorded_from - timedelta(seconds=1)
    with acting_as(universe.gmp_analyst):
        changed = selectors.threats_changed_since(before, among=Threat.objects.all())
        assert [each.because for each in changed] == ["Three linked seizures this month"]
