"""The files of a delivery, written as they come, counted and hashed, with the manifest a receiving system checks."""

import codecs
import hashlib
import json
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from fourfold.simulation.names import unaccented

FLUSH_LINES = 4000


def _plain_letters(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return unaccented(error.object[error.start : error.end]), error.end


codecs.register_error("fourfold_unaccented", _plain_letters)


class ExtractFile:
    """One text file of a delivery. Letters its encoding lacks lose their marks, as they do in old systems."""

    def __init__(self, path: Path, encoding: str, newline: str, header: str = "") -> None:
        self.path = path
        self.encoding = encoding
        self.newline = newline
        self.rows = 0
        self.lines = 0
        self.bytes = 0
        self.digest = hashlib.sha256()
        self.waiting: list[str] = []
        path.parent.mkdir(parents=True, exist_ok=True)
        self.file = path.open("wb")
        if header:
            self.lines += 1
            self.waiting.append(header)

    def add(self, row: str) -> int:
        """Write one row and return its line."""
        self.rows += 1
        self.lines += 1
        self.waiting.append(row)
        if len(self.waiting) >= FLUSH_LINES:
            self.flush()
        return self.lines

    def add_bytes(self, row: bytes) -> int:
        """Write one row as it stands, damage and all, and return its line."""
        self.flush()
        self.write(row + self.newline.encode())
        self.rows += 1
        self.lines += 1
        return self.lines

    def write(self, content: bytes) -> None:
        """Write bytes through the hash."""
        self.digest.update(content)
        self.bytes += len(content)
        self.file.write(content)

    def flush(self) -> None:
        """Write the rows that wait."""
        if self.waiting:
            text = self.newline.join(self.waiting) + self.newline
            self.waiting = []
            self.write(text.encode(self.encoding, "fourfold_unaccented"))

    def close(self) -> None:
        """Write what waits and close the file."""
        self.flush()
        self.file.close()


@dataclass
class Delivery:
    """One delivery of one source: a folder named by its day."""

    source: str
    family: str
    folder: Path
    mode: str
    period_from: date
    period_to: date
    files: dict[str, ExtractFile] = field(default_factory=dict)

    def open(self, name: str, encoding: str, newline: str, header: str = "") -> ExtractFile:
        """Start a file of the delivery."""
        file = ExtractFile(self.folder / name, encoding, newline, header)
        self.files[name] = file
        return file

    def close(self) -> dict[str, int]:
        """Close every file, write the manifest and return the rows of each file."""
        entries = []
        for name, file in sorted(self.files.items()):
            file.close()
            entries.append({"name": name, "rows": file.rows, "bytes": file.bytes, "sha256": file.digest.hexdigest()})
        manifest = {
            "source": self.source,
            "family": self.family,
            "schema": "1",
            "mode": self.mode,
            "extracted_at": f"{self.period_to.isoformat()}T23:45:00Z",
            "period_from": self.period_from.isoformat(),
            "period_to": self.period_to.isoformat(),
            "files": entries,
        }
        (self.folder / "manifest.json").write_bytes((json.dumps(manifest, indent=1) + "\n").encode())
        return {name: file.rows for name, file in self.files.items()}
