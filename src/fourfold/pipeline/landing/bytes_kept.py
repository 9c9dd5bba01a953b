"""Getting the delivered bytes into the landing unchanged: folder, zip or single file, with caps and safe names."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import stat
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from fourfold.pipeline.delivery import Caps, Refused

_CHUNK = 1 << 20
_SAFE_NAME = re.compile(r"[^\x00-\x1f\x7f\\:*?\"<>|]{1,200}")


@dataclass(frozen=True)
class KeptFile:
    """One delivered file as it stands in the landing."""

    name: str
    path: Path
    bytes: int
    sha256: str


def keep(path: Path, into: Path, caps: Caps, *, link: bool) -> list[KeptFile]:
    """Put every delivered file below `into`, unchanged, and hash it. Names are relative, with slashes.

    link: the delivered files will never change where they are, so a hard link is as good as a copy.
    """
    if path.is_symlink() or not path.exists():
        raise Refused("Q-FILE-01", name=path.name)
    into.mkdir(parents=True)
    if path.is_dir():
        kept = list(_from_folder(path, into, caps, link=link))
    elif zipfile.is_zipfile(path):
        kept = list(_from_zip(path, into, caps))
    elif path.suffix.lower() == ".zip":
        raise Refused("Q-ZIP-01", name=path.name, why="it is cut short or is not a zip file")
    else:
        kept = [_link_or_copy(path, into, path.name, caps, link=link)]
    if not kept:
        raise Refused("Q-FILE-01", name=path.name)
    return _without_single_parent(kept, into)


def digest(files: list[KeptFile]) -> str:
    """One hash of a delivery: names and contents, whether it came as a folder or as a zip."""
    told = hashlib.sha256()
    for item in sorted(files, key=lambda one: one.name):
        told.update(f"{item.sha256}  {item.name}\n".encode())
    return told.hexdigest()


def sha256_of(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _without_single_parent(kept: list[KeptFile], into: Path) -> list[KeptFile]:
    """A zip often wraps its files in a folder or two: `<source>/<day>/person.csv` is the file `person.csv`."""
    manifests = [item.name for item in kept if PurePosixPath(item.name).name == "manifest.json"]
    if len(manifests) != 1 or "/" not in manifests[0]:
        return kept
    prefix = manifests[0][: -len("manifest.json")]
    if not all(item.name.startswith(prefix) for item in kept):
        return kept
    inner = into.with_name(f"{into.name}-inner")
    (into / prefix).rename(inner)
    shutil.rmtree(into)
    inner.rename(into)
    short = [(item, item.name[len(prefix) :]) for item in kept]
    return [KeptFile(name, into / name, item.bytes, item.sha256) for item, name in short]


def _from_folder(path: Path, into: Path, caps: Caps, *, link: bool) -> Iterator[KeptFile]:
    found = sorted(item for item in path.rglob("*") if not item.is_dir() or item.is_symlink())
    if len(found) > caps.files:
        raise Refused("Q-FILE-12", most=caps.files)
    total = 0
    for item in found:
        name = item.relative_to(path).as_posix()
        if item.is_symlink() or not item.is_file():
            raise Refused("Q-FILE-14", name=name)
        total += item.stat().st_size
        if total > caps.delivery_bytes:
            raise Refused("Q-FILE-11", name="The delivery", most=caps.delivery_bytes)
        yield _link_or_copy(item, into, name, caps, link=link)


def _link_or_copy(item: Path, into: Path, name: str, caps: Caps, *, link: bool) -> KeptFile:
    size = item.stat().st_size
    if size > caps.file_bytes:
        raise Refused("Q-FILE-11", name=f"The file {name}", most=caps.file_bytes)
    target = into / name
    target.parent.mkdir(parents=True, exist_ok=True)
    linked = False
    if link:
        with contextlib.suppress(OSError):
            os.link(item, target)
            linked = True
    if not linked:
        shutil.copyfile(item, target)
    return KeptFile(name, target, size, sha256_of(target))


def _safe_member(archive: str, info: zipfile.ZipInfo) -> str:
    name = info.filename
    parts = PurePosixPath(name).parts
    is_link = stat.S_ISLNK(info.external_attr >> 16)
    if not _SAFE_NAME.fullmatch(name) or name.startswith("/") or ".." in parts or is_link:
        raise Refused("Q-ZIP-02", name=archive, member=name[:100].encode("unicode_escape").decode("ascii"))
    return PurePosixPath(name).as_posix()


def _from_zip(path: Path, into: Path, caps: Caps) -> Iterator[KeptFile]:
    try:
        with zipfile.ZipFile(path) as archive:
            members = [info for info in archive.infolist() if not info.is_dir()]
            if len(members) > caps.files:
                raise Refused("Q-FILE-12", most=caps.files)
            names = [_safe_member(path.name, info) for info in members]
            if len(set(names)) != len(names):
                raise Refused("Q-ZIP-01", name=path.name, why="it holds two files of one name")
            room = min(caps.delivery_bytes, max(path.stat().st_size, 1) * caps.zip_ratio + 10_000_000)
            for info, name in zip(members, names, strict=True):
                if info.flag_bits & 0x1:
                    raise Refused("Q-ZIP-04", name=path.name)
                with archive.open(info) as stream:
                    item = _unpack(path.name, stream, into / name, name, min(room, caps.file_bytes))
                room -= item.bytes
                yield item
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, RuntimeError) as wrong:
        raise Refused("Q-ZIP-01", name=path.name, why=str(wrong) or "it is cut short") from wrong


def _unpack(archive: str, stream: IO[bytes], target: Path, name: str, room: int) -> KeptFile:
    """Unpack one member, counting what comes out and not what the archive says will."""
    target.parent.mkdir(parents=True, exist_ok=True)
    told, size = hashlib.sha256(), 0
    with target.open("xb") as out:
        while chunk := stream.read(_CHUNK):
            size += len(chunk)
            if size > room:
                raise Refused("Q-ZIP-03", name=archive)
            told.update(chunk)
            out.write(chunk)
    return KeptFile(name, target, size, told.hexdigest())
