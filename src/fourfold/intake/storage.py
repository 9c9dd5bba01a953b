"""The bytes that came, kept under their own hash, and laid out again as the delivery they were.

`INTAKE_FOLDER/bytes/ab/abcdef…` holds each file once, whatever delivery it came in. Nothing there is changed, ever.
`INTAKE_FOLDER/batches/<id>/` holds what the pipeline made of a batch; all of it can be made again from the bytes.
"""

import hashlib
import lzma
import os
import shutil
import uuid
import zipfile
import zlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import IO, Any

from fourfold.intake import rules
from fourfold.pipeline.whole_folder import sync
from fourfold.platform.errors import RuleBroken

CHUNK = 1024 * 1024
DAMAGED = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    NotImplementedError,
    ValueError,
)
"""What reading a zip raises where the zip is at fault."""


@dataclass(frozen=True, kw_only=True)
class Kept:
    """One file of a delivery: its name there, and where its bytes are."""

    name: str
    sha256: str
    size: int


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """Everything that came at once. `refusal` says why it can't be loaded; its bytes are kept all the same."""

    files: tuple[Kept, ...]
    refusal: RuleBroken | None = None

    @property
    def content_hash(self) -> str:
        return rules.content_hash({f.name: f.sha256 for f in self.files})

    @property
    def size(self) -> int:
        return sum(f.size for f in self.files)

    def as_contents(self) -> list[dict[str, Any]]:
        """As a batch keeps it."""
        return [{"name": f.name, "sha256": f.sha256, "size": f.size} for f in self.files]


class TooLarge(RuleBroken):
    """More bytes came than may."""


