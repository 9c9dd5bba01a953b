"""What other rooms' pages show of a network: the way to the people around a person."""

from urllib.parse import urlencode

from django.urls import reverse

from fourfold.platform.ui.components import Cell
from fourfold.pole.rules import reference_of
from fourfold.pole.selectors import Panel, Seen


def on_a_person(seen: Seen) -> Panel | None:
    """Ways into the network from a person's page. No query."""
    if seen.subject != "PERSON" or seen.person_id is None:
        return None
    reference = reference_of(seen.person_id)
    day = {"as_recorded_on": seen.today.isoformat()} if seen.as_recorded_on else {}
    around = reverse("network:around", args=[reference])
    take = reverse("network:take_person", args=[reference])
    between = f"{reverse('network:between')}?{urlencode({'one': reference})}"
    return Panel(
        title="Network",
        head=("Look at", "What it shows"),
        rows=(
            (
                Cell("What surrounds this person", f"{around}?{urlencode(day)}" if day else around),
                Cell("People, vehicles, phones, organisations, places and events within two links"),
            ),
            (Cell("What connects this person with another", between), Cell("The shortest ways, with their evidence")),
            (
                Cell("Take this person as a file", f"{take}?{urlencode(day)}" if day else take),
                Cell("FollowTheMoney entities, or STIX 2.1 where the theme is cyber, with where each value is from"),
            ),
        ),
        empty="",
    )
