"""All that the pages of intake may show, made whole before a template sees it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import fields as dataclass_fields
from datetime import date, datetime

from django.urls import reverse

from fourfold.intake import rules
from fourfold.intake.forms import RepairForm
from fourfold.intake.models import Arrival, Batch, BatchMeasure, Quarantined, Source, StepRun
from fourfold.intake.rules import Counts, Freshness, Kind, Outcome, RowState, State, Step
from fourfold.intake.selectors import RuleLine, SourceLine
from fourfold.pipeline.catalogue import BY_CODE, CATALOGUE
from fourfold.platform.ui.components import Action, Cell, Colour, Empty, Fact, Head, Link, Moment, Table, Tag
from fourfold.platform.ui.jinja import plural
from fourfold.platform.ui.lists import ListPage
from fourfold.platform.ui.pages import Page

READ = frozenset({State.CANONICAL, State.RESOLVED, State.PUBLISHED})
SHOWN_OF_A_CELL = 1_000
NOT_READ = "Rows that are not loaded will be here when the batch has been read."
STATE_COLOURS: Mapping[State, Colour] = {
    State.RECEIVED: "grey",
    State.LANDED: "blue",
    State.CANONICAL: "blue",
    State.RESOLVED: "blue",
    State.PUBLISHED: "green",
    State.REFUSED: "red",
    State.FAILED: "red",
}
FRESHNESS: Mapping[Freshness, Tag] = {
    Freshness.FRESH: Tag("On time", "green"),
    Freshness.LATE: Tag("Late", "orange"),
    Freshness.NEVER: Tag("Nothing yet", "grey"),
    Freshness.COMPLETE: Tag("Complete", "green"),
}
OUTCOMES: Mapping[Outcome, Tag] = {
    Outcome.RUNNING: Tag("Running", "blue"),
    Outcome.DONE: Tag("Done", "green"),
    Outcome.REFUSED: Tag("Refused", "red"),
    Outcome.FAILED: Tag("Stopped", "red"),
    Outcome.BROKEN_OFF: Tag("Broken off", "orange"),
}
ROW_TAGS: Mapping[RowState, Tag] = {
    RowState.OPEN: Tag("Open", "orange"),
    RowState.REPAIRED: Tag("Repaired", "green"),
    RowState.DISMISSED: Tag("Dismissed", "grey"),
}
MEASURES: Mapping[str, str] = {
    "birth_date_whole": "People with a whole date of birth",
    "police_number": "People with a PNC identifier or CRO number",
    "address_postcode": "Places with a postcode",
    "plate_valid": "Vehicles with a valid plate",
    "phone_valid": "Phones with a number that can ring",
    "recorded_in_time": "Events recorded within 72 hours",
    "repeated_people": "People records that are a second record of someone in the same force",
}
LOADED, QUARANTINED, HELD, REFERENCE = "loaded", "quarantined", "held", "reference"
BAR_WIDTH = 1000


@dataclass(frozen=True, kw_only=True)
class BarPart:
    """One stretch of a bar, in thousandths of its width."""

    kind: str
    x: int
    width: int


@dataclass(frozen=True, kw_only=True)
class Bar:
    """What became of rows, as a bar with the same in words."""

    parts: tuple[BarPart, ...]
    words: str


@dataclass(frozen=True, kw_only=True)
class SourceRow:
    """One source in the list."""

    name: str
    href: str
    cadence: str
    freshness: Tag
    last: str
    last_href: str
    state: Tag | None
    bar: Bar | None
    sentence: str
    open_words: str
    open_href: str


@dataclass(frozen=True, kw_only=True)
class SourcesPage(Page):
    """Sources as rows."""

    rows: tuple[SourceRow, ...]
    summary: str
    empty: Empty


@dataclass(frozen=True, kw_only=True)
class SourcePage(ListPage):
    """One source: what it is, and its batches as a list."""

    state: Tag
    facts: tuple[Fact, ...]


@dataclass(frozen=True, kw_only=True)
class FileRow:
    """One file of a batch."""

    name: str
    counts: Counts
    bar: Bar


@dataclass(frozen=True, kw_only=True)
class BatchPage(Page):
    """One batch: what became of it, file by file, rule by rule, step by step."""

    state: Tag
    facts: tuple[Fact, ...]
    refusal: str
    files: tuple[FileRow, ...]
    total: Counts
    bar: Bar | None
    overtaken: str
    by_rule: Table
    warnings: Table
    quality: Table
    steps: Table
    supplements: Table
    arrivals: tuple[Moment, ...]
    actions: tuple[Action, ...]


@dataclass(frozen=True, kw_only=True)
class RowPage(Page):
    """One row that was not loaded: what is wrong, what was delivered, and what was done about it."""

    state: Tag
    facts: tuple[Fact, ...]
    faults: Table
    delivered: tuple[Fact, ...]
    outcome: tuple[Fact, ...]
    form: RepairForm | None
    whole_line: str
    dismiss: str

    @property
    def errors_shown(self) -> bool:
        return self.form is not None and bool(self.form.errors)


def bar_of(counts: Counts) -> Bar | None:
    """A bar and its sentence; None where there is no row. Every part that has rows is wide enough to be seen."""
    if not counts.read:
        return None
    amounts = {
        LOADED: counts.loaded,
        HELD: counts.held,
        QUARANTINED: counts.quarantined,
        REFERENCE: counts.reference,
    }
    present = {k: n for k, n in amounts.items() if n}
    least = 8
    widths = {k: max(least, n * BAR_WIDTH // counts.read) for k, n in present.items()}
    widest = max(widths, key=lambda k: widths[k])
    widths[widest] += BAR_WIDTH - sum(widths.values())
    parts, x = [], 0
    for kind, width in widths.items():
        parts.append(BarPart(kind=kind, x=x, width=width))
        x += width
    return Bar(parts=tuple(parts), words=words_of(counts))


def words_of(counts: Counts) -> str:
    """1,204 rows = 1,180 loaded + 3 held + 11 quarantined + 10 reference."""
    parts = [
        f"{counts.loaded:,} loaded",
        f"{counts.held:,} held",
        f"{counts.quarantined:,} quarantined",
    ]
    if counts.reference:
        parts.append(f"{counts.reference:,} reference")
    return f"{plural(counts.read, 'row', 'rows')} = {' + '.join(parts)}"


def overtaken_words(rows: int) -> str:
    """What became of rows that a later delivery had overtaken; empty where there are none."""
    if not rows:
        return ""
    were = "was" if rows == 1 else "were"
    return (
        f"{plural(rows, 'row', 'rows')} counted as loaded {were} overtaken by a later delivery "
        "of this source, which was published first. Where the later delivery has the same record, what it says stands, "
        "and what this batch says of it was not published."
    )


def sources_page(lines: Sequence[SourceLine], *, opens_rows: bool) -> SourcesPage:
    """The list of sources. `opens_rows`: its reader may open the rows that were not loaded, which name people."""
    late = sum(line.freshness is Freshness.LATE for line in lines)
    waiting = sum(line.open_rows for line in lines)
    said = [plural(len(lines), "source", "sources"), f"{late} late" if late else "none late"]
    said.append(f"{plural(waiting, 'row waits', 'rows wait')} for someone to look at them")
    return SourcesPage(
        title="Intake",
        marking="OFFICIAL",
        rows=tuple(_source_row(line, opens_rows=opens_rows) for line in lines),
        summary=f"{said[0]}, {said[1]}. {said[2]}." if lines else "",
        empty=Empty("No sources yet", "The systems that send extracts are part of the region's data."),
    )


def _source_row(line: SourceLine, *, opens_rows: bool) -> SourceRow:
    source, last = line.source, line.last
    batch_href = reverse("intake:batch", args=[last.pk]) if last else ""
    rows_href = f"{reverse('intake:not_loaded_of_source', args=[source.code])}?state={RowState.OPEN}"
    return SourceRow(
        name=source.name,
        href=reverse("intake:source", args=[source.code]),
        cadence=f"Expected {rules.CADENCE_NAMES[rules.Cadence(source.cadence)]}",
        freshness=FRESHNESS[line.freshness],
        last=rules.moment_in_words(last.received_at) if last else "Nothing has come yet",
        last_href=batch_href,
        state=state_tag(last) if last else None,
        bar=bar_of(line.counts),
        sentence=last.sentence if last else "",
        open_words=plural(line.open_rows, "row to look at", "rows to look at") if line.open_rows else "",
        open_href=rows_href if opens_rows else "",
    )


def state_tag(batch: Batch) -> Tag:
    """How far a batch has come, as a tag."""
    state = State(batch.state)
    return Tag(rules.STATE_NAMES[state], STATE_COLOURS[state])


def source_page(listed: ListPage, source: Source, line: SourceLine, *, names: Mapping[str, str]) -> SourcePage:
    """A source's page around the list of its batches."""
    shown = {f.name: getattr(listed, f.name) for f in dataclass_fields(ListPage)}
    shown["marking"] = "OFFICIAL"
    return SourcePage(**shown, state=FRESHNESS[line.freshness], facts=_source_facts(source, line, names=names))


