"""Scoring models: those that are loaded, one whole, and a file before it is kept."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.urls import reverse

from fourfold.assessments.forms import ModelFileForm
from fourfold.assessments.models import AssessmentModel
from fourfold.assessments.pages import words as shown_as
from fourfold.assessments.rules.definition import KIND_NAMES, Fault, Model, Section
from fourfold.platform.reference.selectors import DEFAULT_NOTE
from fourfold.platform.ui.components import Action, Alert, Cell, Fact, Head, Link, Table, Tag
from fourfold.platform.ui.pages import Page
from fourfold.threats import rules as threat_rules


@dataclass(frozen=True, kw_only=True)
class ModelsPage(Page):
    lead: str
    models: Table
    actions: tuple[Action, ...]


@dataclass(frozen=True, kw_only=True)
class ModelPage(Page):
    facts: tuple[Fact, ...]
    about: str
    sections: tuple[Table, ...]
    boundaries: Table
    floors: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class LoadPage(Page):
    """`faults` where the file cannot be used; `preview` and its `text` where it can."""

    form: ModelFileForm
    lead: str
    faults: Table
    has_faults: bool
    preview: ModelPage | None
    text: str
    back: Link


def crumbs(*more: Link) -> tuple[Link, ...]:
    return (Link("My work", reverse("home:work")), *more)


def models_page(models: Iterable[AssessmentModel], *, may_load: bool) -> ModelsPage:
    return ModelsPage(
        title="Scoring models",
        crumbs=crumbs(),
        lead="Every version that assessments were or are scored under. A version never changes; another weight, anchor "
        "or boundary is another version, and what was scored before stays as it was.",
        models=Table(
            "Models that are loaded",
            (Head("Model"), Head("Kind"), Head("In force from"), Head("Source")),
            tuple(
                (
                    Cell(
                        each.code,
                        href=reverse("assessments:model", args=[each.code]),
                        hint=each.name,
                        tag=Tag("Default", "yellow") if each.mark in {"D", "K"} else None,
                    ),
                    Cell(KIND_NAMES[each.kind]),
                    Cell(each.effective_from),
                    Cell(each.source, hint=DEFAULT_NOTE.capitalize() if each.mark in {"D", "K"} else ""),
                )
                for each in models
            ),
            caption_hidden=True,
            empty="No model is loaded yet.",
        ),
        actions=(Action("Load a model", reverse("assessments:load_model"), kind="primary"),) if may_load else (),
    )


def model_page(model: Model, words: threat_rules.Vocabulary) -> ModelPage:
    note = Alert("information", f"This is a {DEFAULT_NOTE}.") if model.is_our_default else None
    harm, likelihood = model.sections[model.harm], model.sections[model.likelihood]
    formula = (
        f"{harm.name} × {likelihood.name} ÷ {float(model.divide_by):g}, each from 0 to {float(model.section_scale):g}"
    )
    priority = "The same as the risk"
    if model.position:
        most = f", at most {float(model.at_most):g}" if model.at_most is not None else ""
        name = model.sections[model.position].name.lower()
        priority = f"Risk raised by up to {float(model.raise_by) * 100:g}% by {name}{most}"
    return ModelPage(
        title=f"{model.code}: {model.name}",
        crumbs=crumbs(Link("Scoring models", reverse("assessments:models"))),
        alerts=(note,) if note else (),
        about=model.about,
        facts=(
            Fact("Kind", KIND_NAMES[model.kind]),
            Fact("In force from", model.effective_from),
            Fact("Source", model.source),
            Fact("Risk", formula, hint="An unknown criterion is left out of its section"),
            Fact("Priority", priority),
            Fact("Digest of the file", model.digest),
        ),
        sections=tuple(_section(each) for each in model.sections.values()),
        boundaries=Table(
            "Tiers",
            (Head("Tier"), Head("From a risk of", numeric=True)),
            tuple(
                (Cell("", tag=shown_as.tier_tag(each.tier, words)), Cell(f"{float(each.at_least):g}"))
                for each in model.tiers
            ),
            empty="This model gives no tiers.",
        ),
        floors=tuple(_floor(model, number) for number in range(len(model.floors))),
    )


def load_page(
    form: ModelFileForm,
    *,
    faults: Iterable[Fault] = (),
    model: Model | None = None,
    text: str = "",
    words: threat_rules.Vocabulary,
) -> LoadPage:
    faults = tuple(faults)
    return LoadPage(
        title="Load a scoring model",
        crumbs=crumbs(Link("Scoring models", reverse("assessments:models"))),
        has_errors=bool(form.errors) or bool(faults),
        form=form,
        lead="For a body that is authorised to use a matrix, such as the national one. The file says its criteria, "
        "anchors, weights, formula and tiers; no program is changed.",
        faults=Table(
            "What is wrong with the file, and where",
            (Head("Where"), Head("What to do")),
            tuple(
                (Cell(each.where[:1].upper() + each.where[1:]), Cell(each.what[:1].upper() + each.what[1:]))
                for each in faults
            ),
        ),
        has_faults=bool(faults),
        preview=model_page(model, words) if model and not faults else None,
        text=text,
        back=Link("Back to the models", reverse("assessments:models")),
    )


def _section(section: Section) -> Table:
    scale = range(section.lowest, section.highest + 1)
    return Table(
        section.name if section.counts else f"{section.name} (not in the score)",
        (Head("Criterion"), Head("Weight", numeric=True), *(Head(str(value)) for value in scale)),
        tuple(
            (
                Cell(each.name, hint="May not be unknown" if not each.may_be_unknown else ""),
                Cell(f"{float(each.weight):g}"),
                *(Cell(words) for words in each.anchors),
            )
            for each in section.criteria
        ),
    )


def _floor(model: Model, number: int) -> str:
    floor = model.floors[number]
    parts = []
    for condition in floor.when:
        names = " or ".join(model.by_key[key].name.lower() for key in condition.any_of)
        parts.append(f"{names} is {condition.at_least} or more")
    return f"Where {', and '.join(parts)}, the risk is at least {float(floor.to):g}."
