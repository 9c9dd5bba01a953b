"""Sources, the batches they sent, what became of every file, and the rows that were not loaded."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from fourfold.intake.rules import Cadence, How, Kind, Outcome, RowState, State, Step
from fourfold.platform.history.models import Versioned
from fourfold.platform.visibility.models import Labelled


class Source(Labelled, Versioned):
    """One system that sends extracts, the forces whose records it holds, and the agreement under which it does."""

    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    family = models.CharField(max_length=40, help_text="The class of the pipeline that reads it")
    owner = models.ForeignKey("people.Organisation", on_delete=models.PROTECT, related_name="+")
    forces = ArrayField(models.CharField(max_length=40), help_text="Codes of the organisations whose rows it may carry")
    agreement = models.CharField(max_length=120, help_text="Reference of the agreement or licence it is sent under")
    agreement_from = models.DateField()
    agreement_to = models.DateField(null=True, help_text="First day on which nothing may be loaded; empty while open")
    audience = models.CharField(max_length=12, help_text="Who may see its rows where a row does not say")
    marking = models.CharField(max_length=24)
    compartment = models.CharField(max_length=40, blank=True, help_text="Code of the compartment its rows go into")
    cadence = models.CharField(max_length=8, choices=[(c.value, c.value) for c in Cadence])

    class Meta:
        indexes = [models.Index(fields=["label", "id"], name="intake_source_label")]
        constraints = [
            models.CheckConstraint(name="intake_cadence_known", condition=Q(cadence__in=[c.value for c in Cadence])),
            models.CheckConstraint(
                name="intake_agreement_ends_after_start",
                condition=Q(agreement_to=None) | Q(agreement_to__gt=F("agreement_from")),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class SourceToken(Labelled, Versioned):
    """A bearer token of a source system. Only its hash is kept."""

    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="tokens")
    token_hash = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["label", "id"], name="intake_token_label")]


class Batch(Labelled, Versioned):
    """One delivery of one source, or a supplement: rows of an earlier delivery that a person repaired."""

    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="batches")
    supplement_of = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="supplements")
    name = models.CharField(max_length=200, help_text="What the delivery was called when it came")
    content_hash = models.CharField(max_length=64, help_text="SHA-256 over its files' names and their SHA-256")
    size = models.BigIntegerField(help_text="Bytes of all files")
    contents = models.JSONField(help_text="Its files: name, sha256, size; the bytes stand in the store under the hash")
    received_at = models.DateTimeField()
    how = models.CharField(max_length=8, choices=[(h.value, h.value) for h in How])
    state = models.CharField(max_length=10, choices=[(s.value, s.value) for s in State], default=State.RECEIVED.value)
    mode = models.CharField(max_length=8, blank=True, help_text="full or delta, as the manifest says")
    extracted_at = models.DateTimeField(null=True)
    period_from = models.DateTimeField(null=True)
    period_to = models.DateTimeField(null=True)
    published_at = models.DateTimeField(null=True)
    rule_code = models.CharField(max_length=20, blank=True, help_text="Why it was refused or stopped")
    sentence = models.TextField(blank=True)

    class Meta:
        verbose_name_plural = "batches"
        indexes = [
            models.Index(fields=["label", "id"], name="intake_batch_label"),
            models.Index(fields=["source", "-received_at"], name="intake_batch_of_source"),
        ]
        constraints = [
            models.UniqueConstraint(name="intake_batch_once", fields=["source", "content_hash"]),
            models.CheckConstraint(name="intake_batch_state_known", condition=Q(state__in=[s.value for s in State])),
            models.CheckConstraint(
                name="intake_published_has_moment",
                condition=Q(state=State.PUBLISHED.value, published_at__isnull=False)
                | (~Q(state=State.PUBLISHED.value) & Q(published_at=None)),
            ),
            models.CheckConstraint(
                name="intake_stopped_says_why",
                condition=~Q(state__in=[State.REFUSED.value, State.FAILED.value]) | ~Q(sentence=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.name}"


class Arrival(Labelled, Versioned):
    """Each time a delivery came: the first, and every repeat that was recognised and not loaded again."""

    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="arrivals")
    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    how = models.CharField(max_length=8, choices=[(h.value, h.value) for h in How])
    name = models.CharField(max_length=200)
    idempotency_key = models.CharField(max_length=120, null=True)

    class Meta:
        indexes = [models.Index(fields=["label", "id"], name="intake_arrival_label")]
        constraints = [
            models.UniqueConstraint(name="intake_idempotency_key", fields=["source", "idempotency_key"]),
        ]


class BatchFile(Labelled, Versioned):
    """What became of a file's rows under one label: a reader's totals are of the rows the reader may see."""

    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="files")
    name = models.CharField(max_length=120)
    read = models.BigIntegerField(help_text="Rows in the file as delivered, under this label")
    loaded = models.BigIntegerField()
    quarantined = models.BigIntegerField()
    held = models.BigIntegerField()
    reference = models.BigIntegerField(help_text="Rows of code tables, aliases and tombstones, used to enrich others")

    class Meta:
        indexes = [models.Index(fields=["label", "id"], name="intake_file_label")]
        constraints = [
            models.UniqueConstraint(name="intake_file_once_a_label", fields=["batch", "name", "label"]),
            models.CheckConstraint(
                name="intake_every_row_accounted_for",
                condition=Q(read=F("loaded") + F("quarantined") + F("held") + F("reference")),
            ),
        ]


class BatchMeasure(Labelled, Versioned):
    """One quality measure of one force's rows in a batch: so many of so many."""

    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="measures")
    owning_force = models.CharField(max_length=40)
    code = models.CharField(max_length=40)
    part = models.BigIntegerField()
    whole = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["label", "id"], name="intake_measure_label")]
        constraints = [
            models.UniqueConstraint(name="intake_measure_once", fields=["batch", "owning_force", "code"]),
            models.CheckConstraint(name="intake_measure_within", condition=Q(part__gte=0, part__lte=F("whole"))),
        ]


