"""Reference pages made from the code: the data dictionary and the commands. `fourfold docs` writes them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click
from django.apps import apps
from django.db import models

from fourfold.pipeline.canonical.contract import TABLES
from fourfold.platform.database.where import source_root

MADE = "<!-- Made by `fourfold docs`: change the code, not this page. -->"
REFERENCE = Path("docs") / "reference"


def _rows(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    def line(cells: tuple[str, ...]) -> str:
        return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"

    return [line(heads), line(("---",) * len(heads)), *(line(row) for row in rows), ""]


def _first_sentence(text: str | None) -> str:
    return " ".join((text or "").strip().split("\n\n")[0].split())


def _type(field: models.Field[object, object]) -> str:
    if isinstance(field, models.ForeignKey):
        return f"→ {field.related_model._meta.label}"
    length = f"({field.max_length})" if getattr(field, "max_length", None) else ""
    return f"{field.get_internal_type()}{length}"


def _choices(field: models.Field[object, object]) -> str:
    return ", ".join(str(value) for value, _ in field.flatchoices)


def data_dictionary() -> str:
    """Every table of the product and of the pipeline's canonical contract, with what each column means."""
    out = [MADE, "", "# Data dictionary", ""]
    out += [
        "Tables of the product first, room by room, then the pipeline's canonical contract. A table marked *governed* "
        "also has `label` (who may read and write the row), `recorded_from`, `recorded_by` and `recorded_in` (since "
        "when the row says this, who made it say so, in which request) and a twin `…_was` with what it said before.",
        "",
    ]
    for config in sorted(apps.get_app_configs(), key=lambda c: c.name):
        if not config.name.startswith("fourfold."):
            continue
        found = [m for m in config.get_models() if m._meta.managed]
        if not found:
            continue
        out += [f"## {config.name.removeprefix('fourfold.').replace('.', '/')}", ""]
        for model in sorted(found, key=lambda m: m.__name__):
            names = {field.name for field in model._meta.fields}
            governed = {"label", "recorded_from"} <= names
            hidden = {"label", "recorded_from", "recorded_by", "recorded_in"} if governed else set()
            out += [
                f"### {model.__name__}{' (governed)' if governed else ''}",
                "",
                f"`{model._meta.db_table}`. {_first_sentence(model.__doc__)}",
                "",
            ]
            out += _rows(
                ("column", "type", "empty", "meaning"),
                (
                    (
                        f"`{field.column}`",
                        _type(field),
                        "yes" if field.null else "",
                        ". ".join(part for part in (str(field.help_text), _choices(field)) if part),
                    )
                    for field in model._meta.fields
                    if field.name not in hidden
                ),
            )
    out += [
        "## Canonical contract",
        "",
        "What every source is turned into, as Parquet: see [how to add one](../how-to/add-a-source-system.md).",
        "",
    ]
    for table, columns in TABLES.items():
        out += [f"### {table}", ""]
        out += _rows(
            ("column", "type", "required", "meaning"),
            ((f"`{c.name}`", c.type, "yes" if c.required else "", c.meaning) for c in columns),
        )
    return "\n".join(out).rstrip() + "\n"


def commands_page(root: click.Group) -> str:
    """Every command with its arguments and options."""
    out = [MADE, "", "# Commands", ""]

    def describe(command: click.Command, name: str, context: click.Context) -> None:
        if isinstance(command, click.Group):
            for child in command.list_commands(context):
                found = command.get_command(context, child)
                if found is not None:
                    inner = click.Context(found, info_name=child, parent=context)
                    describe(found, f"{name} {child}", inner)
            return
        usage = " ".join(command.collect_usage_pieces(context))
        out.extend([f"## {name}", "", f"    {name} {usage}".rstrip(), "", _first_sentence(command.help), ""])
        options = [p for p in command.params if isinstance(p, click.Option) and p.name != "help"]
        if options:
            out.extend(_rows(("option", "means"), ((f"`{', '.join(o.opts)}`", o.help or "") for o in options)))

    describe(root, "fourfold", click.Context(root, info_name="fourfold"))
    return "\n".join(out).rstrip() + "\n"


def pages(root: click.Group) -> dict[Path, str]:
    """Each made page by its path in the checkout."""
    return {
        REFERENCE / "data-dictionary.md": data_dictionary(),
        REFERENCE / "commands.md": commands_page(root),
    }


def write(root: click.Group) -> list[Path]:
    """Write the pages that differ. Returns those written."""
    changed = []
    for path, text in pages(root).items():
        whole = source_root() / path
        if not whole.exists() or whole.read_text() != text:
            whole.parent.mkdir(parents=True, exist_ok=True)
            whole.write_text(text)
            changed.append(path)
    return changed