def _source_facts(source: Source, line: SourceLine, *, names: Mapping[str, str]) -> tuple[Fact, ...]:
    ends = f" to {rules.in_words(source.agreement_to)}" if source.agreement_to else ", still in force"
    return (
        Fact("Records of", ", ".join(names.get(c, c) for c in source.forces)),
        Fact("Sent under", f"{source.agreement}, from {rules.in_words(source.agreement_from)}{ends}"),
        Fact("Expected", rules.CADENCE_NAMES[rules.Cadence(source.cadence)]),
        Fact("Last delivery", rules.moment_in_words(line.last.received_at) if line.last else "Nothing has come yet"),
        Fact("Read as", source.family),
        Fact("Rows that say nothing else are", f"{source.marking}, {audience_words(source.audience)}"),
    )


def audience_words(audience: str) -> str:
    """Who may see a row, in words."""
    return {"REGION": "for every force in the region", "OWN": "for the owning force only"}.get(audience, audience)


def batch_page(
    batch: Batch,
    *,
    files: Sequence[tuple[str, Counts]],
    by_rule: Sequence[RuleLine],
    overtaken: int,
    warnings: Sequence[tuple[str, int]],
    measures: Sequence[BatchMeasure],
    runs: Sequence[StepRun],
    arrivals: Sequence[Arrival],
    supplements: Sequence[Batch],
    findings: Sequence[tuple[str, str]],
    forces: Mapping[str, str],
    actions: tuple[Action, ...],
    opens_rows: bool,
) -> BatchPage:
    """One batch. `opens_rows`: its reader may open the rows that were not loaded, which name people."""
    whole = rules.total(c for _, c in files)
    return BatchPage(
        title=f"Batch {batch.pk}: {batch.name if batch.supplement_of_id else batch.source.name}",
        caption=batch.source.name if batch.supplement_of_id else "Delivery",
        marking="OFFICIAL",
        crumbs=crumbs_of(batch.source),
        state=state_tag(batch),
        facts=_batch_facts(batch, findings),
        refusal=f"{batch.rule_code}: {batch.sentence}" if batch.sentence else "",
        files=tuple(FileRow(name=n, counts=c, bar=bar_of(c) or Bar(parts=(), words="No rows")) for n, c in files),
        total=whole,
        bar=bar_of(whole),
        overtaken=overtaken_words(overtaken),
        by_rule=_by_rule(batch, by_rule, opens_rows=opens_rows),
        warnings=_warnings(warnings, is_read=State(batch.state) in READ),
        quality=_quality(measures, forces, is_read=State(batch.state) in READ),
        steps=_steps(runs),
        supplements=_supplements(supplements),
        arrivals=tuple(_arrival(a, is_first=n == 0) for n, a in enumerate(arrivals)),
        actions=actions,
    )


