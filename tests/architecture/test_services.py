"""Whoever writes says so in the ledger: every public service that writes comes to `audit.note`, by itself or by others.

The code is read, not run: from each public function of a `services` module along the calls that it makes. What is found
not to note stands in SILENT with the reason, and must still be there.
"""

import ast
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import fourfold

SOURCE = Path(fourfold.__file__).parent
LEDGER = {"fourfold.platform.audit.services.note", "fourfold.platform.audit.services.note_all"}
MAKES = {"create", "bulk_create", "get_or_create", "update_or_create", "bulk_update", "save"}

PART = "part of a service that notes the whole"
BEFORE = "comes before the ledger: the ledger's rows name users, labels and terms; commands of the owner call it"
SILENT = {
    "assessments.services.recording.relabel": PART,
    "assessments.services.writing.add_to_scorers": PART,
    "assessments.services.writing.keep_scores": PART,
    "assessments.services.writing.seal": PART,
    "assessments.services.writing.stand": PART,
    "assessments.services.writing.in_place_of": PART,
    "assessments.services.writing.supersede": PART,
    "assessments.services.writing.label_to_assess": PART,
    "disruptions.services.deciding.begin_from_lead": "makes a form that only its author reads; sending it is noted",
    "disruptions.services.drafting.empty_old_drafts": "empties forms that only their author reads",
    "disruptions.services.drafting.save_draft": "keeps a form that only its author reads; sending it is noted",
    "disruptions.services.drafting.throw_draft_away": "empties a form that only its author reads",
    "disruptions.services.relabelling.relabel": PART,
    "disruptions.services.writing.give_labels": PART,
    "disruptions.services.writing.label_like": PART,
    "exchange.services.check": "works out what an import would do; importing is noted",
    "exchange.services.choose": "chooses before an import; importing is noted",
    "exchange.services.relabel": PART,
    "intake.services.batch_label": PART,
    "intake.services.narrow_to_released": PART,
    "network.services.relabel": PART,
    "plans.services.sharing.relabel": PART,
    "plans.services.writing.add_all": PART,
    "plans.services.writing.alter": PART,
    "plans.services.writing.rescore": PART,
    "plans.services.writing.save": PART,
    "pole.services.regrouping.hold_judgements": PART,
    "pole.services.regrouping.regroup": PART,
    "pole.services.regrouping_things.hold_judgements": PART,
    "pole.services.regrouping_things.regroup": PART,
    "platform.audit.services.check": "is the ledger's own check of itself",
    "platform.people.services.close_user": BEFORE,
    "platform.people.services.create_user": BEFORE,
    "platform.people.services.end_role": BEFORE,
    "platform.people.services.give_role": BEFORE,
    "platform.people.services.service_user": BEFORE,
    "platform.reference.services.load": BEFORE,
    "platform.visibility.services.end_agreement": BEFORE,
    "platform.visibility.services.label_for": BEFORE,
    "platform.visibility.services.let_into_compartment": BEFORE,
    "platform.visibility.services.load_compartments": BEFORE,
    "platform.visibility.services.make_agreement": BEFORE,
    "platform.visibility.services.make_compartment": BEFORE,
    "platform.visibility.services.put_out_of_compartment": BEFORE,
    "threats.services.linking.write_link": PART,
    "threats.services.writing.label_between": PART,
    "threats.services.writing.owned_by": PART,
    "threats.services.writing.save": PART,
    "threats.services.writing.write_answer": PART,
}


@dataclass
class Function:
    """One function of a services module: whether it writes by itself, and what it names."""

    writes: bool = False
    names: set[str] = field(default_factory=set)


def functions() -> dict[str, Function]:
    found = {}
    for path in sorted(SOURCE.rglob("*.py")):
        parts = path.relative_to(SOURCE.parent).with_suffix("").parts
        if "services" not in parts:
            continue
        module = ".".join(parts).removesuffix(".__init__")
        tree = ast.parse(path.read_text("utf-8"))
        imported = {
            alias.asname or alias.name: f"{node.module}.{alias.name}"
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        }
        for node in tree.body:
            if isinstance(node, ast.FunctionDef):
                found[f"{module}.{node.name}"] = read(node, module, imported)
    return found


def read(function: ast.FunctionDef, module: str, imported: dict[str, str]) -> Function:
    made = Function()
    for node in ast.walk(function):
        match node:
            case ast.Name(id=name):
                made.names.add(imported.get(name, f"{module}.{name}"))
            case ast.Attribute(value=ast.Name(id=name), attr=attribute) if name in imported:
                made.names.add(f"{imported[name]}.{attribute}")
            case ast.Call(func=ast.Attribute(attr=attribute), args=args, keywords=keywords):
                is_update = attribute == "update" and not args and bool(keywords)
                made.writes = made.writes or attribute in MAKES or is_update
    return made


def comes_to(name: str, found: dict[str, Function], wanted: Callable[[str], bool]) -> bool:
    """Whether a function is one that is wanted, or names one that is, or names one that names one."""
    seen: set[str] = set()
    waiting = [name]
    while waiting:
        at = waiting.pop()
        if wanted(at):
            return True
        if at not in seen:
            seen.add(at)
            waiting += found[at].names if at in found else ()
    return False


def test_every_service_that_writes_comes_to_the_ledger_or_says_why_not():
    found = functions()
    public = [name for name in found if not name.rsplit(".", 1)[1].startswith("_")]
    writing = [name for name in public if comes_to(name, found, lambda at: at in found and found[at].writes)]
    assert len(writing) > 100, "the reading of the code has stopped to find services that write"
    silent = {name.removeprefix("fourfold.") for name in writing if not comes_to(name, found, LEDGER.__contains__)}
    assert not silent - SILENT.keys(), "note the change, or say in SILENT why not"
    assert not SILENT.keys() - silent, "these note, or are gone: take them out of SILENT"
