"""What a person reads when a rule of this room refuses: AS for assessing, AM for moderating, MO for models."""

from collections.abc import Iterable, Mapping

from fourfold.platform.errors import RuleBroken

SENTENCES: Mapping[str, str] = {
    "AS1": "You do not have permission to assess threats",
    "AS2": "Only the owning organisation or the regional unit can assess this threat",
    "AS3": "This threat is closed: it is not assessed any more",
    "AS4": "{name}: choose a score from {lowest} to {highest}",
    "AS5": "{name} may not be unknown: choose a score",
    "AS6": "{name}: say why it is unknown, in at least {words} words",
    "AS7": "{section}: at least {least} of {all} criteria must be known, and {known} are",
    "AS8": "{name}: cite at least one graded record as evidence",
    "AS9": "The model {model} has no criterion called {key}",
    "AS10": "This assessment has been sent: its scores can no longer be changed",
    "AS11": "There is already an open assessment of this threat: {reference}",
    "AS12": "The assessment must be checked by somebody other than the people who scored it",
    "AS13": "You do not have permission to check assessments",
    "AS14": "This assessment is not waiting for a check",
    "AS15": "Say why, in at least {words} words",
    "AS16": "Enter the reference of the record",
    "AS17": "Choose how good the source is and how the source knows it",
    "AS18": "The date of the record must be today or earlier",
    "AS19": "Choose at least one criterion that the record is evidence for",
    "AS20": "Choose a tactical model that is in force",
    "AS21": "Choose a theme from the list",
    "AS22": "Enter a year from {first} to {last}",
    "AS23": "Choose the area from the list",
    "AS24": "An assessment of {what} for {year} is open or standing already: {reference}",
    "AS25": "This assessment has been decided or withdrawn already",
    "AS26": "Somebody else scored this while you had it open. What they chose is shown beside what you chose: choose "
    "again for the criteria named",
    "AS27": "Explain the score in at most {limit} characters",
    "AS28": "This assessment is waiting to be checked: take it back before you change it",
    "AS29": "The record must be one that you may see",
    "AS30": "Say which threat, or which theme, area and year, the assessment is of",
    "AS31": "A record from elsewhere is moderated, not moderated or superseded: {status} is none of them",
    "AS32": "Choose a tier from the list: {tier} is not one of them",
    "AS33": "The model {model} is not loaded, or is of another kind",
    "AS34": "The scores come to {worked_out}, and the record says {stated}",
    "AS35": "Only those who manage threats can bring an assessment that was moderated elsewhere",
    "AS36": "This threat was moderated here: only the regional unit can put a decision from elsewhere in its place",
    "AM1": "You do not have permission to moderate",
    "AM2": "You took part in this assessment: somebody else must moderate it",
    "AM3": "This is an assessment of your own force: somebody of another organisation must moderate it",
    "AM4": "This assessment is not waiting to be taken up",
    "AM5": "This assessment was taken up by somebody else",
    "AM6": "Save your own scores first: until then the force's scores are not shown",
    "AM7": "Your own scores are saved already and stay as they are",
    "AM8": "Say why {name} was changed from {was} to {now}, in at least {words} words",
    "AM9": "The tier changes from {was} to {now}: a second moderator must agree",
    "AM10": "The second moderator must be another person, who took no part in the assessment",
    "AM11": "Say what is missing, in at least {words} words",
    "AM12": "This assessment is not waiting for a second moderator",
    "AM13": "An assessment can be appealed against once",
    "AM14": "Only a moderated assessment that still stands can be appealed against",
    "AM15": "Only the owning organisation can appeal",
    "AM16": "Only the head of the regional assessment unit decides an appeal",
    "AM17": "You moderated this assessment: somebody else must decide the appeal",
    "AM18": "This appeal has been decided already",
    "AM19": "Choose whether the decision stands or is moderated again",
    "AM20": "Choose an outcome from the list",
    "AM21": "The scores are the same as those submitted: choose “moderated as submitted”",
    "AM22": "The scores differ from those submitted: choose “moderated with changes”, or return the assessment",
    "MO1": "You do not have permission to load models",
    "MO2": "The file is not a model that can be used: {faults}",
    "MO3": "The model {model} is loaded already with other contents. A version never changes: give the new one another "
    "code",
    "MO4": "Choose a file of at most {limit} kB",
    "MO6": "Choose the file of the model",
    "MO5": "The file cannot be read as YAML: {why}",
}
WORDS = 3


def broken(code: str, field: str = "", **facts: object) -> RuleBroken:
    """The refusal for one numbered rule, its sentence filled in."""
    return RuleBroken(code, SENTENCES[code].format(**facts), field=field)


def raise_all(refusals: Iterable[RuleBroken]) -> None:
    """Raise the first, with the others beside it, so that a person mends them in one go. None: nothing is raised."""
    found = tuple(refusals)
    if found:
        raise RuleBroken(found[0].code, found[0].sentence, found[0].field, others=found[1:])


def check_words(text: str, *, code: str = "AS15", field: str = "reason", **facts: object) -> None:
    """Raise `RuleBroken` where a person has to say something and said less than a sentence."""
    if len(text.split()) < WORDS:
        raise broken(code, field, words=WORDS, **facts)
