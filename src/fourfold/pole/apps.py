from collections.abc import Collection, Mapping
from datetime import date
from typing import TYPE_CHECKING

from django.apps import AppConfig

from fourfold.pole import rules

if TYPE_CHECKING:
    from django.db.models import Q

    from fourfold.platform.people.models import User
    from fourfold.platform.ui.my_work import Work


class PoleConfig(AppConfig):
    name = "fourfold.pole"
    label = "pole"
    verbose_name = "People, objects, locations and events"

    def ready(self) -> None:
        from fourfold.platform.audit.references import Referring, register  # noqa: PLC0415  models are loaded only now
        from fourfold.platform.ui import my_work  # noqa: PLC0415  models are loaded only now

        register(Referring("pole.person", _entries_about, _called))
        my_work.register("pole", _work)


def _work(user: "User", today: date) -> "Work":
    from fourfold.pole.work import work_of  # noqa: PLC0415  pages are not needed to start

    return work_of(user, today)


def _entries_about(text: str) -> "Q | None":
    from django.db.models import Q  # noqa: PLC0415  models are loaded only now

    person_id = rules.person_id_of(text)
    return None if person_id is None else Q(object_type="pole.person", object_id=str(person_id))


def _called(ids: Collection[str]) -> Mapping[str, str]:
    """The reference is the number that the ledger holds, written in full: it tells nothing more."""
    return {each: rules.reference_of(int(each)) for each in ids}
