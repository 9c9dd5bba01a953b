"""Labels, the compartments and agreements they may name, and the abstract model that carries one."""

from django.db import models

from fourfold.platform.people.models import Marking, Organisation, User
from fourfold.platform.visibility.rules import Audience


class Compartment(models.Model):
    """A need-to-know circle: only its members see rows in it, whatever their organisation and rank."""

    code = models.CharField(max_length=40, unique=True)
    name = models.TextField()
    owner = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="compartments")

    def __str__(self) -> str:
        return self.name


class CompartmentMember(models.Model):
    """Someone in the circle from a date to before another."""

    compartment = models.ForeignKey(Compartment, on_delete=models.PROTECT, related_name="members")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="compartments")
    held_from = models.DateField()
    held_to = models.DateField(null=True)

    def __str__(self) -> str:
        return f"{self.user_id} in {self.compartment_id}"


class Agreement(models.Model):
    """An information-sharing agreement as far as it decides who sees: its parties and its days."""

    code = models.CharField(max_length=40, unique=True)
    name = models.TextField()
    parties = models.ManyToManyField(Organisation, related_name="agreements")
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, help_text="The first day on which nothing is shared any more")

    def __str__(self) -> str:
        return self.name


class AccessLabel(models.Model):
    """A distinct combination of owner, audience, marking and compartment. Rows point at it; it never changes."""

    owner = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="labels")
    audience = models.CharField(max_length=10, choices=[(a.value, a.name.title()) for a in Audience])
    marking = models.CharField(max_length=20, choices=Marking.choices)
    compartment = models.ForeignKey(Compartment, on_delete=models.PROTECT, null=True, related_name="labels")
    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, null=True, related_name="labels")
    named = models.ManyToManyField(Organisation, related_name="+")
    named_key = models.TextField(default="", help_text="Codes of the named organisations in order: makes a label once")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="access_label_once",
                fields=["owner", "audience", "marking", "compartment", "agreement", "named_key"],
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                name="access_label_audience_known", condition=models.Q(audience__in=[a.value for a in Audience])
            ),
            models.CheckConstraint(
                name="access_label_agreement_named",
                condition=models.Q(audience="AGREEMENT", agreement__isnull=False)
                | (~models.Q(audience="AGREEMENT") & models.Q(agreement=None)),
            ),
        ]

    def __str__(self) -> str:
        """Who may see, in words for the foot of a page."""
        who = {
            Audience.OWN: f"{self.owner.name} only",
            Audience.REGION: "Every force in the region",
            Audience.NAMED: f"{self.owner.name} and named organisations",
            Audience.AGREEMENT: f"{self.owner.name} and the parties of {self.agreement}",
        }[Audience(self.audience)]
        circle = f", within {self.compartment.name}" if self.compartment else ""
        return f"{self.marking}: {who}{circle}"


class Labelled(models.Model):
    """A governed row: its label decides who reads and who writes it. The table is put under `protect_v1`."""

    label = models.ForeignKey(AccessLabel, on_delete=models.PROTECT, related_name="+", db_index=False)

    class Meta:
        abstract = True
