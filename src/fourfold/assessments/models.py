"""Models, assessments, both sides' scores, evidence and appeals. Rules stand in `rules`; only `services` writes."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from fourfold.assessments.rules import Kind, Outcome, Side, Status
from fourfold.platform.history.models import Versioned
from fourfold.platform.reference.models import Mark
from fourfold.platform.visibility.models import Labelled

KINDS = [(kind.value, kind.value) for kind in Kind]
SIDES = [(side.value, side.value) for side in Side]


class AssessmentModel(models.Model):
    """One version of a scoring model. It is loaded once and never changes: the database refuses."""

    code = models.CharField(max_length=24, unique=True)
    kind = models.CharField(max_length=8, choices=KINDS)
    name = models.TextField()
    definition = models.JSONField(help_text="The whole model as its file says it")
    source = models.TextField()
    mark = models.CharField(max_length=1, choices=Mark.choices)
    effective_from = models.DateField(help_text="From when new assessments may use it")
    digest = models.CharField(max_length=64, help_text="Of the definition: the same contents give the same digest")
    loaded_at = models.DateTimeField()
    loaded_by = models.ForeignKey(
        "people.User", on_delete=models.PROTECT, null=True, related_name="+", help_text="Empty where it was shipped"
    )

    def __str__(self) -> str:
        return self.code


class Assessment(Labelled, Versioned):
    """One scoring of a threat, or of a theme in an area and a year, from its draft to what became of it.

    `harm` to `floored` are what stands: empty until it is decided. Each side's own results are on its `ScoreSheet`.
    """

    reference = models.CharField(max_length=16, unique=True, help_text="From a sequence, such as ASM-000123")
    threat = models.ForeignKey("threats.Threat", on_delete=models.PROTECT, null=True, related_name="assessments")
    threat_type = models.CharField(max_length=24, blank=True, help_text="The threat's kind when it was scored")
    theme = models.CharField(max_length=40, blank=True, help_text="Of a thematic assessment: code of kind theme")
    area = models.ForeignKey(
        "people.Organisation",
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        help_text="Of a thematic assessment: the force, or the regional unit for the whole region",
    )
    year = models.PositiveIntegerField(null=True, help_text="Of a thematic assessment")
    kind = models.CharField(max_length=8, choices=KINDS)
    model = models.ForeignKey(AssessmentModel, on_delete=models.PROTECT, null=True, related_name="+")
    soc = models.BooleanField(help_text="Whether it is serious and organised crime")
    status = models.CharField(max_length=14, choices=[(s.value, s.value) for s in Status])
    round = models.PositiveIntegerField(default=1, help_text="One more each time it is returned")
    assessor = models.ForeignKey("people.User", on_delete=models.PROTECT, null=True, related_name="+")
    scored_by = ArrayField(
        models.BigIntegerField(), default=list, help_text="Everybody who scored or cited: none of them may check"
    )
    took_part = ArrayField(
        models.BigIntegerField(), default=list, help_text="Everybody who scored, cited or checked: none may moderate"
    )
    finished_at = models.DateTimeField(null=True, help_text="When it was sent to be checked; empty while it is scored")
    checked_by = models.ForeignKey("people.User", on_delete=models.PROTECT, null=True, related_name="+")
    submitted_at = models.DateTimeField(null=True)
    due_on = models.DateField(null=True, help_text="By when moderation is to be decided")
    moderator = models.ForeignKey("people.User", on_delete=models.PROTECT, null=True, related_name="+")
    taken_up_at = models.DateTimeField(null=True)
    second_moderator = models.ForeignKey("people.User", on_delete=models.PROTECT, null=True, related_name="+")
    second_asked_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=12, blank=True, choices=[(o.value, o.value) for o in Outcome])
    harm = models.DecimalField(max_digits=12, decimal_places=6, null=True)
    likelihood = models.DecimalField(max_digits=12, decimal_places=6, null=True)
    risk = models.DecimalField(max_digits=12, decimal_places=6, null=True)
    position = models.DecimalField(max_digits=12, decimal_places=6, null=True)
    priority = models.DecimalField(max_digits=12, decimal_places=6, null=True)
    tier = models.CharField(max_length=12, blank=True, help_text="Code of reference kind tier")
    confidence = models.PositiveIntegerField(null=True, help_text="1 low to 4 high")
    floored = models.BooleanField(default=False, help_text="Whether a floor of the model raised the risk")
    reasons = models.JSONField(default=dict, help_text="The moderator's reason for each criterion changed")
    elsewhere = models.CharField(
        max_length=80, blank=True, help_text="The reference in the national system of a record that came from there"
    )
    again_for = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        help_text="The decision that an appeal had moderated again",
    )
    because = models.TextField(help_text="Why the record came to say this: the reason given for its last change")

    class Meta:
        indexes = [
            models.Index(fields=["label", "status", "due_on"], name="assessment_label_status"),
            models.Index(fields=["threat", "status"], name="assessment_threat_status"),
        ]
        constraints = [
            models.CheckConstraint(
                name="assessment_of_threat_or_theme",
                condition=models.Q(kind=Kind.TACTICAL.value, threat__isnull=False, theme="", area=None, year=None)
                | (
                    models.Q(kind=Kind.THEMATIC.value, threat=None, area__isnull=False, year__isnull=False)
                    & ~models.Q(theme="")
                ),
            ),
            models.CheckConstraint(
                name="assessment_sent_with_clock",
                condition=models.Q(submitted_at=None, due_on=None)
                | models.Q(submitted_at__isnull=False, due_on__isnull=False),
            ),
            models.CheckConstraint(
                name="assessment_moderated_when_and_how",
                condition=~models.Q(status=Status.MODERATED.value) | models.Q(decided_at__isnull=False),
            ),
            models.CheckConstraint(
                name="assessment_checked_by_another",
                condition=models.Q(checked_by=None)
                | models.Q(assessor=None)
                | ~models.Q(checked_by=models.F("assessor")),
            ),
            models.CheckConstraint(
                name="assessment_moderated_by_another",
                condition=models.Q(moderator=None)
                | (
                    (models.Q(assessor=None) | ~models.Q(moderator=models.F("assessor")))
                    & (models.Q(checked_by=None) | ~models.Q(moderator=models.F("checked_by")))
                    & (models.Q(second_moderator=None) | ~models.Q(moderator=models.F("second_moderator")))
                ),
            ),
            models.UniqueConstraint(
                name="assessment_one_standing",
                fields=["threat"],
                condition=models.Q(status=Status.MODERATED.value, kind=Kind.TACTICAL.value),
            ),
        ]

    def __str__(self) -> str:
        return self.reference


class CriterionScore(Labelled, Versioned):
    """One criterion as one side scored it in one round; sealed with the side's sheet."""

    assessment = models.ForeignKey(Assessment, on_delete=models.PROTECT, related_name="scores")
    side = models.CharField(max_length=9, choices=SIDES)
    round = models.PositiveIntegerField(default=1)
    section = models.CharField(max_length=40)
    key = models.CharField(max_length=40)
    value = models.IntegerField(null=True, help_text="Empty: unknown")
    why = models.TextField(blank=True, help_text="Why it is unknown, or what the score rests on")

    class Meta:
        indexes = [models.Index(fields=["label", "assessment"], name="criterionscore_label")]
        constraints = [
            models.UniqueConstraint(name="criterionscore_once", fields=["assessment", "side", "round", "key"]),
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.value}"