class Store:
    """Where received bytes and the pipeline's own files stand."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._arriving = folder / "arriving"

    def batch_folder(self, batch_id: int) -> Path:
        """Where what is made of a batch stands."""
        return self.folder / "batches" / str(batch_id)

    def resolution_folder(self, run: str) -> Path:
        """Where one resolution run writes."""
        return self.folder / "resolution" / run

    def things_folder(self, run: str) -> Path:
        """Where one run writes which vehicles, phones, addresses and organisations are one."""
        return self.folder / "things" / run

    def forget_things(self, *, but: Collection[str]) -> None:
        """Remove what earlier runs wrote of things: each says all anew, under every label."""
        for folder in (self.folder / "things").iterdir():
            if folder.name not in but:
                shutil.rmtree(folder, ignore_errors=True)

    def forget_resolutions(self, *, but: Collection[str], newest: int) -> None:
        """Remove what earlier runs wrote of people, and what was judged when they began: but for these and the newest.

        A run that was stopped leaves a folder that never got its name; it goes too. Runs are named in their order.
        """
        place = self.folder / "resolution"
        runs = sorted(each.name for each in place.iterdir() if each.is_dir() and not each.suffix)
        kept = {*but, *runs[-newest:]}
        for folder in (each for each in place.iterdir() if each.is_dir() and each.name not in kept):
            shutil.rmtree(folder, ignore_errors=True)
        for file in place.glob("*-judgements.parquet"):
            run = file.name.removesuffix("-judgements.parquet").removesuffix("-thing")
            if run not in kept and run < max(kept, default=""):
                file.unlink(missing_ok=True)

    def judgements_file(self, run: str) -> Path:
        """What people had said of identity when one resolution run began."""
        return self.folder / "resolution" / f"{run}-judgements.parquet"

    def thing_judgements_file(self, run: str) -> Path:
        """What people had said of vehicles, phones, addresses and organisations when one run began."""
        return self.folder / "resolution" / f"{run}-thing-judgements.parquet"

    def path_of(self, sha256: str) -> Path:
        """Where the bytes with this hash are."""
        return self.folder / "bytes" / sha256[:2] / sha256

    def keep_stream(self, stream: IO[bytes], *, name: str, most: int) -> Kept:
        """Keep what a stream gives, under its hash; the bytes are on disk before this returns.

        Raises:
            TooLarge: more than `most` bytes came (IN4). What came is not kept, since it is not whole.
        """
        self._arriving.mkdir(parents=True, exist_ok=True)
        arriving = self._arriving / uuid.uuid4().hex
        digest, size = hashlib.sha256(), 0
        try:
            with arriving.open("xb") as out:
                while chunk := stream.read(CHUNK):
                    size += len(chunk)
                    if size > most:
                        raise TooLarge(
                            "IN4", f"The delivery is more than {rules.size_in_words(most)}, the most taken at once"
                        )
                    digest.update(chunk)
                    out.write(chunk)
                out.flush()
                os.fsync(out.fileno())
            kept = Kept(name=name, sha256=digest.hexdigest(), size=size)
            place = self.path_of(kept.sha256)
            place.parent.mkdir(parents=True, exist_ok=True)
            arriving.chmod(0o440)
            arriving.replace(place)
            sync(place.parent)
        finally:
            arriving.unlink(missing_ok=True)
        return kept

    def keep_bytes(self, content: bytes, *, name: str) -> Kept:
        """Keep bytes already in hand."""
        return self.keep_stream(BytesIO(content), name=name, most=len(content))

    def keep_file(self, path: Path, *, name: str | None = None) -> Kept:
        """Keep one file under its name in the delivery."""
        with path.open("rb") as stream:
            return self.keep_stream(stream, name=name or path.name, most=rules.MOST_BYTES_UNPACKED)

    def keep_delivery(self, path: Path, *, name: str | None = None) -> Delivery:
        """Keep a folder, a zip of one, or a single file. One that breaks a rule is kept as it came, refused."""
        name = name or path.name
        if path.is_dir():
            return self._keep_folder(path)
        if zipfile.is_zipfile(path) or name.lower().endswith(".zip"):
            return self._keep_zip(path, name=name)
        refusal = _refusal_of({name: path.stat().st_size})
        if path.stat().st_size == 0:
            refusal = RuleBroken("IN1", "The file that came is empty")
        return Delivery(files=(self.keep_file(path, name=_safe(name)),), refusal=refusal)

    def _keep_folder(self, folder: Path) -> Delivery:
        found = sorted(p for p in folder.rglob("*") if p.is_file() and not p.is_symlink())
        names = {str(p.relative_to(folder)): p for p in found}
        refusal = _refusal_of({n: p.stat().st_size for n, p in names.items()})
        if refusal is not None and refusal.code == "IN4":
            return Delivery(files=(), refusal=refusal)
        return Delivery(files=tuple(self.keep_file(p, name=_safe(n)) for n, p in names.items()), refusal=refusal)

    def _keep_zip(self, path: Path, *, name: str) -> Delivery:
        def whole(refusal: RuleBroken) -> Delivery:
            return Delivery(files=(self.keep_file(path, name=_safe(name)),), refusal=refusal)

        try:
            with zipfile.ZipFile(path) as packed:
                members = [m for m in packed.infolist() if not m.is_dir()]
                names = _without_common_folder([m.filename for m in members])
                sizes = {n: m.file_size for n, m in zip(names, members, strict=True)}
                refusal = _refusal_of(sizes, packed=path.stat().st_size, count=len(members))
                if refusal is not None:
                    return whole(refusal)
                if any(m.flag_bits & 1 for m in members):
                    return whole(
                        RuleBroken(
                            "IN2", "The zip is locked with a password. Send it without one, over the agreed channel"
                        )
                    )
                kept = []
                for n, member in zip(names, members, strict=True):
                    with packed.open(member) as stream:
                        kept.append(self.keep_stream(stream, name=n, most=member.file_size))
        except (*DAMAGED, OSError) as fault:
            if isinstance(fault, OSError) and fault.errno is not None:
                raise  # the disk's, not the zip's: bz2 says that data are damaged by an OSError without a number
            return whole(RuleBroken("IN2", "The zip cannot be opened: it is damaged or was cut short. Send it again"))
        except TooLarge:
            return whole(RuleBroken("IN2", "The zip holds more than it says it does. Make it again and send it"))
        return Delivery(files=tuple(kept))

    def lay_out(self, contents: Iterable[Mapping[str, Any]], *, into: Path) -> Path:
        """The delivery as a folder again, by hard link where the disk allows. Repeatable; returns the folder."""
        fresh = into.with_name(f"{into.name}.{uuid.uuid4().hex}")
        fresh.mkdir(parents=True)
        for entry in contents:
            place = self.path_of(str(entry["sha256"]))
            if not place.exists():
                shutil.rmtree(fresh)
                raise RuleBroken(
                    "IN9", f"The bytes of {entry['name']} are missing from the store. Restore them from the backup"
                )
            try:
                os.link(place, fresh / str(entry["name"]))
            except OSError:
                shutil.copyfile(place, fresh / str(entry["name"]))
        if into.exists():
            shutil.rmtree(into)
        fresh.replace(into)
        return into


def _refusal_of(sizes: Mapping[str, int], *, packed: int | None = None, count: int | None = None) -> RuleBroken | None:
    try:
        rules.check_sizes(sizes, packed=packed)
        for name in sizes:
            rules.check_name(name)
    except RuleBroken as refusal:
        return refusal
    if count is not None and count != len(sizes):
        return RuleBroken("IN3", "The delivery holds two files of the same name. Send each under its own name")
    return None


def _without_common_folder(names: list[str]) -> list[str]:
    """File names of a zip without the folders that all of them stand in, if there are any."""
    while names and len({n.split("/", 1)[0] for n in names}) == 1 and all("/" in n for n in names):
        names = [n.split("/", 1)[1] for n in names]
    return names


def _safe(name: str) -> str:
    """A name under which a refused file can be kept: anything unusual becomes a dash."""
    clean = "".join(c if (c.isalnum() and c.isascii()) or c in "._-" else "-" for c in name).strip(".-") or "file"
    return clean[:120]
