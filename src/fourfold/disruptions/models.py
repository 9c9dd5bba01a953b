"""A disruption and what belongs to it, unfinished ones, reviews of effect, and what the finder proposes.

Rules stand in `rules`; only `services` writes. What was first said of the effect, and when a record was added, the
database itself keeps: see the migrations.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import TruncDate

from fourfold.disruptions.rules import Category, Lasted, LeadState, Role, State
from fourfold.plans.rules import P
from fourfold.platform import clock
from fourfold.platform.history.models import Versioned
from fourfold.platform.visibility.models import Labelled
from fourfold.threats.rules import ThreatType

LATEST = models.F("record_date").desc(nulls_last=True)
CATEGORIES = [(c.value, c.value) for c in Category]
FOUR_PS = [(p.value, p.value) for p in P]


class Disruption(Labelled, Versioned):
    """One event that disrupted one threat, as one agency says. One that disrupted several has a record for each."""

    reference = models.CharField(max_length=16, unique=True, help_text="From a sequence, such as DIS-000123")
    threat = models.ForeignKey("threats.Threat", on_delete=models.PROTECT, related_name="+")
    threat_type = models.CharField(
        max_length=24,
        choices=[(t.value, t.value) for t in ThreatType],
        help_text="The threat's kind when this was recorded",
    )
    role = models.CharField(max_length=8, choices=[(r.value, r.value) for r in Role])
    lead_agency = models.ForeignKey(
        "people.Organisation", on_delete=models.PROTECT, related_name="+", help_text="The agency whose record it is"
    )
    event_on = models.DateField(help_text="The day it happened")
    record_date = models.DateField(help_text="The business date that published figures go by")
    added_at = models.DateTimeField(
        db_default=models.Func(function="history_moment", output_field=models.DateTimeField()),
        editable=False,
        help_text="When it entered this system, by the database's clock; never changed",
    )
    category = models.CharField(max_length=16, choices=CATEGORIES)
    original_category = models.CharField(
        max_length=16, choices=CATEGORIES, help_text="The category as first recorded; never changed"
    )
    primary_p = models.CharField(max_length=8, choices=FOUR_PS)
    secondary_ps = ArrayField(models.CharField(max_length=8, choices=FOUR_PS), default=list, blank=True)
    theme = models.CharField(max_length=40, blank=True, help_text="Code of reference kind theme")
    place = models.CharField(max_length=200, blank=True)
    tactics = ArrayField(
        models.CharField(max_length=40), default=list, blank=True, help_text="Codes of reference kind tactic"
    )
    facts = models.JSONField(
        default=dict, help_text="Outcome facts by code of reference kind disruption_fact; money as decimal text"
    )
    happened = models.TextField(blank=True, help_text="What happened, in a few words")
    stopped = models.TextField(blank=True, help_text="What the threat can no longer do")
    for_how_long = models.TextField(blank=True)
    how_known = models.TextField(blank=True)
    outcome = models.CharField(max_length=40, blank=True, help_text="Code of reference kind disruption_outcome")
    effect_ends_on = models.DateField(null=True, help_text="When the effect is expected to end")
    programme = models.CharField(max_length=40, blank=True, help_text="Code of reference kind programme")
    shared_event = models.CharField(
        max_length=16, blank=True, help_text="The same for every record of one event that disrupted several threats"
    )
    handling = models.CharField(max_length=1, default="P", help_text="Handling code: P, or C with conditions")
    state = models.CharField(max_length=12, choices=[(s.value, s.value) for s in State])
    faults = ArrayField(
        models.CharField(max_length=8), default=list, blank=True, help_text="Rules of the minimum standard not met"
    )
    late = models.BooleanField(help_text="Added after the days that the standard allows")
    recorder = models.ForeignKey("people.User", on_delete=models.PROTECT, related_name="+")
    validated_by = models.ForeignKey("people.User", on_delete=models.PROTECT, null=True, related_name="+")
    moderator = models.ForeignKey("people.User", on_delete=models.PROTECT, null=True, related_name="+")
    in_sample = models.BooleanField(default=False, help_text="Self-certified, and drawn to be looked at by another")
    sample_checked_by = models.ForeignKey("people.User", on_delete=models.PROTECT, null=True, related_name="+")
    review_due_on = models.DateField(null=True, help_text="When the effect is to be looked at again")
    different_because = models.TextField(blank=True, help_text="Why this is not the record it resembles")
    because = models.TextField(help_text="Why the record came to say this: the reason given for its last change")

    class Meta:
        indexes = [
            models.Index("label", LATEST, models.F("id").desc(), name="disruption_label_latest"),
            models.Index(LATEST, models.F("id").desc(), name="disruption_latest"),
            models.Index(fields=["threat", "event_on"], name="disruption_threat_event"),
            # Figures are read from this one alone.
            models.Index(
                fields=[
                    "record_date",
                    "role",
                    "category",
                    "state",
                    "primary_p",
                    "lead_agency",
                    "threat_type",
                    "event_on",
                    "added_at",
                    "late",
                    "label",
                    "recorded_from",
                    "programme",
                ],
                name="disruption_figures",
            ),
            # The list counts its filters' choices from this one alone.
            models.Index(
                fields=[
                    "label",
                    "primary_p",
                    "category",
                    "lead_agency",
                    "role",
                    "state",
                    "late",
                    "threat_type",
                    "programme",
                ],
                name="disruption_counted",
            ),
            models.Index(fields=["state", "category"], name="disruption_state"),
            models.Index(
                fields=["review_due_on"], name="disruption_review", condition=models.Q(review_due_on__isnull=False)
            ),
            models.Index(fields=["recorder", "added_at"], name="disruption_recorder"),
            models.Index(fields=["shared_event"], name="disruption_event", condition=~models.Q(shared_event="")),
        ]
        constraints = [
            models.CheckConstraint(name="disruption_role_known", condition=models.Q(role__in=[r.value for r in Role])),
            models.CheckConstraint(
                name="disruption_category_known",
                condition=models.Q(category__in=[c.value for c in Category])
                & models.Q(original_category__in=[c.value for c in Category]),
            ),
            models.CheckConstraint(name="disruption_p_known", condition=models.Q(primary_p__in=[p.value for p in P])),
            models.CheckConstraint(
                name="disruption_state_known", condition=models.Q(state__in=[s.value for s in State])
            ),
            models.CheckConstraint(
                name="disruption_dates_in_order",
                condition=models.Q(record_date__gte=models.F("event_on"))
                & models.Q(record_date__lte=TruncDate("added_at", tzinfo=clock.LONDON)),
            ),
            models.CheckConstraint(
                name="disruption_passed_without_faults",
                condition=~models.Q(state__in=[State.VALIDATED.value, State.MODERATED.value]) | models.Q(faults=[]),
            ),
            models.CheckConstraint(
                name="disruption_passed_by_somebody",
                condition=~models.Q(state__in=[State.VALIDATED.value, State.MODERATED.value])
                | models.Q(validated_by__isnull=False)
                | models.Q(moderator__isnull=False),
            ),
            models.CheckConstraint(
                name="disruption_moderated_by_another",
                condition=models.Q(moderator=None) | ~models.Q(moderator=models.F("recorder")),
            ),
        ]

    def __str__(self) -> str:
        return self.reference


class DisruptionAim(Labelled, Versioned):
    """An aim of the threat's plan that a disruption serves."""

    disruption = models.ForeignKey(Disruption, on_delete=models.PROTECT, related_name="aims")
    aim = models.ForeignKey("plans.Aim", on_delete=models.PROTECT, related_name="+")
    held = models.BooleanField(default=True, help_text="Whether it is still said to serve this aim")

    class Meta:
        indexes = [
            models.Index(fields=["label", "aim"], name="disruptionaim_label_aim"),
        ]
        constraints = [models.UniqueConstraint(name="disruptionaim_once", fields=["disruption", "aim"])]

    def __str__(self) -> str:
        return f"{self.disruption_id} serves {self.aim_id}"


