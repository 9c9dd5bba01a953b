"""Reading people who sign in."""

from django.db.models import Case, IntegerField, QuerySet, Value, When

from fourfold.platform.people.models import User


def own_first(found: QuerySet[User], organisation: int | None) -> QuerySet[User]:
    """People of one organisation before all others, who come by organisation; each by name. For a list to choose from.

    Args:
        found: Whom to list.
        organisation: The key of the organisation of whoever chooses; None where nobody's comes first.
    """
    others = Case(When(organisation=organisation, then=Value(0)), default=Value(1), output_field=IntegerField())
    first = () if organisation is None else (others,)
    return found.select_related("organisation").order_by(*first, "organisation__name", "name", "pk")
