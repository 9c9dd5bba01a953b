"""The lists of intake: batches of a source, and rows that were not loaded."""

from typing import Any

from django.urls import reverse

from fourfold.intake import pages, rules, selectors
from fourfold.intake.models import Batch, Quarantined
from fourfold.intake.rules import Counts, Kind, RowState, State
from fourfold.platform.ui.components import Cell, Empty, Tag
from fourfold.platform.ui.lists import ChoiceFilter, Column, DateFilter, Exported, ListSpec, TextFilter


def _with_counts(batches: Any) -> list[tuple[Batch, Counts]]:
    counts = selectors.counts_of([b.pk for b in batches])
    return [(b, counts.get(b.pk, Counts())) for b in batches]


def _batch_row(pair: tuple[Batch, Counts]) -> tuple[Cell, ...]:
    batch, counts = pair
    return (
        Cell(f"Batch {batch.pk}", href=reverse("intake:batch", args=[batch.pk]), hint=batch.name),
        Cell(batch.received_at),
        Cell("", tag=pages.state_tag(batch), hint=batch.sentence),
        Cell(counts.read),
        Cell(counts.loaded),
        Cell(counts.held),
        Cell(counts.quarantined),
        Cell(counts.reference),
    )


BATCHES = ListSpec(
    name="intake batches",
    title="Batches",
    noun=("batch", "batches"),
    columns=(
        Column("batch", "Batch", sort=("pk",)),
        Column("received", "Received", sort=("received_at",)),
        Column("state", "State", sort=("state",)),
        Column("read", "Rows", numeric=True),
        Column("loaded", "Loaded", numeric=True),
        Column("held", "Held", numeric=True),
        Column("quarantined", "Quarantined", numeric=True),
        Column("reference", "Reference", numeric=True),
    ),
    row=_batch_row,
    prepare=_with_counts,
    filters=(
        ChoiceFilter("state", "State", field="state", choices=tuple((s.value, rules.STATE_NAMES[s]) for s in State)),
        DateFilter("received", "Received", field="received_at", moments=True),
    ),
    order="-received",
    empty=Empty("Nothing has come yet", "Each delivery of this source will be here with what became of its rows."),
)


def _not_loaded_row(row: Quarantined) -> tuple[Cell, ...]:
    return (
        Cell(
            f"{row.file}, line {row.line:,}",
            href=reverse("intake:row", args=[row.batch_id, row.pk]),
            hint=f"Batch {row.batch_id}",
        ),
        Cell(row.rule_code, tag=Tag("Held", "orange") if row.kind == Kind.HELD else None, hint=row.sentence),
        *_what_was_delivered(row),
        Cell(row.label.owner.name),
        Cell("", tag=pages.ROW_TAGS[RowState(row.state)]),
    )


def _what_was_delivered(row: Quarantined) -> tuple[Cell, Cell]:
    """The column at fault and its value; the whole line; or, where no one column is at fault, the row in short."""
    delivered = rules.delivered_values(row.row, row.value)
    if row.column:
        return Cell(row.column), Cell(_short(row.value))
    if "" in delivered:
        return Cell("The whole line"), Cell(_short(delivered[""]))
    return Cell("No one column"), Cell(_short(pages.by_column({c: v for c, v in delivered.items() if v})))


def _short(value: str, most: int = 80) -> str:
    return f"{value[:most]}…" if len(value) > most else value or "(empty)"


NOT_LOADED = ListSpec(
    name="rows not loaded",
    title="Rows not loaded",
    noun=("row", "rows"),
    columns=(
        Column("place", "Where", sort=("file", "line")),
        Column("rule", "Rule", sort=("rule_code", "file", "line")),
        Column("column", "Column", sort=("column", "file", "line")),
        Column("value", "Value as delivered"),
        Column("owner", "Force", sort=("owning_force", "file", "line")),
        Column("state", "State", sort=("state", "file", "line")),
    ),
    row=_not_loaded_row,
    filters=(
        ChoiceFilter("rule", "Rule", field="rule_code"),
        ChoiceFilter(
            "state", "State", field="state", choices=tuple((s.value, rules.ROW_STATE_NAMES[s]) for s in RowState)
        ),
        ChoiceFilter(
            "kind", "Why it waits", field="kind", choices=((Kind.QUARANTINED, "Quarantined"), (Kind.HELD, "Held"))
        ),
        ChoiceFilter("file", "File", field="file"),
        TextFilter("q", "Words in the value", fields=("value",)),
    ),
    order="place",
    exported=(
        Exported("Batch", lambda r: r.batch_id),
        Exported("File", lambda r: r.file),
        Exported("Line", lambda r: r.line),
        Exported("Rule", lambda r: r.rule_code),
        Exported("What is wrong", lambda r: r.sentence),
        Exported("Column", lambda r: r.column),
        Exported("Value as delivered", lambda r: r.value),
        Exported("Force", lambda r: r.owning_force),
        Exported("State", lambda r: rules.ROW_STATE_NAMES[RowState(r.state)]),
        Exported("Corrected to", lambda r: pages.by_column(r.corrected)),
        Exported("Reason", lambda r: r.reason),
    ),
    empty=Empty("Every row was loaded", "A row that breaks a rule would be here with its line and its value."),
)
