"""What the page about a person says of threats."""

from fourfold.platform.ui.components import Cell
from fourfold.pole.selectors import Panel, Seen
from fourfold.threats import pages, rules, selectors


def roles_in_threats(seen: Seen) -> Panel | None:
    """The person's roles in threats that the reader may see. Two queries. Only people have roles."""
    if seen.subject != "PERSON":
        return None
    words = selectors.vocabulary()
    return Panel(
        title="Roles in threats",
        head=("Threat", "Role", "Since", "Until", "Grade"),
        rows=tuple(
            (
                Cell(str(member.threat), href=pages.address(member.threat)),
                Cell(words.role_name(member.role), hint=rules.CATEGORY_NAMES[rules.Category(member.category)]),
                Cell(member.from_on),
                Cell(member.to_on or "Still so"),
                Cell(rules.grade_in_words(member.grade)),
            )
            for member in selectors.memberships_of_records(seen.record_ids)
        ),
        empty="This person has no role in a threat that you may see.",
    )
