"""The door: what is kept, checked and refused of a whole delivery, and that a killed landing leaves nothing half."""

import hashlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from fourfold.pipeline import landing
from fourfold.pipeline.delivery import Caps, Landed, Refused

EXTRACTS = Path(__file__).parents[2] / "data/extracts/extracts"
FAMILIES = {
    "niche_tri": "niche",
    "connect_lancashire": "connect",
    "policeworks_gmp": "policeworks",
    "mark43_cumbria": "mark43",
}


def sample(source: str) -> Path:
    return next(iter(sorted((EXTRACTS / source).iterdir())))


def copied(source: str, to: Path) -> Path:
    return Path(shutil.copytree(sample(source), to / "delivery"))


def rewritten(folder: Path, **changes: object) -> None:
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    (folder / "manifest.json").write_text(json.dumps({**manifest, **changes}), "utf-8")


def listed_again(folder: Path) -> None:
    """Make the manifest agree with the files as they now are, row totals aside."""
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    for entry in manifest["files"]:
        content = (folder / entry["name"]).read_bytes()
        entry.update(bytes=len(content), sha256=hashlib.sha256(content).hexdigest())
    (folder / "manifest.json").write_text(json.dumps(manifest), "utf-8")


def refusal(path: Path, into: Path, **options: object) -> Refused:
    with pytest.raises(Refused) as refused:
        landing.land(path, into=into, **options)  # type: ignore[arg-type]
    assert not into.exists()
    assert list(into.parent.glob(".*")) == []
    assert refused.value.sentence.endswith(".")
    assert "{" not in refused.value.sentence
    return refused.value


@pytest.mark.parametrize("source", sorted(FAMILIES))
def test_a_sample_lands_whole(source: str, tmp_path: Path) -> None:
    landed = landing.land(sample(source), into=tmp_path / "landing")
    assert landed.family == FAMILIES[source]
    assert landed.findings == ()
    manifest = json.loads((sample(source) / "manifest.json").read_text("utf-8"))
    assert landed.manifest == manifest
    assert {item.name: (item.rows + item.bad_rows, item.bytes, item.sha256) for item in landed.files} == {
        entry["name"]: (entry["rows"], entry["bytes"], entry["sha256"]) for entry in manifest["files"]
    }
    for item in landed.files:
        assert landed.delivered(item.name).read_bytes() == (sample(source) / item.name).read_bytes()
    assert Landed.open(tmp_path / "landing") == landed


def zipped(folder: Path, target: Path, prefix: str = "") -> Path:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for item in sorted(folder.iterdir()):
            archive.write(item, prefix + item.name)
    return target


@pytest.mark.parametrize("prefix", ["", "mark43_cumbria/2024-06-30/"])
def test_a_zip_is_the_folder(prefix: str, tmp_path: Path) -> None:
    archive = zipped(sample("mark43_cumbria"), tmp_path / "x.zip", prefix)
    from_zip = landing.land(archive, into=tmp_path / "one")
    from_folder = landing.land(sample("mark43_cumbria"), into=tmp_path / "two")
    assert from_zip.sha256 == from_folder.sha256
    assert from_zip.files == from_folder.files
    assert from_zip.delivered("persons.jsonl").read_bytes() == (sample("mark43_cumbria") / "persons.jsonl").read_bytes()


def test_landing_again_changes_nothing(tmp_path: Path) -> None:
    into = tmp_path / "landing"
    first = landing.land(sample("mark43_cumbria"), into=into)
    before = {p: (p.stat().st_mtime_ns, p.stat().st_ino) for p in into.rglob("*")}
    assert landing.land(sample("mark43_cumbria"), into=into) == first
    assert {p: (p.stat().st_mtime_ns, p.stat().st_ino) for p in into.rglob("*")} == before


def test_another_delivery_takes_the_place(tmp_path: Path) -> None:
    into = tmp_path / "landing"
    landing.land(sample("mark43_cumbria"), into=into)
    assert landing.land(sample("policeworks_gmp"), into=into).family == "policeworks"
    assert not (into / "files/persons.jsonl").exists()


def test_linked_files_are_not_copied(tmp_path: Path) -> None:
    folder = copied("mark43_cumbria", tmp_path)
    landed = landing.land(folder, into=tmp_path / "landing", link=True)
    assert landed.delivered("persons.jsonl").samefile(folder / "persons.jsonl")
    kept = landing.land(folder, into=tmp_path / "copy")
    assert not kept.delivered("persons.jsonl").samefile(folder / "persons.jsonl")


