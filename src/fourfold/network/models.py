"""What somebody is asked, and decided, about a person at the edge of a group. Nothing else of a network is kept."""

from django.db import models

from fourfold.network.rules import Outcome
from fourfold.platform.history.models import Versioned
from fourfold.platform.visibility.models import Labelled


class EdgeLead(Labelled, Versioned):
    """Somebody who may be helped out of a group before they are of it: what was looked at, and what was decided.

    Its label is one that only readers of everything it rests on hold.
    """

    threat = models.ForeignKey("threats.Threat", on_delete=models.PROTECT, related_name="+")
    record = models.ForeignKey(
        "pole.PersonRecord", on_delete=models.PROTECT, related_name="+", help_text="The person is whose record it is"
    )
    rule = models.TextField(help_text="Name and date of the rule that proposed it")
    found = models.JSONField(help_text="What was looked at: steps, ties, offences, age, signs of need")
    proposed_on = models.DateField()
    expires_on = models.DateField()
    state = models.CharField(max_length=12, choices=[(o.value, o.value) for o in Outcome])
    decided_by = models.ForeignKey("people.User", on_delete=models.PROTECT, null=True, related_name="+")
    decided_on = models.DateField(null=True)
    reason = models.TextField(blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["label", "state", "expires_on"], name="edgelead_label_state"),
            models.Index(fields=["threat", "state"], name="edgelead_threat"),
        ]
        constraints = [
            models.CheckConstraint(
                name="edgelead_state_known", condition=models.Q(state__in=[o.value for o in Outcome])
            ),
            models.CheckConstraint(
                name="edgelead_decided_by_somebody",
                condition=models.Q(state__in=[Outcome.OPEN.value, Outcome.EXPIRED.value], decided_by=None)
                | models.Q(decided_by__isnull=False, decided_on__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"At the edge of {self.threat_id}"
