"""The rules as they ship, case by case; and what holds whatever the records and their order."""

import itertools
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from fourfold.formats import devices
from fourfold.pipeline.things import RulesWrong, group_things, load_rules, made_by
from fourfold.pipeline.things.grouping import Said, grouped
from fourfold.pipeline.things.judged import JUDGED
from fourfold.pipeline.things.matching import compare
from fourfold.pipeline.things.records import load_records
from fourfold.pipeline.things.rules import SHIPPED

ACCESS = {"owning_force": "merseyside", "audience": "REGION", "compartment": None}
OBJECT = {
    **dict.fromkeys(
        ("record_key", *ACCESS, "kind", "value", "value_raw", "make", "model", "colour", "detail"), "string"
    ),
    "valid": "bool",
}
LOCATION = {
    **dict.fromkeys(("record_key", *ACCESS, "address_line", "postcode", "name", "uprn"), "string"),
    "latitude": "double",
    "longitude": "double",
}
LINK = {
    **dict.fromkeys(("left_kind", "left_key", "right_kind", "right_key", *ACCESS), "string"),
    "from_on": "date32",
    "to_on": "date32",
}
PERSON = dict.fromkeys(("record_key", "name_key", *ACCESS), "string")
TABLES = {"object": OBJECT, "location": LOCATION, "link": LINK, "person": PERSON}


def vehicle(key: str, plate: str, make: str | None = None, model: str | None = None, colour: str | None = None,
            *, vin: str | None = None, **more: Any) -> dict[str, Any]:  # fmt: skip
    detail = json.dumps({"vin": vin}) if vin else None
    return {"record_key": key, "kind": "VEHICLE", "value": plate, "valid": True, "make": make, "model": model,
            "colour": colour, "detail": detail, **more}  # fmt: skip


def phone(key: str, number: str, *, valid: bool = True, **detail: str) -> dict[str, Any]:
    return {"record_key": key, "kind": "PHONE", "value": number, "valid": valid, "detail": json.dumps(detail)}


def organisation(key: str, name: str, **detail: Any) -> dict[str, Any]:
    return {"record_key": key, "kind": "ORGANISATION", "value": name, "value_raw": name, "valid": True,
            "detail": json.dumps(detail)}  # fmt: skip


def address(key: str, line: str, postcode: str | None = None, uprn: str | None = None) -> dict[str, Any]:
    return {"record_key": key, "address_line": line, "postcode": postcode, "uprn": uprn}


def put(folder: Path, **rows: Sequence[Mapping[str, Any]]) -> Path:
    folder.mkdir(parents=True)
    for name, given_rows in rows.items():
        columns = TABLES[name]
        full = [{column: {**ACCESS, **row}.get(column) for column in columns} for row in given_rows]
        pq.write_table(pa.Table.from_pylist(full, schema=pa.schema(list(columns.items()))), folder / f"{name}.parquet")
    return folder