def test_manifest_names_a_file_that_is_not_there(tmp_path: Path) -> None:
    folder = copied("mark43_cumbria", tmp_path)
    (folder / "items.jsonl").unlink()
    found = refusal(folder, tmp_path / "landing")
    assert (found.code, "items.jsonl" in found.sentence) == ("Q-MANIFEST-02", True)


def test_a_changed_file(tmp_path: Path) -> None:
    folder = copied("mark43_cumbria", tmp_path)
    content = (folder / "items.jsonl").read_bytes()
    (folder / "items.jsonl").write_bytes(content.replace(b"VEHICLE", b"VEHICLF"))
    assert refusal(folder, tmp_path / "landing").code == "Q-MANIFEST-03"


def test_a_file_cut_short(tmp_path: Path) -> None:
    folder = copied("niche_tri", tmp_path)
    content = (folder / "person.csv").read_bytes()
    (folder / "person.csv").write_bytes(content[:-100])
    assert refusal(folder, tmp_path / "landing").code == "Q-MANIFEST-04"


def test_a_wrong_total_and_a_file_too_many_are_told(tmp_path: Path) -> None:
    folder = copied("mark43_cumbria", tmp_path)
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    manifest["files"][0]["rows"] += 5
    rewritten(folder, files=manifest["files"])
    (folder / "readme.txt").write_text("hello", "utf-8")
    landed = landing.land(folder, into=tmp_path / "landing")
    assert {(finding.code, finding.file) for finding in landed.findings} == {
        ("Q-MANIFEST-05", manifest["files"][0]["name"]),
        ("Q-MANIFEST-06", "readme.txt"),
    }
    assert landed.delivered("readme.txt").read_text("utf-8") == "hello"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "Q-MANIFEST-01"),
        (b"{", "Q-MANIFEST-01"),
        (b"[]", "Q-MANIFEST-01"),
        (b'{"files":[{"name":"x"}]}', "Q-MANIFEST-01"),
        (b"[" * 200_000, "Q-MANIFEST-01"),
        (b'{"files":[]}', "Q-MANIFEST-08"),
        (b'{"files":[],"family":"none"}', "Q-FAMILY-01"),
    ],
)
def test_a_manifest_that_cannot_be_read(content: bytes, code: str, tmp_path: Path) -> None:
    folder = copied("mark43_cumbria", tmp_path)
    (folder / "manifest.json").write_bytes(content)
    assert refusal(folder, tmp_path / "landing").code == code


def test_a_delivery_for_another_family(tmp_path: Path) -> None:
    assert refusal(sample("mark43_cumbria"), tmp_path / "landing", family="niche").code == "Q-MANIFEST-07"


def test_a_table_that_is_missing_altogether(tmp_path: Path) -> None:
    folder = copied("mark43_cumbria", tmp_path)
    (folder / "items.jsonl").unlink()
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    rewritten(folder, files=[entry for entry in manifest["files"] if entry["name"] != "items.jsonl"])
    assert refusal(folder, tmp_path / "landing").code == "Q-FILE-13"


def test_an_empty_table_is_right_only_when_the_manifest_says_so(tmp_path: Path) -> None:
    folder = copied("mark43_cumbria", tmp_path)
    (folder / "items.jsonl").write_bytes(b"")
    listed_again(folder)
    assert refusal(folder, tmp_path / "landing").code == "Q-FILE-02"
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    for entry in manifest["files"]:
        entry["rows"] = 0 if entry["name"] == "items.jsonl" else entry["rows"]
    rewritten(folder, files=manifest["files"])
    landed = landing.land(folder, into=tmp_path / "landing")
    assert {item.name: item.rows for item in landed.files}["items.jsonl"] == 0


def test_links_are_not_followed(tmp_path: Path) -> None:
    folder = copied("mark43_cumbria", tmp_path)
    (folder / "extra").symlink_to("/etc/passwd")
    assert refusal(folder, tmp_path / "landing").code == "Q-FILE-14"
    assert refusal(folder / "extra", tmp_path / "landing", family="mark43").code == "Q-FILE-01"
    assert refusal(tmp_path / "nothing", tmp_path / "landing", family="mark43").code == "Q-FILE-01"


