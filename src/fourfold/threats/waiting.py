"""What waits for somebody's answer: lists of offers and proposals, and their numbers on my work."""

from datetime import date
from functools import partial

from django.urls import reverse

from fourfold.platform import clock
from fourfold.platform.people.models import User
from fourfold.platform.people.rules import may
from fourfold.platform.ui.components import Cell, Empty, Figure
from fourfold.platform.ui.lists import ChoiceFilter, Column, ListSpec
from fourfold.platform.ui.my_work import Work
from fourfold.threats import pages, rules, selectors
from fourfold.threats.master_list import owner_choices
from fourfold.threats.models import Closing, HandOver

OFFERED = "Threats that were offered to another officer or organisation. Nothing changes until one is accepted."
ASKED = "Threats that are proposed to be closed or merged. They stay open until a moderator confirms."
MINE = (("yes", "You can answer"),)


def hand_overs(*, reader: User) -> ListSpec:
    return ListSpec(
        name="hand-overs",
        title="Hand-overs that wait",
        noun=("hand-over", "hand-overs"),
        columns=(
            Column("threat", "Threat", sort=("threat__reference",)),
            Column("from", "From", sort=("from_organisation__name", "threat__reference")),
            Column("to", "To", sort=("to_organisation__name", "threat__reference")),
            Column("lro", "Lead officer", sort=("lro__name", "threat__reference")),
            Column("offered", "Offered", sort=("offered_at",)),
        ),
        row=_offer_cells,
        filters=(
            ChoiceFilter("mine", "For you", choices=MINE, where=lambda _: selectors.for_receiver(reader)),
            ChoiceFilter("to", "To", field="to_organisation__code", choices=owner_choices),
        ),
        order="offered",
        empty=Empty("No hand-over waits", "Offers that nobody has answered yet will be here."),
    )


def _offer_cells(offered: HandOver) -> tuple[Cell, ...]:
    threat = offered.threat
    return (
        Cell(threat.name, href=pages.address(threat, "answer_hand_over", pk=offered.pk), hint=threat.reference),
        Cell(offered.from_organisation.short_name),
        Cell(offered.to_organisation.short_name),
        Cell(pages.person_in_words(offered.lro)),
        Cell(clock.day_of(offered.offered_at), hint=f"By {offered.offered_by.name}"),
    )


def closings(words: rules.Vocabulary, *, reader: User) -> ListSpec:
    return ListSpec(
        name="closings",
        title="Closings and merges that wait",
        noun=("proposal", "proposals"),
        columns=(
            Column("threat", "Threat", sort=("threat__reference",)),
            Column("owner", "Owner", sort=("threat__owner__name", "threat__reference")),
            Column("ground", "Ground", sort=("ground", "threat__reference")),
            Column("into", "Into"),
            Column("proposed", "Proposed", sort=("proposed_at",)),
        ),
        row=partial(_closing_cells, words),
        filters=(
            ChoiceFilter("mine", "For you", choices=MINE, where=lambda _: selectors.for_moderator(reader)),
            ChoiceFilter("force", "Owner", field="threat__owner__code", choices=owner_choices),
        ),
        order="proposed",
        empty=Empty("No proposal waits", "Proposals to close or merge that nobody has answered yet will be here."),
    )


def _closing_cells(words: rules.Vocabulary, closing: Closing) -> tuple[Cell, ...]:
    threat = closing.threat
    return (
        Cell(threat.name, href=pages.address(threat, "answer_closing", pk=closing.pk), hint=threat.reference),
        Cell(threat.owner.short_name),
        Cell(words.phase_name(closing.ground)),
        Cell(closing.into.reference) if closing.into else Cell("Not a merge"),
        Cell(clock.day_of(closing.proposed_at), hint=f"By {closing.proposed_by.name}"),
    )


def work_of(user: User, today: date) -> Work:
    """Numbers of offers and proposals that this person can answer, each with the list behind it."""
    if not may(user, rules.READ):
        return Work()
    found = []
    offers = selectors.hand_overs_waiting().filter(selectors.for_receiver(user)).count()
    if offers:
        found.append(
            Figure.of(
                offers,
                "hand-over waits for an answer",
                "hand-overs wait for an answer",
                f"{reverse('threats:hand_overs')}?mine=yes",
            )
        )
    proposals = selectors.closings_waiting().filter(selectors.for_moderator(user)).count()
    if proposals or may(user, rules.MODERATE):
        where = f"{reverse('threats:closings')}?mine=yes"
        found.append(
            Figure.of(
                proposals,
                "closing or merge waits for a moderator",
                "closings and merges wait for a moderator",
                where,
            )
        )
    return Work(waiting=tuple(found))
