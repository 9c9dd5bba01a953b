"""What networks put on a safeguarding lead's first page: people at the edge of a group who wait for a decision."""

from datetime import date

from django.urls import reverse

from fourfold.network import rules, selectors
from fourfold.platform.people.models import User
from fourfold.platform.ui.my_work import Due, Work

SHOWN = 50


def work_of(user: User, today: date) -> Work:
    """Nothing for anybody else. Nobody is named here: that needs a reason to read people. One query."""
    if not rules.may_decide(user):
        return Work()
    return Work(
        tuple(
            Due(
                each.expires_on,
                f"Decide about somebody at the edge of {each.threat.name}",
                reverse("network:lead", args=[each.pk]),
                f"{each.threat.reference}. Expires undecided after that day",
            )
            for each in selectors.open_leads(today=today)[:SHOWN]
        )
    )