def rows_of(path: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(path).to_pylist()
    return rows


def things(
    tmp_path: Path, *, judgements: Path | None = None, **rows: Sequence[Mapping[str, Any]]
) -> tuple[set[frozenset[str]], dict[tuple[str, str], str]]:
    """The groups of more than one record, and the verdict and rule of each pair that has one."""
    made = group_things({"one": [put(tmp_path / "given", **rows)]}, into=tmp_path / "made", judgements=judgements)
    groups: dict[tuple[str, int], set[str]] = {}
    for row in rows_of(made.clusters):
        groups.setdefault((row["end_kind"], row["cluster"]), set()).add(row["record_key"])
    ties = {(row["left_key"], row["right_key"]): f"{row['verdict']} {row['code']}" for row in rows_of(made.ties)}
    return {frozenset(keys) for keys in groups.values() if len(keys) > 1}, ties


VIN, OTHER_VIN = "WF0XXXGCDX1234567", "WF0XXXGCDX7654321"
PAIRS = {
    "same plate, make spelt otherwise": (
        [vehicle("a", "AB12CDE", "VW", "Golf", "Grey"), vehicle("b", "AB12CDE", "VOLKSWAGEN", "Golf GTD", "Gray")],
        "JOIN plate_described",
    ),
    "same plate, nothing else said": ([vehicle("a", "AB12CDE", "Ford"), vehicle("b", "AB12CDE")], "JOIN plate"),
    "another colour alone": (
        [vehicle("a", "AB12CDE", "Ford", "Focus", "Blue"), vehicle("b", "AB12CDE", "Ford", "Focus", "Black")],
        "JOIN plate_described",
    ),
    "another make": ([vehicle("a", "AB12CDE", "Ford"), vehicle("b", "AB12CDE", "Kia")], "APART make_differs"),
    "a make with a slip": ([vehicle("a", "AB12CDE", "Peugeot"), vehicle("b", "AB12CDE", "Peugoet")],
                           "JOIN plate_described"),
    "another model and colour": (
        [vehicle("a", "AB12CDE", "Ford", "Focus", "Blue"), vehicle("b", "AB12CDE", "Ford", "Transit", "White")],
        "APART model_and_colour_differ",
    ),
    "another plate on one VIN": (
        [vehicle("a", "AB12CDE", "Ford", vin=VIN), vehicle("b", "J12XYZ", "Ford", vin=VIN.lower())], "JOIN vin"),
    "one plate on two VINs": (
        [vehicle("a", "AB12CDE", "Ford", vin=VIN), vehicle("b", "AB12CDE", "Ford", vin=OTHER_VIN)],
        "APART vin_differs"),
    "a plate that cannot be, one character off": (
        [vehicle("a", "AB12CDE", "Ford", "Focus", "Blue"),
         vehicle("b", "ABI2CDE", "Ford", "Focus", "Blue", valid=False)], "JOIN misread"),
    "two plates of a fleet": (
        [vehicle("a", "AB12CDE", "Ford", "Focus", "Blue"), vehicle("b", "AB12CDF", "Ford", "Focus", "Blue")],
        "MAYBE one_character",
    ),
    "one number": ([phone("a", "+447700900001"), phone("b", "+447700900001")], "JOIN number"),
    "a withheld number": ([phone("a", "", valid=False), phone("b", "", valid=False)], None),
    "a number moved to another SIM": (
        [phone("a", "+447700900001", imsi="234150000000001"), phone("b", "+447700900001", imsi="234150000000002")],
        "APART other_network_identity"),
    "a SIM with a new number": (
        [phone("a", "+447700900001", imsi="234150000000001"), phone("b", "+447700900002", imsi="234150000000001")],
        "JOIN imsi"),
    "a handset with another number": (
        [phone("a", "+447700900001", imei="490154203237518"), phone("b", "+447700900002", imei="490154203237518")],
        "MAYBE handset"),
    "an IMEI with a wrong check digit": (
        [phone("a", "+447700900001", imei="490154203237519"), phone("b", "+447700900002", imei="490154203237519")],
        None),
    "parts in another order and an abbreviation": (
        [address("a", "Flat 2, 12 Mill Rd., Bootle", "L20 1AA"), address("b", "12 MILL ROAD, FLAT 2", "L20 1AA")],
        "JOIN whole"),
    "a saint and a street": (
        [address("a", "5 St Mary's St, Preston", "PR1 1AA"), address("b", "5 Saint Marys Street", "PR1 1AA")],
        "JOIN whole"),
    "another flat": ([address("a", "Flat 2, 12 Mill Road", "L20 1AA"), address("b", "Flat 3, 12 Mill Road", "L20 1AA")],
                     None),
    "a flat and its building": ([address("a", "Flat 2, 12 Mill Road", "L20 1AA"),
                                 address("b", "12 Mill Road", "L20 1AA")], None),
    "another house": ([address("a", "12 Mill Road", "L20 1AA"), address("b", "14 Mill Road", "L20 1AA")], None),
    "a house with a letter": ([address("a", "12 Mill Road", "L20 1AA"), address("b", "12A Mill Road", "L20 1AA")],
                              None),
    "a street with a slip": ([address("a", "12 Mill Road", "L20 1AA"), address("b", "12 Mlil Road", "L20 1AA")],
                             "JOIN at_postcode"),
    "a postcode with a slip": (
        [address("a", "12 Mill Road, Bootle", "L20 1AA"), address("b", "12 Mill Road, BOOTLE", "L20 1AB")],
        "JOIN postcode_slip"),
    "a postcode elsewhere": (
        [address("a", "12 Mill Road, Bootle", "L20 1AA"), address("b", "12 Mill Road, Bootle", "L31 8QQ")], None),
    "a postcode with two slips": (
        [address("a", "12 Mill Road, Bootle", "L20 1AA"), address("b", "12 Mill Road, Bootle", "L20 1BB")],
        "APART postcode_further"),
    "a street spelt beyond a slip": (
        [address("a", "12 Millbrook Road", "L20 1AA"), address("b", "12 Milbrok Rode", "L20 1AA")],
        "APART street_spelt_otherwise"),
    "a postcode missing": ([address("a", "12 Mill Road, Bootle", "L20 1AA"), address("b", "12 Mill Rd, Bootle")],
                           "JOIN without_postcode"),
    "one UPRN, spelt beyond knowing": (
        [address("a", "The Old Mill", "L20 1AA", "999123456789"),
         address("b", "Mill House", "L20 1AB", "999123456789")],
        "JOIN uprn"),
    "one company number": (
        [organisation("a", "Acme Cars Ltd", company_number="1234567"),
         organisation("b", "ACME CARS (BOLTON) LIMITED", company_number="01234567")], "JOIN company"),
    "one name at one postcode": (
        [organisation("a", "Acme Cars Ltd", postcode="BL1 1AA"),
         organisation("b", "The Acme Cars Company", postcode="bl11aa")],
        "JOIN name_at"),
    "a trading name": (
        [organisation("a", "Acme Cars Ltd", postcode="BL1 1AA", trading_names=["Speedy Taxis"]),
         organisation("b", "Speedy Taxis", postcode="BL1 1AA")], "JOIN name_at"),
    "one name, two numbers": (
        [organisation("a", "Acme Ltd", company_number="01234567", postcode="BL1 1AA"),
         organisation("b", "Acme Ltd", company_number="07654321", postcode="BL1 1AA")], "APART company_differs"),
    "one name, a digit of the number mistyped": (
        [organisation("a", "Acme Ltd", company_number="01234567", postcode="BL1 1AA"),
         organisation("b", "Acme", company_number="01234576", postcode="L1 1AA")], "APART company_slip"),
    "one name in two towns": (
        [organisation("a", "Acme Ltd", postcode="BL1 1AA"), organisation("b", "Acme Ltd", postcode="L1 1AA")],
        "MAYBE name"),
    "one name at two addresses": (
        [organisation("a", "Acme Ltd", postcode="BL1 1AA", address_line="1 High Street"),
         organisation("b", "Acme Ltd", postcode="L1 1AA", address_line="9 Low Road")], None),
    "one name and house number, a postcode missing": (
        [organisation("a", "Acme Ltd", postcode="BL1 1AA", address_line="1 High Street"),
         organisation("b", "ACME LIMITED", address_line="1 High St")], "JOIN name_and_number"),
    "a firm's name with a slip at one address": (
        [organisation("a", "Acme Cars Ltd", postcode="BL1 1AA", address_line="1 High Street"),
         organisation("b", "Acmee Cars", postcode="BL1 1AA", address_line="1 High St")], "JOIN name_near_at"),
}  # fmt: skip


@pytest.mark.parametrize("case", PAIRS)
def test_what_is_said_of_two_records(case: str, tmp_path: Path) -> None:
    records, expected = PAIRS[case]
    table = "location" if "address_line" in records[0] else "object"
    groups, ties = things(tmp_path, **{table: records})
    assert ties.get(("a", "b")) == expected
    assert (frozenset("ab") in groups) == (expected or "").startswith("JOIN")


def test_near_agreement_in_the_hands_of_one_person_is_asked_about_and_joins_nothing(tmp_path: Path) -> None:
    def used(key: str, person: str) -> dict[str, Any]:
        return {"left_kind": "PERSON", "left_key": person, "right_kind": "OBJECT", "right_key": key}

    people = [{"record_key": key, "name_key": "ANN ONE"} for key in "pq"] + [{"record_key": "r", "name_key": "BO TWO"}]
    numbers = [
        phone(key, number)
        for key, number in (("n", "+447700900123"), ("turned", "+447700900132"), ("digit", "+447700900173"))
    ]
    numbers += [phone("other", "+447700900124")]
    cars = [vehicle("c", "AB12CDE", "Ford"), vehicle("slip", "AB12CDF"), vehicle("kia", "AB12CDG", "Kia")]
    firms = [
        organisation("f1", "Acme Ltd", postcode="BL1 1AA", address_line="1 High Street", company_number="01234567"),
        organisation("f2", "Acme", postcode="L1 1AA", address_line="9 Low Road"),
        organisation("f3", "Acme", company_number="07654321", address_line="20 Mill Lane"),
        organisation("f4", "Acme Ltd", postcode="M1 1AA", address_line="5 New Street"),
    ]
    links = [used(firm, person) for firm, person in (("f1", "p"), ("f2", "q"), ("f3", "q"), ("f4", "r"))]
    links += [used("n", "p"), used("turned", "q"), used("digit", "q"), used("other", "r")]
    links += [used("c", "p"), used("slip", "q"), used("kia", "q")]
    groups, ties = things(tmp_path, object=numbers + cars + firms, link=links, person=people)
    assert groups == set()
    found = {tuple(sorted(pair)): said for pair, said in ties.items()}
    assert found == {
        ("n", "turned"): "MAYBE one_digit_and_user",
        ("digit", "n"): "MAYBE one_digit_and_user",
        ("c", "slip"): "MAYBE one_character_and_user",
        ("kia", "slip"): "MAYBE one_character_and_user",
        ("f1", "f2"): "APART elsewhere_and_user",
        ("f1", "f3"): "APART company_differs_and_user",
        ("f2", "f3"): "MAYBE name_and_user",
        ("f3", "f4"): "MAYBE name",
    }


def test_a_pair_is_asked_about_only_where_it_is_not_joined(tmp_path: Path) -> None:
    cars = [vehicle("a", "AB12CDE", "Ford"), vehicle("b", "AB12CDE", "Ford"), vehicle("k", "AB12CDE", "Kia")]
    made = group_things({"one": [put(tmp_path / "given", object=cars)]}, into=tmp_path / "made")
    found = {(row["left_key"], row["right_key"]): (row["verdict"], row["weight"]) for row in rows_of(made.ties)}
    assert found == {("a", "b"): ("JOIN", None), ("a", "k"): ("APART", -3.0), ("b", "k"): ("APART", -3.0)}


def test_a_number_given_to_somebody_else_years_later_is_another_phone(tmp_path: Path) -> None:
    def used(key: str, person: str, on: str) -> dict[str, Any]:
        ends = {"left_kind": "PERSON", "left_key": person, "right_kind": "OBJECT", "right_key": key}
        return {**ends, "from_on": date.fromisoformat(on)}

    people = [
        {"record_key": key, "name_key": name} for key, name in (("p", "ANN ONE"), ("q", "BO TWO"), ("r", "ANN ONE"))
    ]
    numbers = [phone(key, "+447700900001") for key in ("early", "late", "kept")]
    links = [used("early", "p", "2015-01-01"), used("late", "q", "2024-01-01"), used("kept", "r", "2024-01-01")]
    groups, ties = things(tmp_path, object=numbers, link=links, person=people)
    assert ties["early", "late"] == "APART allotted_again"
    assert frozenset({"early", "late"}) not in groups
    assert ties["early", "kept"] in {"JOIN number", "MAYBE number"}


def test_a_record_that_fits_two_cars_of_one_plate_is_put_with_neither(tmp_path: Path) -> None:
    cars = [vehicle("f1", "AB12CDE", "Ford"), vehicle("f2", "AB12CDE", "Ford"), vehicle("k", "AB12CDE", "Kia"),
            vehicle("x", "AB12CDE")]  # fmt: skip
    groups, ties = things(tmp_path, object=cars)
    assert groups == {frozenset({"f1", "f2"})}
    assert ties["f1", "x"] == "MAYBE plate"
    assert ties["k", "x"] == "MAYBE plate"


def test_a_restricted_record_is_a_leaf_and_brings_nothing_together(tmp_path: Path) -> None:
    restricted = {"audience": "OWN"}
    cars = [vehicle("a", "AB12CDE", "Ford"), vehicle("b", "J12XYZ", "Ford"),
            vehicle("x", "AB12CDE", "Ford", vin=VIN, **restricted),
            vehicle("y", "J12XYZ", "Ford", vin=VIN, **restricted)]  # fmt: skip
    groups, _ = things(tmp_path, object=cars)
    assert groups == {frozenset("ax"), frozenset("by")}


def test_a_thousand_restricted_records_of_one_place_are_not_compared_all_with_all(tmp_path: Path) -> None:
    station = [{**address(f"s{number}", "1 Station Road", "L1 1AA"), "audience": "OWN"} for number in range(400)] + [
        address("open", "1 Station Road", "L1 1AA")
    ]
    folder = put(tmp_path / "given", location=station)
    rules = load_rules()
    with duckdb.connect() as connection:
        load_records(connection, {"one": [folder]}, rules)
        compare(connection, rules.kinds["address"], rules)
        ((pairs,),) = connection.execute("select count(*) from pair").fetchall()
    assert pairs == 399 + 400
    made = group_things({"one": [folder]}, into=tmp_path / "made")
    assert made.counts["address"].things == 1


# What people said -------------------------------------------------------------------------------------------------


def judged(tmp_path: Path, rows: Sequence[Mapping[str, Any]], *said: tuple[str, str, str]) -> tuple[Any, Any]:
    """The groups and reasons where people said something of records of one source."""
    path = tmp_path / "said.parquet"
    tmp_path.mkdir(exist_ok=True)
    lines = [dict(zip(JUDGED, ("OBJECT", "one", one, "one", two, verdict), strict=True)) for one, two, verdict in said]
    pq.write_table(pa.Table.from_pylist(lines, schema=pa.schema([(name, "string") for name in JUDGED])), path)
    return things(tmp_path, judgements=path, object=rows)


def test_what_somebody_said_is_two_stays_two_and_a_later_record_goes_with_the_larger_side(tmp_path: Path) -> None:
    cars = [vehicle(key, "AB12CDE", "Ford", "Focus", "Blue") for key in ("a", "b", "c", "later")]
    groups, ties = judged(tmp_path, cars, ("a", "b", "DIFFERENT"), ("a", "c", "DIFFERENT"))
    assert groups == {frozenset({"b", "c", "later"})}
    assert ties["a", "b"] == "JOIN plate_described", "taking it back finds the reason again"
    assert ties["a", "later"] == "MAYBE plate_described"


def test_what_somebody_said_is_one_is_one_whatever_a_rule_has_against_it(tmp_path: Path) -> None:
    cars = [vehicle("f1", "AB12CDE", "Ford"), vehicle("f2", "AB12CDE", "Ford"), vehicle("k", "AB12CDE", "Kia"),
            vehicle("t", "AB12CDE", "Toyota"), vehicle("x", "AB12CDE")]  # fmt: skip
    groups, _ = judged(tmp_path, cars, ("f1", "k", "SAME"))
    assert groups == {frozenset({"f1", "f2", "k"})}
    groups, _ = judged(tmp_path / "again", [*cars[:3], cars[4]], ("f1", "k", "SAME"))
    assert groups == {frozenset({"f1", "f2", "k", "x"})}, "nothing is left that it fits beside"


def test_somebodys_word_on_a_restricted_record_moves_no_open_one(tmp_path: Path) -> None:
    cars = [vehicle("a", "AB12CDE", "Ford"), vehicle("b", "J12XYZ", "Kia"),
            vehicle("x", "AB12CDE", "Kia", audience="OWN")]  # fmt: skip
    groups, _ = judged(tmp_path, cars, ("a", "x", "SAME"))
    assert groups == {frozenset("ax")}
    groups, _ = judged(tmp_path / "again", cars, ("b", "x", "SAME"), ("a", "x", "DIFFERENT"))
    assert groups == {frozenset("bx")}


def test_a_judgement_that_says_something_else_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="UNSURE"):
        judged(tmp_path, [vehicle("a", "AB12CDE")], ("a", "b", "UNSURE"))


