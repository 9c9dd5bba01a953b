"""What figures need beside the records that they count: counts of other regions, and tokens of readers of the API."""

from django.db import models

from fourfold.platform.history.models import Versioned
from fourfold.platform.visibility.models import Labelled


class RegionCount(Labelled, Versioned):
    """How many threats another region had on a day, as someone published or sent it."""

    region = models.CharField(max_length=80)
    threats = models.PositiveIntegerField()
    extracted_on = models.DateField(help_text="The day the other region's count was taken")
    source = models.CharField(max_length=400)

    class Meta:
        indexes = [models.Index(fields=["extracted_on", "region"], name="regioncount_date_region")]

    def __str__(self) -> str:
        return f"{self.region}: {self.threats} on {self.extracted_on}"


class ApiReader(Labelled, Versioned):
    """A bearer token by which a program acts with the rights of its owner. Only its hash is kept."""

    owner = models.ForeignKey("people.User", on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=120, help_text="What the token is for, in its owner's words")
    token_hash = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField()
    expires_on = models.DateField(help_text="The last day on which it is taken")
    withdrawn_at = models.DateTimeField(null=True)
    takes_files = models.BooleanField(
        default=False, db_default=False, help_text="Takes people and threats as files too, and not figures alone"
    )

    class Meta:
        indexes = [models.Index(fields=["owner", "expires_on"], name="apireader_owner_expires")]
        constraints = [
            models.CheckConstraint(name="apireader_named", condition=~models.Q(name="")),
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.owner_id}"
