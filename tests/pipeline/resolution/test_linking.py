"""`fourfold link`: any spreadsheet of people, read as it comes, linked, and judged against a truth."""

import csv
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from fourfold.entry.commands.link import link as command
from fourfold.pipeline.resolution import judging, linking, spreadsheets
from fourfold.pipeline.resolution.gathering import gather
from fourfold.pipeline.resolution.model import usual_model
from fourfold.pipeline.resolution.settings import FOR_FILES, Gathering, load_settings

SHARED = Path(__file__).parents[4] / "shared" / "data"

PEOPLE = """id,Full Name,Date of birth,Postcode,Town
1,Katherine Mary Ashworth,04/03/1981,L8 1AA,Liverpool
2,Kate Ashworth,04/03/1981,L8 1AA,Liverpool
3,"ASHWORTH, Katherine",03/04/1981,L81AA,Liverpool
4,Peter Ashworth,19/11/1979,L8 1AA,Liverpool
5,Oluwaseun Adeyemi,22/07/1990,M14 5TQ,Manchester
6,Oluwaseun Adeyemi,22/07/1990,M14 5TQ,Manchester
7,Siân Pritchard,30/01/1966,LL55 2AB,Caernarfon
"""


@pytest.fixture
def sheet(tmp_path):
    def made(text: str, name: str = "people.csv", encoding: str = "utf-8") -> Path:
        path = tmp_path / name
        path.write_bytes(text.encode(encoding))
        return path

    return made


def linked(path: Path, **more: object) -> tuple[dict[str, str], linking.Linked]:
    out = path.with_suffix(".out.csv")
    done = linking.link([path], out=out, named={}, **more)
    with out.open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    assert all(0 <= float(row["probability"]) <= 1 for row in rows)
    return {row["record_id"]: row["entity_id"] for row in rows}, done


def test_short_names_turned_names_and_swapped_dates_are_one_person_and_a_relative_at_home_is_not(sheet):
    entity, done = linked(sheet(PEOPLE))
    assert entity["1"] == entity["2"] == entity["3"]
    assert entity["5"] == entity["6"]
    assert len({entity[one] for one in "1457"}) == 4
    assert (done.lines, done.entities, done.joined) == (7, 4, 5)


@pytest.mark.parametrize(
    ("encoding", "separator"), [("utf-8-sig", ","), ("utf-16", ","), ("windows-1252", ";"), ("utf-8", "\t")]
)
def test_a_file_is_read_in_its_own_encoding_and_separator(sheet, encoding, separator):
    lines = [next(csv.reader([line])) for line in PEOPLE.splitlines()]
    text = "\r\n".join(separator.join(f'"{value}"' for value in line) for line in lines)
    entity, done = linked(sheet(text, encoding=encoding))
    assert done.lines == 7
    assert entity["1"] == entity["2"] == entity["3"]


def test_a_record_without_an_id_is_called_by_its_line(sheet):
    entity, _ = linked(sheet("name,dob\nAnn Lee,1980\nBo Chen,1975\n"))
    assert set(entity) == {"1", "2"}


def test_a_name_alone_makes_nobody_the_same_person(sheet):
    entity, _ = linked(sheet("name\nAnn Lee\nAnn Lee\n"))
    assert entity["1"] != entity["2"]


def test_one_line_is_one_person(sheet):
    entity, done = linked(sheet("name,dob\nAnn Lee,1980-02-03\n"))
    assert entity == {"1": "1"}
    assert done.entities == 1


def test_very_many_copies_of_one_line_take_no_more_than_two_records_to_compare(sheet):
    _, done = linked(sheet("name,dob\n" + "John Smith,1970-05-06\n" * 20_000))
    assert done.lines == 20_000
    assert max(block.pairs for block in done.blocks) <= 2


def test_very_many_lines_of_one_name_are_not_all_compared(sheet):
    lines = "".join(f"John Smith,{1900 + n % 100}-{n % 12 + 1:02}-{n % 28 + 1:02},{n}\n" for n in range(6_000))
    _, done = linked(sheet(f"name,dob,house number\n{lines}"))
    aside = {block.rule: block.records_set_aside for block in done.blocks}
    assert aside["the whole name"] >= 6_000


def test_a_row_with_an_open_quote_spoils_no_other(sheet):
    _, done = linked(sheet('Surname;Forename;Born\nSmith;John;3 March 1980\nSMITH;Jon;03/03/1980\n"Oops;x;\n'))
    assert done.lines + done.files[0].lines_left_out >= 2
    assert done.files[0].columns == {"surname": "Surname", "forename": "Forename", "birth": "Born"}