def _batch_facts(batch: Batch, findings: Sequence[tuple[str, str]]) -> tuple[Fact, ...]:
    facts = [
        Fact("Received", f"{rules.moment_in_words(batch.received_at)}, {rules.HOW_NAMES[rules.How(batch.how)]}"),
    ]
    if batch.supplement_of_id:
        link = reverse("intake:batch", args=[batch.supplement_of_id])
        facts.append(Fact("Supplement of", f"Batch {batch.supplement_of_id}", href=link))
    else:
        facts.append(Fact("Delivered as", batch.name))
    if batch.extracted_at:
        facts.append(Fact("Extracted", rules.moment_in_words(batch.extracted_at)))
    if batch.mode:
        facts.append(
            Fact(
                "Mode",
                {"full": "Full: everything the source holds", "delta": "Changes only"}.get(batch.mode, batch.mode),
            )
        )
    if batch.period_from or batch.period_to:
        facts.append(Fact("Period", f"{_day(batch.period_from)} to {_day(batch.period_to)}"))
    if batch.published_at:
        facts.append(Fact("Published", rules.moment_in_words(batch.published_at)))
    facts += [Fact(f"About {file}", sentence_of(code), hint=advice_of(code)) for code, file in findings]
    facts.append(Fact("Size", f"{rules.size_in_words(batch.size)} in {plural(len(batch.contents), 'file', 'files')}"))
    facts.append(Fact("SHA-256 of the delivery", batch.content_hash))
    return tuple(facts)