def test_the_reasons_kept_hold_every_group_together(tmp_path: Path) -> None:
    """A chain that the first three records of a street are not all in is still told link by link."""
    places = [address(f"b{number}", "12 Mill Road, Bootle", "L20 1AA") for number in range(4)]
    places += [address("c", "12 Mill Road, Bootle"), address("z", "12 Mill Rd, Bootle", uprn="77"),
               address("zz", "The Old Mill", uprn="77")]  # fmt: skip
    made = group_things({"one": [put(tmp_path / "given", location=places)]}, into=tmp_path / "made")
    assert ("z", "zz", "JOIN") in {(row["left_key"], row["right_key"], row["verdict"]) for row in rows_of(made.ties)}
    assert made.counts["address"].things == 1


@pytest.mark.parametrize("restricted", ["", "person", "link", "both"])
def test_what_a_later_delivery_restricts_says_nothing_more_of_a_thing(tmp_path: Path, restricted: str) -> None:
    """Two plates a character apart come up because the same name is recorded with both; until that may not be read."""
    people = [{"record_key": key, "name_key": "JOHN SMITH"} for key in ("p1", "p2")]
    links = [{"left_kind": "PERSON", "left_key": f"p{n}", "right_kind": "OBJECT", "right_key": f"v{n}"} for n in (1, 2)]
    first = put(
        tmp_path / "1",
        object=[vehicle("v1", "AB12CDE", "Ford"), vehicle("v2", "AB12CDF", "Ford")],
        person=people,
        link=links,
    )
    later: dict[str, Any] = {}
    if restricted in {"person", "both"}:
        later["person"] = [people[1] | {"audience": "OWN"}]
    if restricted in {"link", "both"}:
        later["link"] = [links[1] | {"audience": "OWN", "compartment": "OP"}]
    second = put(tmp_path / "2", **later or {"person": [{"record_key": "x", "name_key": "X"}]})
    made = group_things({"one": [first, second]}, into=tmp_path / "made")
    asked = [row["code"] for row in rows_of(made.ties)]
    assert asked == ([] if restricted else ["one_character_and_user"])


