"""Small deliveries in the shape of the Niche-like source, written by hand so that each row is known."""

import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

COLUMNS: Mapping[str, str] = {
    "person.csv": "Id,OwningAgency,Surname,Forename1,Forename2,SexCode,DateOfBirth,PNCID,CRONumber,NINO,EthnicityCode,"
    "HomeAddressId,Restricted,CreatedTime,EffectiveFrom,Deleted,MergedIntoId",
    "person_alias.csv": "Id,PersonId,Surname,Forename1,DateOfBirth,CreatedTime",
    "address.csv": "Id,OwningAgency,HouseNumber,Street,Locality,Town,Postcode,Easting,Northing,UPRN,CreatedTime",
    "vehicle.csv": "Id,OwningAgency,Registration,Make,Model,ColourCode,CreatedTime",
    "telephone.csv": "Id,OwningAgency,Number,TypeCode,CreatedTime",
    "occurrence.csv": "Id,OwningAgency,OccurrenceNumber,TypeCode,OffenceCode,StatusCode,ReportedTime,OccurredFrom,"
    "OccurredTo,AddressId,Narrative,Restricted,CreatedTime",
    "intelligence.csv": "Id,OwningAgency,Urn,ReportedTime,SourceEvaluation,IntelligenceAssessment,Handling,Text,"
    "Restricted,CreatedTime",
    "involvement.csv": "Id,OwningAgency,FromTable,FromId,ToTable,ToId,RoleCode,EffectiveFrom,EffectiveTo",
    "codes.csv": "CodeTable,Code,Description,ValidFrom,ValidTo",
}
MADE = "03/01/2026 09:00:00"
CODES = (
    ("SEX", "M", "Male", "01/01/2000", ""),
    ("SEX", "F", "Female", "01/01/2000", ""),
    ("OFFENCE", "28A", "Burglary dwelling", "01/01/2000", ""),
    ("STATUS", "OPEN", "Under investigation", "01/01/2000", ""),
)


def person(
    key: str, surname: str, forename: str, born: str, *, force: str = "05", restricted: str = ""
) -> tuple[str, ...]:
    return (key, force, surname, forename, "", "M", born, "", "", "", "", "", restricted, MADE, MADE, "", "")


def occurrence(
    key: str, number: str, *, force: str = "05", at: str = "02/01/2026 22:15:00", restricted: str = ""
) -> tuple[str, ...]:
    return (key, force, number, "CR", "28A", "OPEN", MADE, at, "", "", "Entry by the rear door.", restricted, MADE)


def involvement(key: str, person_key: str, occurrence_key: str, *, force: str = "05") -> tuple[str, ...]:
    return (key, force, "person", person_key, "occurrence", occurrence_key, "SUSP", "", "")


def write_niche(
    folder: Path,
    rows: Mapping[str, Iterable[tuple[str, ...]]],
    *,
    source: str = "niche_tri",
    raw: Mapping[str, bytes] | None = None,
    mode: str = "full",
) -> Path:
    """A delivery with the given rows by file; `raw` adds bytes to a file after its rows."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for name, columns in COLUMNS.items():
        text = io.StringIO(newline="")
        writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
        writer.writerow(columns.split(","))
        here = list(rows.get(name, CODES if name == "codes.csv" else ()))
        writer.writerows(here)
        content = text.getvalue().encode("windows-1252") + (raw or {}).get(name, b"")
        (folder / name).write_bytes(content)
        more = (raw or {}).get(name, b"").count(b"\r\n")
        files.append(
            {
                "name": name,
                "rows": len(here) + more,
                "bytes": len(content),
                "sha256": hashlib.sha256(content).hexdigest(),
            }
        )
    manifest = {
        "source": source,
        "family": "niche",
        "schema": "1",
        "mode": mode,
        "extracted_at": "2026-01-04T02:00:00Z",
        "period_from": "2026-01-01T00:00:00Z",
        "period_to": "2026-01-04T00:00:00Z",
        "files": files,
    }
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder


def zipped(folder: Path, path: Path, *, within: str = "") -> Path:
    """The folder as a zip, with its files below the folder `within`."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for file in sorted(folder.iterdir()):
            packed.write(file, f"{within}{file.name}")
    return path


def small(folder: Path) -> Path:
    """People of two forces, some of them restricted; one without a name, one of no known force; a link to nobody."""
    return write_niche(
        folder,
        {
            "person.csv": [
                person("P1", "HARGREAVE", "Tomos", "14/02/1988"),
                person("P2", "OKONJO", "Adaeze", "30/06/1991", restricted="F"),
                person("P3", "WHITTLE", "Ewan", "14/02/1990", force="99"),
                person("P4", "PARRY", "Sioned", "03/03/1979", force="60"),
                person("P5", "", "", "05/05/1985", force="60", restricted="F"),
            ],
            "occurrence.csv": [
                occurrence("O1", "05/1001/26"),
                occurrence("O2", "05/1002/26", at="32/13/2026 22:15:00"),
            ],
            "involvement.csv": [
                involvement("I1", "P1", "O1"),
                involvement("I2", "P3", "O1"),
                involvement("I3", "P404", "O1"),
            ],
        },
    )
