"""What is decided stays: tried through the application's database role, and through the owner's."""

import json

import pytest
from click.testing import CliRunner
from django.db import Error, connection, transaction

from fourfold.assessments import selectors, services
from fourfold.assessments.models import Assessment, AssessmentModel
from fourfold.assessments.rules import Side
from fourfold.platform import clock
from fourfold.platform.errors import RuleBroken
from fourfold.platform.history.rewind import as_recorded_on
from fourfold.platform.visibility.scope import acting_as
from tests import database
from tests.assessments.conftest import COUNTY_LINE, NOW, SHIPPED, TODAY, content_of, submitted, vector
from tests.threats.conftest import nominate


def tried(sql, *values):
    """The sentence that the database refuses a statement with."""
    with pytest.raises(Error) as refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, values)
    return str(refused.value)


@pytest.fixture
def decided(waiting, universe):
    moderator = universe.nwrocu_rocta_moderator
    with acting_as(moderator):
        return services.record_moderated(actor=moderator, assessment=waiting, now=NOW, today=TODAY)


@pytest.mark.django_db
def test_the_application_cannot_change_or_remove_a_model():
    assert "permission denied" in tried("update assessments_assessmentmodel set name = 'Another'")
    assert "permission denied" in tried("delete from assessments_assessmentmodel")


def test_even_the_owner_of_the_tables_cannot_change_a_model(lasting_db):
    with database.owner() as owner:
        for statement in (
            "update assessments_assessmentmodel set definition = '{}'",
            "delete from assessments_assessmentmodel",
        ):
            with pytest.raises(Exception, match="is loaded and never changes"):
                owner.execute(statement)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "change",
    [
        "tier = '5'",
        "risk = 1",
        "moderator_id = assessor_id",
        "decided_at = now()",
        "soc = false",
        "status = 'SUBMITTED'",
        "status = 'DRAFT'",
        "reasons = '{}', took_part = '{}'",
    ],
)
def test_a_decided_assessment_stays_as_it_was_decided(universe, decided, change):
    with acting_as(universe.nwrocu_rocta_moderator):
        sentence = tried(f"update assessments_assessment set {change} where id = %s", decided.pk)
    assert "is decided and stays as it is" in sentence


@pytest.mark.django_db
def test_scores_evidence_and_sheets_stay_as_they_were_sent(universe, waiting):
    with acting_as(universe.merseyside_analyst):
        for statement in (
            "update assessments_criterionscore set value = 0 where assessment_id = %s",
            "update assessments_criterionevidence set grade = '1A' where assessment_id = %s",
            "update assessments_criterionevidence set withdrawn = true where assessment_id = %s",
            "update assessments_scoresheet set risk = 1 where assessment_id = %s",
            "insert into assessments_criterionevidence "
            "(label_id, assessment_id, round, key, reference, what, grade, dated_on, withdrawn) "
            "select label_id, assessment_id, round, key, 'X', '', '1A', dated_on, false "
            "from assessments_criterionevidence where assessment_id = %s",
        ):
            assert "as they" in (said := tried(statement, waiting.pk)) or "as it is" in said
        assert selectors.values_of(selectors.scores_of(waiting, Side.ASSESSOR)) == vector(COUNTY_LINE)


@pytest.mark.django_db
def test_services_refuse_before_the_database_has_to(universe, waiting):
    analyst = universe.merseyside_analyst
    with acting_as(analyst):
        with pytest.raises(RuleBroken) as refused:
            services.save_scores(actor=analyst, assessment=waiting, values={"physical": 0})
        assert refused.value.code == "AS10"


@pytest.mark.django_db
def test_the_same_file_again_changes_nothing_and_a_changed_one_is_refused():
    content = content_of("FF-TAC-1")
    before = AssessmentModel.objects.get(code="FF-TAC-1")
    kept, is_new = services.load_model(content=content, now=NOW)
    assert (kept.pk, is_new) == (before.pk, False)
    content["sections"][0]["criteria"][0]["weight"] = 4
    with pytest.raises(RuleBroken) as refused:
        services.load_model(content=content, now=NOW)
    assert refused.value.code == "MO3"
    content["code"] = "FF-TAC-2"
    assert services.load_model(content=content, now=NOW)[1]


