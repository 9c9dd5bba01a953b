"""What the rules of a good plan are held against."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from django.db import connection
from django.db.models import Count, Q

from fourfold.plans import rules
from fourfold.plans.models import Action, Aim, Plan
from fourfold.plans.rules import AimState, State
from fourfold.plans.selectors.versioning import KEPT_OF_ACTION
from fourfold.platform.people.models import OrganisationKind, User
from fourfold.platform.visibility.models import AccessLabel

POLICE = (OrganisationKind.FORCE, OrganisationKind.ROCU)
CANDIDATES = 300
NEAR_QUERY = """
    select asked.number, near.id
      from jsonb_to_recordset(%(asked)s) as asked(number int, keys int[], fewest int, most int)
     cross join lateral
           plans_find_near(asked.keys, asked.fewest, asked.most, %(plan)s, %(labels)s, %(limit)s) as near(id)
"""


def labels_read_by_all_readers_of(label: AccessLabel) -> tuple[int, ...]:
    """Labels that everybody holds who holds this one: what is said from rows under them reveals nothing to anybody.

    Readers of an own or a regional label of a police body also read what the whole region reads, in the same circle or
    in none and marked no higher. Of any other label only itself is sure.
    """
    sure = Q(pk=label.pk)
    if label.audience in {"OWN", "REGION"} and label.owner.kind in POLICE:
        circle = (
            Q(compartment=None) | Q(compartment=label.compartment_id) if label.compartment_id else Q(compartment=None)
        )
        sure |= circle & Q(audience="REGION", owner__region=label.owner.region, marking__lte=label.marking)
    return tuple(AccessLabel.objects.filter(sure).values_list("pk", flat=True))


def near_copies(texts: Mapping[int, Sequence[str]], *, plan: int, label: AccessLabel) -> Mapping[int, int]:
    """For each text, given as words by a number, how many other plans have a near-copy of it.

    Only plans that every reader of this one may see are looked at, so the answer is the same for all of them. At most
    three queries. The candidates are read on their own, by key: joined to what finds them, the whole table was read.
    """
    asked = [
        {"number": number, "keys": keys, "fewest": low, "most": high}
        for number, said in texts.items()
        if (keys := list(rules.keys_of(said)))
        for low, high in (rules.lengths_near(len(said)),)
    ]
    if not asked:
        return {}
    labels = list(labels_read_by_all_readers_of(label))
    with connection.cursor() as cursor:
        cursor.execute(NEAR_QUERY, {"asked": json.dumps(asked), "plan": plan, "labels": labels, "limit": CANDIDATES})
        pairs = cursor.fetchall()
    columns = ("pk", "plan_id", "title", "outcome_wanted", "why_this_threat")
    candidates = {
        pk: (other, rules.words_of(*said))
        for pk, other, *said in Action.objects.filter(pk__in={pk for _, pk in pairs}).values_list(*columns)
    }
    found: dict[int, set[int]] = defaultdict(set)
    for number, pk in pairs:
        other, said = candidates.get(pk, (0, ()))
        if other and other not in found[number] and rules.similarity(texts[number], said) >= rules.NEAR:
            found[number].add(other)
    return {number: len(plans) for number, plans in found.items() if plans}


def gone(user_ids: Iterable[int | None], *, today: date) -> Mapping[int, str]:
    """Names of those who have left: they cannot sign in, or hold no role today. One query."""
    asked = {pk for pk in user_ids if pk is not None}
    if not asked:
        return {}
    holds = Q(roles_held__held_from__lte=today) & (Q(roles_held__held_to=None) | Q(roles_held__held_to__gt=today))
    found = User.objects.filter(pk__in=asked).annotate(now=Count("roles_held", filter=holds))
    return {user.pk: user.name for user in found if not user.is_active or not user.now}


def facts_of(
    plan: Plan,
    *,
    aims: Sequence[Aim],
    actions: Sequence[Action],
    consulted: int,
    today: date,
    under_18: bool = False,
) -> rules.PlanFacts:
    """What the lint looks at. Up to three queries, however long the plan."""
    left = gone((action.owner_id for action in actions if action.status in rules.OPEN_STATUSES), today=today)
    texts = {action.number: said_by(action) for action in actions if action.status not in rules.DROPPED_STATUSES}
    near = near_copies(texts, plan=plan.pk or 0, label=plan.label)
    return rules.PlanFacts(
        aims=tuple(
            rules.AimFacts(
                number=aim.position,
                pk=aim.pk,
                key=aim.position,
                text=aim.text,
                measure=aim.measure,
                target=aim.target,
                target_on=aim.target_on,
                is_open=aim.state == AimState.OPEN,
            )
            for aim in aims
        ),
        actions=tuple(
            rules.ActionFacts(
                number=action.number,
                pk=action.pk,
                p=action.p,
                title=action.title,
                measure=action.measure,
                why_this_threat=action.why_this_threat,
                has_owner=bool(action.owner_id or action.owner_name.strip()),
                owner_left=left.get(action.owner_id, "") if action.owner_id else "",
                partner=action.partner,
                aim=action.aim.position if action.aim else None,
                due_on=action.due_on,
                status=action.status,
                near=near.get(action.number, 0),
            )
            for action in actions
        ),
        consulted=consulted,
        next_review_on=plan.next_review_on if plan.state == State.ADOPTED else None,
        under_18=under_18,
    )


def said_again(action: Action, *, owner: int | None) -> rules.ActionSaid:
    """What an action says, for another plan: without its aim, and owned by who may."""
    return rules.ActionSaid(
        p=action.p,
        title=action.title,
        owner=owner,
        owner_name=action.owner_name,
        agency=action.agency_id,
        **{name: getattr(action, name) for name in KEPT_OF_ACTION},
    )


def said_by(action: Action) -> tuple[str, ...]:
    """The words by which an action is held against others: what is done, what it should bring, why here."""
    return rules.words_of(action.title, action.outcome_wanted, action.why_this_threat)
