"""Code lists the simulated systems use: offences, outcomes, roles, colours, forces and their systems.

Home Office offence classes and outcome types follow the counting rules as commonly published; a source's own role and
status codes are this project's invention, since no supplier publishes its own.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Force:
    """A police force, its number, its share of the region's people and where its records are kept."""

    code: str
    number: str
    source: str
    share: int
    name: str


FORCES = {
    force.code: force
    for force in (
        Force("cheshire", "07", "niche_tri", 15, "Cheshire"),
        Force("cumbria", "03", "mark43_cumbria", 7, "Cumbria"),
        Force("gmp", "06", "policeworks_gmp", 36, "Greater Manchester"),
        Force("lancashire", "04", "connect_lancashire", 19, "Lancashire"),
        Force("merseyside", "05", "niche_tri", 18, "Merseyside"),
        Force("north_wales", "60", "niche_tri", 9, "North Wales"),
    )
}
FAMILIES = {
    "niche_tri": "niche",
    "connect_lancashire": "connect",
    "policeworks_gmp": "policeworks",
    "mark43_cumbria": "mark43",
}
NEIGHBOURS = {
    "cheshire": ("merseyside", "gmp", "north_wales"),
    "cumbria": ("lancashire",),
    "gmp": ("lancashire", "cheshire", "merseyside"),
    "lancashire": ("gmp", "merseyside", "cumbria"),
    "merseyside": ("lancashire", "cheshire", "gmp"),
    "north_wales": ("cheshire", "merseyside"),
}


@dataclass(frozen=True, slots=True)
class Offence:
    """A Home Office class with the weight it has among ordinary crimes; `theme` links it to a threat theme."""

    code: str
    title: str
    weight: int
    theme: str = ""


OFFENCES = (
    Offence("105/1", "Common assault and battery", 170),
    Offence("8/6", "Assault occasioning actual bodily harm", 110),
    Offence("5/1", "Wounding with intent to do grievous bodily harm", 12, "VIO"),
    Offence("8/1", "Malicious wounding", 24, "VIO"),
    Offence("8/20", "Harassment", 60),
    Offence("195/94", "Stalking involving fear of violence", 14),
    Offence("28/3", "Burglary in a dwelling", 46, "SAC.burglary"),
    Offence("30/2", "Burglary in a building other than a dwelling", 30, "SAC.burglary"),
    Offence("34/1", "Robbery", 18, "SAC.robbery"),
    Offence("48/1", "Theft of a motor vehicle", 26, "SAC.vehicle"),
    Offence("45/10", "Theft from a motor vehicle", 44, "SAC.vehicle"),
    Offence("46/1", "Theft from a shop", 96),
    Offence("49/10", "Other theft", 80),
    Offence("39/1", "Theft from the person", 22),
    Offence("44/1", "Theft of a pedal cycle", 20),
    Offence("58/1", "Criminal damage to a dwelling", 44),
    Offence("58/3", "Criminal damage to a vehicle", 52),
    Offence("56/1", "Arson endangering life", 4, "VIO"),
    Offence("66/91", "Public fear, alarm or distress", 60),
    Offence("62/1", "Affray", 10, "VIO"),
    Offence("92/41", "Possession of cannabis with intent to supply", 14, "DRU.cannabis"),
    Offence("92/30", "Possession of a class A drug with intent to supply", 12, "DRU.county_lines"),
    Offence("92/2", "Being concerned in the supply of a class A drug", 9, "DRU.class_a_wholesale"),
    Offence("92/21", "Production of cannabis", 8, "DRU.cannabis"),
    Offence("92/50", "Possession of a controlled drug, class B", 34),
    Offence("81/1", "Possession of a firearm with intent to endanger life", 2, "FIR.supply"),
    Offence("81/15", "Possession of a prohibited weapon", 4, "FIR.supply"),
    Offence("10/31", "Possession of an article with a blade or point", 18, "VIO"),
    Offence("38/1", "Money laundering", 4, "ECO.money_laundering"),
    Offence("53/1", "Fraud by false representation", 30, "ECO.fraud_person"),
    Offence("106/1", "Holding a person in slavery or servitude", 2, "MSH.labour"),
    Offence("106/3", "Arranging or facilitating travel for exploitation", 2, "MSH.criminal"),
    Offence("78/2", "Assisting unlawful immigration", 2, "OIC.facilitation"),
    Offence("71/1", "Abuse of a child through sexual exploitation", 3, "CSA"),
    Offence("19/8", "Sexual assault", 14),
    Offence("35/1", "Blackmail", 4),
    Offence("54/1", "Handling stolen goods", 8),
    Offence("802/1", "Driving while disqualified", 20),
    Offence("37/2", "Aggravated vehicle taking", 9, "SAC.vehicle"),
    Offence("79/1", "Perverting the course of justice", 3),
)
DRIFTED_OFFENCES = ("92A/30", "049/10", "8/01", "28A", "999/99")