def test_every_rule_has_a_source_a_mark_and_words() -> None:
    rules = load_rules()
    for kind in rules.kinds.values():
        for rule in (*kind.apart, *kind.join, *kind.maybe):
            assert rule.source, rule.code
            assert rule.words[0].isupper(), rule.code


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"same": "users"}, None),
        ({"same": "ethnicity"}, "may not be compared"),
        ({"resembles": "number"}, "not known"),
        ({"same": "number", "differ": "imsi"}, "one test"),
        ({"same": "number", "weight": "much"}, "is not a number"),
    ],
)
def test_rules_that_cannot_be_used_are_refused(change: dict[str, str], said: str | None, tmp_path: Path) -> None:
    loaded = yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))
    loaded["kinds"]["phone"]["maybe"] = [{"code": "new", "words": "New", "source": "A test", "mark": "D", **change}]
    path = tmp_path / "rules.yaml"
    path.write_text(yaml.safe_dump(loaded), encoding="utf-8")
    if said is None:
        assert load_rules(path).kinds["phone"].maybe[0].code == "new"
    else:
        with pytest.raises(RulesWrong, match=said):
            load_rules(path)


def test_a_grouping_says_by_which_rules_it_was_made(tmp_path: Path) -> None:
    into = tmp_path / "made"
    assert not made_by(into, load_rules())
    group_things({"one": [put(tmp_path / "given", object=[])]}, into=into)
    assert made_by(into, load_rules())
    path = tmp_path / "rules.yaml"
    path.write_text(SHIPPED.read_text(encoding="utf-8") + "# changed\n", encoding="utf-8")
    assert not made_by(into, load_rules(path))


