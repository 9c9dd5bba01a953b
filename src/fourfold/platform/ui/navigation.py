"""The entries of the service navigation; settings hold the list, so this imports nothing."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    """One place to go.

    Args:
        text: What the link says.
        url_name: Name of the address, as `reverse` takes it; no arguments.
        capability: Who sees it; empty for everyone signed in.
        more: Stands on the page "More" instead of in the bar.
    """

    text: str
    url_name: str
    capability: str = ""
    more: bool = False
    hint: str = ""
