"""The picture: source records as they were delivered, each under its label, and the numbers that say who is one person.

Facts live only in source records. A `Person` is a number: what a reader sees of a person is worked out when it is
read, over the records that reader may see, so that nothing a hidden record says can show.
"""

import json
from typing import Any

from django.db import models

from fourfold.platform.history.models import Versioned
from fourfold.platform.visibility.models import AccessLabel, Labelled
from fourfold.pole import rules
from fourfold.pole.rules import identity

LATEST = models.F("happened_on").desc(nulls_last=True)


class Person(models.Model):
    """One human being as far as the resolution can tell: a number that records point at, and no fact."""

    made_in = models.TextField()
    made_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.reference

    @property
    def reference(self) -> str:
        return rules.reference_of(self.pk)


class Thing(models.Model):
    """One vehicle, telephone, address or organisation, as far as the rules can tell: a number, and no fact."""

    kind = models.TextField()
    made_in = models.TextField()
    made_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.reference

    @property
    def reference(self) -> str:
        return rules.thing_reference(self.kind, self.pk)


def _thing() -> "models.ForeignKey[Thing | None]":
    return models.ForeignKey(
        Thing,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_constraint=False,
        help_text="What it is a record of; empty until things were first grouped",
    )


class SourceRecord(Labelled, Versioned):
    """What every record keeps of where it came from.

    Its keys to other tables are not constraints of the database: only a publication writes records, and it finds every
    key by a join to the row that the key names, so that checking each row again would cost as much as writing it.
    """

    label = models.ForeignKey(
        AccessLabel, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    source = models.TextField()
    source_key = models.TextField()
    owner = models.ForeignKey(
        "people.Organisation", on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    handling = models.TextField(blank=True, default="")
    batch_id = models.BigIntegerField()
    source_file = models.TextField()
    source_line = models.BigIntegerField()
    content = models.UUIDField(help_text="Hash of the whole canonical row, by which a change is known")
    source_created_at = models.DateTimeField(null=True)
    source_updated_at = models.DateTimeField(null=True)
    raw = models.TextField(help_text="The row as it was delivered: JSON, kept as text because nothing searches in it")

    class Meta:
        abstract = True

    @property
    def delivered(self) -> Any:
        """The row as it was delivered, read."""
        return json.loads(self.raw)


class PersonRecord(SourceRecord):
    """One nominal of one source."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="records", db_constraint=False)
    forenames = models.TextField(blank=True)
    surname = models.TextField(blank=True)
    full_name = models.TextField(blank=True)
    name_key = models.TextField(blank=True)
    names_key = models.TextField(blank=True, help_text="Name and aliases, as searched")
    name_sound = models.TextField(blank=True, help_text="How surname and first forename sound, as searched")
    aliases = models.JSONField(default=list)
    sex = models.TextField(default="U")
    birth_on = models.DateField(null=True)
    birth_quality = models.TextField(default="none")
    pnc_id = models.TextField(blank=True)
    cro = models.TextField(blank=True)
    nino = models.TextField(blank=True)
    ethnicity_code = models.TextField(blank=True, help_text="For monitoring disparity only")
    address_line = models.TextField(blank=True)
    postcode = models.TextField(blank=True)
    merged_into = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    closed_at = models.DateTimeField(null=True, help_text="When its own source merged or deleted it")

    class Meta:
        constraints = [models.UniqueConstraint("source", "source_key", name="person_record_once")]
        indexes = [
            models.Index("birth_on", name="person_record_birth"),
            models.Index("name_sound", name="person_record_sound", condition=~models.Q(name_sound="")),
            models.Index("pnc_id", name="person_record_pnc", condition=~models.Q(pnc_id="")),
            models.Index("cro", name="person_record_cro", condition=~models.Q(cro="")),
            models.Index("nino", name="person_record_nino", condition=~models.Q(nino="")),
            models.Index("postcode", name="person_record_postcode", condition=~models.Q(postcode="")),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.source_key}"


class ObjectRecord(SourceRecord):
    """One vehicle, phone or organisation as one source has it."""

    thing = _thing()
    kind = models.TextField()
    value = models.TextField()
    value_raw = models.TextField(blank=True)
    valid = models.BooleanField()
    make = models.TextField(blank=True)
    model = models.TextField(blank=True)
    colour = models.TextField(blank=True)
    detail = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint("source", "source_key", name="object_record_once")]
        indexes = [models.Index("value", "kind", name="object_record_value")]

    def __str__(self) -> str:
        return f"{self.source} {self.source_key}"


class LocationRecord(SourceRecord):
    """One place as one source has it."""

    thing = _thing()
    address_line = models.TextField(blank=True)
    postcode = models.TextField(blank=True)
    district = models.TextField(blank=True)
    latitude = models.FloatField(null=True)
    longitude = models.FloatField(null=True)
    precision = models.TextField(default="none")
    name = models.TextField(blank=True)
    place_key = models.TextField(blank=True, help_text="Postcode and address without case, spaces and points")

    class Meta:
        constraints = [models.UniqueConstraint("source", "source_key", name="location_record_once")]
        indexes = [models.Index("place_key", name="location_record_place", condition=~models.Q(place_key=""))]

    def __str__(self) -> str:
        return f"{self.source} {self.source_key}"


class EventRecord(SourceRecord):
    """One crime, custody record, stop, report, missing episode or incident as one source has it."""

    kind = models.TextField()
    reference = models.TextField(blank=True)
    reference_key = models.TextField(blank=True, help_text="Reference in capitals without spaces, as searched")
    title = models.TextField(blank=True)
    category = models.TextField(blank=True)
    category_name = models.TextField(blank=True)
    happened_at = models.DateTimeField(null=True)
    happened_on = models.DateField(null=True)
    happened_to = models.DateTimeField(null=True)
    time_precision = models.TextField(default="none")
    status = models.TextField(blank=True)
    status_name = models.TextField(blank=True)
    summary = models.TextField(blank=True)
    source_grade = models.TextField(blank=True)
    location = models.ForeignKey(
        LocationRecord, null=True, on_delete=models.PROTECT, related_name="events", db_constraint=False
    )

    class Meta:
        constraints = [models.UniqueConstraint("source", "source_key", name="event_record_once")]
        indexes = [
            models.Index(LATEST, models.F("id").desc(), name="event_record_day"),
            models.Index("kind", LATEST, models.F("id").desc(), name="event_record_kind_day"),
            models.Index("label", LATEST, models.F("id").desc(), name="event_record_label_day"),
            models.Index("reference_key", name="event_record_reference", condition=~models.Q(reference_key="")),
            # What the list of events counts for its filters: few distinct values, so it is small, and no row is read.
            models.Index("label", "kind", "owner", name="event_record_counted"),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.source_key}"


class Link(SourceRecord):
    """What one source says joins two of its records. Its label is the narrowest of its own and its two ends'."""

    left_kind = models.TextField()
    left_id = models.BigIntegerField()
    right_kind = models.TextField()
    right_id = models.BigIntegerField()
    type = models.TextField()
    from_on = models.DateField(null=True)
    to_on = models.DateField(null=True)
    assertion = models.TextField(default="fact")
    grade = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint("source", "source_key", name="link_once")]
        indexes = [
            models.Index("left_id", "left_kind", name="link_left"),
            models.Index("right_id", "right_kind", name="link_right"),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.source_key}"


class MatchEdge(Labelled, Versioned):
    """Why two person records may be one person: what was compared and how much it weighs."""

    label = models.ForeignKey(
        AccessLabel, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    left = models.ForeignKey(
        PersonRecord, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    right = models.ForeignKey(PersonRecord, on_delete=models.PROTECT, related_name="+", db_constraint=False)
    match_weight = models.FloatField()
    probability = models.FloatField()
    waterfall = models.JSONField()
    band = models.TextField()
    run = models.TextField()
    state = models.TextField(default=rules.EdgeState.CURRENT.value)

    class Meta:
        constraints = [models.UniqueConstraint("left", "right", name="match_edge_once")]
        indexes = [
            # What waits for a person, the likeliest first; what a restricted record matches.
            models.Index(
                models.F("match_weight").desc(),
                name="match_edge_open",
                condition=models.Q(state="CURRENT", band__in=["PROPOSED", "APART"]),
            ),
            models.Index("label", name="match_edge_label", condition=models.Q(state="CURRENT")),
        ]

    def __str__(self) -> str:
        return f"{self.left_id}-{self.right_id}"


class ThingTie(Labelled, Versioned):
    """Why two records are, may be or are not of one vehicle, phone, address or organisation: the rule that says so.

    Its label is the narrower of the two records', and follows them.
    """

    label = models.ForeignKey(
        AccessLabel, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    end_kind = models.TextField(help_text="OBJECT or LOCATION: the table of both records")
    left_id = models.BigIntegerField()
    right_id = models.BigIntegerField()
    kind = models.TextField(help_text="VEHICLE, PHONE, ADDRESS or ORGANISATION")
    verdict = models.TextField(help_text="JOIN, MAYBE or APART")
    code = models.TextField(help_text="The rule")
    words = models.TextField(help_text="The rule in words, as it stood")
    weight = models.FloatField(
        null=True, help_text="Where a person is asked: how much the rule says for the two being one, in bits"
    )
    run = models.TextField()
    state = models.TextField(default=rules.EdgeState.CURRENT.value)

    class Meta:
        constraints = [models.UniqueConstraint("end_kind", "left_id", "right_id", name="thing_tie_once")]
        indexes = [
            models.Index("right_id", "end_kind", name="thing_tie_right"),
            models.Index(
                models.F("weight").desc(),
                name="thing_tie_asked",
                condition=models.Q(state="CURRENT", weight__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.end_kind} {self.left_id}-{self.right_id} {self.code}"


def _verdict(verdict: identity.Verdict) -> models.Q:
    return models.Q(verdict=verdict.value)


class Spoken(Labelled, Versioned):
    """What somebody said of two records. Rows are added, never changed; taking one back is a row of its own.

    Its label is the narrower of the two records', and follows them when one of them becomes narrower.
    """

    verdict = models.CharField(max_length=9, choices=[(v.value, v.value) for v in identity.Verdict])
    by = models.ForeignKey("people.User", on_delete=models.PROTECT, related_name="+", db_index=False)
    organisation = models.ForeignKey(
        "people.Organisation",
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        help_text="Theirs at the time",
    )
    given_at = models.DateTimeField()
    why = models.TextField(help_text="Their words, or what was compared where they added none")
    evidence = models.JSONField(help_text="The match as it stood: weights, probability, band and run")
    act = models.UUIDField(help_text="The same for all that was said in one step, so that one step undoes it")
    withdraws = models.OneToOneField(
        "self", null=True, on_delete=models.PROTECT, related_name="withdrawal", help_text="What this takes back"
    )

    class Meta:
        abstract = True


KNOWN_VERDICT = models.Q(verdict__in=[v.value for v in identity.Verdict])
WITHDRAWS_SOMETHING = _verdict(identity.Verdict.WITHDRAWN) & models.Q(withdraws__isnull=False) | ~_verdict(
    identity.Verdict.WITHDRAWN
) & models.Q(withdraws__isnull=True)


class Judgement(Spoken):
    """What somebody said of two person records. Rows are added, never changed; taking one back is a row of its own."""

    left = models.ForeignKey(PersonRecord, on_delete=models.PROTECT, related_name="+", db_index=False)
    right = models.ForeignKey(PersonRecord, on_delete=models.PROTECT, related_name="+")

    class Meta:
        indexes = [
            models.Index("left", "right", name="judgement_pair"),
            models.Index("label", "given_at", name="judgement_label"),
            models.Index("act", name="judgement_act"),
        ]
        constraints = [
            models.CheckConstraint(name="judgement_in_order", condition=models.Q(left__lt=models.F("right"))),
            models.CheckConstraint(name="judgement_verdict_known", condition=KNOWN_VERDICT),
            models.CheckConstraint(name="judgement_withdraws_something", condition=WITHDRAWS_SOMETHING),
        ]

    def __str__(self) -> str:
        return f"{self.left_id}-{self.right_id} {self.verdict}"


class ThingJudgement(Spoken):
    """What somebody said of two records of vehicles, phones, addresses or organisations: that they are one, or two."""

    end_kind = models.TextField(help_text="OBJECT or LOCATION: the table of both records")
    left_id = models.BigIntegerField()
    right_id = models.BigIntegerField()

    class Meta:
        indexes = [
            models.Index("left_id", "end_kind", name="thing_judgement_left"),
            models.Index("right_id", "end_kind", name="thing_judgement_right"),
            models.Index("label", "given_at", name="thing_judgement_label"),
            models.Index("act", name="thing_judgement_act"),
        ]
        constraints = [
            models.CheckConstraint(
                name="thing_judgement_in_order", condition=models.Q(left_id__lt=models.F("right_id"))
            ),
            models.CheckConstraint(name="thing_judgement_verdict_known", condition=KNOWN_VERDICT),
            models.CheckConstraint(name="thing_judgement_withdraws_something", condition=WITHDRAWS_SOMETHING),
        ]

    def __str__(self) -> str:
        return f"{self.end_kind} {self.left_id}-{self.right_id} {self.verdict}"


class IdentityEvent(Labelled, Versioned):
    """Records of one number came to another because of what somebody said. Which records: their own history tells."""

    change = models.CharField(max_length=6, choices=[(c.value, c.value) for c in identity.Change])
    was = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    into = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    act = models.UUIDField()
    by = models.ForeignKey("people.User", on_delete=models.PROTECT, related_name="+", db_index=False)
    organisation = models.ForeignKey("people.Organisation", on_delete=models.PROTECT, related_name="+", db_index=False)
    happened_at = models.DateTimeField()
    why = models.TextField()

    class Meta:
        indexes = [models.Index("label", "happened_at", name="identity_event_label")]
        constraints = [
            models.CheckConstraint(
                name="identity_event_change_known", condition=models.Q(change__in=[c.value for c in identity.Change])
            )
        ]

    def __str__(self) -> str:
        return f"{self.was_id} {self.change} {self.into_id}"


class Placement(Labelled, Versioned):
    """Where something that was said of a person belongs after they were taken apart: somebody's answer."""

    act = models.UUIDField(help_text="The taking apart after which it was asked")
    room = models.TextField(help_text="The room that keeps what was said, such as threats")
    key = models.BigIntegerField(help_text="Its number there")
    record = models.ForeignKey(PersonRecord, on_delete=models.PROTECT, related_name="+", db_index=False)
    by = models.ForeignKey("people.User", on_delete=models.PROTECT, related_name="+", db_index=False)
    placed_at = models.DateTimeField()
    why = models.TextField(blank=True)

    class Meta:
        indexes = [
            models.Index("label", "placed_at", name="placement_label"),
            models.Index("act", name="placement_act"),
        ]

    def __str__(self) -> str:
        return f"{self.room} {self.key} on {self.record_id}"


class Answered(Labelled, Versioned):
    """What the owner of a restricted record did about a match with another organisation's record."""

    organisation = models.ForeignKey(
        "people.Organisation", on_delete=models.PROTECT, related_name="+", db_index=False, help_text="Whose it matches"
    )
    answer = models.CharField(max_length=9, choices=[(a.value, a.value) for a in identity.Answer])
    why = models.TextField()
    by = models.ForeignKey("people.User", on_delete=models.PROTECT, related_name="+", db_index=False)
    answered_at = models.DateTimeField()

    class Meta:
        abstract = True


KNOWN_ANSWER = models.Q(answer__in=[a.value for a in identity.Answer])


class DeconflictionAnswer(Answered):
    """What the owner of a restricted record did about a match with another organisation's record."""

    record = models.ForeignKey(PersonRecord, on_delete=models.PROTECT, related_name="+", help_text="The restricted one")

    class Meta:
        indexes = [models.Index("label", "answered_at", name="deconfliction_label")]
        constraints = [models.CheckConstraint(name="deconfliction_answer_known", condition=KNOWN_ANSWER)]

    def __str__(self) -> str:
        return f"{self.record_id} {self.answer}"


class ThingDeconflictionAnswer(Answered):
    """What the owner of a restricted record of a vehicle, phone, address or organisation did about such a match."""

    end_kind = models.TextField(help_text="OBJECT or LOCATION: the table of the record")
    record_id = models.BigIntegerField(help_text="The restricted one")

    class Meta:
        indexes = [
            models.Index("record_id", "end_kind", name="thing_deconfliction_record"),
            models.Index("label", "answered_at", name="thing_deconfliction_label"),
        ]
        constraints = [models.CheckConstraint(name="thing_deconfliction_known", condition=KNOWN_ANSWER)]

    def __str__(self) -> str:
        return f"{self.end_kind} {self.record_id} {self.answer}"