def test_no_things_at_all_make_empty_files(tmp_path: Path) -> None:
    groups, ties = things(tmp_path, object=[], location=[])
    assert (groups, ties) == (set(), {})


# What holds whatever the pairs ------------------------------------------------------------------------------------

RECORDS = range(1, 9)
said_of = st.dictionaries(
    st.sampled_from(list(itertools.combinations(RECORDS, 2))), st.sampled_from(["SAME", "DIFFERENT"]), max_size=4
)
pairs = st.sampled_from(list(itertools.combinations(RECORDS, 2)))
joins = st.lists(st.builds(Said, st.booleans(), st.integers(0, 3), pairs), max_size=14)
restrictions = st.fixed_dictionaries({record: st.sampled_from(["", "", "own", "room"]) for record in RECORDS})


@settings(max_examples=150, deadline=None)
@given(records=restrictions, said=joins, apart=st.lists(pairs, max_size=5), order=st.randoms(use_true_random=False))
def test_the_order_of_records_and_pairs_changes_nothing(
    records: dict[int, str], said: list[Said], apart: list[tuple[int, int]], order: Any
) -> None:
    expected = grouped(records, said, apart)
    shuffled, parted, listed = list(said), list(apart), list(records.items())
    for each in (shuffled, parted, listed):
        order.shuffle(each)
    assert grouped(dict(listed), shuffled, parted) == expected


