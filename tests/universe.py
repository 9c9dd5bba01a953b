"""The people that tests act as: built through services, once, into the template of the test database.

`universe.merseyside_analyst` is the analyst of Merseyside; any `<organisation>_<role>` in `PEOPLE` is there.
"""

from dataclasses import dataclass, field
from datetime import date

from fourfold.platform.people.models import Marking, Organisation, User
from fourfold.platform.people.services import create_user, service_user

FORCES = ("cheshire", "cumbria", "gmp", "lancashire", "merseyside", "north_wales")
OF_A_FORCE = ("analyst", "lro", "sio", "sro", "intelligence_manager", "data_protection_officer")
OF_THE_UNIT = (
    "analyst",
    "lro",
    "sio",
    "sro",
    "rocta_moderator",
    "rocta_head",
    "rocu_lead",
    "data_manager",
    "community_coordinator",
    "auditor",
)
PEOPLE: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(FORCES, OF_A_FORCE),
    "nwrocu": OF_THE_UNIT,
    "hmpps": ("partner_analyst",),
    "hmrc": ("partner_analyst",),
    "nca": ("analyst", "inspector"),
}
PASSWORD = "a long password for tests"
SINCE = date(2021, 1, 1)
SERVICES = ("intake", "resolution", "demo", "audit", "migrator")


def build() -> None:
    """Make everyone. Reference data is loaded already."""
    for code, roles in PEOPLE.items():
        organisation = Organisation.objects.get(code=code)
        for role in roles:
            create_user(
                email=f"{role}@{code}.test",
                name=f"{organisation.short_name} {role.replace('_', ' ')}",
                organisation=organisation,
                roles=[role],
                password=PASSWORD,
                held_from=SINCE,
            )
    create_user(
        email="low_ceiling@merseyside.test",
        name="Merseyside low ceiling",
        organisation=Organisation.objects.get(code="merseyside"),
        roles=["analyst"],
        ceiling=Marking.OFFICIAL,
        password=PASSWORD,
        held_from=SINCE,
    )
    create_user(
        email="second_moderator@nwrocu.test",
        name="NWROCU second moderator",
        organisation=Organisation.objects.get(code="nwrocu"),
        roles=["rocta_moderator"],
        password=PASSWORD,
        held_from=SINCE,
    )
    for code in SERVICES:
        service_user(code)


@dataclass
class Universe:
    """Finds organisations and people by name, each read afresh for every test."""

    password: str = PASSWORD
    forces: tuple[str, ...] = FORCES
    _found: dict[str, User] = field(default_factory=dict)

    def __getattr__(self, name: str) -> User:
        code = next((c for c in PEOPLE if name.startswith(f"{c}_")), None)
        if code is None or name.startswith("__"):
            raise AttributeError(name)
        return self.user(f"{name.removeprefix(f'{code}_')}@{code}.test")

    def user(self, email: str) -> User:
        if email not in self._found:
            self._found[email] = User.objects.select_related("organisation").get(email=email)
        return self._found[email]

    def service(self, code: str) -> User:
        return service_user(code)

    def organisation(self, code: str) -> Organisation:
        return Organisation.objects.get(code=code)
