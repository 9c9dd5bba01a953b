"""The ledger and the blocks that seal it. Rows are added, never changed; the database says when."""

from django.db import models

from fourfold.platform.people.models import Organisation, User


class Operation(models.TextChoices):
    """The six operations of the Data Protection Act 2018, section 62, and five of our own."""

    COLLECTION = "COLLECTION", "Collected"
    ALTERATION = "ALTERATION", "Changed"
    CONSULTATION = "CONSULTATION", "Read"
    DISCLOSURE = "DISCLOSURE", "Disclosed"
    COMBINATION = "COMBINATION", "Combined"
    ERASURE = "ERASURE", "Erased"
    SEARCH = "SEARCH", "Searched"
    EXPORT = "EXPORT", "Exported"
    PRINT = "PRINT", "Printed"
    SIGN_IN = "SIGN_IN", "Signed in"
    SIGN_OUT = "SIGN_OUT", "Signed out"


class Entry(models.Model):
    """One thing that someone did, to what, and why."""

    at = models.DateTimeField(db_default=models.Func(function="audit_moment", output_field=models.DateTimeField()))
    xid = models.BigIntegerField(
        db_default=models.Func(function="audit_transaction", output_field=models.BigIntegerField())
    )
    cluster = models.BigIntegerField(
        db_default=models.Func(function="audit_cluster", output_field=models.BigIntegerField())
    )
    actor = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    role = models.TextField(help_text="Roles held at the time, in order")
    session = models.CharField(max_length=16, help_text="Hash that names the session")
    address = models.CharField(max_length=45)
    operation = models.CharField(max_length=12, choices=Operation.choices)
    object_type = models.CharField(max_length=80)
    object_id = models.CharField(max_length=80)
    reason_code = models.CharField(max_length=40)
    reason_text = models.TextField()
    operation_reference = models.CharField(max_length=80)
    details = models.JSONField(default=dict)
    request = models.CharField(max_length=64)

    class Meta:
        indexes = [
            models.Index(fields=["object_type", "object_id", "id"], name="audit_entry_object"),
            models.Index(fields=["actor", "id"], name="audit_entry_actor"),
            models.Index(fields=["organisation", "id"], name="audit_entry_organisation"),
            models.Index(fields=["cluster", "xid", "id"], name="audit_entry_order"),
        ]
        constraints = [
            models.CheckConstraint(
                name="audit_operation_known", condition=models.Q(operation__in=[o.value for o in Operation])
            )
        ]

    def __str__(self) -> str:
        return f"{self.operation} {self.object_type} {self.object_id}"


class Block(models.Model):
    """Seals every entry whose transaction is in [from_xid, to_xid) of one database cluster, and the block before."""

    number = models.PositiveBigIntegerField(primary_key=True)
    cluster = models.BigIntegerField()
    from_xid = models.BigIntegerField()
    to_xid = models.BigIntegerField()
    entries = models.PositiveBigIntegerField()
    previous = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)
    sealed_at = models.DateTimeField(
        db_default=models.Func(function="audit_moment", output_field=models.DateTimeField())
    )

    def __str__(self) -> str:
        return f"Block {self.number}"


class Check(models.Model):
    """One verification of the whole ledger and what it found."""

    checked_at = models.DateTimeField(
        db_default=models.Func(function="audit_moment", output_field=models.DateTimeField())
    )
    blocks = models.PositiveBigIntegerField()
    entries = models.PositiveBigIntegerField()
    unsealed = models.PositiveBigIntegerField()
    head = models.CharField(max_length=64)
    faults = models.JSONField(default=list)

    def __str__(self) -> str:
        return f"{self.blocks} blocks, {len(self.faults)} faults"