OUTCOMES = (
    ("1", "Charged or summonsed", 14),
    ("2", "Youth caution", 1),
    ("3", "Adult caution", 3),
    ("8", "Community resolution", 5),
    ("10", "Formal action not in the public interest", 1),
    ("14", "Evidential difficulties: suspect not identified, victim does not support", 8),
    ("15", "Evidential difficulties: suspect identified, victim supports", 12),
    ("16", "Evidential difficulties: suspect identified, victim does not support", 25),
    ("18", "Investigation complete: no suspect identified", 30),
    ("20", "Action taken by another body", 2),
    ("22", "Diversionary, educational or intervention activity", 2),
)
OPEN_STATUS = ("0", "Under investigation")

SEXES = (("M", "Male"), ("F", "Female"), ("U", "Unknown"))
ETHNICITIES = (
    ("W1", "White British"),
    ("W2", "White Irish"),
    ("W9", "Any other White background"),
    ("M1", "White and Black Caribbean"),
    ("M2", "White and Black African"),
    ("M3", "White and Asian"),
    ("M9", "Any other mixed background"),
    ("A1", "Indian"),
    ("A2", "Pakistani"),
    ("A3", "Bangladeshi"),
    ("A9", "Any other Asian background"),
    ("B1", "Caribbean"),
    ("B2", "African"),
    ("B9", "Any other Black background"),
    ("O1", "Chinese"),
    ("O9", "Any other ethnic group"),
    ("NS", "Not stated"),
)
COLOURS = (
    ("BLA", "Black", 21),
    ("GRY", "Grey", 19),
    ("WHI", "White", 18),
    ("BLU", "Blue", 15),
    ("SIL", "Silver", 12),
    ("RED", "Red", 9),
    ("GRN", "Green", 2),
    ("ORA", "Orange", 1),
    ("YEL", "Yellow", 1),
    ("BRO", "Brown", 1),
    ("BEI", "Beige", 1),
)
KINDS = (
    ("CR", "Crime", "CRIME"),
    ("CU", "Custody", "CUSTODY"),
    ("SS", "Stop and search", "STOP"),
    ("MI", "Missing person", "MISSING"),
    ("IN", "Incident", "INCIDENT"),
)
# Niche-like role code, words, and the role it stands for.
ROLES = (
    ("SUSP", "Suspect", "SUSPECT"),
    ("VICT", "Victim", "VICTIM"),
    ("WITN", "Witness", "WITNESS"),
    ("ARRE", "Arrestee", "ARRESTED"),
    ("STOP", "Person stopped", "STOPPED"),
    ("SUBJ", "Subject", "SUBJECT"),
    ("MISP", "Missing person", "MISSING_PERSON"),
    ("INVO", "Involved", "INVOLVED"),
    ("KEEP", "Registered keeper", "KEEPER_OF"),
    ("USES", "User", "USES"),
    ("LIVE", "Resident", "LIVES_AT"),
    ("ASSO", "Associate", "ASSOCIATE"),
    ("RELA", "Relative", "RELATIVE"),
    ("INVV", "Involved vehicle", "INVOLVES"),
    ("HAPP", "Happened at", "HAPPENED_AT"),
)
STOP_OBJECTS = ("Controlled drugs", "Offensive weapons", "Stolen goods", "Articles for use in theft", "Firearms")
STOP_OUTCOMES = (
    "A no further action disposal",
    "Arrest",
    "Community resolution",
    "Khat or Cannabis warning",
    "Summons / charged by post",
)
DISPOSALS = ("Charged", "Released under investigation", "Bailed", "No further action", "Cautioned", "Remanded to court")
RISKS = ("No apparent risk", "Low", "Medium", "High")
STATIONS = {
    "cheshire": ("Middlewich", "Runcorn", "Blacon"),
    "cumbria": ("Carlisle", "Barrow", "Kendal"),
    "gmp": ("Longsight", "North Manchester", "Cheadle Heath", "Pendleton", "Bolton", "Ashton"),
    "lancashire": ("Preston", "Blackpool", "Burnley", "Lancaster"),
    "merseyside": ("St Anne Street", "Copy Lane", "Wirral", "St Helens"),
    "north_wales": ("St Asaph", "Llay", "Caernarfon"),
}
COMPARTMENTS = ("NWC01", "NWC02", "NWC03")
SOURCE_EVALUATIONS = (("1", 30), ("2", 55), ("3", 15))
ASSESSMENTS = (("A", 30), ("B", 25), ("C", 12), ("D", 30), ("E", 3))
