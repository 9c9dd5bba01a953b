"""A plan and its parts: each part is a row, so two people who change two parts never meet. Only `services` writes."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from fourfold.plans.rules import AimState, P, Part, Prompt, State, Status, VersionKind
from fourfold.platform.history.models import Versioned
from fourfold.platform.visibility.models import Labelled

USER = "people.User"
ORGANISATION = "people.Organisation"


class Plan(Labelled, Versioned):
    """The 4P plan of one threat. Its score is as the rules last found it, for every reader the same."""

    threat = models.OneToOneField("threats.Threat", on_delete=models.PROTECT, related_name="plan")
    reference = models.CharField(max_length=16, unique=True, help_text="From a sequence, such as PLN-0412")
    state = models.CharField(max_length=8, choices=[(s.value, s.value) for s in State])
    version = models.PositiveIntegerField(default=0, help_text="Number of the latest version; 0 before the first")
    author = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+", help_text="Who began it")
    begun_on = models.DateField()
    approved_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    approved_on = models.DateField(null=True)
    reviewed_on = models.DateField(null=True, help_text="When both last signed a review")
    next_review_on = models.DateField(null=True)
    tier_reviewed = models.CharField(max_length=12, blank=True, help_text="The threat's tier at the latest version")
    score = models.PositiveIntegerField(help_text="Share of the plan rules that it passes, 0 to 100")
    failed = ArrayField(models.CharField(max_length=8), default=list, help_text="Codes of the plan rules that it fails")
    closed_on = models.DateField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["label", "reference"], name="plan_label_reference"),
            models.Index(fields=["next_review_on"], name="plan_next_review"),
        ]
        constraints = [
            models.CheckConstraint(name="plan_state_known", condition=models.Q(state__in=[s.value for s in State])),
            models.CheckConstraint(name="plan_score_per_cent", condition=models.Q(score__lte=100)),
        ]

    def __str__(self) -> str:
        return self.reference


class PlanPart(Labelled, Versioned):
    """A part of a plan, under the plan's label unless it says who else it is for."""

    class Meta:
        abstract = True


class Section(PlanPart):
    """One written section."""

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="sections")
    part = models.CharField(max_length=20, choices=[(p.value, p.value) for p in Part])
    text = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(name="section_once", fields=["plan", "part"])]
        indexes = [models.Index(fields=["label", "plan"], name="section_label_plan")]

    def __str__(self) -> str:
        return self.part


class Aim(PlanPart):
    """What the plan is to achieve, and how it will be known."""

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="aims")
    position = models.PositiveIntegerField(help_text="1 for the first; never used again")
    text = models.CharField(max_length=200)
    measure = models.CharField(max_length=200, blank=True)
    unit = models.CharField(max_length=60, blank=True)
    baseline = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    target = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    target_on = models.DateField(null=True)
    state = models.CharField(max_length=8, choices=[(s.value, s.value) for s in AimState], default=AimState.OPEN.value)

    class Meta:
        constraints = [models.UniqueConstraint(name="aim_once", fields=["plan", "position"])]
        indexes = [models.Index(fields=["label", "plan"], name="aim_label_plan")]

    def __str__(self) -> str:
        return f"Aim {self.position}: {self.text}"


class AimReading(PlanPart):
    """The measure of an aim, as read on a day."""

    aim = models.ForeignKey(Aim, on_delete=models.PROTECT, related_name="readings")
    value = models.DecimalField(max_digits=14, decimal_places=2)
    read_on = models.DateField()
    source = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["label", "aim"], name="aimreading_label_aim"),
            models.Index(fields=["aim", "read_on"], name="aimreading_aim_day"),
        ]

    def __str__(self) -> str:
        return f"{self.value} on {self.read_on}"