@pytest.mark.django_db
def test_a_new_model_works_nothing_out_again_and_scores_only_what_is_new(universe, decided, threat):
    content = content_of("FF-TAC-1")
    content |= {"code": "FF-TAC-2", "effective_from": TODAY}
    content["tiers"] = [{"tier": "1", "at_least": 70}, {"tier": "5", "at_least": 0}]
    services.load_model(content=content, now=NOW)
    with acting_as(universe.merseyside_analyst):
        assert selectors.assessment(decided.reference).tier == "1"
        again = submitted(universe, threat)
        assert (again.model.code, selectors.sheet_of(again, Side.ASSESSOR).tier) == ("FF-TAC-2", "5")
        assert selectors.assessment_of(threat).reference == decided.reference


def file_of(content):
    from django.core.files.uploadedfile import SimpleUploadedFile  # noqa: PLC0415  only two tests send files

    return SimpleUploadedFile("model.yaml", json.dumps(content, default=str).encode())


@pytest.mark.django_db
def test_a_file_is_previewed_before_it_is_kept(universe, client_for):
    client = client_for(universe.nwrocu_data_manager)
    content = content_of("FF-TAC-1") | {"code": "NAT-1", "mark": "V", "name": "An authorised matrix"}
    preview = client.post("/scoring-models/load/", {"file": file_of(content)}).content.decode()
    assert "Load this version for good" in preview
    assert not AssessmentModel.objects.filter(code="NAT-1").exists()
    kept = client.post("/scoring-models/load/", {"text": json.dumps(content, default=str), "keep": "yes"}, follow=True)
    assert "NAT-1 is loaded" in kept.content.decode()
    assert AssessmentModel.objects.get(code="NAT-1").loaded_by == universe.nwrocu_data_manager


@pytest.mark.django_db
def test_a_faulty_file_is_told_what_is_wrong_and_where(universe, client_for):
    client = client_for(universe.nwrocu_data_manager)
    content = content_of("FF-TAC-1")
    content["sections"][0]["criteria"][0]["anchors"].pop()
    answer = client.post("/scoring-models/load/", {"file": file_of(content)})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "Criterion physical" in page
    assert "Needs 6 anchors, one for each score from 0 to 5; it has 5" in page
    changed = content_of("FF-TAC-1") | {"name": "Changed"}
    assert (
        "A version never changes" in client.post("/scoring-models/load/", {"file": file_of(changed)}).content.decode()
    )
    for text, why in (
        ("a: [b", "while parsing"),
        ("[" * 100_000, "of its parts lie in each other"),
        ("a: &it [x]\nb: [*it, *it]", "refers to another part of itself"),
    ):
        told = client.post("/scoring-models/load/", {"text": text}).content.decode()
        assert "cannot be read as YAML" in told
        assert why in told
    assert client_for(universe.merseyside_analyst).get("/scoring-models/load/").status_code == 404


def test_the_command_loads_checks_and_refuses(lasting_db, tmp_path):
    from fourfold.entry.commands.assessments import assessment_model  # noqa: PLC0415  commands set Django up

    run = CliRunner().invoke
    done = run(assessment_model, ["load", str(SHIPPED / "FF-TAC-1.yaml")])
    assert "was loaded already" in done.output, done
    changed = tmp_path / "changed.yaml"
    changed.write_text((SHIPPED / "FF-TAC-1.yaml").read_text().replace("weight: 3", "weight: 4", 1))
    refused = run(assessment_model, ["load", str(changed)])
    assert isinstance(refused.exception, RuleBroken)
    faulty = tmp_path / "faulty.yaml"
    faulty.write_text("code: X")
    told = run(assessment_model, ["check", str(faulty)])
    assert told.exit_code == 1
    assert "sections: is missing" in told.output


def test_every_step_reads_as_it_was_recorded_on_its_day(as_simulation, universe):
    days = [NOW.replace(day=day) for day in (1, 5, 9)]
    with clock.told(days[0]), acting_as(universe.merseyside_analyst):
        threat = nominate(universe)
    with clock.told(days[1]), acting_as(universe.merseyside_analyst):
        sent = submitted(universe, threat, now=days[1])
    moderator = universe.nwrocu_rocta_moderator
    with clock.told(days[2]), acting_as(moderator):
        services.record_moderated(actor=moderator, assessment=sent, now=days[2], today=TODAY)
    with acting_as(universe.merseyside_analyst):
        found = []
        for day in days:
            with as_recorded_on(day):
                stood = Assessment.objects.filter(threat=threat).values_list("status", "tier").first()
                found.append((stood, threat_tier(threat), len(selectors.moderated())))
    assert found == [
        (None, "UNTIERED", 0),
        (("SUBMITTED", ""), "UNTIERED", 0),
        (("MODERATED", "1"), "1", 1),
    ]


def threat_tier(threat):
    return type(threat).objects.values_list("tier", flat=True).get(pk=threat.pk)