def test_caps(tmp_path: Path) -> None:
    source = sample("mark43_cumbria")
    assert refusal(source, tmp_path / "landing", caps=Caps(files=2)).code == "Q-FILE-12"
    assert refusal(source, tmp_path / "landing", caps=Caps(file_bytes=100)).code == "Q-FILE-11"
    assert refusal(source, tmp_path / "landing", caps=Caps(delivery_bytes=10_000)).code == "Q-FILE-11"


def archive_of(target: Path, *members: tuple[str | zipfile.ZipInfo, bytes]) -> Path:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return target


@pytest.mark.parametrize(
    "name", ["../outside.csv", "/etc/outside.csv", "a/../../outside.csv", "c:\\outside.csv", "x\n.csv"]
)
def test_a_zip_with_an_unsafe_name(name: str, tmp_path: Path) -> None:
    archive = archive_of(tmp_path / "x.zip", (name, b"a,b\n1,2\n"))
    assert refusal(archive, tmp_path / "in" / "landing", family="mark43").code == "Q-ZIP-02"
    assert not list(tmp_path.rglob("outside.csv"))


def test_a_zip_with_a_link(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("link")
    link.external_attr = 0o120777 << 16
    archive = archive_of(tmp_path / "x.zip", (link, b"/etc/passwd"))
    assert refusal(archive, tmp_path / "landing", family="mark43").code == "Q-ZIP-02"


def test_a_zip_bomb(tmp_path: Path) -> None:
    archive = archive_of(tmp_path / "x.zip", ("persons.jsonl", b"0" * 60_000_000))
    assert archive.stat().st_size < 100_000
    assert refusal(archive, tmp_path / "landing", family="mark43").code == "Q-ZIP-03"


def test_a_broken_zip(tmp_path: Path) -> None:
    whole = zipped(sample("mark43_cumbria"), tmp_path / "whole.zip").read_bytes()
    (tmp_path / "cut.zip").write_bytes(whole[: len(whole) // 2])
    assert refusal(tmp_path / "cut.zip", tmp_path / "landing", family="mark43").code == "Q-ZIP-01"
    spoilt = bytearray(whole)
    spoilt[len(whole) // 3 : len(whole) // 3 + 40] = bytes(40)
    (tmp_path / "spoilt.zip").write_bytes(spoilt)
    assert refusal(tmp_path / "spoilt.zip", tmp_path / "landing").code in {"Q-ZIP-01", "Q-MANIFEST-03"}


def test_a_zip_with_a_password(tmp_path: Path) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("persons.jsonl", b"{}")
    raw = bytearray(stream.getvalue())
    for mark in (b"PK\x03\x04", b"PK\x01\x02"):  # the flag that says so, in both headers
        raw[raw.index(mark) + (6 if mark.endswith(b"\x04") else 8)] |= 1
    (tmp_path / "x.zip").write_bytes(raw)
    assert refusal(tmp_path / "x.zip", tmp_path / "landing", family="mark43").code == "Q-ZIP-04"


def test_a_killed_landing_leaves_nothing_and_can_be_repeated(tmp_path: Path) -> None:
    """The process dies at some moment of the work; another takes the same delivery."""
    folder = copied("niche_tri", tmp_path)
    content = (folder / "occurrence.csv").read_bytes().split(b"\r\n", 1)
    (folder / "occurrence.csv").write_bytes(content[0] + b"\r\n" + content[1] * 200)
    listed_again(folder)
    into = tmp_path / "store" / "landing"
    code = (
        "from pathlib import Path; from fourfold.pipeline import landing; "
        f"landing.land(Path({str(folder)!r}), into=Path({str(into)!r}))"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": "src"}, cwd=Path(__file__).parents[3]
    )
    partial = into.with_name(f".landing.{child.pid}.partial")
    until = time.monotonic() + 60
    while not (partial / "text").exists() and child.poll() is None and time.monotonic() < until:
        time.sleep(0.002)
    assert child.poll() is None, "the landing ended before it could be killed"
    child.send_signal(signal.SIGKILL)
    child.wait()
    assert not into.exists()
    landed = landing.land(folder, into=into)
    assert not [item for item in into.parent.iterdir() if item != into]
    again = landing.land(folder, into=tmp_path / "again")
    assert (landed.sha256, landed.files) == (again.sha256, again.files)
    for text in (into / "text").iterdir():
        assert text.read_bytes() == (tmp_path / "again/text" / text.name).read_bytes()
