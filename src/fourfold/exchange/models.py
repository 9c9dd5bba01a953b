"""What came and what became of it. Rules stand in `rules`; only `services` writes."""

from django.db import models

from fourfold.exchange.rules import Fate, Kind, State
from fourfold.platform.history.models import Versioned
from fourfold.platform.visibility.models import Labelled

KINDS = [(kind.value, kind.value) for kind in Kind]


class Import(Labelled, Versioned):
    """One file that somebody brought: its bytes by hash, its layout, what was found in it, what was done."""

    name = models.CharField(max_length=200, help_text="What the file was called")
    sha256 = models.CharField(max_length=64, help_text="The bytes stand in the store under it")
    size = models.BigIntegerField(help_text="Bytes")
    layout = models.CharField(max_length=40, help_text="Code of reference kind exchange_layout")
    layout_version = models.CharField(max_length=40)
    layout_digest = models.CharField(max_length=64, help_text="Of the layout's definition when the file was read")
    state = models.CharField(max_length=8, choices=[(s.value, s.value) for s in State])
    sentence = models.TextField(blank=True, help_text="Why the file as a whole was refused")
    counts = models.JSONField(default=dict, help_text="Lines of each sheet by what became of them")
    notes = models.JSONField(default=list, help_text="What a person should know of how the file was read")
    imported_by = models.ForeignKey("people.User", on_delete=models.PROTECT, related_name="+")
    received_at = models.DateTimeField()
    checked_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)
    only_good = models.BooleanField(default=False, help_text="Whether lines that were refused were left out on purpose")

    class Meta:
        indexes = [models.Index(fields=["label", "-id"], name="exchange_import_label")]
        constraints = [
            models.CheckConstraint(
                name="exchange_import_state_known", condition=models.Q(state__in=[s.value for s in State])
            ),
            models.CheckConstraint(
                name="exchange_import_decided_when",
                condition=models.Q(state__in=[State.IMPORTED.value, State.DROPPED.value], decided_at__isnull=False)
                | (~models.Q(state__in=[State.IMPORTED.value, State.DROPPED.value]) & models.Q(decided_at=None)),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ImportLine(Labelled, Versioned):
    """One line that a person has to look at: refused, or unlike the record that is here already."""

    of = models.ForeignKey(Import, on_delete=models.PROTECT, related_name="lines")
    kind = models.CharField(max_length=12, choices=KINDS)
    sheet = models.CharField(max_length=120, help_text="The sheet's or file's name as it came")
    line = models.PositiveIntegerField()
    fate = models.CharField(max_length=8, choices=[(f.value, f.value) for f in Fate])
    cells = models.JSONField(help_text="The line's cells by heading, as text")
    faults = models.JSONField(default=list, help_text="Why it is refused: column, value, rule, sentence, what to do")
    unlike = models.JSONField(default=list, help_text="Headings in which it differs from the record here")
    mended = models.JSONField(default=dict, help_text="Cells that a person corrected on the page, by heading")
    record = models.CharField(max_length=16, blank=True, help_text="Reference of the record that is here already")
    seen = models.DateTimeField(null=True, help_text="Since when that record says what the report compared")
    take = models.BooleanField(default=False, help_text="The person chose what the file says")

    class Meta:
        indexes = [models.Index(fields=["label", "of", "kind", "line"], name="exchange_line_label")]
        constraints = [
            models.UniqueConstraint(name="exchange_line_once", fields=["of", "kind", "line"]),
        ]

    def __str__(self) -> str:
        return f"{self.sheet} line {self.line}"


class KeptUrn(Labelled, Versioned):
    """What another system calls a record of ours, and what its file said that this service decides itself.

    `said` stands as long as the record is as it was imported (`said_of`); once it is changed here, our own facts do.
    One system's number may be on a record that not everybody sees; so it is once a label, not once.
    """

    kind = models.CharField(max_length=12, choices=KINDS)
    urn = models.TextField()
    threat = models.ForeignKey("threats.Threat", on_delete=models.PROTECT, null=True, related_name="+")
    assessment = models.ForeignKey("assessments.Assessment", on_delete=models.PROTECT, null=True, related_name="+")
    disruption = models.ForeignKey("disruptions.Disruption", on_delete=models.PROTECT, null=True, related_name="+")
    said = models.JSONField(default=dict)
    said_of = models.DateTimeField(help_text="Since when the record says what was imported")
    came_with = models.ForeignKey(Import, on_delete=models.PROTECT, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["label", "kind", "urn"], name="exchange_urn_label")]
        constraints = [
            models.CheckConstraint(
                name="exchange_urn_of_one_record",
                condition=models.Q(
                    kind=Kind.THREATS.value, threat__isnull=False, assessment__isnull=True, disruption__isnull=True
                )
                | models.Q(
                    kind=Kind.ASSESSMENTS.value, threat__isnull=True, assessment__isnull=False, disruption__isnull=True
                )
                | models.Q(
                    kind=Kind.DISRUPTIONS.value, threat__isnull=True, assessment__isnull=True, disruption__isnull=False
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.urn
