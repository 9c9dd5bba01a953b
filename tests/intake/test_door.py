from dataclasses import replace
from datetime import date, timedelta

import pytest
from procrastinate.contrib.django.models import ProcrastinateJob

from fourfold.intake import region, selectors, services
from fourfold.intake.models import Arrival, Batch, Source, SourceToken
from fourfold.intake.rules import How, State
from fourfold.platform import clock
from fourfold.platform.audit.models import Entry
from fourfold.platform.errors import NotThere, RuleBroken
from fourfold.platform.people.services import service_user
from fourfold.platform.visibility.scope import acting_as
from tests.intake import deliveries

pytestmark = pytest.mark.usefixtures("sources")


@pytest.fixture
def as_intake(sources):
    with acting_as(service_user("intake")):
        yield


def test_the_regions_sources_are_there_and_registering_again_changes_nothing(settings, as_intake):
    codes = set(Source.objects.values_list("code", flat=True))
    assert codes == {
        *("niche_tri", "connect_lancashire", "policeworks_gmp", "mark43_cumbria"),
        *("police_uk_street", "hmpps_prisons", "ons_force_areas", "st_louis_crimes"),
    }
    before = list(Source.objects.values_list("pk", "recorded_from"))
    for facts in region.sources_in(settings.REGIONS / settings.REGION):
        services.register_source(facts=facts)
    assert list(Source.objects.values_list("pk", "recorded_from")) == before


def test_a_source_of_an_unknown_organisation_is_refused_by_rule_in6(settings, as_intake):
    facts = region.sources_in(settings.REGIONS / settings.REGION)[0]
    with pytest.raises(RuleBroken, match="essex, which is not known") as refused:
        services.register_source(facts=replace(facts, forces=("essex",)))
    assert refused.value.code == "IN6"


def test_sources_yaml_that_is_not_whole_says_what_is_missing(tmp_path):
    with pytest.raises(RuleBroken, match="no file"):
        region.sources_in(tmp_path)
    (tmp_path / "sources.yaml").write_text("items:\n- {code: x_y, name: X}\n")
    with pytest.raises(RuleBroken, match=r"x_y in sources\.yaml lacks or misspells 'agreement'"):
        region.sources_in(tmp_path)


def test_a_delivery_is_received_noted_and_queued(deliver, tmp_path):
    received = deliver(deliveries.small(tmp_path / "2026-01-04"))
    assert (received.again, received.batch.state) == (False, State.RECEIVED)
    with acting_as(service_user("intake")):
        assert [(a.how, a.name) for a in selectors.arrivals_of(received.batch)] == [(How.COMMAND, "2026-01-04")]
        noted = Entry.objects.filter(object_type="intake.batch", object_id=str(received.batch.pk))
        assert [e.operation for e in noted] == ["COLLECTION"]
    job = ProcrastinateJob.objects.get()
    assert (job.task_name, job.args) == ("intake.process_batch", {"batch_id": received.batch.pk})


def test_the_same_delivery_is_recognised_and_not_loaded_again(deliver, tmp_path):
    folder = deliveries.small(tmp_path / "2026-01-04")
    first = deliver(folder)
    again = deliver(deliveries.zipped(folder, tmp_path / "again.zip", within="x/"))
    assert again.again
    assert again.batch.pk == first.batch.pk
    assert "came before" in again.sentence
    assert "as 2026-01-04" in again.sentence
    assert "not loaded again" in again.sentence
    with acting_as(service_user("intake")):
        assert Batch.objects.count() == 1
        assert [a.name for a in selectors.arrivals_of(first.batch)] == ["2026-01-04", "again.zip"]
    assert ProcrastinateJob.objects.count() == 1


def test_the_same_files_from_another_source_are_another_batch(deliver, tmp_path):
    folder = deliveries.small(tmp_path / "d")
    assert deliver(folder).batch.pk != deliver(folder, source="mark43_cumbria").batch.pk


def test_a_delivery_that_cannot_be_opened_is_kept_and_refused_with_a_sentence(deliver, store, tmp_path):
    path = tmp_path / "cut.zip"
    path.write_bytes(b"PK\x03\x04 cut short")
    received = deliver(path)
    assert received.batch.state == State.REFUSED
    assert (received.batch.rule_code, received.batch.sentence) == ("IN2", received.sentence)
    assert store.path_of(received.batch.contents[0]["sha256"]).read_bytes() == path.read_bytes()
    assert not ProcrastinateJob.objects.exists()


def test_after_the_agreement_ends_nothing_is_loaded_and_once_it_goes_on_the_same_delivery_is(deliver, tmp_path):
    folder = deliveries.small(tmp_path / "d")
    with acting_as(service_user("intake")):
        Source.objects.filter(code="niche_tri").update(agreement_to=clock.today())
    refused = deliver(folder)
    assert (refused.batch.state, refused.batch.rule_code) == (State.REFUSED, "IN8")
    with acting_as(service_user("intake")):
        Source.objects.filter(code="niche_tri").update(agreement_to=clock.today() + timedelta(days=1))
    taken = deliver(folder)
    assert (taken.batch.pk, taken.batch.state, taken.again) == (refused.batch.pk, State.RECEIVED, False)


def test_an_idempotency_key_names_one_delivery(deliver, tmp_path):
    one, other = deliveries.small(tmp_path / "d"), deliveries.write_niche(tmp_path / "e", {})
    first = deliver(one, idempotency_key="k1")
    assert deliver(one, idempotency_key="k1").batch.pk == first.batch.pk
    with acting_as(service_user("intake")):
        assert Arrival.objects.count() == 1
    with pytest.raises(RuleBroken) as refused:
        deliver(other, idempotency_key="k1")
    assert refused.value.code == "IN5"
    assert deliver(other, idempotency_key="k2").batch.pk != first.batch.pk


def test_a_new_token_replaces_the_old_one_and_only_a_hash_is_kept(as_intake):
    source = selectors.source_of("niche_tri")
    old, new = (services.make_token(source=source, now=clock.now()) for _ in range(2))
    working = SourceToken.objects.filter(withdrawn_at=None)
    assert [t.token_hash for t in working] == [services.rules.token_hash(new)]
    assert old not in str(list(SourceToken.objects.values()))


def test_a_batch_that_has_not_stopped_is_not_run_again(deliver, tmp_path):
    batch = deliver(deliveries.small(tmp_path / "d")).batch
    with acting_as(service_user("intake")), pytest.raises(RuleBroken) as refused:
        services.run_again(batch=batch)
    assert refused.value.code == "IN14"


def test_an_analyst_cannot_write_what_intake_knows(universe, deliver, tmp_path):
    batch = deliver(deliveries.small(tmp_path / "d")).batch
    with acting_as(universe.gmp_analyst):
        assert Batch.objects.filter(pk=batch.pk).exists()
        assert Batch.objects.filter(pk=batch.pk).update(state=State.FAILED, sentence="x") == 0


def test_a_source_in_a_compartment_is_not_there_for_those_outside(universe):
    with acting_as(universe.merseyside_intelligence_manager):
        assert "st_louis_crimes" not in set(selectors.sources().values_list("code", flat=True))
        with pytest.raises(NotThere):
            selectors.source_of("st_louis_crimes")


def test_agreements_are_dates_of_the_region(as_intake):
    assert selectors.source_of("niche_tri").agreement_from == date(2021, 4, 1)