class Action(PlanPart):
    """One thing to be done, under one of the four Ps."""

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="actions")
    number = models.PositiveIntegerField(help_text="1 for the first; never used again")
    aim = models.ForeignKey(Aim, on_delete=models.PROTECT, null=True, related_name="actions")
    p = models.CharField(max_length=8, choices=[(p.value, p.value) for p in P])
    title = models.CharField(max_length=200)
    owner = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    owner_name = models.CharField(max_length=200, blank=True, help_text="An owner who does not sign in here")
    agency = models.ForeignKey(ORGANISATION, on_delete=models.PROTECT, null=True, related_name="+")
    partner = models.CharField(max_length=200, blank=True, help_text="Who else has a part in it")
    tactic = models.CharField(max_length=80, blank=True, help_text="Code of reference kind tactic")
    outcome_wanted = models.TextField(blank=True)
    measure = models.CharField(max_length=200, blank=True)
    due_on = models.DateField(null=True)
    resource = models.TextField(blank=True)
    legal_basis = models.TextField(blank=True)
    why_this_threat = models.TextField(blank=True)
    status = models.CharField(max_length=12, choices=[(s.value, s.value) for s in Status])
    status_reason = models.TextField(blank=True)
    result = models.TextField(blank=True)
    evidence = models.TextField(blank=True)
    done_on = models.DateField(null=True)
    words = models.PositiveIntegerField(default=0, help_text="How many words it says, for finding near-copies")
    keys = ArrayField(models.IntegerField(), default=list, help_text="Pairs of its words, for finding near-copies")

    class Meta:
        constraints = [
            models.UniqueConstraint(name="action_once", fields=["plan", "number"]),
            models.CheckConstraint(name="action_p_known", condition=models.Q(p__in=[p.value for p in P])),
            models.CheckConstraint(
                name="action_status_known", condition=models.Q(status__in=[s.value for s in Status])
            ),
            models.CheckConstraint(
                name="action_done_has_day",
                condition=~models.Q(status=Status.DONE.value) | models.Q(done_on__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["label", "plan"], name="action_label_plan"),
            models.Index(fields=["owner", "status"], name="action_owner_status"),
            models.Index(fields=["tactic", "status"], name="action_tactic_status"),
        ]

    def __str__(self) -> str:
        return f"Action {self.number}: {self.title}"


class Consultation(PlanPart):
    """A partner who was asked, when, and what changed because of it."""

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="consultations")
    partner = models.CharField(max_length=200)
    with_whom = models.CharField(max_length=200, blank=True)
    consulted_on = models.DateField()
    said = models.TextField(blank=True)
    changed = models.TextField()

    class Meta:
        indexes = [models.Index(fields=["label", "plan"], name="consultation_label_plan")]

    def __str__(self) -> str:
        return f"{self.partner} on {self.consulted_on}"


class Review(PlanPart):
    """A joint review: complete when both have signed the plan as it then stood."""

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="reviews")
    prompt = models.CharField(max_length=20, choices=[(p.value, p.value) for p in Prompt])
    looked_at = models.TextField(help_text="What was looked at and what changes")
    begun_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    begun_on = models.DateField()
    lro_signed_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    lro_signed_on = models.DateField(null=True)
    lro_digest = models.CharField(max_length=64, blank=True, help_text="Of the plan that was signed")
    sio_signed_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    sio_signed_on = models.DateField(null=True)
    sio_digest = models.CharField(max_length=64, blank=True, help_text="Of the plan that was signed")
    completed_on = models.DateField(null=True)
    version = models.PositiveIntegerField(null=True, help_text="The version that it left")

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="review_completed_by_both",
                condition=models.Q(completed_on=None)
                | models.Q(lro_signed_by__isnull=False, sio_signed_by__isnull=False),
            ),
            models.CheckConstraint(
                name="review_signed_by_two",
                condition=models.Q(lro_signed_by=None)
                | models.Q(sio_signed_by=None)
                | ~models.Q(lro_signed_by=models.F("sio_signed_by")),
            ),
        ]
        indexes = [models.Index(fields=["label", "plan"], name="review_label_plan")]

    def __str__(self) -> str:
        return f"Review begun {self.begun_on}"


class PeerReview(PlanPart):
    """What somebody who has no part in the plan says of it, and what those who have answer."""

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="peer_reviews")
    reviewer = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    reviewed_on = models.DateField()
    good = models.TextField(help_text="What others should copy")
    better = models.TextField(help_text="What should change, and how")
    answer = models.TextField(blank=True)
    answered_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    answered_on = models.DateField(null=True)

    class Meta:
        indexes = [models.Index(fields=["label", "plan"], name="peerreview_label_plan")]

    def __str__(self) -> str:
        return f"Peer review of {self.reviewed_on}"