class CriterionEvidence(Labelled, Versioned):
    """One graded record that the assessor cites for one criterion; sealed with the assessor's sheet."""

    assessment = models.ForeignKey(Assessment, on_delete=models.PROTECT, related_name="evidence")
    round = models.PositiveIntegerField(default=1)
    key = models.CharField(max_length=40)
    event = models.ForeignKey(
        "pole.EventRecord",
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        help_text="Where it is on the picture",
    )
    reference = models.CharField(max_length=120)
    what = models.CharField(max_length=200, blank=True, help_text="In a few words, what it shows")
    grade = models.CharField(max_length=2, help_text="Source evaluation and intelligence assessment, such as 2B")
    dated_on = models.DateField()
    withdrawn = models.BooleanField(default=False, help_text="No longer cited: taken back while it was a draft")

    class Meta:
        indexes = [models.Index(fields=["label", "assessment"], name="criterionevidence_label")]

    def __str__(self) -> str:
        return f"{self.reference} {self.grade}"


class ScoreSheet(Labelled, Versioned):
    """What the model made of one side's scores in one round. With it the side's scores are sealed."""

    assessment = models.ForeignKey(Assessment, on_delete=models.PROTECT, related_name="sheets")
    side = models.CharField(max_length=9, choices=SIDES)
    round = models.PositiveIntegerField(default=1)
    by = models.ForeignKey("people.User", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    harm = models.DecimalField(max_digits=12, decimal_places=6, null=True)
    likelihood = models.DecimalField(max_digits=12, decimal_places=6, null=True)
    risk = models.DecimalField(max_digits=12, decimal_places=6, null=True)
    position = models.DecimalField(max_digits=12, decimal_places=6, null=True)
    priority = models.DecimalField(max_digits=12, decimal_places=6, null=True)
    tier = models.CharField(max_length=12, blank=True)
    confidence = models.PositiveIntegerField(help_text="1 low to 4 high")
    floored = models.BooleanField(default=False)

    class Meta:
        indexes = [models.Index(fields=["label", "assessment"], name="scoresheet_label")]
        constraints = [
            models.UniqueConstraint(name="scoresheet_once", fields=["assessment", "side", "round"]),
        ]

    def __str__(self) -> str:
        return f"{self.side} round {self.round}"


class Appeal(Labelled, Versioned):
    """The one appeal against a decision, and what the head of the assessment unit made of it."""

    assessment = models.OneToOneField(Assessment, on_delete=models.PROTECT, related_name="appeal")
    made_by = models.ForeignKey("people.User", on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    why = models.TextField()
    decided_by = models.ForeignKey("people.User", on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    stands = models.BooleanField(null=True, help_text="Whether the decision stands; if not, it is moderated again")
    answer = models.TextField(blank=True)

    class Meta:
        indexes = [models.Index(fields=["label", "decided_at"], name="appeal_label_decided")]
        constraints = [
            models.CheckConstraint(
                name="appeal_decided_by_whom_when_how",
                condition=models.Q(decided_by=None, decided_at=None, stands=None)
                | models.Q(decided_by__isnull=False, decided_at__isnull=False, stands__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"Appeal against {self.assessment_id}"
