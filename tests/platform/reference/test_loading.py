"""A region's folder: loaded once or ten times, changed, and refused where it cannot be understood."""

from datetime import date

import pytest
from django.conf import settings

from fourfold.platform.errors import NotThere, RuleBroken
from fourfold.platform.people.models import Organisation
from fourfold.platform.reference import rules, selectors, services
from fourfold.platform.reference.models import ReferenceTerm
from fourfold.platform.visibility.models import Compartment
from fourfold.platform.visibility.services import load_compartments

pytestmark = pytest.mark.django_db
TODAY = date(2023, 11, 10)
REGION = """
source: "Home Office force numbers"
mark: K
effective_from: 2021-01-01
code: west
name: West
organisations:
  - {code: avon, name: Avon Police, short_name: Avon, kind: FORCE, police_code: "52"}
"""
TIERS = """
kind: tier_west
source: "Tiers are published, their content is not"
mark: D
effective_from: 2021-01-01
items:
  - {code: "1", name: Tier 1, detail: {meaning: Critical}}
  - {code: "2", name: Tier 2, mark: S, parent: "1"}
"""


@pytest.fixture
def folder(tmp_path):
    """A region called west. ("Ends what vanished" is about one region, so the north west's terms end as well.)"""
    home = tmp_path / "west"
    home.mkdir()
    (home / "region.yaml").write_text(REGION)
    (home / "tiers.yaml").write_text(TIERS)
    return tmp_path


def test_the_north_west_is_loaded_and_loading_it_again_changes_nothing():
    again = services.load("north_west", settings.REGIONS, today=TODAY)
    assert (again.added, again.changed, again.ended) == (0, 0, 0)
    assert again.organisations == Organisation.objects.exclude(region="").count()
    assert again.terms == ReferenceTerm.objects.count()


def test_every_term_of_the_north_west_has_a_source_and_a_mark():
    assert ReferenceTerm.objects.exists()
    assert not ReferenceTerm.objects.filter(source="").exists()
    assert not ReferenceTerm.objects.filter(source__startswith="DOMAIN").exists(), "a reader cannot look this up"
    assert set(ReferenceTerm.objects.values_list("mark", flat=True)) <= rules.MARKS


def test_another_region_is_another_folder(folder):
    services.load("west", folder, today=TODAY)
    avon = Organisation.objects.get(code="avon")
    assert (avon.region, avon.police_code, avon.short_name) == ("west", "52", "Avon")
    assert [(t.code, t.mark, t.detail) for t in selectors.terms("tier_west")] == [
        ("1", "D", {"meaning": "Critical"}),
        ("2", "S", {"parent": "1"}),
    ]


def test_a_changed_term_changes_and_a_vanished_one_ends_and_keeps_its_name(folder):
    services.load("west", folder, today=TODAY)
    changed = TIERS.replace("Tier 1,", "First tier,").split('  - {code: "2"')[0]
    (folder / "west" / "tiers.yaml").write_text(changed)
    loaded = services.load("west", folder, today=TODAY)
    assert (loaded.added, loaded.changed, loaded.ended) == (0, 1, 1)
    assert [t.name for t in selectors.terms("tier_west", on=TODAY)] == ["First tier"]
    assert selectors.name_of("tier_west", "2") == "Tier 2"
    assert ReferenceTerm.objects.get(kind="tier_west", code="2").effective_to == TODAY


def test_a_term_counts_from_its_first_day_to_before_its_last(folder):
    dated = TIERS.replace("mark: S, parent", "mark: S, effective_from: 2022-01-01, effective_to: 2023-01-01, parent")
    (folder / "west" / "tiers.yaml").write_text(dated)
    services.load("west", folder, today=TODAY)
    for day, codes in ((date(2021, 12, 31), ["1"]), (date(2022, 1, 1), ["1", "2"]), (date(2023, 1, 1), ["1"])):
        assert [t.code for t in selectors.terms("tier_west", on=day)] == codes


@pytest.mark.parametrize(
    ("file", "content", "code", "words"),
    [
        ("tiers.yaml", "items: [", "R1", "tiers.yaml cannot be read"),
        ("tiers.yaml", "- a list", "R1", "has no keys"),
        ("tiers.yaml", "kind: tier", "R1", "tiers.yaml has no source"),
        ("tiers.yaml", TIERS.replace('"2", name: Tier 2', '"1", name: Tier 2'), "R2", "has 1 twice"),
        ("tiers.yaml", TIERS.replace("name: Tier 1, ", ""), "R3", "item 1 needs a code and a name"),
        ("tiers.yaml", TIERS.replace("parent:", "colour:"), "R3", "item 2 has colour"),
        ("tiers.yaml", TIERS.replace("mark: S", "mark: X"), "R4", "item 2 has the mark X"),
    ],
)
def test_a_file_that_cannot_be_understood_is_refused_by_name(folder, file, content, code, words):
    (folder / "west" / file).write_text(content)
    with pytest.raises(RuleBroken, match=words) as refused:
        services.load("west", folder, today=TODAY)
    assert refused.value.code == code
    assert not Organisation.objects.filter(code="avon").exists()


def test_a_region_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(RuleBroken, match="has no region") as refused:
        services.load("nowhere", tmp_path, today=TODAY)
    assert refused.value.code == "R0"


def test_our_own_defaults_say_that_they_are():
    assert selectors.DEFAULT_NOTE in selectors.notes_on_defaults("tier")
    assert selectors.notes_on_defaults("no_such_kind") == ""
    assert dict(selectors.choices("tier"))["1"] == "Tier 1 (default, not the national model)"


def test_a_code_that_is_not_there_is_not_there():
    with pytest.raises(NotThere):
        selectors.term("tier", "99")
    assert selectors.term("tier", "1").name == "Tier 1"


def test_compartments_of_the_region_are_made_once():
    assert load_compartments() == Compartment.objects.count() >= 1