def test_dates_that_can_only_be_month_and_day_are_read_so(sheet):
    entity, _ = linked(sheet("name,dob,postcode\nAnn Lee,03/25/1980,L8 1AA\nAnn Lee,1980-03-25,L8 1AA\n"))
    assert entity["1"] == entity["2"]


@pytest.mark.parametrize(
    ("text", "encoding", "code", "says"),
    [
        ("", "utf-8", "LK5", "is empty"),
        ("name,dob\n", "utf-8", "LK5", "no lines"),
        ("a,b\n1,2\n", "utf-8", "LK3", "--map name=COLUMN"),
    ],
)
def test_a_file_that_cannot_be_linked_is_refused_in_a_sentence(sheet, text, encoding, code, says):
    with pytest.raises(spreadsheets.FileRefused, match=says) as refused:
        linked(sheet(text, encoding=encoding))
    assert refused.value.code == code


def test_two_encodings_in_one_file_are_refused_with_the_line(tmp_path):
    path = tmp_path / "two.csv"
    path.write_bytes("name,dob\nJosé,1980\n".encode() + "Zoë,1981\n".encode("windows-1252"))
    with pytest.raises(spreadsheets.FileRefused, match="line 3 is not UTF-8"):
        linked(path)


def test_bytes_that_are_no_table_are_refused(tmp_path):
    path = tmp_path / "noise.csv"
    path.write_bytes(bytes(range(256)) * 20)
    with pytest.raises(spreadsheets.FileRefused):
        linked(path)
    path = tmp_path / "noise.parquet"
    path.write_bytes(b"PAR1 not really")
    with pytest.raises(spreadsheets.FileRefused, match="Parquet"):
        linked(path)


def test_two_files_are_linked_across_and_each_line_says_its_file(sheet, tmp_path):
    one = sheet(
        "ref,forename,surname,dob,postcode\nA,Ann,Lee,1980-02-03,L8 1AA\nB,Bo,Chen,1975-01-02,M1 1AE\n", "one.csv"
    )
    two = sheet("urn;Name;Born;Post Code\nA;LEE, Anne;03/02/1980;L81AA\nZ;Zed Ali;1990;M2 2BB\n", "two.csv")
    out = tmp_path / "clusters.csv"
    linking.link([one, two], out=out, named={})
    rows = list(csv.DictReader(out.open(encoding="utf-8")))
    entity = {(row["file"], row["record_id"]): row["entity_id"] for row in rows}
    assert entity["one.csv", "A"] == entity["two.csv", "A"]
    assert len(set(entity.values())) == 3


def test_nothing_sensitive_is_ever_compared():
    official = {"nationalinsurancenumber", "nationalid"}
    headings = {heading for known in spreadsheets.HEADINGS.values() for heading in known} - official
    for word in ("ethnic", "national", "religion", "depriv"):
        assert not any(word in each for each in load_settings(FOR_FILES).columns | headings)


def test_every_level_of_the_settings_says_how_often_it_usually_happens():
    usual = usual_model(load_settings(FOR_FILES))
    for comparison in load_settings(FOR_FILES).comparisons:
        assert sum(usual.chances(comparison.name, level.code).m for level in comparison.graded) == pytest.approx(
            1, abs=0.03
        )


ties = st.lists(
    st.tuples(st.integers(1, 12), st.integers(1, 12), st.floats(-10, 20)).filter(lambda tie: tie[0] < tie[1]),
    max_size=30,
    unique_by=lambda tie: tie[:2],
)


@given(ties, st.floats(0, 1), st.randoms())
@settings(max_examples=200, deadline=None)
def test_groups_do_not_overlap_hang_together_and_do_not_depend_on_the_order(found, strongest, chance):
    how = Gathering(strongest, -4.0)
    groups = gather(found, how=how, threshold=0.0)
    assert all(group <= record for record, group in groups.items())
    reached = gather(found, how=Gathering(1.0, 0.0), threshold=-10.0)
    assert all(reached[record] == reached[group] for record, group in groups.items())
    assert (
        len({weight for *_, weight in found}) < len(found)
        or gather(chance.sample(found, len(found)), how=how, threshold=0.0) == groups
    )


def test_only_the_strongest_tie_counting_gives_connected_components():
    found = [(1, 2, 5.0), (2, 3, 4.0), (4, 5, 1.0), (5, 6, -1.0)]
    assert gather(found, how=Gathering(1.0, 0.0), threshold=0.0) == {1: 1, 2: 1, 3: 1, 4: 4, 5: 4}


