from typing import TYPE_CHECKING

from django.apps import AppConfig

if TYPE_CHECKING:
    from datetime import date

    from fourfold.platform.people.models import User
    from fourfold.platform.ui.my_work import Work


class SearchConfig(AppConfig):
    name = "fourfold.search"
    label = "search"
    verbose_name = "Search"

    def ready(self) -> None:
        from fourfold.platform.ui import my_work  # noqa: PLC0415  models are loaded only now
        from fourfold.pole.services import after_publication  # noqa: PLC0415  models are loaded only now
        from fourfold.search import asking  # noqa: PLC0415  models are loaded only now

        after_publication(asking.ask_to_look)
        my_work.register("search", _work)


def _work(user: "User", today: "date") -> "Work":
    from fourfold.search.work import work_of  # noqa: PLC0415  pages are not needed to start

    return work_of(user, today)
