"""One table of terms for every kind of word that a region may change without changing code."""

from django.db import models


class Mark(models.TextChoices):
    """How sure we are of a term."""

    STATED = "S", "Stated in the sources"
    VERIFIED = "V", "Verified against the publisher"
    KNOWN = "K", "From general knowledge, not checked"
    DEFAULT = "D", "Our own default"


class ReferenceTerm(models.Model):
    """A code of one kind with its name, from one date to another. Nothing is removed: a term that ends has an end."""

    kind = models.CharField(max_length=40)
    code = models.CharField(max_length=80)
    name = models.TextField()
    detail = models.JSONField(default=dict)
    source = models.TextField()
    mark = models.CharField(max_length=1, choices=Mark.choices)
    effective_from = models.DateField()
    effective_to = models.DateField(null=True)
    position = models.PositiveIntegerField(default=0, help_text="Where the term stands among its kind")

    class Meta:
        constraints = [
            models.UniqueConstraint(name="reference_term_once", fields=["kind", "code", "effective_from"]),
            models.CheckConstraint(
                name="reference_term_ends_after_it_starts",
                condition=models.Q(effective_to=None) | models.Q(effective_to__gte=models.F("effective_from")),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_our_default(self) -> bool:
        """Whether a person must be told "default, not the national model"."""
        return self.mark in {Mark.DEFAULT, Mark.KNOWN}