class DisruptionSupport(Labelled, Versioned):
    """Another agency in it: it helped, or the support was for it."""

    disruption = models.ForeignKey(Disruption, on_delete=models.PROTECT, related_name="supports")
    agency = models.ForeignKey("people.Organisation", on_delete=models.PROTECT, related_name="+")
    benefit = models.TextField(blank=True, help_text="How it helped, or how that agency gained")
    held = models.BooleanField(default=True, help_text="Whether it is still said to have been in it")

    class Meta:
        indexes = [models.Index(fields=["label", "agency"], name="disruptionsupport_label_agency")]

    def __str__(self) -> str:
        return f"{self.agency_id} in {self.disruption_id}"


class DisruptionEvidence(Labelled, Versioned):
    """What shows that it happened and what it changed, with its grade."""

    disruption = models.ForeignKey(Disruption, on_delete=models.PROTECT, related_name="evidence")
    text = models.TextField()
    reference = models.CharField(max_length=80, blank=True, help_text="Such as a crime or intelligence reference")
    grade = models.CharField(max_length=2, help_text="Source evaluation and intelligence assessment, such as 2B")
    held = models.BooleanField(default=True, help_text="Whether it is still relied on")

    class Meta:
        indexes = [models.Index(fields=["label", "disruption"], name="disruptionevidence_label")]

    def __str__(self) -> str:
        return f"{self.grade} {self.text[:40]}"


