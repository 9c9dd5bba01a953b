"""What was published of the key players of research networks. The networks themselves are read where they lie."""

from dataclasses import dataclass
from pathlib import Path

SHARED = Path(__file__).parents[4] / "shared" / "data" / "networks" / "matrices"


@dataclass(frozen=True)
class KeyPlayer:
    node: str
    betweenness: float
    degree: int = 0


PUBLISHED = {
    "morselli_siren.csv": (KeyPlayer("1", 0.798, 33),),
    "morselli_togo.csv": (KeyPlayer("1", 0.783, 19),),
    "natajaran_cocaine.csv": (KeyPlayer("Kay", 0.887, 24),),
    "natajaran_heroin.csv": (KeyPlayer("Mr.DD", 0.375), KeyPlayer("Mr.X", 0.355)),
    "morselli_cielnet.csv": (KeyPlayer("N2", 0.641), KeyPlayer("N1", 0.591)),
}
