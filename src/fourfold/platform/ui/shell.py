"""What stands around every page, worked out once for each request and handed to the templates as `shell`."""

from dataclasses import dataclass

from django.conf import settings
from django.contrib.messages import constants, get_messages
from django.http import HttpRequest
from django.urls import reverse

from fourfold.platform.people import rules
from fourfold.platform.people.models import User
from fourfold.platform.ui.components import Alert, AlertKind
from fourfold.platform.ui.navigation import Entry

SERVICE_NAME = "Fourfold"
SEARCH_ADDRESS = "/search/"
SEARCHES = "person.read"
DEMONSTRATION = (
    "This is a demonstration. Every person, place and event from a force is invented; do not put real information in."
)
KINDS: dict[int, AlertKind] = {
    constants.SUCCESS: "success",
    constants.WARNING: "warning",
    constants.ERROR: "error",
}


@dataclass(frozen=True)
class NavigationLink:
    text: str
    href: str
    current: bool
    hint: str = ""


@dataclass(frozen=True)
class Shell:
    """The service's name, the navigation this reader has, who they are and what they last searched for."""

    service_name: str
    home: str
    navigation: tuple[NavigationLink, ...]
    account: str
    searches: str
    search_address: str
    may_search: bool
    sign_out: str
    demonstration: str
    messages: tuple[Alert, ...]

    @property
    def signed_in(self) -> bool:
        return bool(self.account)


def shell(request: HttpRequest) -> dict[str, Shell]:
    """Context processor."""
    user = getattr(request, "user", None)
    reader = user if isinstance(user, User) and user.is_authenticated else None
    return {
        "shell": Shell(
            service_name=SERVICE_NAME,
            home="/",
            navigation=navigation_of(reader, request.path) if reader else (),
            account=f"{reader.name}, {reader.organisation.short_name}" if reader else "",
            searches=request.GET.get("q", "") if request.path == SEARCH_ADDRESS else "",
            search_address=SEARCH_ADDRESS,
            may_search=reader is not None and rules.may(reader, SEARCHES),
            sign_out=reverse("people:sign_out") if reader else "",
            demonstration=DEMONSTRATION if settings.DEMONSTRATION else "",
            messages=tuple(Alert(KINDS.get(m.level or 0, "information"), str(m)) for m in get_messages(request)),
        )
    }


def navigation_of(reader: User, path: str) -> tuple[NavigationLink, ...]:
    """The bar: what this reader may open, and "More" when there is something behind it."""
    allowed = entries_for(reader)
    links = [_link(entry, path) for entry in allowed if not entry.more]
    behind = [_link(entry, path) for entry in allowed if entry.more]
    if behind:
        address = reverse("ui:more")
        links.append(NavigationLink("More", address, path == address or any(link.current for link in behind)))
    return tuple(links)


def more_for(reader: User, path: str) -> tuple[NavigationLink, ...]:
    """What stands behind "More" for this reader."""
    return tuple(_link(entry, path) for entry in entries_for(reader) if entry.more)


def entries_for(reader: User) -> list[Entry]:
    return [entry for entry in settings.NAVIGATION if not entry.capability or rules.may(reader, entry.capability)]


def _link(entry: Entry, path: str) -> NavigationLink:
    address = reverse(entry.url_name)
    current = path == address if address == "/" else path.startswith(address)
    return NavigationLink(entry.text, address, current, entry.hint)