class CategoryReview(Labelled, Versioned):
    """One look back at the effect of a disruption: did it last? What was first recorded is kept beside it."""

    disruption = models.ForeignKey(Disruption, on_delete=models.PROTECT, related_name="reviews")
    due_on = models.DateField()
    reviewed_on = models.DateField()
    reviewed_by = models.ForeignKey("people.User", on_delete=models.PROTECT, related_name="+")
    lasted = models.CharField(max_length=12, choices=[(each.value, each.value) for each in Lasted])
    category_was = models.CharField(max_length=16, choices=CATEGORIES)
    category_now = models.CharField(max_length=16, choices=CATEGORIES)
    reason = models.TextField()

    class Meta:
        indexes = [models.Index(fields=["label", "disruption"], name="categoryreview_label")]

    def __str__(self) -> str:
        return f"{self.disruption_id} on {self.reviewed_on}"


class DisruptionDraft(models.Model):
    """A form that somebody has begun and not sent. The database shows it to its author alone, and keeps no past of it.

    Not a record yet: it counts nowhere. What was typed is emptied as soon as it is sent or thrown away.
    """

    key = models.UUIDField(help_text="Made with the form, so that one form sent twice is one record")
    author = models.ForeignKey("people.User", on_delete=models.PROTECT, related_name="+", db_index=False)
    said = models.JSONField(default=dict, help_text="The answers given so far, by question")
    lead_id = models.BigIntegerField(null=True, help_text="The proposal it began from")
    disruption_id = models.BigIntegerField(null=True, help_text="What it was sent as")
    saved_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, help_text="When it was sent or thrown away")

    class Meta:
        indexes = [models.Index(fields=["author", "ended_at"], name="disruptiondraft_author")]
        constraints = [
            models.UniqueConstraint(name="disruptiondraft_once", fields=["author", "key"]),
            models.CheckConstraint(
                name="disruptiondraft_emptied", condition=models.Q(ended_at=None) | models.Q(said={})
            ),
        ]

    def __str__(self) -> str:
        return f"draft of {self.author_id}"


class DisruptionLead(Labelled, Versioned):
    """A disruption that may be missing: a happening already in the picture, why it points to one, what was decided."""

    threat = models.ForeignKey("threats.Threat", on_delete=models.PROTECT, related_name="+")
    record = models.ForeignKey(
        "pole.PersonRecord", on_delete=models.PROTECT, related_name="+", help_text="The record that stands in the event"
    )
    event = models.ForeignKey("pole.EventRecord", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=40, help_text="Code of reference kind disruption_finder")
    primary_p = models.CharField(max_length=8, choices=FOUR_PS)
    tactic = models.CharField(max_length=40)
    happened_on = models.DateField()
    why = models.TextField()
    found = models.JSONField(
        help_text="The link, the side and role in the threat, and what the event was when it was found"
    )
    expires_on = models.DateField()
    state = models.CharField(max_length=10, choices=[(s.value, s.value) for s in LeadState])
    decided_by = models.ForeignKey("people.User", on_delete=models.PROTECT, null=True, related_name="+")
    decided_on = models.DateField(null=True)
    reason = models.TextField(blank=True)
    disruption = models.ForeignKey(Disruption, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        indexes = [
            models.Index(fields=["label", "state", "expires_on"], name="disruptionlead_label_state"),
            models.Index(fields=["threat", "state"], name="disruptionlead_threat"),
        ]
        constraints = [
            models.UniqueConstraint(name="disruptionlead_once", fields=["threat", "event", "kind", "label"]),
            models.CheckConstraint(
                name="disruptionlead_state_known", condition=models.Q(state__in=[s.value for s in LeadState])
            ),
            models.CheckConstraint(
                name="disruptionlead_decided_by_somebody",
                condition=~models.Q(state__in=[LeadState.ACCEPTED.value, LeadState.DECLINED.value])
                | models.Q(decided_by__isnull=False, decided_on__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.happened_on}"
