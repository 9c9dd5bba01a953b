"""Who people are called: forenames and surnames that belong together, short forms and other spellings."""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable

from fourfold.simulation.chance import Chance, Weighted
from fourfold.simulation.datafiles import DATA, read_lines, read_rows, read_sections

# Weights of origins in each force, set by hand to be plausible, not measured; ethnic codes are the 16+1 list.
ORIGINS = {
    "british": (
        "W1",
        {"gmp": 690, "merseyside": 860, "lancashire": 790, "cheshire": 890, "cumbria": 945, "north_wales": 560},
    ),
    "welsh": ("W1", {"gmp": 4, "merseyside": 14, "lancashire": 3, "cheshire": 18, "cumbria": 2, "north_wales": 370}),
    "irish": ("W2", {"gmp": 28, "merseyside": 48, "lancashire": 14, "cheshire": 14, "cumbria": 8, "north_wales": 10}),
    "pakistani": ("A2", {"gmp": 85, "merseyside": 5, "lancashire": 80, "cheshire": 7, "cumbria": 2, "north_wales": 3}),
    "bangladeshi": (
        "A3",
        {"gmp": 24, "merseyside": 5, "lancashire": 12, "cheshire": 3, "cumbria": 2, "north_wales": 3},
    ),
    "indian": ("A1", {"gmp": 28, "merseyside": 7, "lancashire": 36, "cheshire": 8, "cumbria": 3, "north_wales": 4}),
    "polish": ("W9", {"gmp": 22, "merseyside": 14, "lancashire": 18, "cheshire": 24, "cumbria": 14, "north_wales": 22}),
    "romanian": ("W9", {"gmp": 18, "merseyside": 7, "lancashire": 9, "cheshire": 9, "cumbria": 5, "north_wales": 5}),
    "albanian": ("W9", {"gmp": 7, "merseyside": 5, "lancashire": 4, "cheshire": 4, "cumbria": 3, "north_wales": 4}),
    "chinese": ("O1", {"gmp": 14, "merseyside": 12, "lancashire": 4, "cheshire": 5, "cumbria": 2, "north_wales": 4}),
    "vietnamese": ("A9", {"gmp": 5, "merseyside": 3, "lancashire": 3, "cheshire": 2, "cumbria": 1, "north_wales": 2}),
    "kurdish": ("O9", {"gmp": 8, "merseyside": 6, "lancashire": 6, "cheshire": 4, "cumbria": 2, "north_wales": 4}),
    "turkish": ("W9", {"gmp": 4, "merseyside": 3, "lancashire": 3, "cheshire": 2, "cumbria": 2, "north_wales": 2}),
    "arabic": ("O9", {"gmp": 14, "merseyside": 10, "lancashire": 4, "cheshire": 3, "cumbria": 2, "north_wales": 3}),
    "iranian": ("O9", {"gmp": 6, "merseyside": 4, "lancashire": 3, "cheshire": 2, "cumbria": 1, "north_wales": 1}),
    "somali": ("B2", {"gmp": 9, "merseyside": 6, "lancashire": 2, "cheshire": 1, "cumbria": 1, "north_wales": 1}),
    "nigerian": ("B2", {"gmp": 20, "merseyside": 7, "lancashire": 4, "cheshire": 4, "cumbria": 2, "north_wales": 2}),
    "caribbean": ("B1", {"gmp": 14, "merseyside": 4, "lancashire": 3, "cheshire": 2, "cumbria": 1, "north_wales": 1}),
}
SURNAME_FIRST = frozenset({"chinese", "vietnamese"})
KEEPS_OWN_SURNAME = frozenset(
    {"pakistani", "bangladeshi", "chinese", "vietnamese", "kurdish", "arabic", "iranian", "somali"}
)


def unaccented(name: str) -> str:
    """Return the name as an old system holds it: plain letters, without marks."""
    if name.isascii():
        return name
    plain = name.translate(_LETTERS)
    return "".join(c for c in unicodedata.normalize("NFKD", plain) if c.isascii())


_LETTERS = str.maketrans({"ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ı": "i", "’": "'", "ø": "o", "ß": "ss"})


def fitted(name: str, encoding: str) -> str:
    """Return the name, without its marks where the encoding has no place for them."""
    if name.isascii():
        return name
    try:
        name.encode(encoding)
    except UnicodeEncodeError:
        return unaccented(name)
    return name


def by_rank(names: Iterable[str], start: int = 6) -> list[tuple[str, int]]:
    """Return names with weights that fall with their rank."""
    return [(name, 6000 // (rank + start)) for rank, name in enumerate(names)]


class Names:
    """Every pool of names, loaded once."""

    def __init__(self) -> None:
        sections = read_sections(DATA / "names_by_origin.txt")
        pools: dict[tuple[str, str], list[str]] = defaultdict(list)
        for key, names in sections.items():
            pools[key].extend(names)
        for row in read_rows("names_by_country.csv"):
            names = pools[row["origin"], row["kind"]]
            if row["name"] not in names:
                names.append(row["name"])
        weighted = {key: by_rank(names, 40 if key == ("british", "S") else 6) for key, names in pools.items()}
        recent: dict[tuple[str, str], list[tuple[str, int]]] = defaultdict(list)
        for row in read_rows("forenames_ons.csv"):
            recent[row["era"], row["sex"]].append((row["name"], int(row["count"])))
        weighted.update(recent)
        self.pools = {key: Weighted(pairs) for key, pairs in weighted.items()}
        self.origins = {
            force: Weighted([(origin, shares[force]) for origin, (_, shares) in ORIGINS.items()])
            for force in ORIGINS["british"][1]
        }
        self.nicknames: dict[str, list[str]] = defaultdict(list)
        for row in read_rows("nicknames.csv"):
            self.nicknames[row["name"]].append(row["nickname"])
        self.spellings: dict[str, list[str]] = {}
        for line in read_lines("transliterations.txt"):
            for word in line:
                self.spellings[word] = [other for other in line if other != word]

    def forename(self, chance: Chance, origin: str, sex: str, year: int) -> str:
        """Return a forename usual for the origin, sex and year of birth."""
        if origin in {"welsh", "irish", "caribbean"} and chance.yes(0.45):
            origin = "british"
        if origin != "british":
            return chance.draw(self.pools[origin, sex])
        if year < 1965:
            era = "british_pre1965"
        elif year < 1978:
            era = "british_1965"
        elif year < 1988:
            era = "british_1980"
        elif year < 1996:
            era = "british_1980" if chance.yes(0.5) else "british_1996"
        else:
            era = "british_1996" if year < 2004 else "british_2004"
        return chance.draw(self.pools[era, sex])

    def surname(self, chance: Chance, origin: str) -> str:
        """Return a surname usual for the origin; some are double."""
        surname = chance.draw(self.pools[origin, "S"])
        if origin == "british" and chance.yes(0.025):
            return f"{surname}-{chance.draw(self.pools['british', 'S'])}"
        return surname

    def other_spelling(self, chance: Chance, name: str) -> str:
        """Return another spelling of the name where one is known, else the name itself."""
        others = self.spellings.get(name)
        return chance.pick(others) if others else name

    def short_form(self, chance: Chance, name: str) -> str:
        """Return a short form of the forename where one is known, else the name itself."""
        short = self.nicknames.get(name)
        return chance.pick(short) if short else name