@settings(max_examples=150, deadline=None)
@given(records=restrictions, said=joins, apart=st.lists(pairs, max_size=5))
def test_no_group_holds_open_records_that_are_kept_apart_and_restricted_ones_change_no_open_group(
    records: dict[int, str], said: list[Said], apart: list[tuple[int, int]]
) -> None:
    found = grouped(records, said, apart)
    is_open = {record for record, restriction in records.items() if not restriction}
    for one, other in apart:
        assert found[one] != found[other] or not is_open.issuperset((one, other))
    alone = grouped(
        dict.fromkeys(sorted(is_open), ""),
        [each for each in said if is_open.issuperset(each.pair)],
        [pair for pair in apart if is_open.issuperset(pair)],
    )
    assert {record: found[record] for record in is_open} == alone


@settings(max_examples=150, deadline=None)
@given(records=restrictions, said=joins, apart=st.lists(pairs, max_size=5), spoken=said_of)
def test_what_people_said_holds_and_what_is_restricted_still_changes_no_open_group(
    records: dict[int, str], said: list[Said], apart: list[tuple[int, int]], spoken: dict[tuple[int, int], str]
) -> None:
    same = [pair for pair, verdict in spoken.items() if verdict == "SAME"]
    different = [pair for pair, verdict in spoken.items() if verdict == "DIFFERENT"]
    found = grouped(records, said, apart, same=same, different=different)
    is_open = {record for record, restriction in records.items() if not restriction}
    for one, other in different:
        assert found[one] != found[other]
    if not different:
        assert all(found[one] == found[other] for one, other in same if is_open.issuperset((one, other)))

    def among_open(given: list[tuple[int, int]]) -> list[tuple[int, int]]:
        return [pair for pair in given if is_open.issuperset(pair)]

    alone = grouped(
        dict.fromkeys(sorted(is_open), ""),
        [each for each in said if is_open.issuperset(each.pair)],
        among_open(apart),
        same=among_open(same),
        different=among_open(different),
    )
    assert {record: found[record] for record in is_open} == alone


# What numbers of makers and registers are -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def macros() -> Iterable[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        load_records(connection, {}, load_rules())
        yield connection


@settings(max_examples=100, deadline=None)
@given(
    raw=st.one_of(
        st.text("0123456789 -", max_size=18), st.text("ABCIOQ0123 -", max_size=18), st.text("SNIC0123456", max_size=9)
    )
)
def test_the_pipeline_reads_numbers_as_the_formats_do(macros: duckdb.DuckDBPyConnection, raw: str) -> None:
    for name, read in (
        ("vin", devices.vin),
        ("imei", devices.imei),
        ("imsi", devices.imsi),
        ("company", devices.company_number),
    ):
        ((value,),) = macros.execute(f"select coalesce(ff_{name}(?), '')", [raw]).fetchall()
        assert value == read(raw), name


def test_check_digits_and_forms() -> None:
    assert devices.imei("49-015420-323751-8") == "49015420323751"
    assert devices.imei("490154203237519") == ""
    assert devices.vin("wf0xxxgcdx1234567") == VIN
    assert devices.vin("WF0XXXGCDX123456I") == ""
    assert devices.company_number("123456") == "00123456"
    assert devices.company_number("sc 123456") == "SC123456"
    assert devices.company_number("XX123456") == ""
