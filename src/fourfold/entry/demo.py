"""The demonstration: whether it is built, and who can sign in to it. Building it stands in `demo_build`."""

from typing import Any

from fourfold.platform.audit import selectors as ledger
from fourfold.platform.audit import services as audit
from fourfold.platform.audit.services import Operation
from fourfold.platform.people.models import User, UserKind
from fourfold.platform.people.services import service_user
from fourfold.platform.visibility.scope import acting_as

PASSWORD = "a-demonstration-only"  # noqa: S105  printed for everybody: behind it is nothing but invented data
STEP = "entry.demonstration"
PLAN = "plan"
BUILT = "built"
SERVICE = "demo"
UNIT = "nwrocu"
OTHER_LEADS = r"^soc-lro-([2-9]|\d\d)@"
SHOWN = ("merseyside", UNIT, "hmpps", "nca")


def is_built() -> bool:
    """Whether the ledger holds the last step of the build."""
    return BUILT in steps_done()


def who_to_sign_in_as() -> list[str]:
    """Lines that say who can sign in and with which password; none where the demonstration is not built."""
    if not is_built():
        return []
    lines = [f"Sign in with the password {PASSWORD} as one of:"]
    shown = User.objects.filter(organisation__code__in=SHOWN, kind=UserKind.PERSON, is_active=True)
    shown = shown.exclude(email__regex=OTHER_LEADS)
    in_order = shown.select_related("organisation").order_by("organisation__kind", "organisation__code", "pk")
    lines += [f"  {user.email:42} {user.name}, {user.organisation.name}" for user in in_order]
    lines.append(f"Every other force has the same mailboxes as {SHOWN[0]}.example, for example analyst@gmp.example,")
    lines.append("and each body has more lead responsible officers: soc-lro-2 and so on.")
    return lines


def steps_done() -> dict[str, dict[str, Any]]:
    """Steps of the build that the ledger holds, with what was noted of each."""
    with acting_as(service_user(SERVICE)):
        return dict(ledger.entries().filter(object_type=STEP).order_by("pk").values_list("object_id", "details"))


def note_step(step: str, done: dict[str, dict[str, Any]], **details: Any) -> None:
    """Note a step in a transaction of its own, once."""
    if step not in done:
        with acting_as(service_user(SERVICE)):
            audit.note(Operation.COLLECTION, object_type=STEP, object_id=step, **details)
        done[step] = details
