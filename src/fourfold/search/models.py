"""Searches that somebody keeps, and what each has found: keys only, so that nothing hidden since can show."""

from django.db import models

from fourfold.platform.history.models import Versioned
from fourfold.platform.visibility.models import Labelled


class SavedSearch(Labelled, Versioned):
    """One text that is searched again for its owner after every batch, until a day. Only its owner sees it."""

    owner = models.ForeignKey("people.User", on_delete=models.PROTECT, related_name="+")
    name = models.TextField()
    text = models.TextField(help_text="What is searched for, as it was typed")
    reason_code = models.TextField(help_text="Why people are read for it: a code of reference kind reason")
    reason = models.TextField(help_text="Why it is kept, in its owner's words")
    saved_at = models.DateTimeField()
    ends_on = models.DateField(help_text="The last day on which it is searched")
    looked_at = models.DateTimeField(help_text="When its owner last said that they had seen what was new")
    run_at = models.DateTimeField(help_text="When it was last searched")
    is_full = models.BooleanField(default=False, help_text="It last found more than a search weighs")
    stopped_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index("label", "owner", name="saved_search_label"),
            models.Index("ends_on", name="saved_search_open", condition=models.Q(stopped_at=None)),
        ]

    def __str__(self) -> str:
        return self.name


class SavedFinding(Labelled, Versioned):
    """One thing that a saved search has found. What it is called is read when it is shown."""

    search = models.ForeignKey(SavedSearch, on_delete=models.PROTECT, related_name="findings")
    kind = models.TextField(help_text="The group of results it stands in, such as people")
    key = models.TextField(help_text="What makes it the same thing next time")
    size = models.IntegerField(help_text="Records behind it that fitted")
    found_at = models.DateTimeField(help_text="When it was found, or last had another record")
    is_there = models.BooleanField(default=True, help_text="The last search still found it")

    class Meta:
        indexes = [models.Index("label", "search", name="saved_finding_label")]
        constraints = [models.UniqueConstraint("search", "kind", "key", name="saved_finding_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"
