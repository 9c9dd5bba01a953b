"""What a partner sees of plans that were shared, and the calendar that a person subscribes to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.urls import reverse

from fourfold.plans import rules
from fourfold.plans.models import Asked, Report, Shared
from fourfold.plans.pages.words import crumbs
from fourfold.plans.rules import Status
from fourfold.platform.people.models import User
from fourfold.platform.ui.components import Fact
from fourfold.platform.ui.jinja import shown_date
from fourfold.platform.ui.pages import Page
from fourfold.threats.pages import person_in_words


@dataclass(frozen=True, kw_only=True)
class AskedShown:
    title: str
    text: str
    href: str
    facts: tuple[Fact, ...]
    said: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class SharedShown:
    title: str
    lines: tuple[str, ...]
    about: str


@dataclass(frozen=True, kw_only=True)
class PartnerPage(Page):
    lead: str
    asked: tuple[AskedShown, ...]
    shared: tuple[SharedShown, ...]
    asked_empty: str
    shared_empty: str


def partner_page(
    user: User,
    *,
    asked: Sequence[Asked],
    shared: Sequence[Shared],
    reports: Mapping[int, Sequence[Report]],
    may_act: bool,
) -> PartnerPage:
    name = user.organisation.name
    return PartnerPage(
        title=f"Shared with {name}",
        crumbs=crumbs()[:1],
        lead=f"What other organisations ask {name} to do, and what they share with it from their plans.",
        asked=tuple(
            AskedShown(
                title=each.title,
                text=each.text,
                href=reverse("plans:report_asked", kwargs={"pk": each.pk}) if may_act else "",
                facts=(
                    Fact("Asked by", person_in_words(each.asked_by)),
                    Fact("By when", each.due_on or "No date"),
                    Fact("Asked on", each.asked_on),
                ),
                said=tuple(
                    f"{shown_date(report.reported_on)}: {rules.STATUS_NAMES[Status(report.status)]}. {report.text}"
                    for report in reports.get(each.action_id, ())
                ),
            )
            for each in asked
        ),
        shared=tuple(
            SharedShown(
                title=each.title,
                lines=tuple(line for line in each.text.splitlines() if line.strip()),
                about=f"Shared by {person_in_words(each.shared_by)} on {shown_date(each.shared_on)}.",
            )
            for each in shared
        ),
        asked_empty="Nothing is asked of your organisation now.",
        shared_empty="No summary is shared with your organisation now.",
    )


@dataclass(frozen=True, kw_only=True)
class CalendarPage(Page):
    lead: str
    address: str
    facts: tuple[Fact, ...]
    has_one: bool
