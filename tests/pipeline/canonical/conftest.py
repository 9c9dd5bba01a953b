"""The sample extracts of the four families, landed and made canonical once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pytest

from fourfold.pipeline import canonical, landing
from fourfold.pipeline.canonical.family import Context, Correction
from fourfold.pipeline.delivery import Landed

SAMPLE = Path(__file__).parents[2] / "data/extracts"
FORCES = {"05": "merseyside", "07": "cheshire", "60": "north_wales"}
OWNERS = {
    "niche_tri": ("niche", "north_wales"),
    "connect_lancashire": ("connect", "lancashire"),
    "policeworks_gmp": ("policeworks", "gmp"),
    "mark43_cumbria": ("mark43", "cumbria"),
}
COMPARTMENTS = frozenset({"NWC01", "NWC02", "NWC03"})


def context_of(source: str, **changes: Any) -> Context:
    _, owner = OWNERS[source]
    forces = FORCES if source == "niche_tri" else {}
    return Context(**{"source": source, "owner": owner, "forces": forces, "compartments": COMPARTMENTS, **changes})


@dataclass(frozen=True)
class Made:
    """A batch in contract form, and the delivery it came from."""

    source: str
    delivery: Path
    landed: Landed
    canonical: canonical.Canonical

    def rows(self, table: str, where: str = "true") -> list[dict[str, Any]]:
        with duckdb.connect() as db:
            db.execute("SET TimeZone = 'UTC'")
            found = db.execute(
                f"SELECT * FROM read_parquet($place) WHERE {where}",
                {"place": str(self.canonical.folder / f"{table}.parquet")},
            )
            names = [column[0] for column in found.description]
            return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def one(self, table: str, where: str) -> dict[str, Any]:
        (row,) = self.rows(table, where)
        return row

    def rules_at(self, table: str) -> set[tuple[str, str, int]]:
        return {(row["rule_code"], row["source_file"], row["source_line"]) for row in self.rows(table)}


Make = Callable[..., Made]


def made(source: str, delivery: Path, into: Path, *, corrections: Sequence[Correction] = (), **changes: Any) -> Made:
    family, _ = OWNERS[source]
    landed = landing.land(delivery, into=into / "landing", family=family)
    done = canonical.canonicalise(
        landed, family=family, into=into / "canonical", context=context_of(source, **changes), corrections=corrections
    )
    return Made(source, delivery, landed, done)


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Made]:
    """The committed sample of a source, worked out once in the session."""

    @cache
    def of(source: str) -> Made:
        (delivery,) = sorted((SAMPLE / "extracts" / source).iterdir())
        return made(source, delivery, tmp_path_factory.mktemp(source))

    return of
