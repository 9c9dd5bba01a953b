"""The stamps that PostgreSQL puts on each governed row. Nothing in Python sets them."""

from django.db import models


class Versioned(models.Model):
    """Since when the row is as it is, who made it so and in which request. The table is put under `keep_history_v1`.

    The stamps of an instance are those it had when it was read: after `save()` call `refresh_from_db()` to see the new.
    """

    recorded_from = models.DateTimeField(
        db_default=models.Func(function="history_moment", output_field=models.DateTimeField()), editable=False
    )
    recorded_by = models.BigIntegerField(
        db_default=models.Func(function="history_actor", output_field=models.BigIntegerField()),
        null=True,
        editable=False,
    )
    recorded_in = models.TextField(
        db_default=models.Func(function="history_request", output_field=models.TextField()), null=True, editable=False
    )

    class Meta:
        abstract = True