def _by_rule(batch: Batch, lines: Sequence[RuleLine], *, opens_rows: bool) -> Table:
    def rows_of(query: str) -> str:
        return f"{reverse('intake:not_loaded', args=[batch.pk])}?{query}" if opens_rows else ""

    return Table(
        "Rows not loaded, by rule",
        (Head("Rule"), Head("What is wrong"), Head("Rows", numeric=True), Head("Still open", numeric=True)),
        tuple(
            (
                Cell(line.rule_code, tag=Tag("Held", "orange") if line.kind == Kind.HELD else None),
                Cell(line.example, hint=advice_of(line.rule_code)),
                Cell(line.rows, href=rows_of(f"rule={line.rule_code}")),
                Cell(line.open_rows, href=rows_of(f"rule={line.rule_code}&state=OPEN") if line.open_rows else ""),
            )
            for line in lines
        ),
        empty="Every row that you may see was loaded." if State(batch.state) in READ else NOT_READ,
    )


def _warnings(warnings: Sequence[tuple[str, int]], *, is_read: bool) -> Table:
    return Table(
        "Loaded, with something to look at",
        (Head("Rule"), Head("What is odd"), Head("Rows", numeric=True)),
        tuple((Cell(code), Cell(sentence_of(code), hint=advice_of(code)), Cell(rows)) for code, rows in warnings),
        empty="Nothing odd was found in the rows that were loaded." if is_read else "",
    )


def _share(measure: BatchMeasure | None) -> Cell:
    if measure is None or not measure.whole:
        return Cell("–")
    return Cell(f"{100 * measure.part / measure.whole:.1f}%", hint=f"{measure.part:,} of {measure.whole:,}")


def _quality(measures: Sequence[BatchMeasure], forces: Mapping[str, str], *, is_read: bool) -> Table:
    found = {(m.code, m.owning_force): m for m in measures}
    of = sorted({m.owning_force for m in measures})
    return Table(
        "Quality of what was delivered",
        (Head("Measure"), *(Head(forces.get(force, force), numeric=True) for force in of)),
        tuple(
            (Cell(words), *(_share(found.get((code, force))) for force in of))
            for code, words in MEASURES.items()
            if any((code, force) in found for force in of)
        ),
        empty="Nothing in this batch is measured." if is_read else "Quality is measured when the batch has been read.",
    )


def _steps(runs: Sequence[StepRun]) -> Table:
    return Table(
        "Steps",
        (Head("Step"), Head("Started"), Head("Took", numeric=True), Head("Outcome"), Head("Run and code")),
        tuple(
            (
                Cell(rules.STEP_NAMES[Step(r.step)], hint=r.sentence),
                Cell(rules.moment_in_words(r.started_at)),
                Cell(duration(r.detail.get("seconds"), running=r.ended_at is None)),
                Cell("", tag=OUTCOMES[Outcome(r.outcome)]),
                Cell(r.run, hint=f"Code {r.code_version}; read {r.input_hash[:12]}"),
            )
            for r in runs
        ),
        empty="Nothing has been done yet. The worker takes the batch when it is free.",
    )


def _supplements(supplements: Sequence[Batch]) -> Table:
    return Table(
        "Supplements: rows that were repaired, or waited",
        (Head("Batch"), Head("What it is"), Head("Made"), Head("State")),
        tuple(
            (
                Cell(f"Batch {s.pk}", href=reverse("intake:batch", args=[s.pk])),
                Cell(s.name),
                Cell(rules.moment_in_words(s.received_at)),
                Cell("", tag=state_tag(s)),
            )
            for s in supplements
        ),
        empty="No row of this batch has been repaired yet.",
    )


def _arrival(arrival: Arrival, *, is_first: bool) -> Moment:
    how = rules.HOW_NAMES[rules.How(arrival.how)]
    return Moment(
        "Arrived" if is_first else "Came again",
        arrival.at,
        f"{arrival.name}, {how}." if is_first else f"{arrival.name}, {how}. It was recognised and not loaded again.",
    )


