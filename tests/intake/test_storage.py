import io
import os
import zipfile

import pytest

from fourfold.intake.storage import Store, TooLarge
from fourfold.platform.errors import RuleBroken
from tests.intake import deliveries


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "intake")


def test_bytes_are_kept_once_under_their_hash_and_cannot_be_written(store, tmp_path):
    (tmp_path / "a.csv").write_bytes(b"one")
    (tmp_path / "b.csv").write_bytes(b"one")
    first, second = store.keep_file(tmp_path / "a.csv"), store.keep_file(tmp_path / "b.csv")
    assert first.sha256 == second.sha256
    kept = [p for p in (store.folder / "bytes").rglob("*") if p.is_file()]
    assert [p.read_bytes() for p in kept] == [b"one"]
    assert kept[0].stat().st_mode & 0o222 == 0
    assert not list((store.folder / "arriving").iterdir())


def test_a_stream_that_is_too_long_leaves_nothing(store):
    with pytest.raises(TooLarge, match="more than 10 bytes"):
        store.keep_stream(io.BytesIO(b"x" * 11), name="x", most=10)
    assert not list((store.folder / "arriving").iterdir())
    assert not (store.folder / "bytes").exists()


def test_a_folder_and_a_zip_of_it_are_the_same_delivery(store, tmp_path):
    folder = deliveries.small(tmp_path / "2026-01-04")
    flat = deliveries.zipped(folder, tmp_path / "flat.zip")
    nested = deliveries.zipped(folder, tmp_path / "nested.zip", within="niche_tri/2026-01-04/")
    kept = [store.keep_delivery(p) for p in (folder, flat, nested)]
    assert len({k.content_hash for k in kept}) == 1
    assert all(k.refusal is None for k in kept)
    assert {f.name for f in kept[2].files} == {*deliveries.COLUMNS, "manifest.json"}


def _zip(path, members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in members:
            packed.writestr(name, content)
    return path


@pytest.mark.parametrize(
    ("make", "code", "words"),
    [
        (lambda p: _zip(p, []), "IN1", "no files"),
        (lambda p: _zip(p, [("../../escape.csv", "x"), ("a.csv", "x")]), "IN3", "escape.csv"),
        (lambda p: _zip(p, [("a.csv", "x"), ("b/c.csv", "x")]), "IN3", "no folders"),
        (lambda p: _zip(p, [("a.csv", b"0" * 30_000_000)]), "IN4", "grows from"),
        (lambda p: p.write_bytes(b"PK\x03\x04 cut short"), "IN2", "damaged"),
        (lambda p: p.write_bytes(b""), "IN2", "damaged"),
    ],
)
def test_zips_that_cannot_be_taken_are_kept_whole_with_a_sentence(store, tmp_path, make, code, words):
    path = tmp_path / "delivery.zip"
    make(path)
    kept = store.keep_delivery(path)
    assert kept.refusal is not None
    assert kept.refusal.code == code
    assert words in kept.refusal.sentence
    (only,) = kept.files
    assert store.path_of(only.sha256).read_bytes() == path.read_bytes()


def test_two_files_of_one_name_in_a_zip_are_refused(store, tmp_path):
    path = tmp_path / "twice.zip"
    with pytest.warns(UserWarning, match="Duplicate name"):
        _zip(path, [("a.csv", "1"), ("a.csv", "2")])
    kept = store.keep_delivery(path)
    assert kept.refusal is not None
    assert kept.refusal.code == "IN3"


def test_a_zip_whose_content_was_changed_on_the_way_is_refused(store, tmp_path):
    path = tmp_path / "changed.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as packed:
        packed.writestr("a.csv", "Id,Name\r\n1,HARGREAVE\r\n")
    path.write_bytes(path.read_bytes().replace(b"HARGREAVE", b"HARGREAVY"))
    kept = store.keep_delivery(path)
    assert kept.refusal is not None
    assert kept.refusal.code == "IN2"


def test_an_empty_file_and_an_empty_folder_are_refused(store, tmp_path):
    (tmp_path / "empty.csv").write_bytes(b"")
    (tmp_path / "nothing").mkdir()
    for path in (tmp_path / "empty.csv", tmp_path / "nothing"):
        refusal = store.keep_delivery(path).refusal
        assert refusal is not None
        assert refusal.code == "IN1"


def test_old_resolution_runs_go_but_not_the_newest_or_one_that_something_stands_on(store):
    runs = [f"r-2026010{day}T060000-{day}" for day in range(1, 7)]
    for run in runs:
        (store.resolution_folder(run) / "index").mkdir(parents=True)
        store.judgements_file(run).write_bytes(b"judged")
        store.thing_judgements_file(run).write_bytes(b"judged")
    store.resolution_folder(f"{runs[3]}.making").mkdir()
    store.forget_resolutions(but={runs[0], runs[5]}, newest=2)
    kept = {runs[0], runs[4], runs[5]}
    names = {path.name for path in (store.folder / "resolution").iterdir()}
    assert names == {f"{run}{end}" for run in kept for end in ("", "-judgements.parquet", "-thing-judgements.parquet")}
    store.forget_resolutions(but=set(), newest=2)
    assert not store.resolution_folder(runs[0]).exists()


def test_a_delivery_is_laid_out_again_as_it_was(store, tmp_path):
    folder = deliveries.small(tmp_path / "2026-01-04")
    kept = store.keep_delivery(folder)
    for _ in range(2):
        laid = store.lay_out(kept.as_contents(), into=tmp_path / "laid")
        assert {p.name: p.read_bytes() for p in laid.iterdir()} == {p.name: p.read_bytes() for p in folder.iterdir()}
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith("laid")] == ["laid"]


def test_bytes_that_are_missing_are_said_by_rule_in9(store, tmp_path):
    kept = store.keep_delivery(deliveries.small(tmp_path / "d"))
    os.unlink(store.path_of(kept.files[0].sha256))
    with pytest.raises(RuleBroken) as refused:
        store.lay_out(kept.as_contents(), into=tmp_path / "laid")
    assert refused.value.code == "IN9"
    assert not (tmp_path / "laid").exists()


def _with_damaged_data(path, method):
    """A zip whose member was packed by a method whose own fault is not a zip's."""
    with zipfile.ZipFile(path, "w", method) as packed:
        packed.writestr("a.csv", os.urandom(50_000))
    content = bytearray(path.read_bytes())
    content[200:20_000] = bytes(19_800)
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_zip_damaged_inside_is_refused_however_it_was_packed(store, tmp_path, method):
    delivery = store.keep_delivery(_with_damaged_data(tmp_path / "damaged.zip", method))
    assert delivery.refusal.code == "IN2"
    assert len(delivery.files) == 1


def test_a_zip_of_folders_without_end_is_answered(store, tmp_path):
    delivery = store.keep_delivery(_zip(tmp_path / "deep.zip", [("a/" * 5_000 + "x.csv", "x")]))
    assert [f.name for f in delivery.files] == ["x.csv"]
