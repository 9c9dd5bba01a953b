"""A threat, the people in it and the places it touches. Rules stand in `rules`; only `services` writes."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from fourfold.platform.history.models import Versioned
from fourfold.platform.visibility.models import Labelled
from fourfold.threats.rules import Assertion, Category, Side, ThreatType


class Threat(Labelled, Versioned):
    """One serious and organised crime threat on the region's master list."""

    reference = models.CharField(max_length=16, unique=True, help_text="From a sequence, such as SOC-0412")
    threat_type = models.CharField(max_length=24, choices=[(t.value, t.value) for t in ThreatType])
    name = models.CharField(max_length=120)
    aliases = ArrayField(models.CharField(max_length=120), default=list, blank=True)
    summary = models.TextField()
    themes = ArrayField(models.CharField(max_length=40), help_text="Codes of reference kind theme")
    owner = models.ForeignKey("people.Organisation", on_delete=models.PROTECT, related_name="+")
    tier = models.CharField(max_length=12, help_text="Code of reference kind tier")
    phase = models.CharField(max_length=40, help_text="Code of reference kind phase")
    phase_from = models.DateField(help_text="Since when the threat has been in this phase")
    lro = models.ForeignKey(
        "people.User", on_delete=models.PROTECT, null=True, related_name="+", help_text="Lead responsible officer"
    )
    deputy = models.ForeignKey("people.User", on_delete=models.PROTECT, null=True, related_name="+")
    sio = models.ForeignKey(
        "people.User", on_delete=models.PROTECT, null=True, related_name="+", help_text="Senior investigating officer"
    )
    nominated_on = models.DateField()
    nominated_by = models.ForeignKey("people.User", on_delete=models.PROTECT, related_name="+")
    closed_on = models.DateField(null=True)
    closing_ground = models.CharField(max_length=40, blank=True, help_text="The closed phase the threat ended in")
    because = models.TextField(help_text="Why the record came to say this: the reason given for its last change")

    class Meta:
        indexes = [
            models.Index(fields=["label", "reference"], name="threat_label_reference"),
            models.Index(fields=["owner", "tier"], name="threat_owner_tier"),
        ]
        constraints = [
            models.CheckConstraint(
                name="threat_type_known", condition=models.Q(threat_type__in=[t.value for t in ThreatType])
            ),
            models.CheckConstraint(
                name="threat_closed_with_ground",
                condition=models.Q(closed_on=None, closing_ground="")
                | (models.Q(closed_on__isnull=False) & ~models.Q(closing_ground="")),
            ),
            models.CheckConstraint(
                name="threat_closed_after_nominated",
                condition=models.Q(closed_on=None) | models.Q(closed_on__gte=models.F("nominated_on")),
            ),
            models.CheckConstraint(
                name="threat_deputy_is_another",
                condition=models.Q(deputy=None) | models.Q(lro=None) | ~models.Q(deputy=models.F("lro")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reference} {self.name}"


class ThreatMember(Labelled, Versioned):
    """One person in one role in one threat, from a date, as one source record says it."""

    threat = models.ForeignKey(Threat, on_delete=models.PROTECT, related_name="members")
    record = models.ForeignKey(
        "pole.PersonRecord",
        on_delete=models.PROTECT,
        related_name="+",
        help_text="The source record the officer named; the person is whose record it is when read",
    )
    role = models.CharField(max_length=40, help_text="Code of reference kind member_role")
    side = models.CharField(
        max_length=10, choices=[(s.value, s.value) for s in Side], help_text="The role's side when recorded"
    )
    category = models.CharField(
        max_length=10,
        choices=[(c.value, c.value) for c in Category],
        help_text="Data Protection Act 2018 section 38(3)",
    )
    assertion = models.CharField(
        max_length=10,
        choices=[(a.value, a.value) for a in Assertion],
        help_text="Data Protection Act 2018 section 38(2)",
    )
    grade = models.CharField(max_length=2, help_text="Source evaluation and intelligence assessment, such as 2B")
    from_on = models.DateField()
    to_on = models.DateField(null=True)
    because = models.TextField(help_text="Why the record came to say this: the reason given for its last change")

    class Meta:
        indexes = [
            models.Index(fields=["threat", "side"], name="threatmember_threat_side"),
            models.Index(fields=["label", "threat"], name="threatmember_label_threat"),
        ]
        constraints = [
            models.CheckConstraint(
                name="threatmember_protected_no_offender",
                condition=~models.Q(side=Side.PROTECT.value)
                | models.Q(category__in=[Category.VICTIM.value, Category.WITNESS.value]),
            ),
            models.CheckConstraint(
                name="threatmember_dates_in_order",
                condition=models.Q(to_on=None) | models.Q(to_on__gte=models.F("from_on")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} from {self.from_on}"


class ThreatPlace(Labelled, Versioned):
    """One place a threat touches, in the words of the officer who recorded it."""

    threat = models.ForeignKey(Threat, on_delete=models.PROTECT, related_name="places")
    name = models.CharField(max_length=200)
    from_on = models.DateField()
    to_on = models.DateField(null=True)
    because = models.TextField(help_text="Why the record came to say this: the reason given for its last change")

    class Meta:
        indexes = [models.Index(fields=["label", "threat"], name="threatplace_label_threat")]
        constraints = [
            models.CheckConstraint(
                name="threatplace_dates_in_order",
                condition=models.Q(to_on=None) | models.Q(to_on__gte=models.F("from_on")),
            )
        ]

    def __str__(self) -> str:
        return self.name