def row_page(
    row: Quarantined,
    faults: Sequence[Quarantined],
    *,
    form: RepairForm | None,
    dismiss: str,
) -> RowPage:
    """One row that was not loaded."""
    batch = row.batch
    rule = BY_CODE.get(row.rule_code)
    delivered = rules.delivered_values(row.row, row.value)
    return RowPage(
        title=f"{row.file}, line {row.line:,}",
        caption=f"{batch.source.name}, batch {batch.pk}",
        crumbs=(*crumbs_of(batch.source), batch_link(batch), not_loaded_link(batch)),
        state=ROW_TAGS[RowState(row.state)],
        facts=(
            Fact("Rule", row.rule_code),
            Fact("What is wrong", row.sentence),
            Fact("What to do", rule.advice if rule else ""),
            Fact("Owned by", row.label.owner.name),
            Fact("Who may see it", str(row.label)),
        ),
        faults=Table(
            "What was refused",
            (Head("Column"), Head("Value as delivered"), Head("Rule")),
            tuple(
                (
                    Cell(f.column or ("The whole line" if "" in delivered else "No one column")),
                    Cell(f.value or "(empty)"),
                    Cell(f.rule_code),
                )
                for f in faults
            ),
        ),
        delivered=tuple(cell_as_delivered(column, value) for column, value in delivered.items() if column),
        outcome=_outcome(row),
        form=form,
        whole_line=delivered.get("", ""),
        dismiss=dismiss,
    )


def cell_as_delivered(column: str, value: str) -> Fact:
    """A cell as it came; of one that would fill pages the beginning, and how much there is."""
    if len(value) <= SHOWN_OF_A_CELL:
        return Fact(column, value)
    return Fact(
        column, f"{value[:SHOWN_OF_A_CELL]}…", hint=f"The first {SHOWN_OF_A_CELL:,} of {len(value):,} characters"
    )


def _outcome(row: Quarantined) -> tuple[Fact, ...]:
    if row.state == RowState.OPEN or row.decided_at is None:
        return ()
    facts = [
        Fact("Decided", f"{rules.moment_in_words(row.decided_at)}, by {row.decided_by.name if row.decided_by else ''}"),
        Fact("Why", row.reason),
    ]
    if row.state == RowState.REPAIRED and row.supplement_id and row.supplement:
        if row.corrected:
            facts.append(Fact("Corrected to", by_column(row.corrected)))
        link = reverse("intake:batch", args=[row.supplement_id])
        said = rules.STATE_NAMES[State(row.supplement.state)].lower()
        facts.append(Fact("Loaded with", f"Supplement, batch {row.supplement_id}: {said}", href=link))
    return tuple(facts)


def crumbs_of(source: Source) -> tuple[Link, ...]:
    """The way down to a batch."""
    return (Link("Intake", reverse("intake:sources")), source_link(source))


def source_link(source: Source) -> Link:
    return Link(source.name, reverse("intake:source", args=[source.code]))


def batch_link(batch: Batch) -> Link:
    return Link(f"Batch {batch.pk}", reverse("intake:batch", args=[batch.pk]))


def not_loaded_link(batch: Batch) -> Link:
    return Link("Rows not loaded", reverse("intake:not_loaded", args=[batch.pk]))


def sentence_of(code: str) -> str:
    """What a rule says, in general."""
    rule = BY_CODE.get(code)
    return _general(CATALOGUE[code]) if rule else ""


def advice_of(code: str) -> str:
    """What to do about it."""
    rule = BY_CODE.get(code)
    return rule.advice if rule else ""


def duration(seconds: float | None, *, running: bool) -> str:
    """How long an attempt took, in words. Nobody timed one whose process died."""
    if seconds is None:
        return "Running" if running else "Not known"
    if seconds < 60:
        return f"{seconds:.1f} seconds"
    return f"{int(seconds // 60)} min {int(seconds % 60)} s"


def _general(sentence: str) -> str:
    """A rule's sentence without the names that are filled in where it is broken."""
    return re.sub(r"\{\w+\}", "…", sentence)


def by_column(values: Mapping[str, str]) -> str:
    """Values with their columns, in one line; a whole line alone."""
    return "; ".join(f"{column} {value}" if column else value for column, value in values.items())


def _day(moment: datetime | date | None) -> str:
    return rules.in_words(moment.astimezone(rules.LONDON).date()) if isinstance(moment, datetime) else "no date"
