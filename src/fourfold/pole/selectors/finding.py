"""What a search asks of the picture beside records: who a record joins to places."""

from collections.abc import Collection

from fourfold.pole import rules
from fourfold.pole.models import Link


def people_at(location_ids: Collection[int], *, at_most: int) -> dict[int, int]:
    """Records of people that a visible link joins to some places, each with the first such place. One query."""
    links = Link.objects.filter(
        left_kind=rules.Kind.PERSON, right_kind=rules.Kind.LOCATION, right_id__in=location_ids
    ).order_by("-pk")
    return dict(links.values_list("left_id", "right_id")[:at_most])