class PlanVersion(PlanPart):
    """A plan as it was adopted, reviewed or closed. Written once; the database refuses to change it."""

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=8, choices=[(k.value, k.value) for k in VersionKind])
    content = models.JSONField(help_text="The whole plan, in words and numbers")
    digest = models.CharField(max_length=64)
    why = models.TextField()
    made_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    made_on = models.DateField()
    next_review_on = models.DateField(null=True)
    score = models.PositiveIntegerField()
    failed = ArrayField(models.CharField(max_length=8), default=list)

    class Meta:
        constraints = [models.UniqueConstraint(name="planversion_once", fields=["plan", "number"])]
        indexes = [models.Index(fields=["label", "plan"], name="planversion_label_plan")]

    def __str__(self) -> str:
        return f"Version {self.number}"


class Shared(PlanPart):
    """The summary for partners, for one organisation that may read no more of the plan. Under a label of its own."""

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="shared")
    organisation = models.ForeignKey(ORGANISATION, on_delete=models.PROTECT, related_name="+")
    title = models.CharField(max_length=200)
    text = models.TextField()
    shared_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    shared_on = models.DateField()
    ended_on = models.DateField(null=True)

    class Meta:
        indexes = [models.Index(fields=["label", "plan"], name="shared_label_plan")]

    def __str__(self) -> str:
        return self.title


class Asked(PlanPart):
    """An action as one organisation may read it, which may read no more of the plan. Under a label of its own."""

    action = models.ForeignKey(Action, on_delete=models.PROTECT, related_name="asked")
    organisation = models.ForeignKey(ORGANISATION, on_delete=models.PROTECT, related_name="+")
    title = models.CharField(max_length=200)
    text = models.TextField(blank=True)
    due_on = models.DateField(null=True)
    asked_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    asked_on = models.DateField()
    ended_on = models.DateField(null=True)

    class Meta:
        indexes = [models.Index(fields=["label", "action"], name="asked_label_action")]

    def __str__(self) -> str:
        return self.title


class Report(PlanPart):
    """What an owner of another organisation says of their action; the plan's own people take it up or not."""

    action = models.ForeignKey(Action, on_delete=models.PROTECT, related_name="reports")
    reported_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    reported_on = models.DateField()
    status = models.CharField(max_length=12, choices=[(s.value, s.value) for s in Status])
    text = models.TextField()
    done_on = models.DateField(null=True)

    class Meta:
        indexes = [models.Index(fields=["label", "action"], name="report_label_action")]

    def __str__(self) -> str:
        return f"Report of {self.reported_on}"


class Answer(PlanPart):
    """What became of a report. Under the plan's label: the reporter's organisation owns the report, not this."""

    report = models.OneToOneField(Report, on_delete=models.PROTECT, related_name="answer")
    is_taken_up = models.BooleanField()
    why = models.TextField(blank=True)
    answered_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    answered_on = models.DateField()

    class Meta:
        indexes = [models.Index(fields=["label", "report"], name="answer_label_report")]

    def __str__(self) -> str:
        return "Taken up" if self.is_taken_up else "Not taken up"


class Reminder(PlanPart):
    """One person told that something is due or overdue. It stands until the thing is done."""

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="reminders")
    action = models.ForeignKey(Action, on_delete=models.PROTECT, null=True, related_name="reminders")
    user = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=16)
    due_on = models.DateField()
    made_on = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="reminder_once", fields=["plan", "action", "user", "kind", "due_on"], nulls_distinct=False
            )
        ]
        indexes = [
            models.Index(fields=["label", "plan"], name="reminder_label_plan"),
            models.Index(fields=["user", "made_on"], name="reminder_user_day"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.due_on}"


class CalendarAddress(models.Model):
    """The private address of one person's calendar. Only a hash is kept, so nobody can read it here."""

    user = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    token_hash = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="calendar_address_once", fields=["user"], condition=models.Q(ended_at=None))
        ]

    def __str__(self) -> str:
        return f"Calendar of {self.user_id}"
