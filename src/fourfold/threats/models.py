"""A threat, who and what is in it, its links to others, and what waits for somebody's answer: hand-overs and closings.

Rules stand in `rules`; only `services` writes.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from fourfold.platform.history.models import Versioned
from fourfold.platform.visibility.models import Labelled
from fourfold.threats.rules import Answer, Assertion, Category, LinkKind, Side, ThreatType


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
    name = models.CharField(max_length=200, help_text="Town, estate, premises, route or what3words address")
    postcode = models.CharField(
        max_length=8, default="", db_default="", help_text="With its space, such as L3 4AA; empty where none"
    )
    from_on = models.DateField()
    to_on = models.DateField(null=True)
    because = models.TextField(help_text="Why the record came to say this: the reason given for its last change")

    class Meta:
        indexes = [
            models.Index(fields=["label", "threat"], name="threatplace_label_threat"),
            models.Index("postcode", name="threatplace_postcode", condition=~models.Q(postcode="")),
        ]
        constraints = [
            models.CheckConstraint(
                name="threatplace_dates_in_order",
                condition=models.Q(to_on=None) | models.Q(to_on__gte=models.F("from_on")),
            )
        ]

    def __str__(self) -> str:
        return self.name


class ThreatLine(Labelled, Versioned):
    """One phone line a threat is run on, such as a drugs line with its own name."""

    threat = models.ForeignKey(Threat, on_delete=models.PROTECT, related_name="lines")
    number = models.CharField(max_length=16, help_text="E.164, such as +447700900123")
    brand = models.CharField(max_length=120, default="", help_text="What callers know the line as")
    from_on = models.DateField()
    to_on = models.DateField(null=True)
    because = models.TextField(help_text="Why the record came to say this: the reason given for its last change")

    class Meta:
        indexes = [
            models.Index(fields=["label", "threat"], name="threatline_label_threat"),
            models.Index(fields=["number"], name="threatline_number"),
        ]
        constraints = [
            models.CheckConstraint(
                name="threatline_number_e164", condition=models.Q(number__regex=r"^\+[1-9][0-9]{6,14}$")
            ),
            models.CheckConstraint(
                name="threatline_dates_in_order",
                condition=models.Q(to_on=None) | models.Q(to_on__gte=models.F("from_on")),
            ),
        ]

    def __str__(self) -> str:
        return self.number


class ThreatLink(Labelled, Versioned):
    """What one threat has to do with another. Read from `one` to `other`: one supplies other, one was split from other.

    Its label is the narrower of the two threats', so that nobody learns from it of a threat they may not see.
    """

    one = models.ForeignKey(Threat, on_delete=models.PROTECT, related_name="links_from")
    other = models.ForeignKey(Threat, on_delete=models.PROTECT, related_name="links_to")
    kind = models.CharField(max_length=12, choices=[(k.value, k.value) for k in LinkKind])
    from_on = models.DateField()
    to_on = models.DateField(null=True)
    because = models.TextField(help_text="Why the record came to say this: the reason given for its last change")

    class Meta:
        indexes = [models.Index(fields=["label", "one"], name="threatlink_label_one")]
        constraints = [
            models.CheckConstraint(name="threatlink_of_two", condition=~models.Q(one=models.F("other"))),
            models.CheckConstraint(
                name="threatlink_kind_known", condition=models.Q(kind__in=[k.value for k in LinkKind])
            ),
            models.CheckConstraint(
                name="threatlink_dates_in_order",
                condition=models.Q(to_on=None) | models.Q(to_on__gte=models.F("from_on")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} from {self.from_on}"


class HandOver(Labelled, Versioned):
    """An offer of a threat to other people, or to another organisation. Until it is accepted nothing changes."""

    threat = models.ForeignKey(Threat, on_delete=models.PROTECT, related_name="hand_overs")
    from_organisation = models.ForeignKey("people.Organisation", on_delete=models.PROTECT, related_name="+")
    from_lro = models.ForeignKey("people.User", on_delete=models.PROTECT, null=True, related_name="+")
    to_organisation = models.ForeignKey("people.Organisation", on_delete=models.PROTECT, related_name="+")
    lro = models.ForeignKey("people.User", on_delete=models.PROTECT, null=True, related_name="+")
    deputy = models.ForeignKey("people.User", on_delete=models.PROTECT, null=True, related_name="+")
    sio = models.ForeignKey("people.User", on_delete=models.PROTECT, null=True, related_name="+")
    offered_by = models.ForeignKey("people.User", on_delete=models.PROTECT, related_name="+")
    offered_at = models.DateTimeField()
    reason = models.TextField(help_text="Why it is offered")
    answer = models.CharField(
        max_length=10,
        default="",
        choices=[(a.value, a.value) for a in Answer],
        help_text="Empty while nobody has answered",
    )
    answered_by = models.ForeignKey("people.User", on_delete=models.PROTECT, null=True, related_name="+")
    answered_at = models.DateTimeField(null=True)
    answer_reason = models.TextField(default="")

    class Meta:
        indexes = [models.Index(fields=["label", "threat"], name="handover_label_threat")]
        constraints = [
            models.UniqueConstraint("threat", name="handover_one_open", condition=models.Q(answer="")),
            models.CheckConstraint(
                name="handover_answered_by_somebody",
                condition=models.Q(answer="", answered_by=None, answered_at=None)
                | (~models.Q(answer="") & models.Q(answered_by__isnull=False, answered_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="handover_deputy_is_another",
                condition=models.Q(deputy=None) | models.Q(lro=None) | ~models.Q(deputy=models.F("lro")),
            ),
        ]

    def __str__(self) -> str:
        return f"Hand-over offered on {self.offered_at:%-d %B %Y}"


class Closing(Labelled, Versioned):
    """A proposal to close a threat, or to merge it into another, and how it was answered."""

    threat = models.ForeignKey(Threat, on_delete=models.PROTECT, related_name="closings")
    ground = models.CharField(max_length=40, help_text="Code of a closed phase")
    closed_on = models.DateField()
    into = models.ForeignKey(
        Threat, on_delete=models.PROTECT, null=True, related_name="+", help_text="Where it is to be merged into another"
    )
    proposed_by = models.ForeignKey("people.User", on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    reason = models.TextField(help_text="Why it is proposed")
    answer = models.CharField(
        max_length=10,
        default="",
        choices=[(a.value, a.value) for a in Answer],
        help_text="Empty while nobody has answered",
    )
    answered_by = models.ForeignKey("people.User", on_delete=models.PROTECT, null=True, related_name="+")
    answered_at = models.DateTimeField(null=True)
    answer_reason = models.TextField(default="")

    class Meta:
        indexes = [models.Index(fields=["label", "threat"], name="closing_label_threat")]
        constraints = [
            models.CheckConstraint(
                name="closing_answered_by_somebody",
                condition=models.Q(answer="", answered_by=None, answered_at=None)
                | (~models.Q(answer="") & models.Q(answered_by__isnull=False, answered_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="closing_answered_by_another",
                condition=~models.Q(answer__in=[Answer.ACCEPTED.value, Answer.DECLINED.value])
                | ~models.Q(answered_by=models.F("proposed_by")),
            ),
            models.CheckConstraint(
                name="closing_into_another", condition=models.Q(into=None) | ~models.Q(into=models.F("threat"))
            ),
        ]

    def __str__(self) -> str:
        return f"Closing proposed on {self.proposed_at:%-d %B %Y}"
