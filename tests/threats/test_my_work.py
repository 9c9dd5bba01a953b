"""My work: what each role finds there, and nothing that is not theirs."""

import pytest

from fourfold.platform.visibility.scope import acting_as
from fourfold.threats import services
from tests.threats.conftest import nominate

pytestmark = pytest.mark.django_db


def test_an_empty_page_says_what_will_be_here(universe, client_for):
    page = client_for(universe.merseyside_lro).get("/").content.decode()
    assert "You lead no threats yet" in page
    assert "Nothing is due" in page
    assert "No open threats of Merseyside Police" in page


def test_a_lead_finds_their_threats_and_a_manager_what_waits(universe, client_for):
    manager = universe.merseyside_intelligence_manager
    with acting_as(manager):
        nominate(universe, by="merseyside_intelligence_manager", name="Without a lead", tier="1")
        nominate(
            universe,
            by="merseyside_intelligence_manager",
            name="Well led",
            tier="2",
            leads=services.Leads(lro=universe.merseyside_lro),
        )
    lead = client_for(universe.merseyside_lro).get("/").content.decode()
    assert "lead responsible officer" in lead
    assert "Well led" in lead
    manages = client_for(manager).get("/").content.decode()
    assert "threat of your organisation without a lead responsible officer" in manages
    assert "rows that were not loaded" in manages
    partner = client_for(universe.hmpps_partner_analyst).get("/").content.decode()
    assert "Without a lead" not in partner
    assert "rows that were not loaded" not in partner


@pytest.mark.parametrize(
    "name",
    ["merseyside_analyst", "nwrocu_rocta_moderator", "nwrocu_auditor", "hmpps_partner_analyst", "nca_inspector"],
)
def test_every_role_has_a_page(universe, client_for, name):
    assert client_for(getattr(universe, name)).get("/").status_code == 200


def test_nobody_is_sent_to_sign_in(client):
    answer = client.get("/")
    assert (answer.status_code, answer["Location"]) == (302, "/sign-in/?next=/")


def test_each_total_leads_to_as_many_rows_on_the_page(universe, client_for):
    with acting_as(universe.merseyside_intelligence_manager):
        for number in range(12):
            nominate(
                universe,
                by="merseyside_intelligence_manager",
                name=f"Line {number}",
                tier="1" if number else "5",
                leads=services.Leads(lro=universe.merseyside_lro),
            )
    client = client_for(universe.merseyside_lro)
    page = client.get("/").content.decode()
    assert "0 overdue" not in page
    assert '<a class="govuk-link" href="#changed">12 threats changed since you last looked</a>' in page
    assert page.count("moj-timeline__item") == 12
    assert "2 changed before these" in page
    everything = (
        f'href="/threats/?lro={universe.merseyside_lro.pk}&amp;state=open">All 12 open threats that you lead</a>'
    )
    assert everything in page


@pytest.mark.parametrize("name", ["nwrocu_auditor", "gmp_data_protection_officer"])
def test_who_has_nothing_to_do_here_is_led_to_the_ledger(universe, client_for, name):
    page = client_for(getattr(universe, name)).get("/").content.decode()
    main = page[page.index("<main") :]
    assert "Begin with the ledger" in main
    assert 'href="/ledger/"' in main
    assert "Changed since you last looked" not in main
    assert "0 " not in main[: main.index("</h1>") + 600]
