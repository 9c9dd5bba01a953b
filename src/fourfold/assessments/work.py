"""What this room puts on a person's first page, on a threat that is handed over, and among the exceptions."""

from datetime import date, timedelta
from typing import TYPE_CHECKING

from django.urls import reverse

from fourfold.assessments import rules, selectors
from fourfold.assessments.pages import words as shown_as
from fourfold.assessments.rules import Status
from fourfold.platform import clock
from fourfold.platform.people.models import User
from fourfold.platform.ui.components import Figure
from fourfold.platform.ui.jinja import shown_date
from fourfold.platform.ui.my_work import Due, Work
from fourfold.threats import selectors as threats
from fourfold.threats.rooms import OpenWork, ThreatException

if TYPE_CHECKING:
    from fourfold.threats.models import Threat

DUE_WITHIN = timedelta(days=28)


def work_of(user: User, today: date) -> Work:
    """Reviews of threats this person leads, and what waits to be checked, moderated or mended by them."""
    due = [*_reviews(user, today), *_returned(user), *_being_moderated(user)]
    waiting: list[Figure] = []
    if rules.may(user, rules.ASSESS):
        waiting += _decided(user, today)
    if rules.may(user, rules.CHECK):
        waiting += _to_check(user)
    if rules.may(user, rules.MODERATE):
        waiting += _to_moderate(user, today)
    return Work(tuple(due), tuple(waiting))


def open_work(threat: "Threat", today: date) -> tuple[OpenWork, ...]:
    """An assessment that is open, and the review of what stands."""
    found = []
    is_open = selectors.open_assessment_of(threat)
    if is_open is not None:
        text = f"Assessment {is_open.reference}: {shown_as.status_in_words(is_open).lower()}"
        owner = is_open.moderator.name if is_open.moderator else ""
        found.append(OpenWork("assessments", text, shown_as.address(is_open), due=is_open.due_on, owner=owner))
    stands = selectors.assessment_of(threat)
    due = selectors.review_due(stands, threats.vocabulary()) if stands is not None else None
    if due is not None and is_open is None:
        found.append(OpenWork("assessments", "Assess it again", shown_as.of_threat(threat.reference), due=due))
    return tuple(found)


EXCEPTIONS = (
    ThreatException(
        code="no-assessment",
        name="No assessment",
        sentence="No assessment of this threat was ever sent to be moderated.",
        holds=lambda today: selectors.no_assessment(),
        mend="assessments:threat",
        do="Assess it",
        position=30,
    ),
    ThreatException(
        code="assessment-overdue",
        name="Assessment review overdue",
        sentence="Its assessment is older than its tier allows.",
        holds=selectors.review_overdue,
        mend="assessments:threat",
        do="Assess it again",
        position=31,
        note="The cycle of each tier is a default, not the national model.",
    ),
    ThreatException(
        code="not-moderated-in-time",
        name="Not moderated in time",
        sentence="Its assessment waits for the regional unit longer than the clock allows.",
        holds=selectors.moderation_overdue,
        mend="assessments:threat",
        do="See where it is",
        position=32,
        note="Ten working days are a default, not a national rule.",
    ),
)


def _reviews(user: User, today: date) -> list[Due]:
    """Threats I lead whose tier says they are scored again by a day that is near or past, and those never scored."""
    words = threats.vocabulary()
    found = []
    for each in selectors.reviews_of(user.pk):
        on = selectors.review_due(each, words)
        if on is not None and on <= today + DUE_WITHIN and each.threat is not None:
            decided = shown_date(each.decided_at)
            text = f"Review the assessment of {each.threat.name}"
            hint = f"{each.threat.reference}, {words.tier_name(each.tier)}, moderated on {decided}"
            found.append(Due(on, text, shown_as.of_threat(each.threat.reference), hint))
    return found


def _returned(user: User) -> list[Due]:
    if not rules.may(user, rules.ASSESS):
        return []
    words = threats.vocabulary()
    return [
        Due(
            clock.day_of(each.recorded_from),
            f"Mend assessment {each.reference}",
            shown_as.address(each),
            f"Returned, {shown_as.about(each, words)}: {each.because}",
        )
        for each in selectors.returned_to(user.pk)
    ]


def _decided(user: User, today: date) -> list[Figure]:
    """Told to the owner: what the unit has decided lately."""
    count = selectors.decided_lately(today).filter(label__owner=user.organisation_id).count()
    address = f"{reverse('assessments:list')}?owner={user.organisation.code}&decided=lately"
    return (
        [
            Figure.of(
                count,
                "assessment of your organisation decided in four weeks",
                "assessments of your organisation decided in four weeks",
                address,
            )
        ]
        if count
        else []
    )


def _being_moderated(user: User) -> list[Due]:
    """What I have taken up, by its clock."""
    if not rules.may(user, rules.MODERATE):
        return []
    words = threats.vocabulary()
    mine = selectors.queue().filter(moderator=user, status=Status.IN_MODERATION, second_asked_at=None)
    return [
        Due(each.due_on, f"Moderate {each.reference}", shown_as.address(each), shown_as.about(each, words))
        for each in mine
        if each.due_on is not None
    ]


def _to_check(user: User) -> list[Figure]:
    count = selectors.waiting_for_check(user.organisation_id, but=user.pk).count()
    address = f"{reverse('assessments:list')}?owner={user.organisation.code}&waits=check"
    return [
        Figure.of(
            count,
            "assessment of your organisation to check",
            "assessments of your organisation to check",
            address,
        )
    ]


def _to_moderate(user: User, today: date) -> list[Figure]:
    queue = selectors.queue()
    waiting = queue.filter(status=Status.SUBMITTED)
    late = queue.filter(due_on__lt=today).count()
    address = reverse("assessments:moderation")
    found = [
        Figure.of(
            waiting.count(),
            "assessment to moderate",
            "assessments to moderate",
            f"{address}?state={Status.SUBMITTED.value}",
            hint=f"{late} overdue" if late else "",
        )
    ]
    seconds = queue.filter(second_asked_at__isnull=False).exclude(moderator=user).count()
    if seconds:
        found.append(
            Figure.of(
                seconds,
                "change of tier that wants a second moderator",
                "changes of tier that want a second moderator",
                f"{address}?state=second",
            )
        )
    if rules.may(user, rules.DECIDE_APPEAL):
        found.append(
            Figure.of(
                selectors.appealed().count(),
                "appeal to decide",
                "appeals to decide",
                f"{reverse('assessments:list')}?waits=appeal",
            )
        )
    return found