def test_a_chain_of_single_ties_does_not_join_two_groups_that_contradict_each_other():
    tight = [(1, 2, 12.0), (1, 3, 12.0), (2, 3, 12.0), (4, 5, 12.0), (4, 6, 12.0), (5, 6, 12.0)]
    found = [*tight, (3, 4, 3.0), (1, 4, -6.0), (2, 5, -6.0)]
    groups = gather(found, how=Gathering(0.4, -4.0), threshold=0.0)
    assert groups[1] != groups[4]


def test_a_result_is_judged_by_id_and_by_line(sheet, tmp_path):
    path = sheet(PEOPLE)
    out = tmp_path / "out.csv"
    linking.link([path], out=out, named={})
    by_id = sheet("record,who\n1,k\n2,k\n3,k\n4,p\n5,o\n6,o\n7,s\n", "truth.csv")
    found = judging.judge(out, truth=by_id, file=path, named={"id": "record", "entity": "who"})
    assert (found.records, found.pairs.precision, found.pairs.recall) == (7, 1.0, 1.0)
    worse = sheet("id,cluster\n1,k\n2,k\n3,other\n4,k\n5,o\n", "worse.csv")
    found = judging.judge(out, truth=worse, file=path, named={})
    assert (found.records, found.left_out, found.pairs.right, found.pairs.wrong, found.pairs.missed) == (5, 2, 1, 2, 2)
    assert {each.kind for each in found.mistakes}
    with pytest.raises(spreadsheets.FileRefused, match="No record_id"):
        judging.judge(out, truth=sheet("id,cluster\nx,1\n", "none.csv"), file=None, named={})
    with pytest.raises(spreadsheets.FileRefused, match="says who somebody is"):
        judging.judge(out, truth=sheet("id,colour\n1,red\n", "no.csv"), file=None, named={})


def test_the_command_links_and_judges(sheet, tmp_path):
    path, out = sheet(PEOPLE), tmp_path / "clusters.csv"
    run = CliRunner().invoke(command, [str(path), "--out", str(out)])
    assert run.exit_code == 0, run.output
    assert "7 lines are 4 people" in run.output
    truth = sheet("id,cluster\n1,k\n2,k\n3,k\n4,p\n5,o\n6,o\n7,s\n", "truth.csv")
    run = CliRunner().invoke(command, ["evaluate", str(out), "--truth", str(truth), "--of", str(path)])
    assert "| pairs of records | 1.0000 | 1.0000 | 1.0000 |" in run.output
    assert CliRunner().invoke(command, [str(path), "--out", str(out), "--map", "surname"]).exit_code == 2
    refused = CliRunner().invoke(command, [str(path), "--out", str(out), "--map", "surname=Nope"])
    assert refused.exit_code == 1
    assert "has no column called “Nope”" in refused.output


PUBLISHED = [
    ("febrl_dataset1.csv", "regexp_extract(rec_id, 'rec-([0-9]+)', 1)", "rec_id, soc_sec_id", 0.99),
    ("febrl_dataset2.csv", "regexp_extract(rec_id, 'rec-([0-9]+)', 1)", "rec_id, soc_sec_id", 0.99),
    ("febrl_dataset3.csv", "regexp_extract(rec_id, 'rec-([0-9]+)', 1)", "rec_id, soc_sec_id", 0.99),
    ("historical_50k_half_A.parquet", "cluster", "cluster, unique_id", 0.90),
]


@pytest.mark.skipif(not SHARED.is_dir(), reason="the published data sets are not beside this checkout")
@pytest.mark.parametrize(("name", "who", "without", "least"), PUBLISHED, ids=[each[0] for each in PUBLISHED])
def test_published_files_are_linked_as_well_as_is_asked(tmp_path, name, who, without, least):
    """One set of settings for all; ids that hold the truth, and numbers nobody would have, are taken out first."""
    source, given, truth = SHARED / "er" / name, tmp_path / "given.parquet", tmp_path / "truth.parquet"
    read = f"read_csv('{source}', all_varchar=true)" if name.endswith(".csv") else f"read_parquet('{source}')"
    with duckdb.connect() as connection:
        connection.execute(f"copy (select * exclude ({without}) from {read}) to '{given}'")
        connection.execute(f"copy (select {who} as cluster from {read}) to '{truth}'")
    linking.link([given], out=tmp_path / "out.csv", named={})
    found = judging.judge(tmp_path / "out.csv", truth=truth, file=None, named={})
    assert found.left_out == 0
    assert found.pairs.f1 >= least