class BatchWarning(Labelled, Versioned):
    """How many rows of a batch, under one label, broke a rule that does not stop a row."""

    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="warnings")
    rule_code = models.CharField(max_length=20)
    rows = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["label", "id"], name="intake_warning_label")]
        constraints = [
            models.UniqueConstraint(name="intake_warning_once_a_label", fields=["batch", "rule_code", "label"]),
        ]


class StepRun(Labelled, Versioned):
    """One attempt at one step of a batch: what it read, which code, how long, how it ended."""

    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="runs")
    step = models.CharField(max_length=12, choices=[(s.value, s.value) for s in Step])
    run = models.CharField(max_length=40, help_text="The run of the pipeline, carried by what it made")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    outcome = models.CharField(
        max_length=10, choices=[(o.value, o.value) for o in Outcome], default=Outcome.RUNNING.value
    )
    input_hash = models.CharField(max_length=64, help_text="SHA-256 of what the step read")
    code_version = models.CharField(max_length=80)
    sentence = models.TextField(blank=True)
    detail = models.JSONField(default=dict)

    class Meta:
        indexes = [
            models.Index(fields=["label", "id"], name="intake_run_label"),
            models.Index(fields=["batch", "step"], name="intake_run_of_batch"),
        ]
        constraints = [
            models.CheckConstraint(
                name="intake_ended_run_has_moment",
                condition=Q(outcome=Outcome.RUNNING.value, ended_at=None)
                | (~Q(outcome=Outcome.RUNNING.value) & Q(ended_at__isnull=False)),
            ),
        ]


class Quarantined(Labelled, Versioned):
    """A row that was not loaded: which rule, where, the very value, and what was done about it."""

    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="not_loaded")
    kind = models.CharField(max_length=12, choices=[(k.value, k.value) for k in Kind])
    rule_code = models.CharField(max_length=20)
    file = models.CharField(max_length=120)
    line = models.BigIntegerField()
    column = models.CharField(max_length=80, blank=True)
    value = models.TextField(blank=True)
    sentence = models.TextField()
    row = models.JSONField(help_text="The row as delivered: pairs of column and value, in order")
    owning_force = models.CharField(max_length=40)
    state = models.CharField(max_length=10, choices=[(s.value, s.value) for s in RowState], default=RowState.OPEN.value)
    decided_by = models.ForeignKey("people.User", on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    reason = models.TextField(blank=True)
    corrected = models.JSONField(default=dict, help_text="Column to corrected value; the row itself stays as delivered")
    supplement = models.ForeignKey(Batch, on_delete=models.PROTECT, null=True, related_name="repairs")

    class Meta:
        verbose_name_plural = "quarantined"
        indexes = [
            models.Index(fields=["label", "id"], name="intake_quarantine_label"),
            models.Index(fields=["batch", "rule_code", "state"], name="intake_quarantine_by_rule"),
        ]
        constraints = [
            models.CheckConstraint(
                name="intake_decision_is_whole",
                condition=Q(state=RowState.OPEN.value, decided_by=None, decided_at=None)
                | (
                    ~Q(state=RowState.OPEN.value)
                    & Q(decided_by__isnull=False, decided_at__isnull=False)
                    & ~Q(reason="")
                ),
            ),
            models.CheckConstraint(
                name="intake_repaired_by_a_supplement",
                condition=~Q(state=RowState.REPAIRED.value) | Q(supplement__isnull=False),
            ),
        ]
